// What stands around a star's curves: diagrams, model, usual range, neighbours, links, provenance.
import { get } from "./api.js";
import { make, number } from "./elements.js";
import { Plot } from "./plot.js";
import { colours } from "./theme.js";

const MAGNITUDES = ["g_mag", "phot_g_mean_mag", "mean", "wesenheit", "AlertMag"];
const COLOURS = ["bp_rp", "color_r", "color_V", "color_i"];

// Diagrams that a catalog's columns make: name, x, y, and which axes are logarithms or turned.
export function diagrams(about) {
  const has = new Set(about.columns.map((each) => each.name));
  const first = (names) => names.find((name) => has.has(name));
  const colour = first(COLOURS), magnitude = first(MAGNITUDES), more = COLOURS.filter((name) => has.has(name));
  const found = [];
  if (colour && magnitude) found.push({ title: "Colour–magnitude", x: colour, y: magnitude, flipY: true });
  if (has.has("period") && has.has("amplitude")) found.push({ title: "Period–amplitude", x: "period", y: "amplitude", logX: true });
  if (has.has("period") && (has.has("wesenheit") || magnitude)) found.push({ title: "Period–luminosity", x: "period", y: has.has("wesenheit") ? "wesenheit" : magnitude, logX: true, flipY: true });
  if (more.length > 1) found.push({ title: "Colour–colour", x: more[0], y: more[1] });
  return found;
}

const panel = (title, ...content) => make("section", { class: "panel", "aria-label": title }, make("h2", {}, title), ...content);

export function surroundings(host, star, about, who, onOpen) {
  host.plots?.forEach((plot) => plot.remove());
  host.plots = [];
  host.replaceChildren(...(star.values.class ? [probabilities(star), network(who)] : []), ...diagramPanels(host, star, about, who), usual(star, about, who), neighbours(who, onOpen), links(star), provenance(star));
}

function probabilities(star) {
  const shares = Object.entries(star.values).filter(([name, value]) => name.startsWith("prob_") && value !== null).map(([name, value]) => [name.slice(5), value]).sort((a, b) => b[1] - a[1]).slice(0, 8);
  const chosen = (star.values.prediction_set || "").split(",");
  return panel("Probabilities", make("ol", { class: "bars" }, shares.map(([name, value]) => {
    const bar = make("span", { class: chosen.includes(name) ? "bar in" : "bar" });
    bar.style.width = `${Math.max(0.5, value * 100)}%`;
    return make("li", {}, make("span", { class: "name" }, name), make("span", { class: "track" }, bar), make("span", { class: "value" }, value.toFixed(3)));
  })), make("p", { class: "note" }, `Dark: the prediction set. Model ${star.values.model_id}, trained on ${star.values.trained_on} data.`));
}

