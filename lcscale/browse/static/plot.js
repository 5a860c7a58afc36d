// A plot on a canvas, and the same as SVG: axes, points with errors, lines, bars, cells, marks; brushing and clicking.
import { colours } from "./theme.js";
import { CanvasPen, SvgPen } from "./pens.js";

const LEFT = 54, RIGHT = 12, TOP = 10, BOTTOM = 36;

export function ticks(low, high, most) {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.999) || power * 10;
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  return found;
}

function written(value, log) {
  if (!log) return String(Number(value.toPrecision(6))).replace("-", "−");
  const plain = 10 ** value;
  return plain >= 1e5 || plain < 1e-4 ? plain.toExponential(0).replace("-", "−") : String(Number(plain.toPrecision(2)));
}

export class Plot {
  // `spec` has x, y (limits), xlabel, ylabel, logX, logY, flipX, flipY, layers and what is drawn; see `_layer`.
  constructor(host, label, { height = 240, brush = null, click = null, drag = null, zoom = null } = {}) {
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.label = label;
    this.canvas.setAttribute("aria-label", label);
    this.height = height;
    this.heard = { brush, click, drag, zoom };
    host.append(this.canvas);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.canvas);
    this._onTheme = () => this.draw();
    document.addEventListener("theme", this._onTheme);
    this._listen();
  }

  remove() {
    this.observer.disconnect();
    document.removeEventListener("theme", this._onTheme);
    this.canvas.remove();
  }

  set(spec) {
    this.spec = spec;
    this.canvas.setAttribute("aria-label", spec.about ? `${this.label}: ${spec.about}` : this.label);
    if (!this.waiting) {
      this.waiting = true;
      requestAnimationFrame(() => { this.waiting = false; this.draw(); });
    }
  }

  draw() {
    const width = this.canvas.clientWidth, height = this.height;
    if (!this.spec || !width) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const context = this.canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this._paint(new CanvasPen(context), width, height);
    if (this.selecting) this._paintSelection(context, height);
  }

  svg() {
    const width = this.canvas.clientWidth || 900;
    const pen = new SvgPen(width, this.height, colours().paper);
    this._paint(pen, width, this.height);
    return pen.text_();
  }

  png() {
    const copy = document.createElement("canvas");
    copy.width = this.canvas.width;
    copy.height = this.canvas.height;
    const context = copy.getContext("2d");
    context.fillStyle = colours().paper;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(this.canvas, 0, 0);
    return new Promise((done) => copy.toBlob(done, "image/png"));
  }

  // Places in pixels of values, and back.
  _scales(width, height) {
    const { x, y, flipX, flipY } = this.spec;
    const a = LEFT, b = width - RIGHT, c = height - BOTTOM, d = TOP;
    const alongX = (value) => a + (flipX ? x[1] - value : value - x[0]) / (x[1] - x[0]) * (b - a);
    const alongY = (value) => c + (flipY ? y[1] - value : value - y[0]) / (y[1] - y[0]) * (d - c);
    const backX = (place) => { const part = (place - a) / (b - a); return flipX ? x[1] - part * (x[1] - x[0]) : x[0] + part * (x[1] - x[0]); };
    const backY = (place) => { const part = (place - c) / (d - c); return flipY ? y[1] - part * (y[1] - y[0]) : y[0] + part * (y[1] - y[0]); };
    return { alongX, alongY, backX, backY, box: [a, d, b - a, c - d] };
  }

  _paint(pen, width, height) {
    const tone = colours(), spec = this.spec, scales = this._scales(width, height), [a, d, w, h] = scales.box;
    this.scales = scales;
    pen.clip(a, d, w, h);
    for (const layer of spec.layers) this._layer(pen, layer, scales, tone);
    pen.unclip();
    pen.path([[a, d], [a, d + h], [a + w, d + h]], tone.faint, 0.8);
    const across = spec.logX ? ticks(...spec.x, w / 90) : ticks(...spec.x, Math.max(2, w / 110));
    for (const value of across) {
      const place = scales.alongX(value);
      pen.path([[place, d + h], [place, d + h + 4]], tone.faint, 0.8);
      pen.text(place, d + h + 16, written(value, spec.logX), "center", tone.faint);
    }
    if (!spec.noY) for (const value of ticks(...spec.y, h / 42)) {
      const place = scales.alongY(value);
      pen.path([[a - 4, place], [a, place]], tone.faint, 0.8);
      pen.text(a - 8, place + 4, written(value, spec.logY), "right", tone.faint);
    }
    pen.text(a + w / 2, height - 4, spec.xlabel || "", "center", tone.ink);
    if (spec.ylabel) pen.text(13, d + h / 2, spec.ylabel, "center", tone.ink, -Math.PI / 2);
    this._legend(pen, spec, a + w, d, tone);
  }

  _legend(pen, spec, right, top, tone) {
    let place = right - 6;
    for (const layer of [...spec.layers].reverse()) {
      if (!layer.name) continue;
      place -= pen.width(layer.name);
      pen.text(place, top + 9, layer.name, "left", tone.ink);
      place -= 12;
      if (layer.type === "line") pen.path([[place - 4, top + 5], [place + 6, top + 5]], layer.colour, 2, layer.dash);
      else pen.dots([place + 2], [top + 5], 3.2, layer.colour, layer.shape, 1);
      place -= 14;
    }
  }

  _layer(pen, layer, { alongX, alongY, box }, tone) {
    if (layer.type === "points") {
      const n = layer.x.length, xs = new Float64Array(n), ys = new Float64Array(n);
      for (let i = 0; i < n; i++) { xs[i] = alongX(layer.x[i]); ys[i] = alongY(layer.y[i]); }
      if (layer.error) {
        const low = new Float64Array(n), high = new Float64Array(n);
        for (let i = 0; i < n; i++) {
          const e = Number.isFinite(layer.error[i]) ? layer.error[i] : 0;
          low[i] = alongY(layer.y[i] - e); high[i] = alongY(layer.y[i] + e);
        }
        pen.bars(xs, low, high, layer.colour, 0.28);
      }
      pen.dots(xs, ys, layer.size || 2.2, layer.colour, layer.shape, layer.alpha || 0.85, layer.open);
    } else if (layer.type === "line") {
      pen.path(layer.x.map((value, i) => [alongX(value), alongY(layer.y[i])]), layer.colour, layer.width || 1, layer.dash);
    } else if (layer.type === "steps") {
      for (let i = 0; i < layer.counts.length; i++) {
        const from = alongX(layer.edges[i]), to = alongX(layer.edges[i + 1]), y = alongY(layer.counts[i]), y0 = alongY(0);
        pen.rect(Math.min(from, to), y, Math.abs(to - from) - 0.6, y0 - y, layer.colour, layer.alpha || 1);
      }
    } else if (layer.type === "cells") {
      const { counts, x, y } = layer, ny = counts.length, nx = counts[0].length;
      const top = Math.log1p(Math.max(1, ...counts.map((row) => Math.max(...row))));
      for (let j = 0; j < ny; j++) for (let i = 0; i < nx; i++) if (counts[j][i]) {
        const x0 = alongX(x[0] + (x[1] - x[0]) * i / nx), x1 = alongX(x[0] + (x[1] - x[0]) * (i + 1) / nx);
        const y0 = alongY(y[0] + (y[1] - y[0]) * j / ny), y1 = alongY(y[0] + (y[1] - y[0]) * (j + 1) / ny);
        pen.rect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0) + 0.4, Math.abs(y1 - y0) + 0.4, layer.colour, 0.18 + 0.82 * Math.log1p(counts[j][i]) / top);
      }
    } else if (layer.type === "marks") {
      let last = -100;
      for (const mark of layer.marks) {
        const place = alongX(mark.x);
        pen.path([[place, box[1]], [place, box[1] + box[3]]], mark.colour || tone.faint, mark.width || 0.8, mark.dash);
        if (mark.text && place - last > 26) { pen.text(place + 4, box[1] + 10 + 13 * (mark.row || 0), mark.text, "left", mark.colour || tone.faint); last = place; }
      }
    } else if (layer.type === "sky") {
      for (let i = 0; i < layer.x.length; i++) pen.dots([alongX(layer.x[i])], [alongY(layer.y[i])], layer.size, layer.colour, "square", layer.alphas[i]);
    } else if (layer.type === "star") {
      pen.cross(alongX(layer.x), alongY(layer.y), tone.warm, tone.paper);
    }
  }

  _paintSelection(context, height) {
    const tone = colours(), { from, to, both } = this.selecting;
    const [, d, , h] = this.scales.box;
    context.fillStyle = tone.accent;
    context.globalAlpha = 0.18;
    if (both) context.fillRect(Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]));
    else context.fillRect(Math.min(from[0], to[0]), d, Math.abs(to[0] - from[0]), h);
    context.globalAlpha = 1;
  }

  _listen() {
    const at = (event) => { const box = this.canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    let start = null;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.spec || event.button) return;
      start = at(event);
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      const now = at(event);
      if (this.heard.drag) { this.heard.drag(now[0] - start[0], (now[0] - start[0]) / this.scales.box[2], false); return; }
      if (this.heard.brush || this.heard.zoom) { this.selecting = { from: start, to: now, both: this.heard.brush === null ? false : this.spec.brushBoth }; this.draw(); }
    });
    const end = (event) => {
      if (!start) return;
      const now = at(event), moved = Math.hypot(now[0] - start[0], now[1] - start[1]) > 5, { backX, backY } = this.scales;
      const from = start;
      start = null; this.selecting = null;
      if (this.heard.drag && moved) this.heard.drag(now[0] - from[0], (now[0] - from[0]) / this.scales.box[2], true);
      else if (!moved && this.heard.click) this.heard.click(backX(now[0]), backY(now[1]));
      else if (moved && (this.heard.brush || this.heard.zoom)) {
        const x = [backX(from[0]), backX(now[0])].sort((a, b) => a - b), y = [backY(from[1]), backY(now[1])].sort((a, b) => a - b);
        (this.heard.brush || this.heard.zoom)(x, y);
      }
      this.draw();
    };
    this.canvas.addEventListener("pointerup", end);
    this.canvas.addEventListener("pointercancel", () => { start = null; this.selecting = null; this.draw(); });
    this.canvas.addEventListener("dblclick", () => { if (this.heard.zoom) this.heard.zoom(null); if (this.heard.brush) this.heard.brush(null); });
  }
}
