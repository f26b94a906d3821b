// The report's tables and figures as HTML that needs no script. Every text from data is escaped.

import {
  count,
  day,
  decimals,
  direction,
  duration,
  escapeHtml,
  grouped,
  minute,
  percent,
  signedPercent,
} from "./figures.ts";
import type { Metrics, ReportData } from "./report-data.ts";

const LISTED_TRADES = 200;
const HISTOGRAM_BINS = 31;
/** A hundredth of a percent: less would read as none. */
const LEAST_DEPTH = 0.0001;

export const empty = (text: string): string => `<p class="empty">${escapeHtml(text)}</p>`;

const colored = (text: string, value: number | null): string =>
  direction(value) === "" ? text : `<span class="${direction(value)}">${text}</span>`;

const amount = (text: string, currency: string): string =>
  `${grouped(text)} ${escapeHtml(currency)}`;

const price = (text: string | null): string => (text === null ? "–" : grouped(text));

const signed = (text: string): string =>
  text.startsWith("-") || Number(text) === 0 ? grouped(text) : `+${grouped(text)}`;

/** Characters that a headline's figure has room for in its usual size. */
const LONG_FIGURE = 13;

/** The four figures that answer first. */
export function headline({ metrics: m }: ReportData): string {
  const figure = (name: string, value: string, under: string, size = ""): string =>
    `<div><dt>${name}</dt><dd${size}>${value}<small>${under}</small></dd></div>`;
  const per = m.sampling.period;
  return `<dl class="figures">${[
    figure(
      `Final equity, ${escapeHtml(m.currency)}`,
      grouped(m.finalEquity),
      `${colored(signed(m.netProfit), Number(m.netProfit))} from ${grouped(m.initialEquity)}`,
      grouped(m.finalEquity).length > LONG_FIGURE ? ' class="long"' : "",
    ),
    figure(
      "Total return",
      colored(signedPercent(m.totalReturn), m.totalReturn),
      m.annualReturn !== null
        ? `${signedPercent(m.annualReturn)} a year`
        : per === "day"
          ? "no annual figure: all was lost"
          : "too short to state a year",
    ),
    figure(
      "Sharpe ratio",
      decimals(m.sharpe, 2),
      m.sharpe === null && m.periodSharpe !== null
        ? `${decimals(m.periodSharpe, 2)} of ${count(m.sampling.samples)} ${per}s`
        : `${count(m.daily.days)} days, annualised`,
    ),
    figure("Maximum drawdown", percent(m.maxDrawdown), `Calmar ${decimals(m.calmar, 2)}`),
  ].join("")}</dl>`;
}

export function activity({ metrics: m }: ReportData): string {
  const { period } = m.sampling;
  const rows: readonly (readonly [string, string])[] = [
    // By days they are in the table of measures, with their intervals.
    ...(period === "day"
      ? []
      : ([
          [`Volatility, annual, of ${period}s`, percent(m.periodVolatility)],
          [`Sharpe ratio, of ${period}s`, decimals(m.periodSharpe, 2)],
          [`Sortino ratio, of ${period}s`, decimals(m.periodSortino, 2)],
        ] as const)),
    ["Value traded", amount(m.valueTraded, m.currency)],
    ["Round trips", count(m.trades)],
    ["Fees", amount(m.fees, m.currency)],
    ...(Number(m.taxes) === 0 ? [] : [["Taxes", amount(m.taxes, m.currency)] as const]),
    ["Slippage", amount(m.slippage, m.currency)],
    ["Cost of trading", m.costBps === null ? "–" : `${decimals(m.costBps, 2)} bp of value`],
    ["Orders", count(m.orders)],
    ["Executions", count(m.fills)],
    ["Rejected / canceled", `${count(m.rejected)} / ${count(m.canceled)}`],
  ];
  const cells = rows.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl class="measures">${cells.join("")}</dl>`;
}

export function conventions({ sampling }: Metrics): string {
  return `Equity is sampled at the end of each ${sampling.period} that held market data (UTC)${sampling.period === "day" ? "" : `, and what is of ${sampling.period}s is annualised with ${decimals(sampling.perYear, 0)} a year`}. Drawdown: at each bar's close, after its fills. A round trip runs from flat to flat; its profit is after fees.`;
}

/** Bars of one row: parts of one, drawn one after the other. */
export function bar(parts: readonly { readonly share: number; readonly kind: string }[]): string {
  let x = 0;
  const rects = parts.map(({ share, kind }) => {
    const rect = `<rect class="${kind}" x="${(x * 100).toFixed(3)}" width="${(share * 100).toFixed(3)}" height="8"/>`;
    x += share;
    return rect;
  });
  return `<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="rest" width="100" height="8"/>${rects.join("")}</svg>`;
}

const OUTCOME_KINDS: Readonly<Record<string, string>> = {
  PASS: "pass",
  REDUCE: "warn",
  DENY: "down",
};

