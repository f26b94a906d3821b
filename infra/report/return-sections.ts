// The report's tables and pictures of returns as HTML that needs no script: measures with conventions and
// intervals, months, the days' distribution, crises. Every text from data is escaped.

import { mean, standardDeviation } from "../../quant/moments.ts";
import { count, day, decimals, direction, escapeHtml, percent, signedPercent } from "./figures.ts";
import {
  activityMeanings,
  type MeasureName,
  relativeMeanings,
  returnMeanings,
  tradeMeanings,
} from "./measure-conventions.ts";
import type { MeasureRow } from "./measure-table.ts";
import { measureText } from "./measure-text.ts";
import type { Metrics, ReportData } from "./report-data.ts";

const HISTOGRAM_BINS = 41;
/** Of the days that the histogram's scale reaches; the rest is in its outermost bins. */
const REACHED = 0.99;
const LEAST_DAYS_DRAWN = 20;
const HEATS = 4;
/** Of the months that the darkest shade is for. */
const HOTTEST = 0.9;

/** Rows without a value are left out: their absence is said in the note above. */
export function measureRows({ metrics: m }: ReportData): string {
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ["Return and risk", Object.keys(returnMeanings("", 1))],
    [`Against ${m.benchmark ?? ""}`, Object.keys(relativeMeanings("", ""))],
    ["Activity", Object.keys(activityMeanings)],
    ["Round trips", Object.keys(tradeMeanings)],
  ];
  const isKnown = ({ value }: MeasureRow): boolean => value !== null;
  if (!Object.values(m.measures).some(isKnown)) return "";
  const line = ({ label, unit, convention, value, interval }: MeasureRow): string => {
    const text = (figure: number | null): string =>
      escapeHtml(measureText(unit, figure, m.currency));
    const range = interval === null ? "" : `${text(interval.lower)} to ${text(interval.upper)}`;
    return `<tr><th scope="row">${label}</th><td class="right">${text(value)}</td><td class="right soft">${range}</td><td class="how">${escapeHtml(convention)}</td></tr>`;
  };
  const body = (name: string, names: readonly string[]): string => {
    const rows = names.map((one) => m.measures[one as MeasureName]).filter(isKnown);
    if (rows.length === 0) return "";
    const head = `<tr><th class="group" colspan="4" scope="rowgroup">${escapeHtml(name)}</th></tr>`;
    return head + rows.map(line).join("");
  };
  const level = percent(m.daily.bootstrap?.level ?? 0, 0);
  return `<div class="scroll" tabindex="0" role="region" aria-label="Measures with their conventions"><table class="table-of-measures"><thead><tr><th>Measure</th><th class="right">Value</th><th class="right">${m.daily.bootstrap === null ? "" : `${level} interval`}</th><th>How it is computed</th></tr></thead><tbody>${groups.map(([name, names]) => body(name, names)).join("")}</tbody></table></div>`;
}

