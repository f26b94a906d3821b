// What a shadow's page runs in the reader's browser, after uPlot: charts of both sides on one time axis. It
// asks for nothing from the network.

export const shadowScript = `
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const utc = (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC");
  const stamp = (t) => new Date(t * 1000).toISOString().replace("T", " ").slice(0, 19) + " UTC";
  const money = (v) => v == null ? "–" : v.toLocaleString("en-US", { minimumFractionDigits: data.digits, maximumFractionDigits: data.digits });
  const short = (v) => {
    const size = Math.abs(v);
    if (size >= 1e9) return +(v / 1e9).toFixed(2) + " B";
    if (size >= 1e6) return +(v / 1e6).toFixed(3) + " M";
    return v.toLocaleString("en-US", { maximumFractionDigits: 2 });
  };
  const D = 86400;
  const dates = [
    [365 * D, "{YYYY}", null, null, null, null, null, null, 1],
    [28 * D, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
    [D, "{MM}-{DD}", "\\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\\n{YYYY}-{MM}-{DD}", null, "\\n{MM}-{DD}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\\n{YYYY}-{MM}-{DD}", null, "\\n{MM}-{DD}", null, null, null, 1],
    [0.001, ":{ss}.{fff}", "\\n{YYYY}-{MM}-{DD} {HH}:{mm}", null, "\\n{MM}-{DD} {HH}:{mm}", null, "\\n{HH}:{mm}", null, 1],
  ];
  const charts = [];
  const spread = (u, min, max) => { const pad = (max - min || Math.abs(max) || 1) * 0.06; return [min - pad, max + pad]; };
  const aboutZero = (u, min, max) => { const top = Math.max(max, 0), low = Math.min(min, 0), pad = (top - low || 1) * 0.06; return [low && low - pad, top + pad]; };

  function draw(id, height, series, values, options) {
    const box = document.getElementById(id);
    if (!box) return;
    const reading = document.getElementById(id + "-reading");
    const axis = (more) => Object.assign({
      stroke: () => color("--soft"), grid: { stroke: () => color("--faint"), width: 1 },
      ticks: { show: false }, font: "12px system-ui, sans-serif", gap: 6,
    }, more);
    const u = new uPlot({
      width: box.clientWidth, height, tzDate: utc, legend: { show: false }, padding: [8, 20, 0, 0],
      cursor: { y: false, drag: { x: true, y: false }, sync: { key: "shadow" }, points: { size: 7 } },
      scales: { x: { time: true }, y: { range: options.range } },
      axes: [axis({ size: 42, space: 80, values: dates }), axis({ size: 74, space: height < 200 ? 24 : 34, values: (_, ticks) => ticks.map(options.tick) })],
      series: [{}, ...series],
      hooks: { setCursor: [(chart) => {
        const i = chart.cursor.idx;
        reading.textContent = i == null || chart.cursor.left < 0 ? "" : stamp(chart.data[0][i]) + "   " + options.read(i, chart);
      }] },
    }, values, box);
    charts.push(u);
    box.dataset.drawn = "yes";
  }

  const stepped = uPlot.paths.stepped({ align: 1 });
  const line = (name, more) => Object.assign({ width: 1.5, points: { show: false }, stroke: () => color(name), paths: stepped }, more);
  const both = () => [line("--line"), line("--second", { dash: [5, 4] })];
  const sides = (i, u) => "live " + money(u.data[1][i]) + ", shadow " + money(u.data[2][i]) + " " + data.currency;
  const c = data.curve, x = c.t.map((t) => t / 1000);
  if (x.length > 1) {
    draw("equity", 240, both(), [x, ...c.equity], { range: spread, tick: short, read: sides });
    const gap = c.equity[0].map((live, i) => c.equity[1][i] - live);
    draw("gap", 130, [line("--down", { fill: () => color("--down-area") })], [x, gap], { range: aboutZero, tick: short, read: (i, u) => money(u.data[1][i]) + " " + data.currency });
    draw("gross", 150, both(), [x, ...c.gross], { range: aboutZero, tick: short, read: sides });
    draw("net", 150, both(), [x, ...c.net], { range: aboutZero, tick: short, read: sides });
  }

  const a = data.agreement, box = document.getElementById("agreement");
  if (box && a.t.length > 1) {
    const hues = ["--line", "--second", "--down", "--up", "--soft", "--ink"];
    const parted = Object.keys(a.agreed).filter((topic) => a.agreed[topic].some((part) => part !== null && part < 1));
    const shown = parted.length > 0 ? parted : Object.keys(a.agreed);
    const key = document.createElement("div");
    key.className = "topickey";
    shown.forEach((topic, i) => {
      const one = document.createElement("span");
      one.textContent = topic;
      one.style.setProperty("--own", "var(" + hues[i % hues.length] + ")");
      key.append(one);
    });
    const rest = Object.keys(a.agreed).length - shown.length;
    if (rest > 0) key.append(rest + " topics agree throughout");
    box.before(key);
    const percent = (v) => v == null ? "–" : +(v * 100).toFixed(2) + " %";
    draw("agreement", 170, shown.map((_, i) => line(hues[i % hues.length], { spanGaps: true, dash: i < hues.length ? undefined : [5, 4] })),
      [a.t.map((t) => t / 1000), ...shown.map((topic) => a.agreed[topic])],
      { range: () => [0, 1.05], tick: (v) => v > 1 ? "" : percent(v), read: (i, u) => shown.map((topic, s) => topic + " " + percent(u.data[s + 1][i])).join(", ") });
  }

  const redraw = () => { for (const u of charts) { u.setSize({ width: u.root.parentElement.clientWidth, height: u.height }); u.redraw(false, true); } };
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(redraw); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
})();
`;
