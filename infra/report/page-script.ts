// What the report's page runs in the reader's browser, after uPlot: charts that share one time axis,
// zoom by drag or keyboard, and follow light and dark. It asks for nothing from the network.

import { marketHoursScript } from "./market-hours-script.ts";

export const pageScript = `
"use strict";
(() => {
${marketHoursScript}
  const data = JSON.parse(document.getElementById("data").textContent);
  const times = (deltas) => { let t = 0; return deltas.map((d) => (t += d) / 1000); };
  const closed = { step: data.closed.step, from: times(data.closed.from), to: times(data.closed.to) };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const utc = (t) => uPlot.tzDate(new Date(t * 1000), "Etc/UTC");
  const stamp = (t) => new Date(t * 1000).toISOString().replace("T", " ").slice(0, 16) + " UTC";
  const money = (v) => v.toLocaleString("en-US", { minimumFractionDigits: data.digits, maximumFractionDigits: data.digits });
  const short = (v) => {
    const size = Math.abs(v);
    if (size >= 1e9) return +(v / 1e9).toFixed(2) + " B";
    if (size >= 1e6) return +(v / 1e6).toFixed(3) + " M";
    return v.toLocaleString("en-US", { maximumFractionDigits: 2 });
  };
  const percent = (v) => (v * 100).toFixed(2) + " %";
  const H = 3600, D = 24 * H;
  // Tick step from, text, and what follows it where a year, a day or nothing rolls over.
  const dates = [
    [365 * D, "{YYYY}", null, null, null, null, null, null, 1],
    [28 * D, "{YYYY}-{MM}", null, null, null, null, null, null, 1],
    [D, "{MM}-{DD}", "\\n{YYYY}", null, null, null, null, null, 1],
    [60, "{HH}:{mm}", "\\n{YYYY}-{MM}-{DD}", null, "\\n{MM}-{DD}", null, null, null, 1],
    [1, "{HH}:{mm}:{ss}", "\\n{YYYY}-{MM}-{DD}", null, "\\n{MM}-{DD}", null, null, null, 1],
  ];
  const charts = [];
  let zooming = false;

  function zoom(u, min, max) { u.setScale("x", { min, max }); }
  function full(u) { const x = u.data[0]; return [x[0], x[x.length - 1]]; }

  function keys(u, box) {
    box.addEventListener("keydown", (event) => {
      const { min, max } = u.scales.x;
      const [first, last] = full(u);
      const width = u.bbox.width / devicePixelRatio;
      const left = u.cursor.left >= 0 ? u.cursor.left : width / 2;
      const step = event.shiftKey ? 40 : 6;
      const span = max - min;
      const at = u.posToVal(left, "x");
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        const to = left + (event.key === "ArrowLeft" ? -step : step);
        if (to < 0 && min > first) zoom(u, Math.max(first, min - span / 4), Math.max(first, min - span / 4) + span);
        else if (to > width && max < last) zoom(u, Math.min(last, max + span / 4) - span, Math.min(last, max + span / 4));
        u.setCursor({ left: Math.max(0, Math.min(width, to)), top: u.bbox.height / devicePixelRatio / 2 }, true, true);
      } else if (event.key === "+" || event.key === "=") zoom(u, at - (at - min) / 2, at + (max - at) / 2);
      else if (event.key === "-") zoom(u, Math.max(first, at - (at - min) * 2), Math.min(last, at + (max - at) * 2));
      else if (event.key === "0" || event.key === "Escape") zoom(u, first, last);
      else return;
      event.preventDefault();
    });
  }

  function draw(id, height, series, values, options) {
    const box = document.getElementById(id);
    const reading = document.getElementById(id + "-reading");
    const resting = reading.textContent;
    const axis = (more) => Object.assign({
      stroke: () => color("--soft"), grid: { stroke: () => color("--faint"), width: 1 },
      ticks: { show: false }, font: "12px system-ui, sans-serif", gap: 6,
    }, more);
    const hours = marketHours(values[0], closed);
    const openHours = hours && { distr: 100, fwd: hours.fwd, bwd: hours.bwd };
    const openTicks = hours && { filter: (_, ticks) => ticks, splits: (u, _, min, max, incr, space) =>
      marketTicks(hours, min, max, incr, (a, b) => u.valToPos(b, "x") - u.valToPos(a, "x") >= space) };
    const u = new uPlot({
      width: box.clientWidth, height, tzDate: utc, legend: { show: false }, padding: [8, 20, 0, 0],
      cursor: { y: false, drag: { x: true, y: false }, sync: options.group ? { key: options.group } : undefined, points: { size: 7 } },
      scales: { x: { time: true, ...openHours }, y: { range: options.range, distr: options.log ? 3 : 1 } },
      axes: [axis({ size: 42, space: 70, values: dates, ...openTicks }), axis({ size: 74, space: height < 200 ? 20 : 34, values: (_, ticks) => ticks.map(options.tick), ...(options.log && logTicks) })],
      series: [{}, ...series],
      plugins: options.plugins || [],
      hooks: {
        setScale: [(chart, key) => {
          if (key !== "x" || zooming) return;
          const { min, max } = chart.scales.x;
          const [first, last] = full(chart);
          zooming = true;
          for (const other of charts) {
            if (other !== chart && other.group && other.group === chart.group) zoom(other, min, max);
          }
          zooming = false;
          const button = document.getElementById(options.reset);
          if (button) button.hidden = min <= first && max >= last;
        }],
        setCursor: [(chart) => {
          const i = chart.cursor.idx;
          reading.textContent = i == null || chart.cursor.left < 0 ? resting : (options.at || stamp)(chart.data[0][i]) + "   " + options.read(i, chart);
        }],
      },
    }, values, box);
    u.group = options.group;
    charts.push(u);
    keys(u, box);
    box.dataset.drawn = "yes";
    return u;
  }

  const logTicks = { filter: (_, ticks) => ticks, splits: (u, _, min, max) => {
    const steps = max / min > 2000 ? [1] : max / min > 40 ? [1, 3] : [1, 2, 5], ticks = [];
    for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) {
      for (const step of steps) { const v = step * 10 ** power; if (v >= min && v <= max) ticks.push(v); }
    }
    return ticks;
  } };
  const widened = (low, high) => { const by = Math.max(1.02, (high / low) ** 0.05); return [low / by, high * by]; };
  const line = (label, name, fill, more) => Object.assign({
    label, width: 1.5, points: { show: false }, stroke: () => color(name), fill: fill ? () => color(fill) : undefined,
  }, more);

  function resets(id, group) {
    const button = document.getElementById(id);
    if (button) button.addEventListener("click", () => {
      const u = charts.find((chart) => chart.group === group);
      if (u) zoom(u, ...full(u));
    });
  }

  const e = data.equity;
  if (e && document.getElementById("equity")) {
    const x = times(e.t);
    const spread = (u, min, max) => { if (e.log) return widened(min, max); const pad = (max - min || Math.abs(max) || 1) * 0.06; return [min - pad, max + pad]; };
    const shared = { group: "run", reset: "reset-run" };
    const beside = e.benchmark ? [line("benchmark", "--second", null, { width: 1 })] : [];
    draw("equity", 270, [line("equity", "--line", "--area", { fillTo: (u) => u.scales.y.min }), ...beside], [x, e.equity, ...(e.benchmark ? [e.benchmark.value] : [])],
      { ...shared, log: e.log, range: spread, tick: short, read: (i, u) => money(u.data[1][i]) + " " + data.currency + (e.benchmark && u.data[2][i] != null ? ", " + e.benchmark.name + " " + money(u.data[2][i]) : "") });
    draw("drawdown", 130, [line("drawdown", "--down", "--down-area")], [x, e.drawdown],
      { ...shared, range: (u, min) => [Math.min(min, -0.0001) * 1.08, 0], tick: percent, read: (i, u) => percent(u.data[1][i]) });
    const parts = (values) => values.map((v, i) => (e.equity[i] > 0 ? v / e.equity[i] : null));
    const whole = (v) => (v * 100).toFixed(0) + " %";
    draw("exposure", 150, [line("gross", "--line", "--area", { paths: uPlot.paths.stepped({ align: 1 }) }), line("net", "--second", null, { width: 1, paths: uPlot.paths.stepped({ align: 1 })})], [x, parts(e.gross), parts(e.net)],
      { ...shared, range: (u, min, max) => { const top = Math.max(max, 0), low = Math.min(min, 0), pad = (top - low || 1) * 0.06; return [low && low - pad, top + pad]; }, tick: whole,
        read: (i, u) => u.data[1][i] == null ? "–" : "gross " + percent(u.data[1][i]) + ", net " + percent(u.data[2][i]) + " (" + money(e.gross[i]) + ", " + money(e.net[i]) + " " + data.currency + ")" });
    resets("reset-run", "run");
  }

  const r = data.rolling;
  if (r && document.getElementById("rolling-sharpe")) {
    const x = times(r.t);
    const shared = { group: "rolling", reset: "reset-rolling" };
    const dated = (t) => new Date(t * 1000).toISOString().slice(0, 10);
    const around = (u, min, max) => { const low = Math.min(min, 0), high = Math.max(max, 0), pad = (high - low || 1) * 0.08; return [low && low - pad, high && high + pad]; };
    const none = (v, text) => v == null ? "–" : text(v);
    draw("rolling-sharpe", 150, [line("sharpe", "--line")], [x, r.sharpe],
      { ...shared, range: around, tick: (v) => v.toFixed(1), at: dated, read: (i, u) => none(u.data[1][i], (v) => v.toFixed(2)) });
    draw("rolling-volatility", 150, [line("volatility", "--second")], [x, r.volatility],
      { ...shared, range: around, tick: percent, at: dated, read: (i, u) => none(u.data[1][i], percent) });
    if (r.beta) {
      draw("rolling-beta", 150, [line("beta", "--line"), line("correlation", "--second", null, { width: 1 })], [x, r.beta, r.correlation],
        { ...shared, range: around, tick: (v) => v.toFixed(1), at: dated, read: (i, u) => "beta " + none(u.data[1][i], (v) => v.toFixed(2)) + ", correlation " + none(u.data[2][i], (v) => v.toFixed(2)) });
    }
    resets("reset-rolling", "rolling");
  }

  const marksOn = (marks) => ({
    hooks: {
      draw: (u) => {
        const { ctx } = u, r = devicePixelRatio;
        ctx.save();
        ctx.beginPath(); ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height); ctx.clip();
        const crowded = marks.x.filter((t) => t >= u.scales.x.min && t <= u.scales.x.max).length > 120;
        const size = (crowded ? 3.2 : 5) * r;
        for (let i = 0; i < marks.x.length; i++) {
          if (marks.x[i] < u.scales.x.min || marks.x[i] > u.scales.x.max) continue;
          const buy = marks.side[i] > 0, way = buy ? 1 : -1;
          const px = u.valToPos(marks.x[i], "x", true), py = u.valToPos(marks.price[i], "y", true) + way * 2 * r;
          ctx.beginPath(); ctx.moveTo(px, py); ctx.lineTo(px - size, py + way * size * 1.7); ctx.lineTo(px + size, py + way * size * 1.7); ctx.closePath();
          ctx.fillStyle = color(buy ? "--up" : "--down"); ctx.globalAlpha = 0.9; ctx.fill();
          ctx.lineWidth = r; ctx.strokeStyle = color("--card"); ctx.stroke();
        }
        ctx.restore();
      },
    },
  });

  let shown = null;
  function price(index) {
    const s = data.symbols[index];
    const box = document.getElementById("price");
    if (shown) { shown.destroy(); charts.splice(charts.indexOf(shown), 1); }
    document.getElementById("price-reading").textContent = s.reading;
    box.setAttribute("aria-label", s.label);
    const x = times(s.t);
    const marks = { x: times(s.marks.t), side: s.marks.side, price: s.marks.price, count: s.marks.count };
    const digits = (v) => v.toLocaleString("en-US", { minimumFractionDigits: Math.min(2, s.digits), maximumFractionDigits: s.digits });
    const near = (t, width) => {
      let best = -1;
      for (let i = 0; i < marks.x.length; i++) if (Math.abs(marks.x[i] - t) < width && (best < 0 || Math.abs(marks.x[i] - t) < Math.abs(marks.x[best] - t))) best = i;
      return best;
    };
    const least = Math.min(...s.price), most = Math.max(...s.price);
    const low = Math.min(least, ...s.marks.price), high = Math.max(most, ...s.marks.price);
    shown = draw("price", 320, [line(s.symbol, "--line", null, { width: 1.2 })], [x, s.price], {
      group: "price", reset: "reset-price", tick: digits, log: s.log,
      range: (u, min, max) => {
        // The x scale is still the old one here: the prices shown tell how much is seen.
        const a = min <= least ? low : min, b = max >= most ? high : max, pad = (b - a || Math.abs(b) || 1) * 0.07;
        if (s.log) return widened(a, b);
        return [a - pad, b + pad];
      },
      plugins: [marksOn(marks)],
      read: (i, u) => {
        const width = ((u.scales.x.max - u.scales.x.min) / u.bbox.width) * 8 * devicePixelRatio;
        const m = near(u.data[0][i], width);
        const mark = m < 0 ? "" : "   " + (marks.side[m] > 0 ? "▲ bought at " : "▼ sold at ") + digits(marks.price[m]) + (marks.count[m] > 1 ? " (largest of " + marks.count[m] + " here)" : "");
        return digits(u.data[1][i]) + " " + s.currency + mark;
      },
    });
  }
  if (data.symbols.length > 0 && document.getElementById("price")) {
    price(0);
    resets("reset-price", "price");
    for (const input of document.querySelectorAll(".picker input")) {
      input.addEventListener("change", () => price(Number(input.value)));
    }
  }

  const redraw = () => { for (const u of charts) { u.setSize({ width: u.root.parentElement.clientWidth, height: u.height }); u.redraw(false, true); } };
  let waiting = 0;
  addEventListener("resize", () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(redraw); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  matchMedia("print").addEventListener("change", redraw);
  addEventListener("beforeprint", redraw);
  addEventListener("afterprint", redraw);
})();
`;
