// The folded curve: phases of all bands, two cycles, errors, bins, offsets; fast enough to follow a dragged period.
import { bandColour, colours, SHAPES } from "./theme.js";

const BINS = 24;

export function median(values) {
  if (!values.length) return NaN;
  const sorted = Float64Array.from(values).sort(), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
}

// nJy of an AB magnitude; of others, what is relative to magnitude 20.
export function fluxes(curve) {
  if (curve.flux) return { flux: curve.flux, error: curve.flux_err, unit: `flux (${curve.unit})` };
  const zero = curve.system === "AB" ? 31.4 : 20;
  const flux = curve.mag.map((m) => (m === null ? NaN : 10 ** (0.4 * (zero - m))));
  return { flux, error: flux.map((f, i) => (curve.mag_err[i] === null ? NaN : f * curve.mag_err[i] * 0.4 * Math.LN10)), unit: curve.system === "AB" ? "flux (nJy)" : "flux (of magnitude 20)" };
}

// Observations by band, with what is drawn; unused ones apart.
export function byBand(curve, { inFlux, offsets }) {
  const told = inFlux ? fluxes(curve) : { flux: curve.mag, error: curve.mag_err, unit: "magnitude" };
  const groups = curve.bands.length ? curve.bands.map((name, code) => ({ name, code })) : [{ name: "", code: 0 }];
  const found = groups.map(({ name, code }) => {
    const rows = [];
    for (let i = 0; i < curve.time.length; i++) if (curve.band[i] === code && Number.isFinite(told.flux[i]) && curve.time[i] !== null) rows.push(i);
    const level = median(rows.filter((i) => curve.used[i]).map((i) => told.flux[i]));
    const dark = inFlux || !curve.limit ? [] : curve.limit.flatMap((limit, i) => (limit !== null && curve.band[i] === code && curve.time[i] !== null ? [i] : []));
    const isDark = new Set(dark);
    return { name, code, rows, level, dark: { x: dark.map((i) => curve.time[i]), y: dark.map((i) => curve.limit[i]) }, seen: rows.map((i) => !isDark.has(i)), used: rows.map((i) => curve.used[i]), time: Float64Array.from(rows, (i) => curve.time[i]),
      value: Float64Array.from(rows, (i) => told.flux[i]), error: Float64Array.from(rows, (i) => told.error[i] ?? NaN) };
  }).filter((group) => group.rows.length || group.dark.x.length);
  const main = found.reduce((best, each) => (!best || each.rows.length > best.rows.length ? each : best), null);
  for (const group of found) {
    group.shift = offsets && main && group !== main ? (inFlux ? main.level / group.level : main.level - group.level) : inFlux ? 1 : 0;
    if (!Number.isFinite(group.shift)) group.shift = inFlux ? 1 : 0;
    for (let i = 0; i < group.value.length; i++) {
      if (inFlux) { group.value[i] *= group.shift; group.error[i] *= group.shift; } else group.value[i] += group.shift;
    }
    const away = inFlux ? group.shift !== 1 && ` ×${group.shift.toPrecision(2)}` : group.shift !== 0 && ` ${group.shift < 0 ? "−" : "+"}${Math.abs(group.shift).toFixed(2)}`;
    group.dark.y = group.dark.y.map((limit) => limit + group.shift);
    group.title = (group.name || "all") + (away || "");
  }
  return { groups: found, unit: told.unit };
}

export function limits(groups, margin = 0.06, withDark = false) {
  const all = withDark ? groups.flatMap((group) => group.dark.y) : [];
  for (const group of groups) for (let i = 0; i < group.value.length; i++) if (group.used[i]) all.push(group.value[i]);
  if (!all.length) return [0, 1];
  const sorted = Float64Array.from(all).sort(), cut = Math.floor(sorted.length * 0.003);
  const low = sorted[cut], high = sorted[sorted.length - 1 - cut], room = Math.max((high - low) * margin, 1e-3 * Math.max(Math.abs(high), 1) * 0.1);
  return [low - room * 1.5, high + room * 1.5];
}

export function foldedSpec({ groups, unit }, period, epoch, { errors, bins, inFlux }) {
  const tone = colours(), layers = [];
  groups.forEach((group, place) => {
    const n = group.time.length, colour = bandColour(group.name, place), shape = SHAPES[place % SHAPES.length];
    const x = new Float64Array(2 * n), y = new Float64Array(2 * n), e = new Float64Array(2 * n), pale = [[], []];
    let k = 0;
    const sums = Array.from({ length: BINS }, () => []);
    for (let i = 0; i < n; i++) {
      const turns = (group.time[i] - epoch) / period, phase = turns - Math.floor(turns);
      if (!group.used[i]) { pale[0].push(phase, phase + 1); pale[1].push(group.value[i], group.value[i]); continue; }
      if (bins) sums[Math.min(BINS - 1, Math.floor(phase * BINS))].push(group.value[i]);
      x[k] = phase; y[k] = group.value[i]; e[k] = group.error[i]; k++;
      x[k] = phase + 1; y[k] = group.value[i]; e[k] = group.error[i]; k++;
    }
    if (pale[0].length) layers.push({ type: "points", x: pale[0], y: pale[1], colour: tone.faint, shape, open: true, size: 2.6 });
    layers.push({ type: "points", x: x.subarray(0, k), y: y.subarray(0, k), error: errors ? e.subarray(0, k) : null, colour, shape, size: n > 1500 ? 1.6 : 2.4, alpha: bins ? 0.4 : 0.85, name: group.title });
    if (bins) {
      const bx = [], by = [];
      for (let cycle = 0; cycle < 2; cycle++) sums.forEach((each, b) => { if (each.length) { bx.push((b + 0.5) / BINS + cycle); by.push(median(each)); } });
      layers.push({ type: "points", x: bx, y: by, colour, shape, size: 5, alpha: 1 }, { type: "points", x: bx, y: by, colour: tone.paper, shape, size: 5.6, alpha: 1, open: true });
    }
  });
  return { x: [0, 2], y: limits(groups), flipY: !inFlux, xlabel: "phase", ylabel: unit, layers, about: `folded with ${period.toPrecision(8)} days` };
}

export function rawSpec({ groups, unit }, { errors, inFlux }, scale) {
  const tone = colours(), layers = [], pale = { x: [], y: [] };
  let first = Infinity, last = -Infinity;
  groups.forEach((group, place) => {
    const use = [];
    group.used.forEach((used, i) => { if (!group.seen[i]) return; if (used) use.push(i); else { pale.x.push(group.time[i]); pale.y.push(group.value[i]); } });
    for (const t of group.time) { first = Math.min(first, t); last = Math.max(last, t); }
    layers.push({ type: "points", x: use.map((i) => group.time[i]), y: use.map((i) => group.value[i]), error: errors ? use.map((i) => group.error[i]) : null,
      colour: bandColour(group.name, place), shape: SHAPES[place % SHAPES.length], size: 2.2, name: group.title });
    if (group.dark.x.length) layers.push({ type: "points", ...group.dark, colour: bandColour(group.name, place), shape: "limit", size: 3, open: true, alpha: 0.8 });
  });
  const dark = groups.reduce((sum, group) => sum + group.dark.x.length, 0);
  if (pale.x.length) layers.unshift({ type: "points", ...pale, colour: tone.faint, open: true, size: 2.6, name: "not used" });
  const room = Math.max((last - first) * 0.02, 0.5);
  return { x: [first - room, last + room], y: limits(groups, 0.1, true), flipY: !inFlux, about: dark ? `${dark} upper limits` : "", xlabel: `time (days${scale ? ", " + scale : ""})`, ylabel: unit, layers };
}
