// Dialogs: columns, region, export, keys.
import { address } from "./api.js";
import { byId, make, number, openDialog } from "./elements.js";
import { change, ordered, state, wanted } from "./state.js";

export function openColumns(about, done) {
  const shown = new Set(state.columns.length ? state.columns : about.shown);
  const boxes = about.columns.filter((each) => each.name !== "_healpix_29").map((each) => {
    const box = make("input", { type: "checkbox", checked: shown.has(each.name), value: each.name });
    return make("label", { class: "check", title: each.description }, box, make("span", {}, ` ${each.name}`), make("span", { class: "faint" }, [each.unit, each.from && `from ${each.from.split(" ")[0]}`].filter(Boolean).map((text) => ` ${text}`).join(",")));
  });
  const find = make("input", { type: "text", id: "find-column", placeholder: "find", "aria-label": "Find a column", on: { input: () => boxes.forEach((box) => { box.hidden = !box.textContent.toLowerCase().includes(find.value.toLowerCase()); }) } });
  openDialog("Columns", find, make("form", { on: { submit: (event) => {
    event.preventDefault();
    const chosen = boxes.map((box) => box.firstChild).filter((box) => box.checked).map((box) => box.value);
    const before = [...shown].filter((name) => chosen.includes(name));
    change({ columns: [...before, ...chosen.filter((name) => !shown.has(name))] });
    byId("dialog").close();
    done();
  } } }, make("div", { class: "checks" }, boxes), make("div", { class: "row" }, make("button", { class: "primary" }, "Show these"),
    make("button", { type: "button", on: { click: () => { change({ columns: [] }); byId("dialog").close(); done(); } } }, "As at first"))));
}

export function openRegion(done) {
  const [ra, dec, radius] = (state.cone || ",,").split(",");
  const field = (id, text, value) => { const input = make("input", { id, type: "text", inputMode: "decimal", value, required: true }); return [make("label", { for: id }, text), input]; };
  const fields = [field("cone-ra", "Right ascension (°)", ra), field("cone-dec", "Declination (°)", dec), field("cone-radius", "Radius (arcsec)", radius || "3600")];
  openDialog("Region of the sky", make("form", { class: "form", on: { submit: (event) => {
    event.preventDefault();
    change({ cone: fields.map((each) => each[1].value.trim().replace("−", "-")).join(",") });
    byId("dialog").close();
    done();
  } } }, ...fields.flat(), make("div", { class: "row" }, make("button", { class: "primary" }, "Show these"), make("button", { type: "button", on: { click: () => { change({ cone: "" }); byId("dialog").close(); done(); } } }, "Whole sky")),
  make("p", { class: "note" }, "A part of the sky can also be dragged in the plot of the sky.")));
}

const FORMATS = [["csv", "CSV"], ["parquet", "Parquet"], ["votable", "VOTable"]];

export function openExport(about, count) {
  const shown = (state.columns.length ? state.columns : about.shown);
  const row = (title, path, values) => make("div", { class: "row" }, make("span", { class: "grow" }, title), FORMATS.map(([format, name]) => make("a", { class: "button", href: address(path, { ...values, format }), download: "", "data-export": `${path}-${format}` }, name)));
  openDialog("Export", make("p", { class: "note" }, `${number(count)} rows, as filtered and sorted now.`),
    row("The columns shown", "export", { ...ordered(), columns: shown }), row("All columns", "export", ordered()),
    about.light_curves.length ? row("Light curves (at most 5 000 objects)", "light-curves/export", wanted()) : null,
    make("p", { class: "note" }, "One star's light curve and the plots as PNG and SVG: on its page. This selection over HTTP:"),
    make("p", {}, make("code", {}, `GET ${address("rows", ordered())}`)));
}

export function openHelp(classes) {
  const keys = [["j  k", "next, previous"], ["Enter", "open the star"], ["Esc", "back to the table"], ["h  d  t", "period ×½, ×2, ×3"], ["p", "type a period (1/f works too)"], ["s", "sure or unsure"], ["u", "take the last label back"],
    ["/", "condition"], ["g", "plots"], ["?", "this list"], ...classes.filter((each) => each.usual && each.key).map((each) => [/\d/.test(each.key) ? each.key : `⇧${each.key}`, `judge: ${each.name}, ${each.title}`])];
  openDialog("Keys", make("table", { class: "keys" }, make("tbody", {}, keys.map(([key, text]) => make("tr", {}, make("th", {}, make("kbd", {}, key)), make("td", {}, text))))),
    make("p", { class: "note" }, "Conditions are written as in lcscale export --where: period between 0.2 and 1 and class in ('RRab', 'RRc')."),
    make("p", {}, make("a", { href: "api/openapi.json" }, "The HTTP API (OpenAPI)")));
}
