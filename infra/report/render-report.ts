// The report of a run as one self-contained page. Promises: it asks for nothing from anywhere, and
// its policy forbids it; text from data cannot become markup or script; it reads without a script,
// in light and dark, on a phone and on paper; its size does not grow with the run.

import { attribution, shortfall } from "./attribution-sections.ts";
import { count, day, decimals, embedJson, escapeHtml, percent } from "./figures.ts";
import { pageHead, uplotFile } from "./page-head.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import type {
  BenchmarkSeries,
  DailySeries,
  EquitySeries,
  ReportData,
  RollingMeasures,
  SymbolSeries,
} from "./report-data.ts";
import { crises, distribution, measureNote, measureRows, months } from "./return-sections.ts";
import {
  activity,
  conventions,
  dates,
  drawdowns,
  empty,
  headline,
  identity,
  trades,
  verdicts,
} from "./sections.ts";

const NAMED_SYMBOLS = 4;

/** From this ratio of the highest to the lowest value on, a chart's scale is logarithmic. */
const STEEP = 10;

export function renderReport(data: ReportData): string {
  const style = uplotFile("uPlot.min.css") + pageStyle;
  const library = uplotFile("uPlot.iife.min.js");
  const title = titleOf(data);
  return `${pageHead({ title, style, scripts: [library, pageScript] })}
<body>
<header>
<div class="over">Tapedeck · backtest report</div>
<h1>${title}</h1>
<p class="soft">${dates(data)} · ${summary(data)}</p>
<ul class="proof"><li>run <code>${escapeHtml(data.run.runId)}</code></li><li>hash <code>${escapeHtml(data.run.hash?.slice(0, 16) ?? "incomplete")}</code></li><li>prove it: <code>tapedeck verify ${escapeHtml(data.run.runId)}</code></li></ul>
${headline(data)}
</header>
<main>
${equitySection(data)}
${priceSection(data)}
${returnsSection(data)}
<section class="long"><h2>Measures</h2><p class="note">${measureNote(data.metrics)}</p>${measureRows(data)}</section>
${attribution(data)}
<section class="long"><h2>Activity and costs</h2><p class="note">${conventions(data.metrics)}</p>${activity(data)}${shortfall(data)}</section>
<section class="long"><h2>Risk verdicts</h2>${verdicts(data)}</section>
<section class="long"><h2>Trades</h2>${trades(data)}</section>
<section class="long"><h2>Run identity</h2><p class="note">The same identity gives the same bytes on any machine.</p>${identity(data)}</section>
</main>
<footer>Written by Tapedeck ${escapeHtml(data.run.code.version)}. Figures in ${escapeHtml(data.account.currency)}, times in UTC. Past results of a simulation do not promise future ones.</footer>
<script type="application/json" id="data">${embedJson(chartData(data))}</script>
<script>${library}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

function titleOf({ run, symbols }: ReportData): string {
  const model = strategyOf(run);
  const names = symbols.slice(0, NAMED_SYMBOLS).map(({ symbol }) => symbol);
  if (names.length === 0) return escapeHtml(model);
  const more = symbols.length > names.length ? " and others" : "";
  return escapeHtml(`${model} on ${names.join(", ")}${more}`);
}

/** Who decides: the model, or an optimiser, which a model's signals may feed. */
function strategyOf({ phases }: ReportData["run"]): string {
  const phase = phases.at(-1);
  const model = phase?.model.name ?? "run";
  const { sizing } = (phase?.config ?? {}) as { readonly sizing?: Sizing };
  const { objective, expected } = sizing?.optimiser ?? {};
  if (sizing?.method !== "optimised" || objective === undefined) return model;
  return expected?.from === "signals" ? `${model}, ${objective}` : objective;
}

/** As a configuration says it. */
interface Sizing {
  readonly method?: string;
  readonly optimiser?: {
    readonly objective?: string;
    readonly expected?: { readonly from?: string };
  };
}

function summary({ counts, metrics }: ReportData): string {
  const of = (topic: string): number => counts.find((one) => one.topic === topic)?.records ?? 0;
  const events = counts.reduce((sum, { records }) => sum + records, 0);
  return `${count(events)} events · ${count(of("market.bars"))} bars · ${count(metrics.orders)} orders · ${count(metrics.fills)} executions`;
}

/** A chart's frame; its reading line changes as the cursor moves, and names the rest when it does not. */
function chart(id: string, name: string, reading: string, label: string): string {
  return `<div class="charthead"><h3>${name}</h3><div class="reading" id="${id}-reading" aria-live="polite">${escapeHtml(reading)}</div></div>
<div class="chart" id="${id}" tabindex="0" role="img" aria-label="${escapeHtml(label)}"></div>`;
}

const hint = ({ closedHours }: ReportData): string =>
  `<span class="hint">Drag to zoom, double-click to see all. With the keyboard: focus a chart, then arrows, + and −, 0.${closedHours.fromUs.length > 0 ? " Closed hours are left out." : ""}</span>`;

function isSteep(values: readonly number[]): boolean {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > 0 && high >= STEEP * low;
}

const scaleOf = (values: readonly number[]): string => (isSteep(values) ? "logarithmic scale" : "");

function equitySection(data: ReportData): string {
  const { equity, metrics, drawdowns: falls } = data;
  if (equity.timeUs.length === 0) {
    return `<section><h2>Equity</h2>${empty("The portfolio never held anything: equity stayed at its initial cash.")}</section>`;
  }
  const worst = falls[0];
  const depth =
    worst === undefined ? "none" : `deepest ${percent(-worst.depth)} on ${day(worst.troughUs)}`;
  const parts = equity.gross.map((gross, i) => gross / (equity.equity[i] as number));
  const gross = percent(Math.max(...parts.filter(Number.isFinite)), 0);
  return `<section class="long"><div class="sectionhead"><h2>Equity, drawdown, exposure</h2><button id="reset-run" hidden>Show all</button></div>
<p class="note">${hint(data)}</p>
${chart("equity", `Equity, ${escapeHtml(metrics.currency)}${keyOf(data)}`, scaleOf(allOf(data)), `Equity from ${metrics.initialEquity} to ${metrics.finalEquity} ${metrics.currency}`)}
${chart("drawdown", "Drawdown from the peak", depth, `Drawdown, ${depth}`)}
${chart("exposure", `Exposure, part of equity &nbsp; <span class="key line">gross</span> <span class="key second">net</span>`, `greatest gross ${gross}`, "Gross and net exposure")}
${drawdowns(data)}${crises(data)}</section>`;
}

const keyOf = ({ benchmark }: ReportData): string =>
  benchmark === null
    ? ""
    : ` &nbsp; <span class="key line">run</span> <span class="key second">${escapeHtml(benchmark.name)}, as much at the first point</span>`;

const allOf = ({ equity, benchmark }: ReportData): readonly number[] => [
  ...equity.equity,
  ...(benchmark?.equity ?? []).filter((value) => value !== null),
];

/** Nothing where the run is too short for any of it. */
function returnsSection(data: ReportData): string {
  const rolling = rollingCharts(data.daily, data.benchmark);
  const parts = [months(data), distribution(data), rolling].filter((part) => part !== "");
  if (parts.length === 0) return "";
  const button = rolling === "" ? "" : `<button id="reset-rolling" hidden>Show all</button>`;
  return `<section class="long"><div class="sectionhead"><h2>Returns</h2>${button}</div>${parts.join("")}</section>`;
}

function rollingCharts({ rolling }: DailySeries, benchmark: BenchmarkSeries | null): string {
  if (rolling === null) return "";
  const { window, sharpe, volatility } = rolling;
  const last = (values: readonly (number | null)[]): number | null => values.at(-1) ?? null;
  const ofDays = `over ${count(window)} days, annualised`;
  const now = { sharpe: decimals(last(sharpe), 2), volatility: percent(last(volatility)) };
  return `${chart("rolling-sharpe", `Sharpe ratio ${ofDays}`, `at the end ${now.sharpe}`, `Rolling Sharpe ratio, at the end ${now.sharpe}`)}
${chart("rolling-volatility", `Volatility ${ofDays}`, `at the end ${now.volatility}`, `Rolling volatility, at the end ${now.volatility}`)}${besideChart(benchmark, window)}`;
}

function besideChart(benchmark: BenchmarkSeries | null, window: number): string {
  if (benchmark === null || benchmark.rolling === null) return "";
  const { beta, correlation } = benchmark.rolling;
  const end = `at the end ${decimals(beta.at(-1) ?? null, 2)} and ${decimals(correlation.at(-1) ?? null, 2)}`;
  return chart(
    "rolling-beta",
    `With ${escapeHtml(benchmark.name)} over ${count(window)} days &nbsp; <span class="key line">beta</span> <span class="key second">correlation</span>`,
    end,
    `Rolling beta and correlation, ${end}`,
  );
}

function priceSection(data: ReportData): string {
  const { symbols, symbolsLeftOut } = data;
  if (symbols.every(({ timeUs }) => timeUs.length === 0)) return "";
  const picker =
    symbols.length < 2
      ? ""
      : `<fieldset class="picker" aria-label="Symbol">${symbols
          .map(
            ({ symbol }, i) =>
              `<input type="radio" name="symbol" id="symbol-${i}" value="${i}"${i === 0 ? " checked" : ""}><label for="symbol-${i}">${escapeHtml(symbol)}</label>`,
          )
          .join("")}</fieldset>`;
  const first = symbols[0] as SymbolSeries;
  const more = symbolsLeftOut > 0 ? ` ${count(symbolsLeftOut)} more were traded.` : "";
  return `<section><div class="sectionhead"><h2>Trades on price</h2><button id="reset-price" hidden>Show all</button></div>
<p class="note"><span class="up">▲</span> bought, <span class="down">▼</span> sold; close of each bar.${more} ${hint(data)}</p>${picker}
${chart("price", "Price", readingOf(first), labelOf(first))}</section>`;
}

function readingOf({ marks, fills, price, splits }: SymbolSeries): string {
  const executions = fills === 0 ? "no executions" : `${count(fills)} executions`;
  const thinned =
    marks.length < fills ? `${count(marks.length)} marks: the largest of each stretch` : "";
  const restated =
    splits === 0 ? "" : `in shares after ${splits === 1 ? "the split" : `${count(splits)} splits`}`;
  return [executions, thinned, restated, scaleOf(price)].filter((part) => part !== "").join(", ");
}

const labelOf = (series: SymbolSeries): string =>
  `Price of ${series.symbol} with ${readingOf(series)}`;

/** Times as steps in milliseconds, values to the digits that are shown: a third of the bytes. */
function chartData({
  equity,
  daily,
  symbols,
  account,
  closedHours,
  benchmark,
}: ReportData): unknown {
  return {
    currency: account.currency,
    digits: account.currencyScale,
    closed: {
      step: closedHours.barUs / 1e6,
      from: steps(closedHours.fromUs),
      to: steps(closedHours.toUs),
    },
    equity: equity.timeUs.length === 0 ? null : equityData(equity, benchmark),
    rolling: daily.rolling === null ? null : rollingData(daily.rolling, benchmark),
    symbols: symbols.map((series) => ({
      symbol: series.symbol,
      currency: series.currency,
      digits: series.priceScale,
      reading: readingOf(series),
      label: labelOf(series),
      t: steps(series.timeUs),
      price: series.price,
      log: isSteep(series.price),
      marks: {
        t: steps(series.marks.map((mark) => mark.timeUs)),
        side: series.marks.map((mark) => (mark.side === "BUY" ? 1 : -1)),
        price: series.marks.map((mark) => mark.price),
        count: series.marks.map((mark) => mark.count),
      },
    })),
  };
}

const equityData = (equity: EquitySeries, benchmark: BenchmarkSeries | null): unknown => ({
  t: steps(equity.timeUs),
  equity: equity.equity,
  log: isSteep([...equity.equity, ...(benchmark?.equity ?? []).filter((value) => value !== null)]),
  benchmark: benchmark && {
    name: benchmark.name,
    value: benchmark.equity.map((value) => value && Number(value.toFixed(2))),
  },
  drawdown: equity.drawdown.map((part) => Number(part.toFixed(6))),
  gross: equity.gross,
  net: equity.net,
});

const rollingData = (
  { timeUs, sharpe, volatility }: RollingMeasures,
  benchmark: BenchmarkSeries | null,
): unknown => ({
  t: steps(timeUs),
  sharpe: sharpe.map((value) => value && Number(value.toFixed(3))),
  volatility: volatility.map((value) => value && Number(value.toFixed(5))),
  beta: benchmark?.rolling?.beta.map((value) => value && Number(value.toFixed(3))) ?? null,
  correlation:
    benchmark?.rolling?.correlation.map((value) => value && Number(value.toFixed(3))) ?? null,
});

function steps(timeUs: readonly number[]): readonly number[] {
  const times = timeUs.map((time) => Math.floor(time / 1000));
  return times.map((time, i) => time - (i === 0 ? 0 : (times[i - 1] as number)));
}
