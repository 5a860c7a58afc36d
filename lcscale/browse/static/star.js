// One star: the folded curve over the whole width and the period in one's hand; below it what else is known.
import { address, getOnce } from "./api.js";
import { make, say, sexagesimal } from "./elements.js";
import { byBand, foldedSpec, rawSpec } from "./folding.js";
import { judge, labels } from "./judging.js";
import { PeriodogramPanel } from "./periodogram.js";
import { Plot } from "./plot.js";
import { change, state } from "./state.js";
import { surroundings } from "./surroundings.js";

const STEPS = [["×½", (p) => p / 2, "h"], ["×2", (p) => p * 2, "d"], ["×⅓", (p) => p / 3, ""], ["×3", (p) => p * 3, "t"],
  ["+1/d", (p) => 1 / (1 / p + 1), ""], ["−1/d", (p) => 1 / Math.abs(1 / p - 1), ""]];

export class StarView {
  constructor(host, { onBack, onStep }) {
    this.host = host;
    this.heard = { onBack, onStep };
    this.options = { errors: true, bins: false, offsets: true, inFlux: false };
    this.sure = true;
    this._build();
    document.addEventListener("judged", () => this._judged());
  }

  _build() {
    const button = (text, run, title = "") => make("button", { type: "button", title, on: { click: run } }, text);
    this.head = make("div", { class: "star-head" });
    this.input = make("input", { id: "period", type: "text", inputMode: "decimal", autocomplete: "off", on: { change: () => this._typed() } });
    this.tune = make("input", { id: "tune", type: "range", min: -100, max: 100, value: 0, step: 1, "aria-label": "Fine tuning of the period", on: { input: () => this._tuned(), change: () => this._release() } });
    this.steps = make("div", { class: "row tight", role: "group", "aria-label": "Aliases" }, STEPS.map(([text, of, key]) => {
      const step = button(text, () => this.setPeriod(of(this.period)), key ? `key ${key}` : "");
      step.dataset.step = text;
      return step;
    }));
    this.candidates = make("div", { class: "row tight", role: "group", "aria-label": "Candidate periods" });
    const check = (name, text) => make("label", { class: "check" }, make("input", { type: "checkbox", checked: this.options[name], "data-option": name, on: { change: (event) => { this.options[name] = event.target.checked; this._regroup(); } } }), ` ${text}`);
    this.checks = make("div", { class: "row", role: "group", "aria-label": "What is drawn" }, check("errors", "errors"), check("bins", "bins"), check("offsets", "bands together"), check("inFlux", "flux"));
    this.foldBox = make("div", { class: "plotbox" });
    this.rawBox = make("div", { class: "plotbox" });
    this.judgeBar = make("section", { class: "judge", "aria-label": "Judge" });
    this.more = make("div", { class: "panels" });
    const pgram = make("section", { class: "panel wide", "aria-label": "Periodogram" }, make("h2", {}, "Periodogram"));
    this.problem = make("p", { class: "warning", role: "alert", hidden: true });
    const saves = (plot, name) => make("div", { class: "row saves" }, button("PNG", () => save(plot(), name, "png")), button("SVG", () => save(plot(), name, "svg")));
    this.host.replaceChildren(this.head, this.problem, this.judgeBar,
      make("section", { class: "panel wide", "aria-label": "Folded light curve" },
        make("div", { class: "row spread" }, make("div", { class: "row" }, make("label", { class: "field", for: "period" }, make("span", {}, "Period (days)"), this.input), this.steps, this.candidates), this.checks),
        this.foldBox,
        make("div", { class: "row spread" }, make("label", { class: "field grow" }, make("span", {}, "fine"), this.tune), saves(() => this.fold, "folded"))),
      pgram,
      make("section", { class: "panel wide", "aria-label": "Light curve" }, make("div", { class: "row spread" }, make("h2", {}, "Light curve"),
        make("div", { class: "row saves" }, ...["csv", "parquet", "votable"].map((format) => make("a", { class: "button", "data-format": format, download: "" }, { csv: "CSV", parquet: "Parquet", votable: "VOTable" }[format])), saves(() => this.raw, "light-curve"))), this.rawBox, this.rawNote = make("p", { class: "note" })),
      this.more);
    this.fold = new Plot(this.foldBox, "Folded light curve", { height: 340, drag: (_, part, done) => this._dragged(part, done) });
    this.raw = new Plot(this.rawBox, "Light curve over time", { height: 220 });
    this.pgram = new PeriodogramPanel(pgram, { onPeriod: (period) => this.setPeriod(period) });
    document.addEventListener("theme", () => { if (this.curve) { this._refold(); this._drawRaw(); this.pgram.found && this.pgram._draw(); } });
  }

