// Plots that filter: the sky, diagrams and histograms of the rows wanted; what is brushed in one, the others follow.
import { get } from "./api.js";
import { make, number } from "./elements.js";
import { Plot } from "./plot.js";
import { brush, brushed, wanted } from "./state.js";
import { diagrams, label } from "./surroundings.js";
import { colours } from "./theme.js";

const quoted = (name) => "`" + name + "`";

export class Filters {
  constructor(host, onChange) {
    this.host = host;
    this.onChange = onChange;
    this.panels = [];
  }

  show(about) {
    this.about = about;
    for (const panel of this.panels) panel.plot.remove();
    this.panels = [];
    this.host.replaceChildren();
    this._add("sky", "Sky", (panel) => this._sky(panel), (x, y) => this._brushSky(x, y));
    for (const each of diagrams(about).slice(0, 2)) this._add(each.title, each.title, (panel) => this._density(panel, each), (x, y) => this._brushPair(each, x, y));
    const has = new Set(about.columns.map((each) => each.name));
    for (const [name, log] of [["period", true], ["probability", false], ["mean", false], ["amplitude", false]]) {
      if (has.has(name) && this.panels.length < 6) this._add(`histogram ${name}`, label(about, name), (panel) => this._histogram(panel, name, log), (x) => this._brushOne(name, log, x));
    }
    this.update();
  }

  _add(key, title, load, onBrush) {
    const box = make("div", { class: "plotbox" }), clear = make("button", { type: "button", class: "link", hidden: true, on: { click: () => this._clear(key) } }, "clear");
    this.host.append(make("figure", { class: "filter" }, make("figcaption", {}, title, clear), box));
    const plot = new Plot(box, `${title}; drag to choose a part`, { height: 180, brush: (x, y) => { if (x) onBrush(x, y); else this._clear(key); } });
    this.panels.push({ key, plot, load, clear });
  }

  update() {
    if (this.host.hidden) return;
    const generation = (this.generation = (this.generation || 0) + 1);
    for (const panel of this.panels) {
      panel.clear.hidden = panel.key === "sky" ? !brushed("sky") : !brushed(panel.key);
      panel.load(panel).then((spec) => { if (generation === this.generation) panel.plot.set(spec); }).catch((error) => { panel.plot.set({ x: [0, 1], y: [0, 1], layers: [], noY: true, xlabel: error.message.slice(0, 60) }); });
    }
  }

  redraw() { this.update(); }

  _clear(key) { brush(key, ""); this.onChange(); }

  async _sky() {
    const all = await get("sky", wanted()), tone = colours();
    if (!all.ra.length) return { x: [0, 1], y: [0, 1], layers: [], noY: true, xlabel: "no rows" };
    // Right ascensions around the largest gap, so that a field at 0h stays in one piece.
    const sorted = [...all.ra].sort((a, b) => a - b);
    let cut = 0, gap = sorted[0] + 360 - sorted[sorted.length - 1];
    for (let i = 1; i < sorted.length; i++) if (sorted[i] - sorted[i - 1] > gap) { gap = sorted[i] - sorted[i - 1]; cut = sorted[i]; }
    const x = all.ra.map((ra) => (ra < cut ? ra + 360 : ra)), y = all.dec, most = Math.log1p(Math.max(...all.rows)), d = all.degrees;
    const box = [[Math.min(...x) - d, Math.max(...x) + d], [Math.max(-90, Math.min(...y) - d), Math.min(90, Math.max(...y) + d)]];
    const pixels = 134 / Math.max(box[1][1] - box[1][0], 1e-6) * d;
    return { x: box[0], y: box[1], flipX: true, xlabel: "right ascension (°)", ylabel: "declination (°)", brushBoth: true, about: `${number(all.rows.reduce((a, b) => a + b, 0))} rows`,
      layers: [{ type: "sky", x, y, size: Math.min(Math.max(pixels * 0.45, 1.4), 9), colour: tone.accent, alphas: all.rows.map((n) => 0.25 + 0.75 * Math.log1p(n) / most) }] };
  }

  _brushSky(x, y) {
    const { ra, dec } = this.about, [a, b] = x.map((value) => ((value % 360) + 360) % 360);
    const across = a <= b ? `${quoted(ra)} between ${a.toFixed(5)} and ${b.toFixed(5)}` : `(${quoted(ra)} >= ${a.toFixed(5)} or ${quoted(ra)} <= ${b.toFixed(5)})`;
    brush("sky", `${across} and ${quoted(dec)} between ${y[0].toFixed(5)} and ${y[1].toFixed(5)}`);
    this.onChange();
  }

  async _density(panel, each) {
    const found = await get("density", { ...wanted(), x: each.x, y: each.y, bins: 64, log_x: each.logX ? "true" : "" });
    return { x: found.x, y: found.y, flipY: each.flipY, logX: each.logX, brushBoth: true, xlabel: label(this.about, each.x), ylabel: label(this.about, each.y), layers: [{ type: "cells", counts: found.counts, x: found.x, y: found.y, colour: colours().accent }] };
  }

  _brushPair(each, x, y) {
    const across = each.logX ? x.map((value) => 10 ** value) : x, part = (name, [a, b]) => `${quoted(name)} between ${Number(a.toPrecision(6))} and ${Number(b.toPrecision(6))}`;
    brush(each.title, `${part(each.x, across)} and ${part(each.y, y)}`);
    this.onChange();
  }

  async _histogram(panel, name, log) {
    const found = await get("histogram", { ...wanted(), column: name, bins: 48, log: log ? "true" : "" }), top = Math.max(1, ...found.counts);
    return { x: [found.edges[0], found.edges[found.edges.length - 1]], y: [0, top * 1.08], logX: log, xlabel: label(this.about, name), ylabel: "rows", layers: [{ type: "steps", counts: found.counts, edges: found.edges, colour: colours().accent, alpha: 0.8 }] };
  }

  _brushOne(name, log, x) {
    const [a, b] = log ? x.map((value) => 10 ** value) : x;
    brush(`histogram ${name}`, `${quoted(name)} between ${Number(a.toPrecision(6))} and ${Number(b.toPrecision(6))}`);
    this.onChange();
  }
}
