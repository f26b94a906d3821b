// Many random programs through a solver, each outcome judged. Promises: a tally that adds up; what is wrong is named
// by seed and index, so that it can be drawn again.

import type { Outcome, Program } from "../program.ts";
import { judge } from "./judged-outcome.spec.ts";
import { randomProgram, type Wanted } from "./random-program.ts";

export interface Worst {
  readonly value: number;
  readonly index: number;
}

export interface Tally {
  readonly programs: number;
  /** By kind and status: "CVAR OPTIMAL". */
  readonly counts: Readonly<Record<string, number>>;
  readonly gap: Worst;
  readonly disagreement: Worst;
  /** Milliseconds of the solver alone. */
  readonly slowest: Worst;
  readonly pivots: Worst;
  /** Judged by arithmetic alone: HiGHS had no sharp answer. */
  readonly silent: number;
  readonly wrong: readonly string[];
}

export type Solve = (program: Program) => Outcome;

const none: Worst = { value: 0, index: -1 };

export const noPrograms: Tally = {
  programs: 0,
  counts: {},
  gap: none,
  disagreement: none,
  slowest: none,
  pivots: none,
  silent: 0,
  wrong: [],
};

const worse = (a: Worst, b: Worst): Worst => (b.value > a.value ? b : a);

export function together(a: Tally, b: Tally): Tally {
  const counts = { ...a.counts };
  for (const [key, count] of Object.entries(b.counts)) counts[key] = (counts[key] ?? 0) + count;
  return {
    programs: a.programs + b.programs,
    counts,
    gap: worse(a.gap, b.gap),
    disagreement: worse(a.disagreement, b.disagreement),
    slowest: worse(a.slowest, b.slowest),
    pivots: worse(a.pivots, b.pivots),
    silent: a.silent + b.silent,
    wrong: [...a.wrong, ...b.wrong],
  };
}

const words = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** One program, solved and judged. `now` is a clock in milliseconds: speed is reported, never judged. */
export function fuzzOne(
  solve: Solve,
  {
    seed,
    index,
    wanted,
  }: { readonly seed: number; readonly index: number; readonly wanted?: Wanted },
  now: () => number,
): Tally {
  const { program, kind, about } = randomProgram(seed, index, wanted);
  const one = (status: string, wrong: string | null, ms: number): Tally => ({
    ...noPrograms,
    programs: 1,
    counts: { [`${kind} ${status}`]: 1 },
    slowest: { value: ms, index },
    wrong: wrong === null ? [] : [`(${seed}, ${index}) ${wrong} | ${about}`],
  });
  const start = now();
  let outcome: Outcome;
  try {
    outcome = solve(program);
  } catch (error) {
    return one("THROWN", words(error), now() - start);
  }
  const ms = now() - start;
  const judgement = judge(program, outcome);
  // Nobody limited the work: a gap that is left is a fault.
  const left = outcome.status === "FEASIBLE" ? `a gap of ${judgement.gap} is left` : null;
  const wrong = judgement.wrong ?? left;
  const isSound = outcome.status === "OPTIMAL" && wrong === null;
  return {
    ...one(outcome.status, wrong, ms),
    gap: { value: isSound ? judgement.gap : 0, index },
    disagreement: { value: isSound ? judgement.disagreement : 0, index },
    pivots: { value: outcome.pivots, index },
    silent: judgement.isOracleSilent ? 1 : 0,
  };
}