  async show(objectId, about, classes, place) {
    const generation = (this.generation = (this.generation || 0) + 1);
    this.about = about; this.classes = classes; this.objectId = objectId; this.curve = null; this.groups = null;
    const who = { catalog: state.catalog, object_id: objectId };
    this.who = who;
    this.problem.hidden = true;
    this.fold.set({ x: [0, 2], y: [0, 1], layers: [], xlabel: "phase", noY: true });
    let star;
    try { star = await getOnce("star", who); } catch (error) { if (generation === this.generation) this._fail(error.message); return; }
    if (generation !== this.generation) return;
    this.star = star;
    const values = star.values;
    this.told = ["period", "period_2", "period_3"].filter((name) => values[name] > 0).map((name) => [name, values[name]]);
    this.basis = Number(state.period) > 0 ? Number(state.period) : labels.get(objectId)?.period || values.period || null;
    this.period = this.basis;
    this.sure = true;
    this._head(place);
    this._judge();
    this._candidates();
    for (const link of this.host.querySelectorAll("a[data-format]")) link.href = address("light-curve/export", { ...who, format: link.dataset.format });
    surroundings(this.more, star, about, who, (name) => this.heard.onStep(0, name));
    try { this.curve = await getOnce("light-curve", who); } catch (error) { if (generation === this.generation) this._fail(error.message); return; }
    if (generation !== this.generation) return;
    if (this.curve.unit !== "mag") { this.options.inFlux = true; this.checks.querySelector("[data-option=inFlux]").checked = true; }
    this.epoch = values.epoch ?? this.curve.time.reduce((best, t, i) => (this.curve.used[i] && (best < 0 || this.curve.mag[i] < this.curve.mag[best]) ? i : best), -1);
    if (values.epoch === null || values.epoch === undefined) this.epoch = this.curve.time[Math.max(0, this.epoch)] ?? 0;
    if (!this.period) { const t = this.curve.time; this.period = this.basis = Math.max(1, (Math.max(...t) - Math.min(...t)) / 2); }
    this._regroup();
    await this.pgram.show(who, this.period);
    document.dispatchEvent(new CustomEvent("star-shown", { detail: objectId }));
  }

  _fail(text) { this.problem.textContent = text; this.problem.hidden = false; }

  _head(place) {
    const { star } = this, values = star.values, chip = values.class;
    const found = classText(values);
    const judged = labels.get(star.object_id);
    this.judgedText = make("span", { class: "verdict" }, judged ? `you: ${judged.class || "noted"}${judged.sure ? "" : " ?"}` : "");
    this.head.replaceChildren(
      make("div", { class: "row" },
        make("button", { type: "button", title: "key Escape", on: { click: () => this.heard.onBack() } }, "← Table"),
        make("button", { type: "button", title: "key k", "aria-label": "Previous star", on: { click: () => this.heard.onStep(-1) } }, "‹"),
        make("button", { type: "button", title: "key j", "aria-label": "Next star", on: { click: () => this.heard.onStep(1) } }, "›"),
        make("span", { class: "faint" }, place)),
      make("div", { class: "title" }, make("h1", {}, star.object_id), chip ? make("span", { class: "tag" }, found) : make("span", { class: "tag none" }, values.reason ? `no class: ${values.reason}` : "no class"), this.judgedText),
      make("p", { class: "facts" }, [
        sexagesimal(star.ra, star.dec), `${star.ra.toFixed(5)} ${star.dec < 0 ? "−" : "+"}${Math.abs(star.dec).toFixed(5)}`,
        values.prediction_set && values.prediction_set !== chip ? `set ${values.prediction_set.replaceAll(",", ", ")}` : "",
        values.label ? `label ${values.label}` : "", values.alias ? `period stands at ${values.alias}` : "",
      ].filter(Boolean).map((text) => make("span", {}, text))));
  }

  _judge() {
    const unsure = make("input", { type: "checkbox", id: "unsure", checked: !this.sure, on: { change: () => { this.sure = !unsure.checked; } } });
    this.unsure = unsure;
    this.tags = make("input", { id: "tags", type: "text", placeholder: "tags", maxLength: 300, "aria-label": "Tags, separated by commas", autocomplete: "off" });
    this.comment = make("input", { id: "comment", type: "text", placeholder: "comment", maxLength: 2000, "aria-label": "Comment", autocomplete: "off" });
    const said = labels.get(this.objectId);
    this.tags.value = said?.tags || ""; this.comment.value = said?.comment || "";
    const usual = this.classes.filter((each) => each.usual), rest = this.classes.filter((each) => !each.usual);
    const other = make("select", { id: "other-class", "aria-label": "Another class", on: { change: () => { if (other.value) this.judge(other.value); } } }, make("option", { value: "" }, "other…"), rest.map((each) => make("option", { value: each.name }, `${each.name}: ${each.title}`)));
    this.buttons = usual.map((each) => make("button", { type: "button", class: "class", title: each.title, "aria-pressed": "false", "data-class": each.name, on: { click: () => this.judge(each.name) } }, each.name, each.key ? make("kbd", {}, each.key.match(/\d/) ? each.key : `⇧${each.key}`) : null));
    this.judgeBar.replaceChildren(make("div", { class: "classes", role: "group", "aria-label": "Class" }, this.buttons, other),
      make("div", { class: "row" }, make("label", { class: "check" }, unsure, " unsure", make("kbd", {}, "s")), this.tags, this.comment,
        make("button", { type: "button", on: { click: () => this.judge(null) } }, "Note only")));
    this._judged();
  }

