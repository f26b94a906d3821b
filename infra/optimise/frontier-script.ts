// What the frontier's page runs in the reader's browser, after uPlot: the frontier and the weights along it on
// one axis of risk, read by cursor or arrow keys. It asks for nothing from the network.

export const frontierScript = `
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const fixed = (v, digits) => { const text = v.toFixed(digits); return /[1-9]/.test(text) ? text.replace("-", "−") : text.replace("-", ""); };
  const percent = (digits) => (v) => fixed(v * 100, digits) + " %";
  // As many digits as tell the ends of an axis apart.
  const digitsOf = (values) => {
    const span = (Math.max(...values) - Math.min(...values)) * 100;
    return span > 0 ? Math.min(8, Math.max(0, 2 - Math.floor(Math.log10(span)))) : 2;
  };
  const risk = percent(digitsOf(data.risk)), gain = percent(digitsOf(data.gain)), whole = percent(0), part = percent(2);
  const charts = [];

  function draw(id, height, series, values, more) {
    const box = document.getElementById(id), reading = document.getElementById(id + "-reading"), resting = reading.textContent;
    const axis = (own) => Object.assign({
      stroke: () => color("--soft"), grid: { stroke: () => color("--faint"), width: 1 },
      ticks: { show: false }, font: "12px system-ui, sans-serif", gap: 6,
    }, own);
    const u = new uPlot({
      width: box.clientWidth, height, legend: { show: false }, padding: [8, 20, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "frontier" }, points: { size: 7 } },
      scales: { x: { time: false, range: (u, min, max) => { const pad = (max - min || Math.abs(max) || 1) * more.pad; return [min - pad, max + pad]; } }, y: { range: more.range } },
      axes: [axis({ size: 34, space: 80, values: (_, ticks) => ticks.map(risk) }), axis({ size: 74, space: 34, values: (_, ticks) => ticks.map(more.tick) })],
      series: [{}, ...series], bands: more.bands || [],
      hooks: { setCursor: [(chart) => {
        const i = chart.cursor.idx;
        reading.textContent = i == null || chart.cursor.left < 0 ? resting : more.read(i);
      }] },
    }, values, box);
    charts.push(u);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const last = data.risk.length - 1, at = u.cursor.idx == null || u.cursor.left < 0 ? -1 : u.cursor.idx;
      const to = Math.max(0, Math.min(last, at + (event.key === "ArrowLeft" ? -1 : 1)));
      u.setCursor({ left: u.valToPos(data.risk[to], "x"), top: 1 }, true, true);
      event.preventDefault();
    });
    box.dataset.drawn = "yes";
  }

  const point = (i) => gain(data.gain[i]) + " return, " + risk(data.risk[i]) + " " + data.riskName;
  draw("frontier", 300, [{ width: 1.8, stroke: () => color("--line"), points: { show: data.risk.length <= 120, size: 5, stroke: () => color("--line"), fill: () => color("--card") } }],
    [data.risk, data.gain], { tick: gain, pad: 0.02, read: point,
      range: (u, min, max) => { const pad = (max - min || Math.abs(max) || 1) * 0.06; return [min - pad, max + pad]; } });

  // Weights above 0 are stacked upwards, those below downwards; the largest stands next to the axis.
  const values = [data.risk], series = [], bands = [];
  const stack = (sign) => {
    let sums = data.risk.map(() => 0);
    data.weights.forEach((weights, k) => {
      if (!weights.some((w) => w * sign > 0)) return;
      const base = sums;
      sums = base.map((sum, i) => sum + (weights[i] * sign > 0 ? weights[i] : 0));
      const fill = () => color("--c" + data.colors[k]);
      const first = series.length === 0 || base.every((v) => v === 0);
      values.push(sums);
      series.push({ width: 0.5, stroke: () => color("--card"), points: { show: false }, fill: first ? fill : undefined, fillTo: () => 0 });
      if (!first) bands.push({ series: [series.length, series.length - 1], fill, dir: -sign });
    });
  };
  stack(1);
  stack(-1);
  const weightsAt = (i) => data.names.map((name, k) => [name, data.weights[k][i]]).filter(([, w]) => Math.abs(w) >= 0.00005)
    .sort((a, b) => b[1] - a[1]).slice(0, 8).map(([name, w]) => name + " " + part(w)).join("  ");
  draw("weights", 320, series, values, { tick: whole, pad: 0.02, bands, read: weightsAt,
    range: (u, min, max) => [Math.min(min, 0), Math.max(max, 0)] });

  const fit = () => charts.forEach((u) => u.setSize({ width: u.root.parentElement.clientWidth, height: u.height }));
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach((u) => u.redraw(false, true)));
})();
`;
