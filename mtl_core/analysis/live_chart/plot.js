// The canvas part of the chart: uPlot with our axes, marks and manners.

import uPlot from "./uPlot.esm.js";
import { tickWords } from "./words.js";

const CURVE = 2;
const FAINT = 0.28;

// Makes a uPlot for the chart's present face. `on` holds what the panel wants to be told:
// zoomed(from, to), unzoomed(), pointed(), drawn().
export function makePlot({ host, width, chart, columns, on, theme, smoothed }) {
  const { face } = chart;
  const options = {
    width,
    height: face.height,
    padding: [12, 14, 0, 0],
    legend: { show: false },
    focus: { alpha: 1 },
    scales: {
      x: { time: false, range: xRange },
      y: chart.log ? { distr: 3, range: logRange } : { range: yRange },
    },
    axes: [xAxis(face, theme), yAxis(theme, chart.log)],
    series: [{}, ...series(face, chart, smoothed, theme)],
    cursor: cursor(chart, on, theme),
    hooks: {
      setSelect: [(u) => selected(u, on)],
      setLegend: [on.pointed],
      drawAxes: [(u) => drawMarks(u, chart.face.marks, theme)],
      draw: [on.drawn],
    },
  };
  return new uPlot(options, columns, host);
}

export const alphaOf = (faint) => (faint ? FAINT : 1);

function series(face, chart, smoothed, theme) {
  const ratio = () => devicePixelRatio || 1;
  return face.lines.flatMap((line, k) => {
    const raw = {
      stroke: () => chart.face.lines[k]?.colour ?? line.colour,
      show: !chart.hidden.has(line.name),
      width: smoothed[k] ? 1 : CURVE,
      alpha: alphaOf(smoothed[k]),
      dash: line.dash?.map((length) => length * ratio()),
      cap: line.dash ? "butt" : "round",
      points: points(line, theme),
    };
    if (!smoothed[k]) return [raw];
    return [raw, { ...raw, width: CURVE, alpha: 1, points: { show: false } }];
  });
}

// Sparse curves show each of their points; others only while they are too short for a line.
function points(line, theme) {
  return {
    size: line.markers ? 9 : 6,
    width: line.markers ? 1.5 : 0,
    stroke: line.markers ? theme.background : undefined,
    fill: (u, k) => u.series[k].stroke(),
    show: (u, k, from, to) => {
      const seen = measured(u.data[k], from, to, 400);
      return line.markers ? seen <= u.bbox.width / (10 * uPlot.pxRatio) : seen === 1;
    },
  };
}

function measured(column, from, to, enough) {
  let count = 0;
  for (let i = from; i <= to && count < enough; i++) if (column[i] != null) count++;
  return count;
}

function xAxis(face, theme) {
  return {
    ...axis(theme),
    label: face.x,
    labelSize: 18,
    labelGap: 2,
    labelFont: theme.font,
    size: 26,
    space: 64,
    incrs: xIncrements,
    values: (u, splits) => tickWords(splits),
  };
}

function yAxis(theme, log) {
  let widest = 40; // never shrinks again: the curves must not jump sideways
  return {
    ...axis(theme),
    space: 34,
    ...(log ? { splits: logTicks, filter: (u, splits) => splits } : {}),
    values: (u, splits) => tickWords(splits),
    size: (u, words) => {
      const ratio = devicePixelRatio || 1;
      u.ctx.font = theme.font.replace(/^[\d.]+/, (size) => size * ratio);
      for (const word of words ?? []) {
        widest = Math.max(widest, 8 * Math.ceil((u.ctx.measureText(word).width / ratio + 14) / 8));
      }
      return widest;
    },
  };
}

function axis(theme) {
  return {
    stroke: theme.muted,
    font: theme.font,
    gap: 6,
    grid: { stroke: theme.grid, width: 1 },
    ticks: { show: false },
  };
}

function xRange(u, min, max) {
  if (min === null) return [0, 1];
  return min === max ? [min - 1, max + 1] : [min, max];
}

// A little air around the curves, but none where no value can be: below 0 for what never is
// negative, above 1 for a score.
function yRange(u, min, max) {
  if (min === null) return [0, 1];
  const air = (max - min) * 0.06 || Math.abs(max) * 0.1 || 1;
  let [low, high] = [min - air, max + air];
  if (min >= 0 && low < (high - low) * 0.2) low = 0;
  if (max <= 1 && high > 1) high = 1;
  return [low, high];
}

