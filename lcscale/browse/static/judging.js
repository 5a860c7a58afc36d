// Labels: what this person said of the stars, one key each, taken back with another.
import { get, post } from "./api.js";
import { byId, make, openDialog, say } from "./elements.js";
import { change, state } from "./state.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", ..."QWERTYIOPADFGHJKLZXCVBNM"];
export const labels = new Map();
const mine = [];
let person = "";
try { person = localStorage.getItem("lcscale.person") || ""; } catch { /* a browser that keeps nothing */ }

// Classes with their keys: those of the catalog first, then the rest of the taxonomy.
export function keyed(about, taxonomy) {
  const known = about.classes.filter((name) => taxonomy.some((each) => each.name === name));
  const order = about.class_order || known;
  const rest = taxonomy.map((each) => each.name).filter((name) => !order.includes(name));
  return [...order, ...rest].map((name, k) => ({ name, key: KEYS[k] || "", title: taxonomy.find((each) => each.name === name)?.title || name, usual: order.includes(name) }));
}

export async function loadLabels() {
  labels.clear();
  mine.length = 0;
  if (!state.labels) return;
  const found = await get(`labels/${state.labels}`);
  for (const label of found.labels) labels.set(label.object_id, label);
}

// One after the other: what is taken back is the label before, also where that one is still on its way.
let writing = Promise.resolve();
function inTurn(write) {
  writing = writing.then(write, write);
  return writing;
}

export const judge = (label) => inTurn(() => send(label));
export const undo = () => inTurn(takeBack).catch((error) => say(error.message));

async function send(label) {
  if (!state.labels) change({ labels: "mine" });
  const made = await post(`labels/${state.labels}`, { ...label, person });
  labels.set(made.object_id, made);
  mine.push(made);
  say(`${made.object_id}: ${made.class || "noted"}${made.sure ? "" : ", unsure"}`, { name: "Undo", run: () => undo() });
  document.dispatchEvent(new CustomEvent("judged", { detail: made }));
  return made;
}

async function takeBack() {
  const last = mine[mine.length - 1] || [...labels.values()].filter((each) => each.person === person).sort((a, b) => (a.time < b.time ? -1 : 1)).pop();
  if (!last) { say("There is nothing to take back"); return null; }
  const now = await post(`labels/${state.labels}/undo`, { label_id: last.label_id });
  mine.pop();
  if (now.label) labels.set(now.object_id, now.label); else labels.delete(now.object_id);
  say(`${now.object_id}: taken back${now.label ? `, it is ${now.label.class || "noted"} again` : ""}`);
  document.dispatchEvent(new CustomEvent("judged", { detail: now }));
  return now;
}

export function openLabels(names, done) {
  const name = make("input", { id: "label-name", type: "text", value: state.labels || "mine", pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]{0,63}", required: true, autocomplete: "off" });
  name.setAttribute("list", "label-names");
  const who = make("input", { id: "label-person", type: "text", value: person, maxLength: 200, autocomplete: "name" });
  const hide = make("input", { id: "label-hide", type: "checkbox", checked: Boolean(state.hide) });
  const file = make("input", { id: "label-file", type: "file", accept: ".csv,.parquet,.vot" });
  const links = ["csv", "parquet", "votable"].map((format) => make("a", { class: "button", href: `api/labels/${name.value}/export?format=${format}`, download: "" }, format === "votable" ? "VOTable" : format === "csv" ? "CSV" : "Parquet"));
  const changed = make("div", {});
  if (state.labels && labels.size) get(`labels/${state.labels}/changes`, { catalog: state.catalog }).then((found) => {
    if (!found.judged) return;
    changed.append(make("h3", {}, "Classifier and you"), make("p", { class: "note" }, `Of ${found.judged} judged stars the classifier agreed with you on ${found.agreed_then} when you judged, and does on ${found.agree_now} in ${found.version}.`));
    if (found.changed.length) changed.append(make("table", {}, make("thead", {}, make("tr", {}, ["object", "you", "then", "now"].map((text) => make("th", {}, text)))),
      make("tbody", {}, found.changed.slice(0, 20).map((each) => make("tr", {}, [each.object_id, each.label, each.then || "none", each.now || "none"].map((text) => make("td", {}, text)))))));
  }).catch(() => null);
  const form = make("form", { class: "form", on: { submit: async (event) => {
    event.preventDefault();
    person = who.value.trim();
    try { localStorage.setItem("lcscale.person", person); } catch { /* the same */ }
    change({ labels: name.value, hide: hide.checked ? "1" : "" });
    byId("dialog").close();
    await loadLabels();
    done();
  } } },
  make("label", { for: "label-name" }, "Name of the labels"), name, make("datalist", { id: "label-names" }, names.map((each) => make("option", { value: each }))),
  make("label", { for: "label-person" }, "You"), who,
  make("label", { class: "check" }, hide, " Hide what these labels have judged"),
  make("p", { class: "note" }, `${labels.size} stars are judged. Labels are kept in the lake, under labels/${name.value}; nothing is overwritten.`),
  make("div", { class: "row" }, make("button", { class: "primary" }, "Use these")),
  changed,
  make("h3", {}, "Take out"), make("div", { class: "row" }, links),
  make("h3", {}, "Bring in"), make("label", { for: "label-file" }, "A file with a column object_id"), file,
  make("div", { class: "row" }, make("button", { type: "button", on: { click: () => bringIn(file.files[0], done) } }, "Bring in")));
  openDialog("Labels", form);
}

async function bringIn(file, done) {
  if (!file) { say("Choose a file first"); return; }
  const format = { csv: "csv", parquet: "parquet", vot: "votable", xml: "votable" }[file.name.split(".").pop().toLowerCase()];
  if (!format) { say("CSV, Parquet or VOTable"); return; }
  if (!state.labels) change({ labels: "mine" });
  try {
    const made = await post(`labels/${state.labels}/import?format=${format}`, await file.arrayBuffer(), "application/octet-stream");
    await loadLabels();
    say(`${made.count} labels came in`);
    done();
  } catch (error) { say(error.message); }
}
