// The page: what is asked for stands in the address; every part is drawn from it.
import { forget, get, getOnce, post } from "./api.js";
import { byId, make, number, say } from "./elements.js";
import { openColumns, openExport, openHelp, openRegion } from "./dialogs.js";
import { Filters } from "./filters.js";
import { Grid } from "./grid.js";
import { keyed, labels, loadLabels, openLabels, undo } from "./judging.js";
import { classText, StarView } from "./star.js";
import { change, readState, state, wanted } from "./state.js";
import { toggleTheme } from "./theme.js";

let about = null, lake = null, grid = null, star = null, filters = null, place = 0;
const ON_PHONE = matchMedia("(max-width: 640px)");

async function start() {
  readState();
  grid = new Grid(byId("grid"), { onOpen: openAt, onSort: sortBy, onFocus: () => null });
  star = new StarView(byId("star"), { onBack: closeStar, onStep: step });
  filters = new Filters(byId("plots"), refresh);
  listen();
  try {
    lake = await get("lake");
    document.title = `lcscale · ${lake.lake.split("/").pop()}`;
    if (!state.catalog) change({ catalog: lake.catalogs[0] || "" });
    if (!state.catalog) { byId("count").textContent = "There is no catalog in this lake yet."; return; }
    byId("catalog").replaceChildren(...lake.catalogs.map((name) => make("option", { value: name, selected: name === state.catalog }, name)));
    await openCatalog();
  } catch (error) { byId("count").textContent = error.message; }
  setInterval(lookForNews, 30000);
}

async function openCatalog() {
  byId("count").textContent = "opening…";
  about = await get("catalog", { catalog: state.catalog });
  byId("catalog").value = state.catalog;
  byId("where").value = state.q;
  await loadLabels();
  grid.forgetThumbnails();
  filters.show(about);
  showPlots();
  if (about.missing.length) news(`${about.missing.length} parts are missing in ${about.name} ${about.version}: ${about.missing[0]}`);
  await refresh();
  if (state.star) await openStar(state.star);
}

function columnsShown() {
  const known = new Map(about.columns.map((each) => [each.name, each]));
  let names = (state.columns.length ? state.columns : about.shown).filter((name) => known.has(name));
  const has = (name) => known.has(name);
  if (ON_PHONE.matches) names = [about.id_column, ...["class", "period"].filter(has), ...names].filter((name, k, all) => all.indexOf(name) === k).slice(0, 3);
  const found = names.map((name) => {
    const column = known.get(name);
    return { ...column, number: column.number && name !== about.id_column, text: (row) => (name === about.id_column ? row[name] ?? "" : number(row[name])) };
  });
  const classes = found.find((each) => each.name === "class");
  if (classes && ON_PHONE.matches && has("probability")) { classes.needs = ["class", "probability"]; classes.text = (row) => (row.class ? classText(row) : "none"); }
  if (state.labels) {
    const mine = { name: "", title: "you", number: false, description: `Labels ${state.labels}`, needs: [about.id_column], text: (row) => verdict(labels.get(row[about.id_column])), mark: (row) => (labels.has(row[about.id_column]) ? "judged" : "") };
    found.splice(1, 0, mine);
  }
  return found;
}

const verdict = (label) => (label ? `${label.class || "noted"}${label.sure ? "" : " ?"}` : "");

// Everything that hangs on the rows wanted, again.
async function refresh() {
  place = 0;
  grid.reset({ columns: columnsShown(), sort: state.sort, descending: Boolean(state.descending), sortable: true, withThumbnails: about.light_curves.length > 0 });
  try {
    byId("where").removeAttribute("aria-invalid");
    const [counts] = await Promise.all([get("counts", wanted()), grid.load(0)]);
    showCounts(counts);
  } catch (error) {
    byId("where").setAttribute("aria-invalid", "true");
    byId("count").textContent = error.message;
    grid.setCount(0);
    grid.draw(true);
  }
  filters.update();
}

function showCounts(counts) {
  const hidden = counts.hidden ? `, ${number(counts.hidden)} judged ones hidden` : "";
  byId("count").textContent = counts.count === counts.of ? `${number(counts.count)} rows` : `${number(counts.count)} of ${number(counts.of)} rows${hidden}`;
  const order = Object.keys(counts.classes);
  about.class_order = about.class_order || order;
  byId("classes").replaceChildren(...order.filter((name) => counts.classes[name] || state.class.includes(name)).map((name) => make("button", {
    type: "button", class: "chip", "aria-pressed": String(state.class.includes(name)), "data-class": name,
    on: { click: () => { change({ class: state.class.includes(name) ? state.class.filter((each) => each !== name) : [...state.class, name] }); refresh(); } },
  }, name, make("span", { class: "faint" }, ` ${number(counts.classes[name])}`))));
  const drop = (text, without) => make("button", { type: "button", class: "chip active", "aria-label": `Remove the filter ${text}`, on: { click: () => { without(); byId("where").value = state.q; refresh(); } } }, text, " ×");
  byId("active").replaceChildren(
    ...(state.q ? [drop(state.q, () => change({ q: "" }))] : []),
    ...state.where.map((each) => drop(each.slice(0, each.indexOf(":")), () => change({ where: state.where.filter((other) => other !== each) }))),
    ...(state.cone ? [drop(`within ${state.cone.split(",")[2]}″ of ${state.cone.split(",").slice(0, 2).join(" ")}`, () => change({ cone: "" }))] : []),
    ...(state.hide && state.labels ? [drop("judged hidden", () => change({ hide: "" }))] : []),
    ...(state.sort ? [drop(`${state.sort}${state.descending ? " ▼" : state.sort.includes(" ") ? "" : " ▲"}`, () => change({ sort: "", descending: "" }))] : []),
    ...about.orders.filter((name) => name !== state.sort).map((name) => make("button", { type: "button", class: "chip", on: { click: () => { change({ sort: name, descending: "" }); refresh(); } } }, `↓ ${name}`)),
  );
}

