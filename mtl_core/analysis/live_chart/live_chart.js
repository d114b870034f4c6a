// The live chart, a Streamlit component: draws curves that grow while a model trains.
// Streamlit calls the default export with every message and on every change of theme; the page
// nodes made by the first call stay until the chart leaves the page, so nothing flickers.

import { accept, chartFor } from "./curves.js";
import { Panel } from "./panel.js";

const ASK_AGAIN_AFTER = 1000; // ms
const panels = new WeakMap();

export default function liveChart({ data, parentElement, setTriggerValue }) {
  if (!data) return undefined;
  const chart = chartFor(data.key);
  const panel = panels.get(parentElement) ?? new Panel(parentElement);
  panels.set(parentElement, panel);
  if (accept(chart, data) === "gap") askForAll(chart, setTriggerValue);
  panel.show(chart, data.key);
  return () => {
    panel.remove();
    panels.delete(parentElement);
  };
}

// The server takes it that every message arrived; it says all again when told that one did not.
function askForAll(chart, setTriggerValue) {
  const now = performance.now();
  if (now - chart.askedAt < ASK_AGAIN_AFTER) return;
  chart.askedAt = now;
  setTriggerValue("resend", { after: chart.number, at: now });
}
