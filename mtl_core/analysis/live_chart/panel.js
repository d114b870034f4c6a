// The chart on the page: title, tools, plot, legend and a table for screen readers.

import { canBeLog, columns, curveOf, lastPoint } from "./curves.js";
import { alphaOf, makePlot } from "./plot.js";
import { fourDigits, node, setText, stepWord, swatch } from "./words.js";

export class Panel {
  constructor(parent) {
    this.root = node("section", "live-chart", parent);
    this.root.__chart = this;
    this.buildHead();
    this.host = node("div", "plot", this.root);
    this.host.setAttribute("role", "img");
    this.empty = node("div", "empty", this.host, "waiting for the first step");
    this.legend = node("div", "legend", this.root);
    this.legend.setAttribute("role", "group");
    this.table = node("table", "unseen", this.root);
    this.entries = [];
    this.watch(parent);
  }

  buildHead() {
    const head = node("header", "head", this.root);
    const words = node("div", "words", head);
    this.title = node("div", "title", words);
    this.unit = node("div", "unit", words);
    const tools = node("div", "tools", head);
    this.resetTool = this.tool(tools, "reset zoom", () => this.resetZoom());
    this.smoothTool = this.tool(tools, "smooth", () => this.flip("smooth"));
    this.logTool = this.tool(tools, "log", () => this.flip("log"));
  }

  tool(parent, word, act) {
    const button = node("button", "tool", parent, word);
    button.type = "button";
    button.onclick = act;
    return button;
  }

