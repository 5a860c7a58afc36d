// What plots draw with: on a canvas, or into the text of an SVG file.
const FONT = '12px "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, "DejaVu Sans", sans-serif';

export class CanvasPen {
  constructor(context) { this.c = context; context.font = FONT; }
  clip(x, y, w, h) { this.c.save(); this.c.beginPath(); this.c.rect(x, y, w, h); this.c.clip(); }
  unclip() { this.c.restore(); this.c.font = FONT; }
  width(text) { return this.c.measureText(text).width; }

  path(points, colour, width = 1, dash = null) {
    const c = this.c;
    c.strokeStyle = colour; c.lineWidth = width; c.setLineDash(dash || []);
    c.beginPath();
    points.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.stroke();
    c.setLineDash([]);
  }

  dots(xs, ys, r, colour, shape = "circle", alpha = 1, open = false) {
    const c = this.c;
    c.fillStyle = colour; c.strokeStyle = colour; c.globalAlpha = alpha; c.lineWidth = 1;
    c.beginPath();
    for (let i = 0; i < xs.length; i++) outline(c, xs[i], ys[i], r, shape);
    if (open) c.stroke(); else c.fill();
    c.globalAlpha = 1;
  }

  bars(xs, low, high, colour, alpha) {
    const c = this.c;
    c.strokeStyle = colour; c.globalAlpha = alpha; c.lineWidth = 1;
    c.beginPath();
    for (let i = 0; i < xs.length; i++) { c.moveTo(xs[i], low[i]); c.lineTo(xs[i], high[i]); }
    c.stroke();
    c.globalAlpha = 1;
  }

  rect(x, y, w, h, colour, alpha = 1) { this.c.globalAlpha = alpha; this.c.fillStyle = colour; this.c.fillRect(x, y, w, h); this.c.globalAlpha = 1; }

  text(x, y, text, align, colour, turn = 0) {
    const c = this.c;
    c.save(); c.translate(x, y); c.rotate(turn);
    c.textAlign = align; c.fillStyle = colour; c.fillText(text, 0, 0);
    c.restore();
  }

  cross(x, y, colour, paper) {
    this.path([[x - 9, y], [x + 9, y]], paper, 5); this.path([[x, y - 9], [x, y + 9]], paper, 5);
    this.path([[x - 8, y], [x + 8, y]], colour, 2.4); this.path([[x, y - 8], [x, y + 8]], colour, 2.4);
  }
}

function outline(c, x, y, r, shape) {
  if (shape === "square") c.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
  else if (shape === "diamond") { c.moveTo(x, y - r * 1.3); c.lineTo(x + r * 1.3, y); c.lineTo(x, y + r * 1.3); c.lineTo(x - r * 1.3, y); c.closePath(); }
  else if (shape === "triangle") { c.moveTo(x, y - r * 1.25); c.lineTo(x + r * 1.15, y + r * 0.85); c.lineTo(x - r * 1.15, y + r * 0.85); c.closePath(); }
  else if (shape === "limit") { c.moveTo(x, y + r * 1.25); c.lineTo(x + r * 1.15, y - r * 0.85); c.lineTo(x - r * 1.15, y - r * 0.85); c.closePath(); }
  else { c.moveTo(x + r, y); c.arc(x, y, r, 0, 6.2832); }
}

const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const short = (value) => Number(value.toFixed(2));

export class SvgPen {
  constructor(width, height, paper) {
    this.parts = [`<rect width="${width}" height="${height}" fill="${paper}"/>`];
    this.size = [width, height];
    this.clips = 0;
  }

  text_() {
    const [w, h] = this.size;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="Source Sans 3, Segoe UI, Arial, sans-serif" font-size="12">${this.parts.join("")}</svg>`;
  }

  clip(x, y, w, h) { this.clips += 1; this.parts.push(`<clipPath id="c${this.clips}"><rect x="${x}" y="${y}" width="${w}" height="${h}"/></clipPath><g clip-path="url(#c${this.clips})">`); }
  unclip() { this.parts.push("</g>"); }
  width(text) { return text.length * 6.4; }

  path(points, colour, width = 1, dash = null) {
    const line = points.map(([x, y]) => `${short(x)},${short(y)}`).join(" ");
    this.parts.push(`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="${width}"${dash ? ` stroke-dasharray="${dash.join(" ")}"` : ""}/>`);
  }

  dots(xs, ys, r, colour, shape = "circle", alpha = 1, open = false) {
    const how = open ? `fill="none" stroke="${colour}"` : `fill="${colour}"`;
    const path = new SvgPath();
    for (let i = 0; i < xs.length; i++) {
      if (shape === "circle" || !shape) path.circle(xs[i], ys[i], r);
      else outline(path, xs[i], ys[i], r, shape);
    }
    this.parts.push(`<path d="${path.d.join("")}" ${how} opacity="${alpha}"/>`);
  }

  bars(xs, low, high, colour, alpha) {
    let d = "";
    for (let i = 0; i < xs.length; i++) d += `M${short(xs[i])} ${short(low[i])}V${short(high[i])}`;
    this.parts.push(`<path d="${d}" stroke="${colour}" opacity="${alpha}"/>`);
  }

  rect(x, y, w, h, colour, alpha = 1) { this.parts.push(`<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(w, 0))}" height="${short(Math.max(h, 0))}" fill="${colour}" opacity="${short(alpha)}"/>`); }

  text(x, y, text, align, colour, turn = 0) {
    const anchor = { left: "start", center: "middle", right: "end" }[align];
    const turned = turn ? ` transform="rotate(${turn * 180 / Math.PI} ${short(x)} ${short(y)})"` : "";
    this.parts.push(`<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" fill="${colour}"${turned}>${escaped(text)}</text>`);
  }

  cross(x, y, colour) { this.path([[x - 8, y], [x + 8, y]], colour, 2.4); this.path([[x, y - 8], [x, y + 8]], colour, 2.4); }
}

class SvgPath {
  constructor() { this.d = []; }
  moveTo(x, y) { this.d.push(`M${short(x)} ${short(y)}`); }
  lineTo(x, y) { this.d.push(`L${short(x)} ${short(y)}`); }
  closePath() { this.d.push("Z"); }
  rect(x, y, w, h) { this.d.push(`M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`); }
  circle(x, y, r) { this.d.push(`M${short(x - r)} ${short(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`); }
}