  _judged() {
    if (!this.buttons) return;
    const said = labels.get(this.objectId);
    for (const each of this.buttons) each.setAttribute("aria-pressed", String(said?.class === each.dataset.class));
    if (this.judgedText) this.judgedText.textContent = said ? `you: ${said.class || "noted"}${said.sure ? "" : " ?"}` : "";
  }

  async judge(name) {
    const { star } = this;
    if (!star || star.object_id !== this.objectId) { say("This star is still on its way"); return; }
    const tags = this.tags.value.split(",").map((each) => each.trim()).filter(Boolean);
    try {
      await judge({ object_id: star.object_id, class_name: name, sure: this.sure, period: this.period && this.curve ? this.period : null, tags, comment: this.comment.value.trim(),
        ra: star.ra, dec: star.dec, catalog: star.provenance.catalog, class_given: star.values.class ?? null });
    } catch (error) { say(error.message); return; }
    if (name && !this.host.hidden && this.objectId === star.object_id) this.heard.onStep(1);  // unless somebody went on already
  }

  toggleSure() { this.sure = !this.sure; this.unsure.checked = !this.sure; }

  _candidates() {
    const names = { period: "P", period_2: "P₂", period_3: "P₃" };
    this.candidates.replaceChildren(...this.told.map(([name, value]) => make("button", { type: "button", class: "chip", "data-period": name, title: `${value} days`, on: { click: () => this.setPeriod(value) } }, names[name])));
  }

  setPeriod(period, keep = true) {
    if (!(period > 0 && Number.isFinite(period))) { say("A period is a number above 0"); return; }
    this.period = period;
    if (keep) { this.basis = period; this.tune.value = 0; change({ period: period === this.star.values.period ? "" : String(period) }); this.pgram.setPeriod(period); }
    this._refold();
  }

  step(text) { const found = STEPS.find((each) => each[0] === text); if (found) this.setPeriod(found[1](this.period)); }
  stepOfKey(key) { const found = STEPS.find((each) => each[2] && each[2] === key); if (found) this.setPeriod(found[1](this.period)); return Boolean(found); }

  _typed() {
    const text = this.input.value.trim().replace(",", "."), inverse = text.match(/^1\/(.+)$/);
    this.input.blur();
    this.setPeriod(inverse ? 1 / Number(inverse[1]) : Number(text));
  }

  // One width of dragging, or of the slider, moves the last cycle of the observations by a whole one.
  _width() { const t = this.curve.time; return this.basis / Math.max(2, (Math.max(...t) - Math.min(...t)) / this.basis); }
  _tuned() { if (this.curve) this.setPeriod(this.basis + this._width() * this.tune.value / 100, false); }
  _dragged(part, done) { if (this.curve) { this.setPeriod(Math.max(this.basis - this._width() * part, this.basis / 3), false); if (done) this._release(); } }
  _release() { this.setPeriod(this.period); }

  _regroup() {
    if (!this.curve) return;
    this.groups = byBand(this.curve, this.options);
    this._refold();
    this._drawRaw();
  }

  _refold() {
    if (!this.groups || !this.period) return;
    if (document.activeElement !== this.input) this.input.value = Number(this.period.toPrecision(10));
    this.fold.set(foldedSpec(this.groups, this.period, this.epoch, this.options));
    for (const chip of this.candidates.children) chip.setAttribute("aria-pressed", String(Math.abs(this.star.values[chip.dataset.period] / this.period - 1) < 1e-9));
  }

  _drawRaw() {
    this.raw.set(rawSpec(this.groups, this.options, this.curve.time_scale));
    const unused = this.curve.used.filter((used) => !used).length;
    const dark = this.groups.groups.reduce((sum, group) => sum + group.dark.x.length, 0);
    this.rawNote.textContent = `${this.curve.time.length} observations from ${this.curve.source}; ${unused ? `${unused} (open grey) are not used: no finite value, or no error` : "the classifier used all of them"}.${dark ? ` Of ${dark} the flux is below three errors: open triangles are the magnitudes that they are fainter than.` : ""}`;
  }
}

export function classText(values) {
  const share = values.probability ?? values[`prob_${values.class}`];
  return share === undefined || share === null ? values.class : `${values.class} ${Number(share).toFixed(2)}`;
}

export async function save(plot, name, format) {
  const blob = format === "svg" ? new Blob([plot.svg()], { type: "image/svg+xml" }) : await plot.png();
  const link = make("a", { href: URL.createObjectURL(blob), download: `${name}.${format}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 5000);
}