function network(who) {
  const body = make("div", {}), open = make("button", { type: "button", on: { click: load } }, "Show what it saw");
  async function load() {
    open.disabled = true;
    body.textContent = "Drawing again what the network saw…";
    try {
      const found = await get("network", who);
      const image = make("img", { class: "saw", alt: "The images as they entered the network, and where it found evidence for the class", src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(found.svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'))}` });
      const names = [...new Set(found.by_period.flatMap((each) => Object.entries(each.probabilities).sort((a, b) => b[1] - a[1]).slice(0, 3).map(([name]) => name)))];
      body.replaceChildren(image, make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Probabilities by period" }, make("table", {}, make("caption", {}, "Probabilities if the light curve is folded with each candidate period"),
        make("thead", {}, make("tr", {}, make("th", {}, "period (d)"), names.map((name) => make("th", { class: "number" }, name)))),
        make("tbody", {}, found.by_period.map((each) => make("tr", {}, make("th", {}, number(each.period, 7)), names.map((name) => make("td", { class: "number" }, each.probabilities[name].toFixed(3)))))))),
      make("details", {}, make("summary", {}, "The numbers it was told"), make("table", {}, make("caption", {}, "In standard deviations of the training set"), make("tbody", {}, found.numbers.map((each) => make("tr", {}, make("th", {}, each.name), make("td", { class: "number" }, each.value === null ? "missing" : each.value.toFixed(2))))))));
      open.remove();
    } catch (error) { body.textContent = error.message; open.disabled = false; }
  }
  return panel("What the network saw", open, body);
}

function diagramPanels(host, star, about, who) {
  return diagrams(about).map((each) => {
    const box = make("div", { class: "plotbox" }), found = panel(each.title, box), plot = new Plot(box, each.title, { height: 230 });
    host.plots.push(plot);
    get("density", { catalog: who.catalog, x: each.x, y: each.y, bins: 70, log_x: each.logX ? "true" : "", log_y: "" }).then((dense) => {
      const raw = star.values[each.x], x = each.logX ? Math.log10(raw) : raw, y = star.values[each.y];
      const there = Number.isFinite(x) && Number.isFinite(y) && raw !== null && y !== null;
      const draw = () => plot.set({ x: dense.x, y: dense.y, flipY: each.flipY, logX: each.logX, xlabel: label(about, each.x), ylabel: label(about, each.y), about: there ? `${number(star.values[each.x])}, ${number(y)}` : "the star has no such values",
        layers: [{ type: "cells", counts: dense.counts, x: dense.x, y: dense.y, colour: colours().accent }, ...(there ? [{ type: "star", x: clamp(x, dense.x), y: clamp(y, dense.y) }] : [])] });
      draw();
      if (!there) found.append(make("p", { class: "note" }, "This star has no such values."));
    }).catch((error) => { box.textContent = error.message; });
    return found;
  });
}

const clamp = (value, [low, high]) => Math.min(Math.max(value, low), high);

export function label(about, name) {
  const column = about.columns.find((each) => each.name === name);
  return column?.unit ? `${name} (${column.unit})` : name;
}

function usual(star, about, who) {
  const body = make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Numbers" }), values = star.values;
  const names = about.columns.filter((each) => each.number && !each.name.startsWith("prob_") && !each.name.startsWith("_") && values[each.name] !== null && each.name !== "ra" && each.name !== "dec").map((each) => each.name);
  const draw = (ranges) => body.replaceChildren(make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "number"), make("th", { class: "number" }, "this star"), make("th", { class: "number" }, values.class ? `usual for ${values.class}` : ""))),
    make("tbody", {}, names.map((name) => {
      const range = ranges[name], odd = range && (values[name] < range[0] || values[name] > range[2]);
      return make("tr", { class: odd ? "odd" : "" }, make("th", { title: about.columns.find((each) => each.name === name).description }, label(about, name)), make("td", { class: "number" }, number(values[name]), odd ? " ◂" : ""), make("td", { class: "number faint" }, range ? `${number(range[0], 3)} … ${number(range[2], 3)}` : ""));
    }))));
  draw({});
  if (values.class) get("usual", { catalog: who.catalog, class: values.class }).then(draw).catch(() => null);
  return panel("Beside its class", body, make("p", { class: "note" }, "Usual: the middle 90 % of this class in this catalog; ◂ lies outside."));
}

function neighbours(who, onOpen) {
  const body = make("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Neighbours" }, "…");
  get("neighbours", { ...who, radius: 10 }).then((found) => body.replaceChildren(found.length ? make("table", {}, make("thead", {}, make("tr", {}, ["″", "catalog", "object", "class"].map((text) => make("th", {}, text)))),
    make("tbody", {}, found.map((each) => make("tr", {}, make("td", { class: "number" }, each.separation_arcsec.toFixed(2)), make("td", {}, each.catalog),
      make("td", {}, each.catalog === who.catalog && each.object_id !== who.object_id ? make("button", { type: "button", class: "link", on: { click: () => onOpen(each.object_id) } }, each.object_id) : each.object_id || ""), make("td", {}, each.class || each.label || ""))))) : "Nothing within 10″.")).catch((error) => { body.textContent = error.message; });
  return panel("Within 10 arcseconds", body);
}

function links(star) {
  return panel("Elsewhere", make("ul", { class: "links" }, star.links.map((each) => make("li", {}, make("a", { href: each.url, target: "_blank", rel: "noopener noreferrer" }, each.name)))), make("p", { class: "note" }, "Opens another site with this position; nothing is sent before you click."));
}

function provenance(star) {
  const told = star.provenance;
  return panel("Where this row is from", make("p", {}, told.catalog), make("ul", { class: "plain" }, told.made_from.map((each) => make("li", {}, each))), told.command ? make("p", {}, make("code", {}, told.command)) : null, make("p", {}, make("code", {}, told.show)));
}
