// What is known of one chart: its curves, and what the reader did to it (zoom, hidden curves).
// Knows nothing of the page or of drawing, so that it outlives both: a chart that is taken off
// the page and put back goes on where it was.

const CHARTS_KEPT = 48;
const POINTS_KEPT = 20000; // of one curve; beyond it, the older half is thinned

const charts = new Map();

export function chartFor(key) {
  let chart = charts.get(key);
  if (chart) charts.delete(key); // and set again below: the map is ordered by last use
  chart ??= {
    epoch: null,
    number: -1,
    askedAt: -Infinity,
    face: null,
    curves: new Map(),
    zoom: null,
    hidden: new Set(),
    log: false,
    smooth: false,
  };
  charts.set(key, chart);
  if (charts.size > CHARTS_KEPT) charts.delete(charts.keys().next().value);
  return chart;
}

// Takes a message in. Answers "new", "known" (the same message once more, as when the theme
// changes) or "gap": a message between is missing.
export function accept(chart, message) {
  const { epoch, number } = message;
  if (epoch === chart.epoch && number === chart.number) return "known";
  if (!message.full && (epoch !== chart.epoch || number !== chart.number + 1)) return "gap";
  if (message.full) {
    chart.curves.clear();
    chart.askedAt = -Infinity;
  }
  chart.epoch = epoch;
  chart.number = number;
  if (message.face) takeFace(chart, message.face);
  for (const entry of message.points ?? []) takePoints(chart, entry);
  return "new";
}

function takeFace(chart, face) {
  if (chart.face && chart.face.x !== face.x) chart.zoom = null; // another unit: means nothing now
  chart.face = face;
  const names = new Set(face.lines.map((line) => line.name));
  for (const name of chart.curves.keys()) if (!names.has(name)) chart.curves.delete(name);
}

function takePoints(chart, entry) {
  const { name } = chart.face.lines[entry.line];
  if (entry.anew || !chart.curves.has(name)) chart.curves.set(name, { x: [], y: [], mean: [] });
  const curve = chart.curves.get(name);
  const means = entry.mean ?? entry.y;
  entry.x.forEach((x, i) => put(curve, x, entry.y[i], means[i]));
  if (curve.x.length > POINTS_KEPT) thin(curve);
}

function put(curve, x, y, mean) {
  let at = curve.x.length;
  while (at > 0 && curve.x[at - 1] > x) at--; // nearly always the end already
  const replaces = at > 0 && curve.x[at - 1] === x ? 1 : 0;
  curve.x.splice(at - replaces, replaces, x);
  curve.y.splice(at - replaces, replaces, y);
  curve.mean.splice(at - replaces, replaces, mean);
}

// Halves the older half of a curve: of four neighbours the least and the greatest stay.
function thin(curve) {
  const end = Math.floor(curve.x.length / 8) * 4;
  const kept = [];
  for (let i = 0; i < end; i += 4) kept.push(...extremes(curve.y, i, i + 4));
  const mean = kept.map((at) => average(curve.mean, at - (at % 4), at - (at % 4) + 4));
  curve.x = [...kept.map((at) => curve.x[at]), ...curve.x.slice(end)];
  curve.y = [...kept.map((at) => curve.y[at]), ...curve.y.slice(end)];
  curve.mean = [...mean, ...curve.mean.slice(end)];
}

function extremes(y, from, to) {
  let least = from;
  let greatest = to - 1;
  for (let i = from; i < to; i++) {
    if (y[i] === null) continue;
    if (y[least] === null || y[i] < y[least]) least = i;
    if (y[greatest] === null || y[i] > y[greatest]) greatest = i;
  }
  return least === greatest ? [least] : [Math.min(least, greatest), Math.max(least, greatest)];
}

function average(values, from, to) {
  const known = values.slice(from, to).filter((value) => value !== null);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : null;
}

const NOTHING = { x: [], y: [], mean: [] };

export const curveOf = (chart, name) => chart.curves.get(name) ?? NOTHING;

// The last value that is a number, and its step.
export function lastPoint(curve) {
  for (let i = curve.y.length - 1; i >= 0; i--)
    if (curve.y[i] !== null) return { x: curve.x[i], y: curve.y[i] };
  return null;
}

// A logarithm needs values above 0 only.
export function canBeLog(chart) {
  let some = false;
  for (const { y } of chart.curves.values())
    for (const value of y) {
      if (value === null) continue;
      if (value <= 0) return false;
      some = true;
    }
  return some;
}

// The columns that uPlot wants: all steps of all curves, then each curve at those steps.
// `undefined` is "not measured here" and the line goes on; `null` is a gap. A smoothed curve
// comes right after its raw one.
export function columns(chart, smoothed) {
  const curves = chart.face.lines.map((line) => curveOf(chart, line.name));
  const heads = curves.map(() => 0);
  const steps = [];
  const rows = curves.map(() => []);
  for (;;) {
    let x = Infinity;
    curves.forEach((curve, k) => (x = Math.min(x, curve.x[heads[k]] ?? Infinity)));
    if (x === Infinity) break;
    curves.forEach((curve, k) => {
      if (curve.x[heads[k]] === x) rows[k][steps.length] = curve.y[heads[k]++];
    });
    steps.push(x);
  }
  rows.forEach((row) => (row.length = steps.length));
  const columns = [steps];
  rows.forEach((row, k) => {
    columns.push(row);
    if (smoothed[k]) columns.push(spread(steps, curves[k], smooth(curves[k])));
  });
  return columns;
}

function spread(steps, curve, values) {
  const row = new Array(steps.length);
  let head = 0;
  steps.forEach((x, i) => {
    if (curve.x[head] === x) row[i] = values[head++];
  });
  return row;
}

// Exponential moving average over steps, not over points, since their distance varies; divided
// by the sum of its weights, so that it is not drawn towards where it began.
function smooth({ x, y, mean }) {
  const length = x[x.length - 1] - x[0];
  const halfLife = length * Math.max(0.02, Math.min(4 / x.length, 0.5));
  let sum = 0;
  let weight = 0;
  return mean.map((value, i) => {
    if (value === null || y[i] === null) return null;
    const distance = i > 0 ? x[i] - x[i - 1] : length / x.length || 1;
    const keep = halfLife > 0 ? 0.5 ** (distance / halfLife) : 0;
    sum = sum * keep + value * (1 - keep);
    weight = weight * keep + (1 - keep);
    return sum / weight;
  });
}
