// A walk through a tape: in each window the settings that did best are chosen, and then judged on the days
// after it, which they have not seen. Promises: no day is judged by settings that were chosen with a look at
// it, or at the `purge` days before it; the money goes on from window to window, so the judged days make one
// curve of equity; the same walk leaves the same bytes, whatever the number of threads.
//
// <root>/walk-forward/<id>/ holds results.jsonl (a line a trial in sample), windows.csv, equity.csv,
// summary.json and walk-forward.html. Each window's run reads `warmUp` days before it for the indicators,
// without trading, and ends flat (trade-window.ts).

import { join, resolve } from "node:path";
import {
  annualReturn,
  annualVolatility,
  maxDrawdown,
  sharpeRatio,
  totalReturn,
} from "../../quant/performance.ts";
import { probabilisticSharpe, sharpeEstimate } from "../../quant/sharpe-inference.ts";
import { confidenceIntervals } from "../../quant/stationary-bootstrap.ts";
import { MIN_SAMPLES as LEAST_DAYS } from "../report/sampling.ts";
import type { Json, Phase } from "../run/manifest.ts";
import { writeWhole } from "../run/run-folder.ts";
import { subjectOfPhase } from "../run/subject.ts";
import { type Axis, type ParameterSet, parameterSets } from "./axes.ts";
import { type DailyEquity, dailyReturns, readDays } from "./day-text.ts";
import { type MeasureName, measureIn, ranked, requireMeasured } from "./measures.ts";
import { decodeTape } from "./shared-tape.ts";
import {
  answerAll,
  fixedOf,
  type Ground,
  type NamedTrial,
  openGround,
  overridesOf,
  requireValid,
  type SearchOptions,
  type SweepPlan,
  searchId,
  settingsText,
} from "./sweep.ts";
import { type TrialAnswer, TrialBench } from "./trial.ts";
import type { TrialMetrics } from "./trial-digest.ts";
import { equityCsv, windowsCsv } from "./walk-csv.ts";
import { renderWalk } from "./walk-page.ts";
import { priceTimes, type WalkLengths, type WalkWindow, windowsOf } from "./walk-windows.ts";

export interface WalkPlan extends SweepPlan {
  readonly lengths: WalkLengths;
}

export interface WalkStep {
  readonly window: WalkWindow;
  /** What was chosen in sample; its value there. */
  readonly set: ParameterSet;
  readonly inSample: TrialMetrics;
  /** null: it failed out of sample, where nothing was traded then. */
  readonly outOfSample: TrialMetrics | null;
  readonly why: string;
}

export interface Stitched {
  readonly totalReturn: number;
  readonly annualReturn: number | null;
  readonly annualVolatility: number | null;
  readonly sharpe: number | null;
  /** Chance that the true Sharpe ratio is above 0; null below 20 days, as is the interval. */
  readonly probabilisticSharpe: number | null;
  /** 95 % percentiles of 1,000 stationary bootstraps of the days. */
  readonly sharpeInterval: { readonly lower: number; readonly upper: number } | null;
  /** Of daily closes, 0 to 1. */
  readonly maxDrawdown: number;
}

export interface Walk {
  readonly id: string;
  readonly folder: string;
  /** What was walked with, but for what it chose (infra/run/subject.ts). */
  readonly subject: string;
  readonly axes: readonly Axis[];
  readonly lengths: WalkLengths;
  readonly measure: MeasureName;
  readonly account: Ground["account"];
  readonly trials: number;
  readonly steps: readonly WalkStep[];
  /** The judged days, one after the other. */
  readonly equity: DailyEquity;
  readonly stitched: Stitched;
}