export function measureNote({ daily, benchmarkMissing }: Metrics): string {
  const missing =
    benchmarkMissing === null
      ? ""
      : `The run read no bar of its benchmark ${escapeHtml(benchmarkMissing)}: it is compared with nothing. `;
  const days = `${missing}Measures of return and risk are of daily closes: equity at the end of each of the ${count(daily.days)} UTC days that held market data.`;
  if (daily.bootstrap === null) {
    return daily.days < LEAST_DAYS_DRAWN
      ? `${days} Below 3 days none is given, below ${LEAST_DAYS_DRAWN} no interval and nothing that is said of a year.`
      : `${days} Equity did not move from day to day: there is no interval.`;
  }
  const { level, samples, blockLength, seed } = daily.bootstrap;
  return `${days} Intervals: ${percent(level, 0)} percentiles of ${count(samples)} stationary bootstraps of the days,
mean block ${decimals(blockLength, 1)} days (chosen by Politis and White's rule), seed ${escapeHtml(String(seed))}.
A row without one is no estimate: a count of what happened, a chance that says itself how sure it is, or one that many samples do not define.`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A heat map: the deeper the shade, the larger the return; the figures are there to be read. */
export function months({ years, benchmark }: ReportData): string {
  const known = years.flatMap((year) => year.months).filter((change) => change !== null);
  if (known.length < 2) return "";
  const sizes = known.map(Math.abs).sort((a, b) => a - b);
  const hottest = sizes[Math.ceil(HOTTEST * sizes.length) - 1] as number;
  const cell = (change: number | null, heated: boolean): string => {
    if (change === null) return "<td></td>";
    const share = Math.abs(change) / hottest;
    const heat = heated && share > 0 ? Math.min(HEATS, Math.ceil(HEATS * share)) : 0;
    return `<td class="${heat > 0 ? `heat-${heat} ` : ""}${direction(change)}">${decimals(change * 100, 1)}</td>`;
  };
  const rows = years.map(
    ({ year, months: list, total }) =>
      `<tr><th scope="row">${year}</th>${list.map((change) => cell(change, true)).join("")}${cell(total, false)}${benchmark === null ? "" : cell(benchmark.years[year] ?? null, false)}</tr>`,
  );
  return `<h3>Return by month, %</h3><div class="scroll" tabindex="0" role="region" aria-label="Return by month"><table class="months"><thead><tr><th>Year</th>${MONTHS.map((name) => `<th>${name}</th>`).join("")}<th>Year</th>${benchmark === null ? "" : `<th>${escapeHtml(benchmark.name)}</th>`}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

export function crises({ crises: list, benchmark }: ReportData): string {
  if (list.length === 0) return "";
  const rows = list.map(
    ({ name, fromUs, lastUs, change, drawdown, benchmark: other }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${day(fromUs)}</td><td>${day(lastUs)}</td><td class="right ${direction(change)}">${signedPercent(change)}</td><td class="right">${drawdown > 0 ? `−${percent(drawdown)}` : percent(0)}</td>${benchmark === null ? "" : `<td class="right ${direction(other)}">${signedPercent(other)}</td>`}</tr>`,
  );
  return `<h3>In crises</h3><p class="note">From a high close of the S&amp;P 500 to the low after it; those that the run covers whole.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Returns in crises"><table><thead><tr><th>Crisis</th><th>From (UTC)</th><th>To</th><th class="right">Return</th><th class="right">Deepest drawdown</th>${benchmark === null ? "" : `<th class="right">${escapeHtml(benchmark.name)}</th>`}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

/** Daily returns in even bins, 0 in the middle, under the normal curve of their mean and deviation. */
export function distribution({ daily: { returns } }: ReportData): string {
  const center = mean(returns);
  const deviation = standardDeviation(returns);
  if (returns.length < LEAST_DAYS_DRAWN || center === null || !deviation) return "";
  const sizes = returns.map(Math.abs).sort((a, b) => a - b);
  const reach = sizes[Math.ceil(REACHED * sizes.length) - 1] || (sizes.at(-1) as number);
  const bins = new Array<number>(HISTOGRAM_BINS).fill(0);
  const middle = (HISTOGRAM_BINS - 1) / 2;
  for (const value of returns) {
    const place = Math.round((value / reach + 1) * middle);
    const bin = Math.max(0, Math.min(HISTOGRAM_BINS - 1, place));
    bins[bin] = (bins[bin] as number) + 1;
  }
  const width = reach / middle;
  const normal = (x: number): number =>
    (returns.length * width * Math.exp(-0.5 * ((x - center) / deviation) ** 2)) /
    (deviation * Math.sqrt(2 * Math.PI));
  const curve = Array.from({ length: 4 * HISTOGRAM_BINS + 1 }, (_, i) => i / 4).map(
    (x) => [x, normal((x - 0.5 - middle) * width)] as const,
  );
  const most = Math.max(...bins, ...curve.map(([, height]) => height));
  const y = (height: number): string => (100 - (height / most) * 96).toFixed(2);
  const rects = bins.map(
    (n, i) =>
      `<rect class="${i === middle ? "flat" : i < middle ? "down" : "up"}" x="${(i + 0.06).toFixed(2)}" y="${y(n)}" width="0.88" height="${((n / most) * 96).toFixed(2)}"/>`,
  );
  const points = curve.map(([x, height]) => `${x},${y(height)}`).join(" ");
  const end = percent(reach);
  return `<h3>Daily returns of ${count(returns.length)} days, and the normal curve of their mean and deviation</h3>
<svg class="histogram" viewBox="0 0 ${HISTOGRAM_BINS} 100" preserveAspectRatio="none" role="img" aria-label="Distribution of daily returns: mean ${percent(center, 3)}, deviation ${percent(deviation, 3)}">${rects.join("")}<polyline class="curve" points="${points}" fill="none" vector-effect="non-scaling-stroke"/></svg>
<div class="ends note"><span>−${end} and below</span><span>0</span><span>+${end} and above</span></div>`;
}
