// A walk as a page: the stitched equity, each window with what was chosen and what came of it.

import { count, day, decimals, escapeHtml, percent } from "../report/figures.ts";
import { measureText } from "../report/measure-text.ts";
import { measureIn } from "./measures.ts";
import { type Figure, figureText, htmlTable, pageOf, wordsOf } from "./page-frame.ts";
import { daysOf } from "./walk-csv.ts";
import { meansOf, type Walk } from "./walk-forward.ts";

/** Points of the curve. */
const MOST_POINTS = 1000;
const DATES = 5;
const LEAST_DAYS = 20;
const DAY_US = 86_400_000_000;

export function renderWalk(walk: Walk): string {
  const { axes, lengths, steps, stitched, measure, id, trials, equity } = walk;
  const [inSample, outOfSample] = meansOf(walk);
  const words = wordsOf(measure);
  const figures: Figure[] = [
    {
      name: "return out of sample",
      value: percent(stitched.totalReturn),
      note: `a year ${percent(stitched.annualReturn)}`,
    },
    { name: "Sharpe out of sample", value: decimals(stitched.sharpe, 2), note: sureness(walk) },
    {
      name: `mean ${words} of the windows`,
      value: figureText(measure, outOfSample),
      note: `in sample ${figureText(measure, inSample)}`,
    },
    {
      name: "deepest drawdown",
      value: percent(stitched.maxDrawdown),
      note: "out of sample, of daily closes",
    },
  ];
  const { inSample: train, outOfSample: test, purge, warmUp, anchored } = lengths;
  const few =
    test < LEAST_DAYS
      ? ` A window of fewer than ${LEAST_DAYS} days has no Sharpe ratio of days to speak of: read the whole curve's.`
      : "";
  const rule = `${anchored ? "All days so far, at least" : ""} ${count(train)} days to choose by, ${count(purge)} left out, ${count(test)} to judge by; ${count(warmUp)} days before each window feed the indicators and do not trade. Each window ends flat.${few}`;
  return pageOf({
    kind: "walk forward",
    title: axes.map(({ key }) => key).join(" × "),
    under: `${count(steps.length)} windows · ${count(equity.startUs.length)} days out of sample · ${count(trials)} trials · walk <code>${escapeHtml(id)}</code>`,
    figures,
    sections: [
      `<section><h2>Equity out of sample</h2><p class="note">${rule.trim()}</p>${curve(walk)}</section>`,
      `<section class="long"><h2>Windows</h2><p class="note">Chosen by the best ${escapeHtml(words)} in sample. windows.csv has every measure.</p>${windows(walk)}</section>`,
    ],
    footer: `Written by Tapedeck. Figures in ${escapeHtml(walk.account.currency)}, times in UTC.`,
  });
}

/** How sure the Sharpe ratio is, in words. */
function sureness({ stitched: { probabilisticSharpe, sharpeInterval } }: Walk): string {
  if (sharpeInterval === null) return "too few days for an interval";
  const { lower, upper } = sharpeInterval;
  return `95 % interval ${decimals(lower, 2)} to ${decimals(upper, 2)}; above 0 with probability ${measureText("probability", probabilisticSharpe, "")}`;
}

/** Each day is as wide as another; a dashed line is where a window ends and the next settings begin. */
function curve(walk: Walk): string {
  const { equity, account } = walk;
  const values = equity.equityMinor.map((amount) => Number(amount) / 10 ** account.currencyScale);
  if (values.length < 2) return `<p class="empty">No day was judged.</p>`;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = Math.ceil(values.length / MOST_POINTS);
  const height = high > low ? high - low : 1;
  const y = (value: number): string => (98 - (96 * (value - low)) / height).toFixed(2);
  const points = values
    .map((value, i) => [i, value] as const)
    .filter(([i]) => i % step === 0 || i === values.length - 1)
    .map(([i, value]) => `${i},${y(value)}`)
    .join(" ");
  const last = values.length - 1;
  const start = values[0] as number;
  const money = (value: number): string => decimals(value, account.currencyScale);
  const level = `<line x1="0" x2="${last}" y1="${y(start)}" y2="${y(start)}" vector-effect="non-scaling-stroke"/>`;
  const edges = edgesOf(walk).map(
    (x) =>
      `<line class="edge" x1="${x}" x2="${x}" y1="0" y2="100" vector-effect="non-scaling-stroke"/>`,
  );
  const scale = [high, (high + low) / 2, low].map(
    (value) => `<span>${decimals(value, high >= 1000 ? 0 : account.currencyScale)}</span>`,
  );
  const days = Array.from({ length: DATES }, (_, i) => {
    const place = Math.round((i * (equity.startUs.length - 1)) / (DATES - 1));
    return `<span>${day(equity.startUs[place] as number)}</span>`;
  });
  const label = `Equity from ${money(start)} to ${money(values[last] as number)} ${escapeHtml(account.currency)}`;
  return `<div class="curve-frame"><div class="scale" aria-hidden="true">${scale.join("")}</div><svg class="curve-box" viewBox="0 0 ${last} 100" preserveAspectRatio="none" role="img" aria-label="${label}">${level}${edges.join("")}<polyline points="${points}" vector-effect="non-scaling-stroke"/></svg><div class="days">${days.join("")}</div></div>
<p class="note">${label}; least ${money(low)}, greatest ${money(high)}. Dashed: where a window begins.</p>`;
}

/** Places on the curve at which each window but the first begins. */
function edgesOf({ steps, equity }: Walk): readonly number[] {
  return steps.slice(1).flatMap(({ window }) => {
    const place = equity.startUs.findIndex(
      (startUs) => startUs + DAY_US > window.outOfSample.fromUs,
    );
    return place > 0 ? [place] : [];
  });
}

function windows({ axes, steps, measure }: Walk): string {
  const words = wordsOf(measure);
  const head = [
    "window",
    "chosen on",
    "judged on",
    ...axes.map(({ key }) => key),
    `${words} in sample`,
    `${words} out`,
    "return out",
    "trades out",
    "fees out",
  ];
  const rows = steps.map(({ window, set, inSample, outOfSample, why }, i) => {
    const judged =
      outOfSample === null
        ? [why, "", "", ""]
        : [
            figureText(measure, measureIn(outOfSample, measure)),
            percent(outOfSample.totalReturn),
            count(outOfSample.trades),
            figureText("fees", outOfSample.fees),
          ];
    return [
      String(i + 1),
      daysOf(window.inSample).join("\n"),
      daysOf(window.outOfSample).join("\n"),
      ...set,
      figureText(measure, measureIn(inSample, measure)),
      ...judged,
    ];
  });
  return htmlTable("Windows", head, rows);
}