export function verdicts({ verdicts: v }: ReportData): string {
  if (v.total === 0) return empty("No proposal reached the risk gate in this run.");
  const outcomes = v.outcomes
    .map(({ outcome, count: n }) => `${outcome} ${count(n)} (${percent(n / v.total, 1)})`)
    .join(" · ");
  const reasons = v.reasons.map(
    ({ outcome, reason, count: n }) =>
      `<tr><td>${escapeHtml(reason === "NONE" ? "every check passed" : reason)}<br><span class="soft">${escapeHtml(outcome)}</span></td>
<td>${bar([{ share: n / v.total, kind: OUTCOME_KINDS[outcome] ?? "" }])}</td><td class="right">${count(n)}</td><td class="right">${percent(n / v.total, 1)}</td></tr>`,
  );
  const checks = v.checks.map(({ check, judged, failed, highestUse }) => {
    const near = highestUse !== null && highestUse >= 0.9;
    const use =
      highestUse === null
        ? "–"
        : highestUse > 10
          ? `${decimals(highestUse, 0)} × the limit`
          : percent(highestUse, 1);
    return `<tr><td>${escapeHtml(check)}</td><td class="right">${count(judged)}</td><td class="right">${failed > 0 ? `<span class="down">${count(failed)}</span>` : "0"}</td><td class="right${near ? " warn" : ""}">${use}</td></tr>`;
  });
  return `<p class="note">${outcomes}</p><div class="columns">
<div class="scroll"><table><caption>Verdicts by reason</caption><thead><tr><th>Reason</th><th></th><th class="right">Verdicts</th><th class="right">Share</th></tr></thead><tbody>${reasons.join("")}</tbody></table></div>
<div class="scroll"><table><caption>Checks made, and how near each limit came</caption><thead><tr><th>Check</th><th class="right">Judged</th><th class="right">Failed</th><th class="right">Highest use</th></tr></thead><tbody>${checks.join("")}</tbody></table></div></div>`;
}

