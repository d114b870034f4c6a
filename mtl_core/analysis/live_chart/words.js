// Numbers as words, and small makers of page nodes. Text always goes in as text, never as HTML:
// labels come from users' files.

const grouped = new Intl.NumberFormat("en", { maximumSignificantDigits: 9 });

// Four digits, of constant width while a value moves: 0.3120, 12.50, 3.100e-5.
export function fourDigits(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(3);
  return value.toPrecision(4);
}

export const stepWord = (x) => grouped.format(x);

// The numbers along an axis, all with as many decimals as the one that needs most of them.
export function tickWords(values) {
  const words = values.map(tickWord);
  if (words.some((word) => word.includes("e"))) return words;
  const decimals = Math.max(...words.map((word) => (word.split(".")[1] ?? "").length));
  const even = new Intl.NumberFormat("en", { minimumFractionDigits: decimals });
  return values.map((value, i) => (words[i] === "" ? "" : even.format(value)));
}

function tickWord(value) {
  if (value === null || value === undefined) return "";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) {
    return value.toExponential(3).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  return grouped.format(value);
}

export function node(tag, className, parent, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The piece of line before a legend entry: the same colour, dash and marker as the curve.
export function swatch(parent) {
  const svg = svgNode("svg", { width: 24, height: 10, "aria-hidden": "true" }, parent);
  const stroke = svgNode("line", { x1: 1, y1: 5, x2: 23, y2: 5 }, svg);
  const dot = svgNode("circle", { cx: 12, cy: 5, r: 3 }, svg);
  return { paint: (line) => paint(line, stroke, dot) };
}

function paint(line, stroke, dot) {
  stroke.style.stroke = dot.style.fill = line.colour;
  stroke.setAttribute("stroke-dasharray", (line.dash ?? []).join(" "));
  dot.style.display = line.markers ? "" : "none";
}

function svgNode(tag, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  parent.append(made);
  return made;
}