function sortBy(name) {
  if (!name) return;
  const column = about.columns.find((each) => each.name === name);
  if (state.sort !== name) change({ sort: name, descending: column.number && !["fap", "period"].includes(name) ? "1" : "" });
  else change({ descending: state.descending ? "" : "1" });
  refresh();
}

async function openAt(where) {
  const row = await grid.row(where);
  if (!row) return;
  place = where;
  change({ star: row[about.id_column], period: "" }, !state.star);
  await openStar(state.star);
}

async function openStar(objectId) {
  byId("list").hidden = true;
  byId("star").hidden = false;
  window.scrollTo(0, 0);
  const told = grid.count ? `${number(place + 1)} of ${number(grid.count)}` : "";
  await star.show(objectId, about, keyed(about, lake.taxonomy), told);
  const next = await grid.row(place + 1);
  if (next) for (const path of ["star", "light-curve"]) getOnce(path, { catalog: state.catalog, object_id: next[about.id_column] }).catch(() => null);
}

function closeStar() {
  change({ star: "", period: "" }, true);
  byId("star").hidden = true;
  byId("list").hidden = false;
  if (state.hide) refresh(); else { grid.setFocus(place, false); grid.draw(true); grid.reveal(place); }
  byId("grid").focus({ preventScroll: true });
}

async function step(steps, name = null) {
  if (name) { change({ star: name, period: "" }, true); await openStar(name); return; }
  const row = await grid.row(place + steps);
  if (!row) { say(steps > 0 ? "That was the last one" : "This is the first one"); return; }
  place += steps;
  grid.setFocus(place, false);
  change({ star: row[about.id_column], period: "" });
  await openStar(state.star);
}

function showPlots() {
  byId("plots").hidden = !state.plots;
  byId("open-plots").setAttribute("aria-expanded", String(Boolean(state.plots)));
  filters.update();
}

function news(text, action = null) {
  byId("news").replaceChildren(text, action ? make("button", { type: "button", on: { click: action.run } }, action.name) : "", make("button", { type: "button", class: "link", on: { click: () => { byId("news").hidden = true; } } }, "dismiss"));
  byId("news").hidden = false;
}

async function lookForNews() {
  if (document.hidden || !about) return;
  try {
    const now = await get("catalog", { catalog: state.catalog });
    if (now.current !== now.version) news(`${now.name} has a new version, ${now.current}; you see ${now.version}. `, { name: "Show it", run: async () => {
      await post("renew", { catalog: state.catalog });
      forget();
      byId("news").hidden = true;
      await openCatalog();
    } });
  } catch { /* the server has gone: the next request says so */ }
}

function listen() {
  byId("catalog").addEventListener("change", () => { change({ catalog: byId("catalog").value, class: [], where: [], q: "", sort: "", descending: "", cone: "", star: "", columns: [] }); if (!byId("star").hidden) closeStar(); openCatalog(); });
  byId("ask").addEventListener("submit", (event) => { event.preventDefault(); change({ q: byId("where").value.trim() }); if (!byId("star").hidden) closeStar(); refresh(); byId("grid").focus({ preventScroll: true }); });
  byId("open-plots").addEventListener("click", () => { change({ plots: state.plots ? "" : "1" }); showPlots(); });
  byId("open-columns").addEventListener("click", () => openColumns(about, refresh));
  byId("open-region").addEventListener("click", () => openRegion(refresh));
  byId("open-export").addEventListener("click", () => openExport(about, grid.count));
  byId("open-labels").addEventListener("click", async () => { lake = await get("lake"); openLabels(lake.labels, () => (byId("star").hidden ? refresh() : null)); });
  byId("open-help").addEventListener("click", () => openHelp(keyed(about, lake.taxonomy)));
  byId("theme").addEventListener("click", toggleTheme);
  document.addEventListener("theme", () => filters.redraw());
  ON_PHONE.addEventListener("change", () => about && refresh());
  document.addEventListener("judged", () => (state.hide && byId("star").hidden ? refresh() : grid.draw(true)));
  window.addEventListener("popstate", async () => {
    const before = state.catalog;
    readState();
    if (state.catalog !== before) { await openCatalog(); return; }
    if (state.star) { await openStar(state.star); return; }
    byId("star").hidden = true; byId("list").hidden = false;
    await refresh();
  });
  document.addEventListener("keydown", pressed);
}

async function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open || !about) return;
  const typing = event.target.closest("input[type=text], input[type=file], select, textarea");
  const inStar = !byId("star").hidden, key = event.key;
  if (typing) { if (key === "Escape") { event.target.blur(); if (!inStar) byId("grid").focus({ preventScroll: true }); } return; }
  const classed = inStar && keyed(about, lake.taxonomy).find((each) => each.key === key && each.usual);
  const run = classed ? () => star.judge(classed.name)
    : inStar ? { j: () => step(1), k: () => step(-1), Escape: closeStar, s: () => star.toggleSure(), p: () => byId("period").focus() }[key] || (star.stepOfKey(key) ? () => null : null)
      : { j: () => grid.move(1), k: () => grid.move(-1), Enter: event.target.closest("button, a, select") ? null : () => openAt(grid.focus) }[key];
  const everywhere = { u: undo, "/": () => byId("where").focus(), "?": () => openHelp(keyed(about, lake.taxonomy)), g: () => byId("open-plots").click() }[key];
  const found = run || everywhere;
  if (!found) return;
  if (event.defaultPrevented) return;
  event.preventDefault();
  await found();
}

export const parts = { grid: () => grid, star: () => star };
window.lcscale = parts;
start();