export function drawdowns({ drawdowns: list, metrics }: ReportData): string {
  const when = metrics.sampling.period === "day" ? day : minute;
  const seen = list.filter(({ depth }) => depth >= LEAST_DEPTH);
  if (seen.length === 0) return "";
  const rows = seen.map(
    ({ peakUs, troughUs, recoveredUs, depth }) =>
      `<tr><td class="down">−${percent(depth)}</td><td>${when(peakUs)}</td><td>${when(troughUs)}</td><td>${recoveredUs === null ? "not yet" : when(recoveredUs)}</td><td class="right">${duration((troughUs - peakUs) / 1_000_000)}</td><td class="right">${recoveredUs === null ? "–" : duration((recoveredUs - peakUs) / 1_000_000)}</td></tr>`,
  );
  return `<h3>Deepest drawdowns</h3><div class="scroll" tabindex="0" role="region" aria-label="Deepest drawdowns"><table><thead><tr><th>Depth</th><th>Peak (UTC)</th><th>Trough</th><th>Recovered</th><th class="right">Peak to trough</th><th class="right">Peak to recovery</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

export function trades(data: ReportData): string {
  const { trades: list, metrics } = data;
  if (metrics.trades === 0) {
    return empty(
      metrics.fills === 0
        ? "No order was filled in this run: there is no trade to show."
        : "No round trip was closed in this run: what was opened is still open.",
    );
  }
  const shown = list.slice(-LISTED_TRADES);
  const rows = shown
    .toReversed()
    .map(
      (trade) =>
        `<tr><td>${minute(trade.exitUs)}</td><td>${escapeHtml(trade.symbol)}</td><td>${trade.direction === "LONG" ? "long" : "short"}</td><td class="right">${grouped(trade.quantity)}</td><td class="right">${price(trade.entryPrice)}</td><td class="right">${price(trade.exitPrice)}</td><td class="right">${duration((trade.exitUs - trade.entryUs) / 1_000_000)}</td><td class="right">${percent(trade.adverse, 1)}</td><td class="right">${percent(trade.favourable, 1)}</td><td class="right">${grouped(trade.fees)}</td><td class="right">${colored(signed(trade.profit), Number(trade.profit))}${trade.currency === metrics.currency ? "" : ` ${escapeHtml(trade.currency)}`}</td></tr>`,
    );
  const which =
    shown.length < metrics.trades
      ? `The last ${count(shown.length)} of ${count(metrics.trades)} round trips`
      : `All ${count(metrics.trades)} round trips`;
  return `${histogram(data)}<h3>${which}, newest first</h3>
<div class="scroll tall" tabindex="0" role="region" aria-label="Round trips"><table><thead><tr><th>Closed (UTC)</th><th>Symbol</th><th>Side</th><th class="right">Quantity</th><th class="right">Entry</th><th class="right">Exit</th><th class="right">Held</th><th class="right">MAE</th><th class="right">MFE</th><th class="right">Fees</th><th class="right">Profit, ${escapeHtml(metrics.currency)}</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** Profits of the kept trips in even bins, 0 in the middle of the scale. */
function histogram({ trades: list, metrics }: ReportData): string {
  if (list.length < 8) return "";
  const profits = list.map((trade) => Number(trade.profit));
  const sizes = profits.map(Math.abs).sort((a, b) => a - b);
  const reach = sizes[Math.ceil(sizes.length * 0.98) - 1] || (sizes[sizes.length - 1] as number);
  if (reach === 0) return "";
  const bins = new Array<number>(HISTOGRAM_BINS).fill(0);
  for (const profit of profits) {
    const place = Math.round(((profit / reach + 1) / 2) * (HISTOGRAM_BINS - 1));
    const bin = Math.max(0, Math.min(HISTOGRAM_BINS - 1, place));
    bins[bin] = (bins[bin] as number) + 1;
  }
  const most = Math.max(...bins);
  const middle = (HISTOGRAM_BINS - 1) / 2;
  const rects = bins.map((n, i) => {
    const height = (n / most) * 96;
    const kind = i < middle ? "down" : "up";
    return `<rect class="${kind}" x="${i + 0.06}" y="${(100 - height).toFixed(2)}" width="0.88" height="${height.toFixed(2)}"/>`;
  });
  const ends = grouped(reach.toFixed(2));
  const which = list.length < metrics.trades ? `the last ${count(list.length)}` : "all";
  return `<h3>Profit of ${which} round trips</h3><svg class="histogram" viewBox="0 0 ${HISTOGRAM_BINS} 100" preserveAspectRatio="none" role="img" aria-label="Distribution of profits: ${count(metrics.trades)} trades, win rate ${percent(metrics.winRate, 1)}"><line x1="${HISTOGRAM_BINS / 2}" x2="${HISTOGRAM_BINS / 2}" y1="0" y2="100" stroke-width="1" stroke-dasharray="3 3" vector-effect="non-scaling-stroke"/>${rects.join("")}</svg>
<div class="ends note"><span>−${ends} and below</span><span>0</span><span>+${ends} and above</span></div>`;
}

export function identity({ run, counts }: ReportData): string {
  const rows: readonly (readonly [string, string])[] = [
    ["Run", `<code>${escapeHtml(run.runId)}</code>`],
    ["Hash of all outputs", `<code>${escapeHtml(run.hash ?? "the run is not complete")}</code>`],
    ...(run.forkOf === null
      ? []
      : [["Fork of", `<code>${escapeHtml(run.forkOf)}</code>`] as const]),
    ["Code", `${escapeHtml(run.code.version)} · <code>${escapeHtml(run.code.digest)}</code>`],
    ["Engine", escapeHtml(`Node ${run.engine.node}, V8 ${run.engine.v8}, ${run.engine.platform}`)],
    ["Tape", `<code>${escapeHtml(run.tape)}</code>`],
    ...run.phases.map(
      ({ fromUs, model }) =>
        [
          fromUs === null ? "Model" : `Model from ${minute(fromUs)}`,
          `${escapeHtml(model.name)} · <code>${escapeHtml(model.digest)}</code>`,
        ] as const,
    ),
  ];
  const list = rows.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join("");
  const hashes = [
    ...run.inputs.map((one) => ({ ...one, way: "in" })),
    ...run.outputs.map((one) => ({ ...one, way: "out" })),
  ].map(
    ({ topic, partition, from, to, sha256, way }) =>
      `<tr><td>${way}</td><td>${escapeHtml(topic)}/${partition}</td><td class="right">${count(to - from)}</td><td><code>${escapeHtml(sha256)}</code></td></tr>`,
  );
  const topics = counts.map(
    ({ topic, records }) =>
      `<tr><td>${escapeHtml(topic)}</td><td class="right">${count(records)}</td></tr>`,
  );
  const configs = run.phases.map(
    ({ fromUs, config }) =>
      `<details><summary>Configuration${fromUs === null ? "" : ` from ${minute(fromUs)} UTC`}</summary><pre tabindex="0">${escapeHtml(JSON.stringify(config, null, 2) ?? "")}</pre></details>`,
  );
  return `<dl class="identity">${list}</dl>
<details><summary>Events by topic</summary><div class="scroll"><table><thead><tr><th>Topic</th><th class="right">Events</th></tr></thead><tbody>${topics.join("")}</tbody></table></div></details>
<details><summary>Hashes of what went in and what came out</summary><div class="scroll"><table><thead><tr><th></th><th>Topic and partition</th><th class="right">Records</th><th>SHA-256 of the records</th></tr></thead><tbody>${hashes.join("")}</tbody></table></div></details>
${configs.join("")}`;
}

export const dates = ({ span }: ReportData): string => {
  if (span === null) return "no market data";
  const [from, to] = [day(span.fromUs), day(span.toUs - 1)];
  return from === to
    ? `${minute(span.fromUs)} to ${minute(span.toUs).slice(11)} UTC`
    : `${from} to ${to}`;
};
