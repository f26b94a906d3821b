// A search over parameter sets: which sets, their trials on threads, and what is kept of them. Promises: the
// same search leaves the same bytes in its folder whatever the number of threads and however often it was
// killed; what is done is not done again; a set that the configuration or a processor refuses is named and
// the others go on.
//
// <root>/sweeps/<id>/ holds results.jsonl (a line a trial), table.csv, summary.json and sweep.html. The id is
// a hash of the tape's ranges, the configuration, the code, the model and what is varied.

import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import { readText } from "../config/read-text.ts";
import type { RunConfig } from "../config/run-config.ts";
import { searchDigest } from "../run/code-digest.ts";
import { openPlan } from "../run/execute.ts";
import { canonicalJson, type Identity, type Json } from "../run/manifest.ts";
import { writeWhole } from "../run/run-folder.ts";
import { type Axis, type ParameterSet, parameterSets, sizeOf } from "./axes.ts";
import { plainValidation, type ValidationPlan } from "./cross-validation.ts";
import { dailyReturns, readDays } from "./day-text.ts";
import { type Luck, luckOf } from "./luck.ts";
import { type MeasureName, measureOf, ranked, requireMeasured } from "./measures.ts";
import { openResults } from "./results-file.ts";
import { type SharedTape, shareTape } from "./shared-tape.ts";
import { renderSweep } from "./sweep-page.ts";
import { tableCsv } from "./table-csv.ts";
import type { Trial, TrialAnswer } from "./trial.ts";
import { TrialThreads } from "./trial-threads.ts";

export interface SweepPlan {
  readonly config: string;
  readonly axes: readonly Axis[];
  readonly random: { readonly count: number; readonly seed: number } | null;
  readonly measure: MeasureName;
  /** How the choice is cross-validated; left out: as usual. */
  readonly validation?: ValidationPlan;
  readonly version: string;
}

export interface SearchOptions {
  readonly root: string;
  readonly threads: number;
  /** Of the trials, those done before included. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly stopRequested?: () => boolean;
}

export interface Sweep {
  readonly id: string;
  readonly folder: string;
  readonly axes: readonly Axis[];
  /** Sets of the whole grid, of which `sets` were chosen. */
  readonly gridSize: number;
  readonly random: SweepPlan["random"];
  readonly measure: MeasureName;
  readonly currency: string;
  /** Bars, or ticks where bars are built of them. */
  readonly marketEvents: number;
  readonly sets: readonly ParameterSet[];
  readonly answers: readonly TrialAnswer[];
  /** Places of the sets, best first. */
  readonly order: readonly number[];
  readonly luck: Luck | null;
  /** Days in a year of the best set's: what makes a year's Sharpe ratio of a day's. */
  readonly perYear: number;
}

/** The ground of a search: a valid base configuration and its tape, read once. */
export interface Ground {
  readonly configPath: string;
  readonly configText: string;
  readonly base: readonly Override[];
  readonly tape: SharedTape;
  readonly reads: readonly TopicName[];
  readonly identity: { readonly run: Identity; readonly code: string };
  readonly marketEvents: number;
  readonly account: RunConfig["flow"]["portfolio"];
  /** How long a bar lasts where bars are built from ticks; null where the tape holds bars. */
  readonly barUs: number | null;
}

/** `base` is what is set for all trials. Throws as loadConfig and openPlan do. */
export async function openGround(
  configPath: string,
  base: readonly Override[],
  version: string,
): Promise<Ground> {
  const configText = readText(configPath);
  const config = await loadConfig(configPath, base);
  const open = await openPlan({ phases: [{ fromUs: null, config }], forkOf: null, version });
  try {
    const tape = await shareTape(open);
    const market = open.identity.inputs.filter(({ topic }) => /^market\.(bars|ticks)$/.test(topic));
    return {
      configPath: resolve(configPath),
      configText,
      base,
      tape,
      reads: open.topologies[0]?.sources ?? [],
      identity: { run: open.identity, code: searchDigest() },
      marketEvents: market.reduce((sum, { from, to }) => sum + to - from, 0),
      account: config.flow.portfolio,
      barUs: config.flow.source === "ticks" ? config.flow.bars.intervalUs : null,
    };
  } finally {
    await open.tape.close();
  }
}

/** What decides a search's results, as a short name. */
export const searchId = (what: Json): string =>
  createHash("sha256").update(canonicalJson(what)).digest("hex").slice(0, 16);

/** One value is set for all; several are varied. */
export const fixedOf = (axes: readonly Axis[]): readonly Override[] =>
  axes.flatMap(({ key, values }) =>
    values.length === 1 ? [{ key, value: values[0] as string }] : [],
  );

