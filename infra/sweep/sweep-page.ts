// A sweep as a page: how good the best is, how much of that is luck, the heat map, the sets.

import { count, decimals, escapeHtml, percent } from "../report/figures.ts";
import { measureText } from "../report/measure-text.ts";
import { heatMap } from "./heat-map.ts";
import type { Luck } from "./luck.ts";
import { measureOf } from "./measures.ts";
import { type Figure, figureText, htmlTable, pageOf, wordsOf } from "./page-frame.ts";
import { type Sweep, settingsText } from "./sweep.ts";
import { tableMeasures } from "./table-csv.ts";
import type { TrialAnswer } from "./trial.ts";

const SHOWN = 100;

export function renderSweep(sweep: Sweep): string {
  const { axes, sets, answers, order, measure, luck, id, marketEvents, gridSize, random } = sweep;
  const done = answers.filter(({ state }) => state === "done").length;
  const best = order[0] as number;
  const answer = answers[best] as TrialAnswer;
  const drawn = random === null ? "" : `, drawn of ${count(gridSize)} by seed ${random.seed}`;
  const left = answers.length - done;
  const figures: Figure[] = [
    {
      name: `best ${wordsOf(measure)}`,
      value: figureText(measure, measureOf(answer, measure)),
      note: settingsText(axes, sets[best] ?? []),
    },
    {
      name: "trials",
      value: count(done),
      note: `${left > 0 ? `${count(left)} could not be run` : "all could be run"}${drawn}`,
    },
    {
      name: "deflated Sharpe",
      value: measureText("probability", luck?.deflated ?? null, ""),
      note: "probability that the best is better than luck",
    },
    {
      name: "overfitting (PBO)",
      value: measureText("probability", luck?.overfitting?.probability ?? null, ""),
      note: "the best in sample falls below the median out of it",
    },
  ];
  const map = heatMap(sweep);
  return pageOf({
    kind: "sweep",
    title: axes.map(({ key }) => key).join(" × "),
    under: `${count(marketEvents)} market events a trial · sweep <code>${escapeHtml(id)}</code>`,
    figures,
    sections: [
      ...(map === ""
        ? []
        : [`<section class="long"><h2>${escapeHtml(wordsOf(measure))}</h2>${map}</section>`]),
      `<section class="long"><h2>How much of it is luck</h2>${luckHtml(luck, sweep.perYear)}</section>`,
      `<section class="long"><h2>Sets</h2>${setsHtml(sweep)}</section>`,
      refusedHtml(sweep),
    ].filter((section) => section !== ""),
    footer: `Written by Tapedeck. Figures in ${escapeHtml(sweep.currency)}, times in UTC. The best of many simulations is better than it will be: read the section on luck.`,
  });
}

export function luckHtml(luck: Luck | null, perYear: number): string {
  if (luck === null) {
    return `<p class="empty">Nothing can be said: it takes two trials whose equity moves from day to day.</p>`;
  }
  const probability = (value: number | null): string => measureText("probability", value, "");
  const { overfitting: over, validation } = luck;
  const daily = (value: number | null): string =>
    value === null
      ? "–"
      : `${decimals(value, 4)} (${decimals(value * Math.sqrt(perYear), 2)} a year)`;
  const rows: [string, string, string][] = [
    ["Trials with returns", count(luck.trials), `over ${count(luck.days)} days`],
    [
      "Mean correlation of their daily returns",
      decimals(luck.correlation, 3),
      `they are worth ${decimals(luck.independent, 1)} independent trials: ρ + (1 − ρ) N`,
    ],
    [
      "Sharpe ratio of the best, of one day",
      daily(luck.sharpe),
      `a year has ${decimals(perYear, 0)} days`,
    ],
    [
      "The best of so many trials without skill",
      daily(luck.expectedMaximum),
      "expected, from the variance of the trials' Sharpe ratios",
    ],
    ["Probabilistic Sharpe ratio", probability(luck.probabilistic), "as if it were the only trial"],
    ["Deflated Sharpe ratio", probability(luck.deflated), "every trial counted as independent"],
    [
      "Deflated, for independent trials",
      probability(luck.deflatedIndependent),
      "for the number of trials that they are worth",
    ],
    [
      "Probability of overfitting (PBO)",
      probability(over?.probability ?? null),
      over === null ? "too few days" : `by cross-validation over ${over.blocks} blocks of days`,
    ],
    [
      "The best in sample loses out of sample",
      probability(over?.loss ?? null),
      over === null ? "" : `slope of out-of-sample on in-sample ${decimals(over.degradation, 2)}`,
    ],
    [
      "Sharpe ratio of one day, judged on days not chosen by",
      daily(validation?.mean ?? null),
      validation === null
        ? "too few days"
        : `mean of ${validation.paths.length} paths, deviation ${decimals(validation.deviation, 4)}: combinatorial purged cross-validation, ${validation.judged} of ${validation.groups} groups judged, ${count(validation.horizon)} d purged, ${percent(validation.embargo, 0)} embargo`,
    ],
  ];
  const line = ([name, value, how]: (typeof rows)[number]): string =>
    `<tr><th scope="row">${escapeHtml(name)}</th><td class="right">${escapeHtml(value)}</td><td class="how">${escapeHtml(how)}</td></tr>`;
  return `<p class="note">Deflated Sharpe ratio: Bailey and López de Prado (2014). PBO by CSCV: Bailey, Borwein, López de Prado and Zhu (2017). Cross-validation: López de Prado (2018), chapters 7 and 12. Below 0.95 (deflated), or above 0.5 (PBO), luck explains the best well enough.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Luck"><table class="table-of-measures"><tbody>${rows.map(line).join("")}</tbody></table></div>`;
}

function setsHtml({ axes, sets, answers, order }: Sweep): string {
  // Of days the two Sharpe ratios are the same.
  const isShort = answers.some(
    (answer) => answer.state === "done" && answer.metrics.sampling.period !== "day",
  );
  const shown = tableMeasures.filter((name) => isShort || name !== "periodSharpe");
  const head = ["rank", ...axes.map(({ key }) => key), ...shown.map(wordsOf)];
  const rows = order.slice(0, SHOWN).flatMap((place, rank) => {
    const answer = answers[place];
    if (answer?.state !== "done") return [];
    const figures = shown.map((name) => figureText(name, answer.metrics[name]));
    return [[String(rank + 1), ...(sets[place] ?? []), ...figures]];
  });
  const note = order.length > SHOWN ? `The best ${SHOWN}; ` : "";
  return `<p class="note">${note}table.csv has every set. Each is what <code>tapedeck backtest</code> gives with these settings.</p>${htmlTable("Sets", head, rows)}`;
}

function refusedHtml({ axes, sets, answers }: Sweep): string {
  const refused = answers.flatMap((answer, place) =>
    answer.state === "done"
      ? []
      : [[settingsText(axes, sets[place] ?? []), answer.state, answer.why] as const],
  );
  if (refused.length === 0) return "";
  const share = percent(refused.length / answers.length, 0);
  const rows = refused.slice(0, SHOWN);
  return `<section class="long"><h2>Not run</h2><p class="note">${count(refused.length)} sets (${share})${refused.length > SHOWN ? `; the first ${SHOWN}` : ""}.</p>${htmlTable("Not run", ["settings", "state", "why"], rows)}</section>`;
}