/** The finished walk; the folder of one that was stopped. Throws SWEEP_…, WALK_FORWARD_TOO_SHORT, and as openGround. */
export async function runWalk(
  plan: WalkPlan,
  options: SearchOptions,
): Promise<Walk | { readonly stopped: string; readonly done: number }> {
  const axes = plan.axes.filter(({ values }) => values.length > 1);
  const sets = parameterSets(axes, plan.random);
  const ground = await openGround(plan.config, fixedOf(plan.axes), plan.version);
  const sources = decodeTape(ground.tape);
  const windows = windowsOf(priceTimes(sources), plan.lengths, ground.barUs);
  const { lengths, random, measure } = plan;
  const what = { ground: ground.identity, axes, random, lengths } as unknown as Json;
  const id = searchId(what);
  const folder = resolve(options.root, "walk-forward", id);
  const trials = windows.flatMap(({ inSample: window }, i) =>
    sets.map(
      (set): NamedTrial => ({
        key: `window ${i + 1} ${settingsText(axes, set)}`,
        trial: { overrides: [...ground.base, ...overridesOf(axes, set)], window, cashMinor: null },
      }),
    ),
  );
  const answers = await answerAll(ground, trials, join(folder, "results.jsonl"), options);
  if (answers.length < trials.length) return { stopped: folder, done: answers.length };
  const { configPath, configText, account, reads } = ground;
  const bench = new TrialBench({ configPath, configText, sources, reads });
  const steps: WalkStep[] = [];
  const curve: { startUs: number[]; equityMinor: bigint[] } = {
    startUs: [],
    equityMinor: [account.initialCashMinor],
  };
  let perYear = 0;
  for (const [i, window] of windows.entries()) {
    const own = answers.slice(i * sets.length, (i + 1) * sets.length);
    requireValid(own);
    requireMeasured(own, measure, `in sample, window ${i + 1}`);
    const best = ranked(own, measure)[0] as number;
    const set = sets[best] as ParameterSet;
    const cashMinor = curve.equityMinor.at(-1) as bigint;
    const overrides = [...ground.base, ...overridesOf(axes, set)];
    const answer = await bench.answer({ overrides, window: window.outOfSample, cashMinor });
    steps.push(stepOf(window, set, own[best] as TrialAnswer, answer));
    if (answer.state !== "done") continue;
    const { startUs, equityMinor } = readDays(answer.days);
    curve.startUs.push(...startUs);
    curve.equityMinor.push(...equityMinor.slice(1));
    perYear = Math.max(perYear, answer.days.perYear);
  }
  const walk: Walk = {
    id,
    folder,
    subject: subjectOfPhase(
      ground.identity.run.phases[0] as Phase,
      axes.map(({ key }) => key),
    ),
    axes,
    lengths,
    measure,
    account,
    trials: answers.length,
    steps,
    equity: curve,
    stitched: stitchedOf(curve, perYear),
  };
  writeWhole(join(folder, "windows.csv"), windowsCsv(walk));
  writeWhole(join(folder, "equity.csv"), equityCsv(walk));
  writeWhole(join(folder, "summary.json"), `${JSON.stringify(walkSummary(walk), null, 2)}\n`);
  writeWhole(join(folder, "walk-forward.html"), renderWalk(walk));
  return walk;
}

/** The best in sample is one that was run: `requireValid` has seen to it. */
function stepOf(
  window: WalkWindow,
  set: ParameterSet,
  inSample: TrialAnswer,
  outOfSample: TrialAnswer,
): WalkStep {
  if (inSample.state !== "done") throw new RangeError("the best of a window was not run");
  return {
    window,
    set,
    inSample: inSample.metrics,
    outOfSample: outOfSample.state === "done" ? outOfSample.metrics : null,
    why: outOfSample.state === "done" ? "" : outOfSample.why,
  };
}

function stitchedOf(curve: DailyEquity, perYear: number): Stitched {
  const returns = dailyReturns(curve);
  const estimate = returns.length < LEAST_DAYS ? null : sharpeEstimate(returns);
  const { sharpe } =
    estimate === null
      ? { sharpe: null }
      : confidenceIntervals(
          returns,
          { sharpe: (days) => sharpeRatio(days, perYear) },
          { seed: 0, samples: 1000, level: 0.95 },
        );
  return {
    totalReturn: totalReturn(returns),
    annualReturn: annualReturn(returns, perYear),
    annualVolatility: annualVolatility(returns, perYear),
    sharpe: sharpeRatio(returns, perYear),
    probabilisticSharpe: estimate && probabilisticSharpe(estimate, 0),
    sharpeInterval: sharpe && { lower: sharpe.lower, upper: sharpe.upper },
    maxDrawdown: Math.abs(maxDrawdown(returns)),
  };
}

/** Means of a measure over the windows that have it in and out of sample. */
export function meansOf({ steps, measure }: Walk): readonly [number | null, number | null] {
  const pairs = steps.flatMap(({ inSample, outOfSample }) => {
    if (outOfSample === null) return [];
    const [a, b] = [measureIn(inSample, measure), measureIn(outOfSample, measure)];
    return a === null || b === null ? [] : [[a, b] as const];
  });
  if (pairs.length === 0) return [null, null];
  const mean = (at: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[at], 0) / pairs.length;
  return [mean(0), mean(1)];
}

/** What --json prints and summary.json holds. */
export function walkSummary(walk: Walk) {
  const { id, subject, axes, lengths, measure, account, trials, steps, equity, stitched } = walk;
  const [inSample, outOfSample] = meansOf(walk);
  return {
    walkForward: id,
    subject,
    axes,
    lengths,
    measure,
    currency: account.currency,
    trials,
    windows: steps.length,
    days: equity.startUs.length,
    initialEquityMinor: String(equity.equityMinor[0]),
    finalEquityMinor: String(equity.equityMinor.at(-1)),
    stitched,
    mean: { inSample, outOfSample },
    steps: steps.map(({ window, set, inSample: chosen, outOfSample: judged, why }) => ({
      window,
      settings: Object.fromEntries(axes.map(({ key }, i) => [key, set[i] ?? ""])),
      inSample: chosen,
      outOfSample: judged,
      ...(why === "" ? {} : { why }),
    })),
  };
}
