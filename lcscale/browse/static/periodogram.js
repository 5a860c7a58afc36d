// Periodogram and window function: peaks with names, each a button too; a click sets the period, a drag zooms.
import { get } from "./api.js";
import { make, number } from "./elements.js";
import { Plot } from "./plot.js";
import { colours } from "./theme.js";

export class PeriodogramPanel {
  constructor(host, { onPeriod }) {
    this.onPeriod = onPeriod;
    this.prewhitened = [];
    this.range = [null, null];
    this.peaks = make("div", { class: "chips", role: "group", "aria-label": "Peaks of the periodogram" });
    this.fmax = make("select", { id: "fmax", on: { change: () => { this.range = [null, null]; this.load(); } } },
      [5, 10, 25, 50, 100].map((value) => make("option", { value, selected: value === 25 }, `${value} /d`)));
    this.whiten = make("button", { type: "button", on: { click: () => this.take() } }, "Prewhiten");
    this.back = make("button", { type: "button", hidden: true, on: { click: () => { this.prewhitened = []; this.load(); } } }, "As observed");
    this.out = make("button", { type: "button", hidden: true, on: { click: () => { this.range = [null, null]; this.load(); } } }, "Zoom out");
    this.note = make("p", { class: "note" });
    const box = make("div", { class: "plotbox" }), low = make("div", { class: "plotbox" });
    host.append(make("div", { class: "row" }, make("label", { class: "field" }, make("span", {}, "up to"), this.fmax), this.whiten, this.back, this.out), box, low, this.peaks, this.note);
    const heard = { click: (f) => this._clicked(f), zoom: (x) => { this.range = x ? [Math.max(0, x[0]), x[1]] : [null, null]; this.load(); } };
    this.plot = new Plot(box, "Lomb-Scargle periodogram", { height: 210, ...heard });
    this.window = new Plot(low, "Window function", { height: 120, ...heard });
  }

  show(who, period) {
    this.who = who; this.period = period; this.prewhitened = []; this.range = [null, null]; this.found = null;
    return this.load();
  }

  setPeriod(period) { this.period = period; if (this.found) this._draw(); }

  take() {
    if (!this.period || this.prewhitened.length >= 5) return;
    this.prewhitened.push(this.period);
    this.load();
  }

  async load() {
    const who = this.who, generation = (this.generation = (this.generation || 0) + 1);
    try {
      const found = await get("periodogram", { ...who, fmax: this.fmax.value, low: this.range[0], high: this.range[1], period: this.period, prewhiten: this.prewhitened });
      if (generation !== this.generation) return;
      this.found = found;
      this._draw();
      this._list();
    } catch (error) { if (generation === this.generation) { this.note.textContent = error.message; this.peaks.replaceChildren(); } }
  }

  _clicked(frequency) {
    const { frequency: f, power } = this.found, width = (f[f.length - 1] - f[0]) / 120;
    let best = -1;
    for (let i = 0; i < f.length; i++) if (Math.abs(f[i] - frequency) < width && (best < 0 || power[i] > power[best])) best = i;
    if (best >= 0) this.onPeriod(1 / f[best]);
  }

  _draw() {
    const tone = colours(), { frequency: x, power, window, peaks } = this.found;
    const range = [this.range[0] ?? 0, this.range[1] ?? x[x.length - 1]], inside = x.map((f) => f >= range[0] && f <= range[1]);
    const top = Math.max(0.05, ...power.filter((_, i) => inside[i])) * 1.25;
    const marks = this.period ? [{ x: 1 / this.period, colour: tone.warm, width: 1.4, text: "f", row: 0 }] : [];
    const named = peaks.filter((peak) => peak.name && peak.name !== "f").map((peak) => ({ x: peak.frequency, text: peak.name, row: 1, dash: [3, 3] })).sort((a, b) => a.x - b.x);
    this.plot.set({ x: range, y: [0, top], xlabel: "frequency (cycles per day)", ylabel: "power", about: peaks.slice(0, 3).map((peak) => `${number(peak.frequency)} per day ${peak.name}`).join(", "),
      layers: [{ type: "marks", marks: named }, { type: "line", x, y: power, colour: tone.accent, width: 0.9 }, { type: "marks", marks }] });
    this.window.set({ x: range, y: [0, Math.max(0.05, ...window.filter((_, i) => inside[i] && x[i] > 0.05)) * 1.1], xlabel: "", ylabel: "window", layers: [{ type: "line", x, y: window, colour: tone.faint, width: 0.9 }] });
  }

  _list() {
    const { peaks } = this.found;
    this.peaks.replaceChildren(...peaks.map((peak) => make("button", { type: "button", class: "chip", title: `power ${number(peak.power, 3)}`, on: { click: () => this.onPeriod(peak.period) } },
      make("strong", {}, `${number(peak.period, 7)} d`), peak.name ? make("span", { class: "faint" }, ` ${peak.name}`) : null)));
    this.back.hidden = !this.prewhitened.length;
    this.out.hidden = this.range[0] === null;
    this.note.textContent = this.prewhitened.length ? `Without the series of ${this.prewhitened.map((p) => `${number(p, 7)} d`).join(", ")}.` : "Click a peak to fold with it; drag to zoom, double-click to zoom out.";
  }
}