function logRange(u, min, max) {
  if (min === null) return [0.1, 1];
  const air = Math.max((max / min) ** 0.06, 1.05);
  return [min / air, max * air];
}

// On a logarithmic axis: powers of ten, with 2 and 5 where there is room, and round numbers
// where the curves do not even cover one power.
function logTicks(u, axis, min, max) {
  const powers = Math.log10(max / min);
  if (powers < 1) return evenTicks(min, max);
  const inner = powers < 3 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let k = Math.floor(Math.log10(min)); k <= Math.ceil(Math.log10(max)); k++)
    for (const part of inner) {
      const tick = Number(`${part}e${k}`);
      if (tick >= min && tick <= max) ticks.push(tick);
    }
  return ticks;
}

function evenTicks(min, max) {
  const power = 10 ** Math.floor(Math.log10((max - min) / 4));
  const step = [1, 2, 5, 10].map((part) => part * power).find((size) => size >= (max - min) / 5);
  const ticks = [];
  for (let k = Math.ceil(min / step); k * step <= max; k++)
    ticks.push(Number((k * step).toPrecision(6)));
  return ticks;
}

// Whole numbers only where x counts something.
const WHOLE = [];
const ANY = [];
for (let k = -6; k <= 12; k++)
  for (const part of [1, 2, 5]) {
    const increment = Number(`${part}e${k}`);
    ANY.push(increment);
    if (k >= 0) WHOLE.push(increment);
  }

function xIncrements(u) {
  const steps = u.data[0];
  return Number.isInteger(steps[0]) && Number.isInteger(steps[steps.length - 1]) ? WHOLE : ANY;
}

function cursor(chart, on, theme) {
  return {
    y: false,
    drag: { x: true, y: false, setScale: true, dist: 6 },
    points: {
      size: 7,
      width: 1.5,
      stroke: () => theme.background,
      fill: (u, k) => u.series[k].stroke(),
    },
    bind: { dblclick: (u, target, handler) => (event) => (on.unzoomed(), handler(event)) },
    // Charts with the same x axis point at the same step together; each keeps its own zoom.
    sync: {
      key: `live_chart/${chart.face.x}`,
      scales: ["x", null],
      setSeries: false,
      filters: { pub: (type) => type === "mousemove" },
    },
  };
}

function selected(u, on) {
  const { left, width } = u.select;
  if (width > 0) on.zoomed(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
}

// Vertical dashed lines with a word at the top; words that would cover each other take the
// next row, and where there is no row left the line stays without its word.
function drawMarks(u, marks, theme) {
  const { ctx, bbox } = u;
  const ratio = uPlot.pxRatio;
  const rows = [-Infinity, -Infinity, -Infinity];
  const seen = marks
    .map(([x, label]) => ({ label, at: Math.round(u.valToPos(x, "x", true)) + 0.5 }))
    .filter(({ at }) => at >= bbox.left && at <= bbox.left + bbox.width)
    .sort((a, b) => a.at - b.at);
  ctx.save();
  ctx.font = `${11 * ratio}px ${theme.family}`;
  ctx.textBaseline = "top";
  for (const { at } of seen) drawMarkLine(ctx, at, bbox, theme, ratio);
  for (const { at, label } of seen) drawMarkWord(ctx, at, label, { bbox, rows, theme, ratio });
  ctx.restore();
}

function drawMarkLine(ctx, at, bbox, theme, ratio) {
  ctx.beginPath();
  ctx.setLineDash([4 * ratio, 3 * ratio]);
  ctx.lineWidth = ratio;
  ctx.strokeStyle = theme.muted;
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
}

function drawMarkWord(ctx, at, label, { bbox, rows, theme, ratio }) {
  const width = ctx.measureText(label).width + 8 * ratio;
  const fits = at + width <= bbox.left + bbox.width;
  const left = fits ? at + 2 * ratio : Math.max(bbox.left, at - width);
  const row = rows.findIndex((end) => end <= left);
  if (row < 0) return;
  rows[row] = left + width;
  const top = bbox.top + (2 + row * 15) * ratio;
  ctx.globalAlpha = 0.85;
  ctx.fillStyle = theme.background;
  ctx.fillRect(left, top - ratio, width - 2 * ratio, 14 * ratio);
  ctx.globalAlpha = 1;
  ctx.fillStyle = theme.muted;
  ctx.textAlign = "left";
  ctx.fillText(label, left + 3 * ratio, top);
}