  watch(parent) {
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.host);
    this.inking = setInterval(() => this.reink(), 500);
    this.letGo = () => {
      if (!this.held) return;
      this.held = false;
      setTimeout(() => this.refresh()); // after uPlot has made its zoom of it
    };
    this.seen = () => document.hidden || this.refresh();
    addEventListener("mouseup", this.letGo);
    document.addEventListener("visibilitychange", this.seen);
    const sheet = parent.querySelector('link[rel="stylesheet"]');
    if (!sheet || sheet.sheet) return;
    this.root.style.visibility = "hidden"; // rather a moment later than without its style
    const reveal = () => ((this.root.style.visibility = ""), this.fit());
    sheet.addEventListener("load", reveal, { once: true });
    sheet.addEventListener("error", reveal, { once: true });
  }

  remove() {
    this.resized.disconnect();
    clearInterval(this.inking);
    removeEventListener("mouseup", this.letGo);
    document.removeEventListener("visibilitychange", this.seen);
    this.plot?.destroy();
    this.root.remove();
  }

  show(chart, key) {
    if (this.chart !== chart) this.shape = null; // Streamlit gave this place to another chart
    this.chart = chart;
    this.root.dataset.key = key;
    this.root.dataset.points ??= 0;
    this.refresh();
  }

  // Everything follows from the chart's state; cheap where nothing changed.
  refresh() {
    const { chart } = this;
    if (!chart?.face || document.hidden || this.held) return;
    this.drawHead();
    this.drawLegend();
    this.drawPlot();
    this.drawWords();
  }

  drawHead() {
    const { chart } = this;
    const { face } = chart;
    setText(this.title, face.title);
    setText(this.unit, face.y);
    this.root.setAttribute("aria-label", face.title);
    this.host.setAttribute("aria-label", face.alt);
    this.host.style.height = `${face.height}px`;
    this.legend.setAttribute("aria-label", `curves of ${face.title}`);
    const logarithmic = canBeLog(chart);
    if (!logarithmic && chart.curves.size) chart.log = false;
    this.logTool.disabled = !logarithmic;
    this.logTool.title = logarithmic ? "logarithmic y axis" : "needs values above 0";
    this.smoothTool.title = "moving average; the measured values stay, faint";
    this.smoothTool.hidden = !face.smoothing;
    this.resetTool.hidden = !chart.zoom;
    this.logTool.setAttribute("aria-pressed", chart.log);
    this.smoothTool.setAttribute("aria-pressed", chart.smooth);
  }

  drawLegend() {
    const { lines } = this.chart.face;
    const shape = JSON.stringify(lines.map(({ name, label, markers }) => [name, label, markers]));
    if (shape !== this.legendShape) {
      this.legendShape = shape;
      this.legend.replaceChildren();
      this.at = node("span", "at", this.legend);
      this.entries = lines.map((line) => this.legendEntry(line));
    }
    lines.forEach((line, k) => {
      const { button, mark } = this.entries[k];
      mark.paint(line);
      button.setAttribute("aria-pressed", !this.chart.hidden.has(line.name));
    });
  }

  legendEntry({ name, label }) {
    const button = node("button", "entry", this.legend);
    button.type = "button";
    button.title = `${label}: click to hide or show, Shift + click for this one alone`;
    const mark = swatch(button);
    node("span", "label", button, label);
    const value = node("span", "value", button);
    button.onclick = (event) => this.toggle(name, event.shiftKey);
    button.onmouseenter = button.onfocus = () => this.highlight(name);
    button.onmouseleave = button.onblur = () => this.highlight(null);
    return { button, mark, value };
  }

  toggle(name, alone) {
    const { hidden, face } = this.chart;
    if (alone) {
      const others = face.lines.map((line) => line.name).filter((other) => other !== name);
      const isAlone = !hidden.has(name) && others.every((other) => hidden.has(other));
      hidden.clear();
      if (!isAlone) others.forEach((other) => hidden.add(other));
    } else if (!hidden.delete(name)) hidden.add(name);
    this.refresh();
  }

  highlight(name) {
    const { plot, chart } = this;
    if (!plot) return;
    this.lineOfSeries.forEach(({ line, faint }, i) => {
      const aside = name !== null && line.name !== name && !chart.hidden.has(name);
      plot.series[i + 1].alpha = alphaOf(faint) * (aside ? 0.25 : 1);
    });
    plot.redraw(false);
  }

  resetZoom() {
    this.chart.zoom = null;
    this.refresh();
  }

  flip(what) {
    this.chart[what] = !this.chart[what];
    this.refresh();
  }

  fit() {
    const width = this.host.clientWidth;
    if (!width) return; // in a tab that is not shown
    if (this.plot && width !== this.plot.width)
      this.plot.setSize({ width, height: this.chart.face.height });
    if (!this.plot || this.late) this.refresh();
  }

  drawPlot() {
    const { chart } = this;
    const width = this.host.clientWidth;
    const some = chart.face.lines.some((line) => lastPoint(curveOf(chart, line.name)));
    this.empty.hidden = some;
    if (!some) this.dropPlot();
    this.late = some && !width;
    if (!some || !width) return;
    const smooths = chart.smooth && chart.face.smoothing;
    const smoothed = chart.face.lines.map((line) => smooths && !line.markers);
    const table = columns(chart, smoothed);
    const theme = readTheme(this);
    const { marks, alt, title, ...drawn } = chart.face;
    const shape = JSON.stringify([drawn, theme, smoothed, chart.log]);
    if (shape === this.shape) this.feed(table);
    else this.rebuild({ width, table, theme, smoothed, shape });
  }

  // The style sheet may come after the first drawing, and the reader may change the theme.
  reink() {
    if (this.plot && this.host.clientWidth && JSON.stringify(readTheme(this)) !== this.inked)
      this.drawPlot();
  }

  dropPlot() {
    this.plot?.destroy();
    this.plot = this.shape = null;
    this.root.dataset.points = 0;
  }

  // New data into the same canvas. A zoomed chart keeps its window, another follows the run.
  feed(table) {
    const { plot, chart } = this;
    plot.batch(() => {
      this.lineOfSeries.forEach(({ line }, i) => {
        const show = !chart.hidden.has(line.name);
        if (plot.series[i + 1].show !== show) plot.setSeries(i + 1, { show });
      });
      plot.setData(table, !chart.zoom);
      if (chart.zoom) plot.setScale("x", chart.zoom);
    });
  }

  rebuild({ width, table, theme, smoothed, shape }) {
    this.plot?.destroy();
    const { chart } = this;
    this.shape = shape;
    this.inked = JSON.stringify(theme);
    this.lineOfSeries = chart.face.lines.flatMap((line, k) =>
      smoothed[k] ? [{ line, faint: true }, { line, faint: false }] : [{ line, faint: false }],
    );
    const on = {
      zoomed: (min, max) => ((chart.zoom = { min, max }), this.drawHead()),
      unzoomed: () => ((chart.zoom = null), this.drawHead()),
      pointed: () => this.drawWords(),
      drawn: (plot) => this.tell(plot),
    };
    this.plot = makePlot({ host: this.host, width, chart, columns: table, on, theme, smoothed });
    // While the reader draws a window to zoom to, the chart stands still.
    this.plot.over.addEventListener("mousedown", (event) => (this.held = event.button === 0));
    if (chart.zoom) this.plot.setScale("x", chart.zoom);
  }

  // The legend's numbers: where the pointer is, else the last ones.
  drawWords() {
    const { chart, plot } = this;
    const places = plot?.cursor.idx != null && plot.cursor.left >= 0 ? plot.cursor.idxs : null;
    const lasts = chart.face.lines.map((line) => lastPoint(curveOf(chart, line.name)));
    chart.face.lines.forEach((line, k) => {
      const i = this.lineOfSeries?.findIndex((entry) => entry.line.name === line.name) + 1;
      const value = places && i > 0 ? plot.data[i][places[i]] : lasts[k]?.y;
      if (this.entries[k]) setText(this.entries[k].value, fourDigits(value));
    });
    const latest = Math.max(...lasts.map((last) => last?.x ?? -Infinity));
    const x = places ? plot.data[0][plot.cursor.idx] : latest;
    setText(this.at, Number.isFinite(x) ? `${places ? "at" : "latest"} ${stepWord(x)}` : "");
    if (!places) this.drawTable(lasts);
  }

  drawTable(lasts) {
    const { lines, title, x, y } = this.chart.face;
    const rows = lines.map((line, k) => [
      line.label,
      lasts[k] ? stepWord(lasts[k].x) : "–",
      fourDigits(lasts[k]?.y),
    ]);
    const text = JSON.stringify([title, rows]);
    if (text === this.tableText) return;
    this.tableText = text;
    this.table.replaceChildren();
    node("caption", "", this.table, `${title}: last values`);
    for (const cells of [["curve", x, y], ...rows]) {
      const row = node("tr", "", this.table);
      cells.forEach((cell) => node("td", "", row, cell));
    }
  }

  // What is on the screen, for whoever looks from outside: tests, above all.
  tell(plot) {
    const { dataset } = this.root;
    const { x, y } = plot.scales;
    let points = 0;
    this.lineOfSeries.forEach(({ line }, i) => {
      const again = i > 0 && this.lineOfSeries[i - 1].line === line;
      if (again || !plot.series[i + 1].show) return;
      for (const value of plot.data[i + 1]) if (value != null) points++;
    });
    Object.assign(dataset, {
      points,
      xmin: x.min,
      xmax: x.max,
      ymin: y.min,
      ymax: y.max,
      scale: y.distr === 3 ? "log" : "linear",
      zoomed: Boolean(this.chart.zoom),
      hidden: [...this.chart.hidden].join(","),
    });
  }
}

// Colours as the browser has resolved them: a canvas does not know CSS variables.
function readTheme({ root, unit, host }) {
  const { fontFamily } = getComputedStyle(root);
  return {
    family: fontFamily,
    font: `12px ${fontFamily}`,
    muted: getComputedStyle(unit).color,
    grid: getComputedStyle(host).outlineColor,
    background: getComputedStyle(root).getPropertyValue("--st-background-color").trim() || "#fff",
  };
}