/** The finished sweep; the folder of one that was stopped. Throws SWEEP_…, and as openGround does. */
export async function runSweep(
  plan: SweepPlan,
  options: SearchOptions,
): Promise<Sweep | { readonly stopped: string; readonly done: number }> {
  const axes = plan.axes.filter(({ values }) => values.length > 1);
  const sets = parameterSets(axes, plan.random);
  const ground = await openGround(plan.config, fixedOf(plan.axes), plan.version);
  const { random, validation = plainValidation } = plan;
  const isPlain = canonicalJson({ ...validation }) === canonicalJson({ ...plainValidation });
  const what = {
    ground: ground.identity,
    axes,
    random,
    ...(isPlain ? {} : { validation }),
  } as unknown as Json;
  const id = searchId(what);
  const folder = resolve(options.root, "sweeps", id);
  const trials = sets.map(
    (set): NamedTrial => ({
      key: settingsText(axes, set),
      trial: {
        overrides: [...ground.base, ...overridesOf(axes, set)],
        window: null,
        cashMinor: null,
      },
    }),
  );
  const answers = await answerAll(ground, trials, join(folder, "results.jsonl"), options);
  if (answers.length < sets.length) return { stopped: folder, done: answers.length };
  const order = ranked(answers, plan.measure);
  requireValid(answers);
  requireMeasured(answers, plan.measure, "the tape");
  const returns = answers.map((answer) =>
    answer.state === "done" ? dailyReturns(readDays(answer.days)) : [],
  );
  const best = order[0] as number;
  const chosen = answers[best];
  const horizon =
    chosen?.state === "done"
      ? horizonOf(chosen.metrics.averageHoldingSeconds, chosen.days.perYear)
      : 1;
  const sweep: Sweep = {
    id,
    folder,
    axes,
    gridSize: sizeOf(axes),
    random: plan.random,
    measure: plan.measure,
    currency: ground.account.currency,
    marketEvents: ground.marketEvents,
    sets,
    answers,
    order,
    luck: luckOf(returns, best, horizon, plan.validation),
    perYear: chosen?.state === "done" ? chosen.days.perYear : 0,
  };
  writeWhole(join(folder, "table.csv"), tableCsv(sweep));
  writeWhole(join(folder, "summary.json"), `${JSON.stringify(summaryOf(sweep), null, 2)}\n`);
  writeWhole(join(folder, "sweep.html"), renderSweep(sweep));
  return sweep;
}

/** Trials that are to be answered, each by a name of its own. */
export interface NamedTrial {
  readonly key: string;
  readonly trial: Trial;
}

/** Answers in the order of the trials, all or the first ones of them where it was stopped. */
export async function answerAll(
  ground: Ground,
  trials: readonly NamedTrial[],
  path: string,
  { threads, onProgress, stopRequested }: SearchOptions,
): Promise<readonly TrialAnswer[]> {
  const keys = trials.map(({ key }) => key);
  const results = openResults(path, keys);
  const answers = [...results.answers];
  const done = answers.length;
  onProgress?.(done, trials.length);
  if (done === trials.length) return answers;
  const { configPath, configText, tape, reads } = ground;
  const most = Math.min(threads, trials.length - done);
  const pool = new TrialThreads(most, { configPath, configText, tape, reads });
  try {
    await pool.run(
      trials.slice(done).map(({ trial }) => trial),
      (place, answer) => {
        results.append(keys[done + place] as string, answer);
        answers.push(answer);
        onProgress?.(answers.length, trials.length);
      },
      stopRequested,
    );
  } finally {
    await pool.close();
  }
  return answers;
}

const DAY_SECONDS = 86_400;
const CALENDAR_DAYS = 365;

/**
 * Days of prices that a position is held, at least 1: a holding time runs over nights and weekends, and the
 * days of a market that rests have `perYear` of them in a year.
 */
export const horizonOf = (holdingSeconds: number | null, perYear: number): number =>
  Math.max(1, Math.ceil(((holdingSeconds ?? 0) / DAY_SECONDS) * (perYear / CALENDAR_DAYS)));

export const overridesOf = (axes: readonly Axis[], set: ParameterSet): readonly Override[] =>
  axes.map(({ key }, i) => ({ key, value: set[i] as string }));

/** "features.emaFast=5 features.emaSlow=20". */
export const settingsText = (axes: readonly Axis[], set: ParameterSet): string =>
  axes.map(({ key }, i) => `${key}=${set[i]}`).join(" ");

export function requireValid(answers: readonly TrialAnswer[]): void {
  if (answers.some(({ state }) => state === "done")) return;
  const [first] = answers;
  const why = first === undefined || first.state === "done" ? "" : first.why;
  throw new TapedeckError("SWEEP_EMPTY", `none of ${answers.length} sets could be run: ${why}`, {
    sets: answers.length,
  });
}

/** What --json prints and summary.json holds. */
export function summaryOf(sweep: Sweep) {
  const { id, folder: _, axes, sets, answers, order, luck, measure, currency } = sweep;
  const count = (state: TrialAnswer["state"]): number =>
    answers.filter((answer) => answer.state === state).length;
  const best = order[0] as number;
  const answer = answers[best] as TrialAnswer;
  return {
    sweep: id,
    axes,
    gridSize: sweep.gridSize,
    random: sweep.random,
    trials: { done: count("done"), invalid: count("invalid"), failed: count("failed") },
    marketEvents: sweep.marketEvents,
    measure,
    currency,
    best: {
      settings: Object.fromEntries(axes.map(({ key }, i) => [key, sets[best]?.[i] ?? ""])),
      value: measureOf(answer, measure),
      metrics: answer.state === "done" ? answer.metrics : null,
    },
    luck,
  };
}
