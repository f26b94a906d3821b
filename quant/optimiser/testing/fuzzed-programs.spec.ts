// Many random programs through a solver, each outcome judged. Promises: a tally that adds up; what is wrong is named
// by seed and index, so that it can be drawn again.

import type { Outcome, Program } from "../program.ts";
import { judge } from "./judged-outcome.spec.ts";
import { randomProgram, type Wanted } from "./random-program.ts";
import type { ReturnKind } from "./random-scenarios.ts";

export interface Worst {
  readonly value: number;
  readonly index: number;
}

export interface Tally {
  readonly programs: number;
  /** By kind and status: "CVAR OPTIMAL". */
  readonly counts: Readonly<Record<string, number>>;
  /** By kind of returns and what became of it: "HEAVY judged", "HEAVY wrong". */
  readonly returns: Readonly<Record<string, number>>;
  readonly gap: Worst;
  readonly disagreement: Worst;
  /** Milliseconds of the solver alone. */
  readonly slowest: Worst;
  readonly pivots: Worst;
  /** Judged by arithmetic alone: HiGHS had no sharp answer. */
  readonly silent: number;
  readonly wrong: readonly string[];
  /** With an honest gap above 1e-8, where floats have no digits for less. */
  readonly open: readonly string[];
}

export type Solve = (program: Program) => Outcome;

const none: Worst = { value: 0, index: -1 };

export const noPrograms: Tally = {
  programs: 0,
  counts: {},
  returns: {},
  gap: none,
  disagreement: none,
  slowest: none,
  pivots: none,
  silent: 0,
  wrong: [],
  open: [],
};

const worse = (a: Worst, b: Worst): Worst => (b.value > a.value ? b : a);

function sums(a: Readonly<Record<string, number>>, b: typeof a): typeof a {
  const counts = { ...a };
  for (const [key, count] of Object.entries(b)) counts[key] = (counts[key] ?? 0) + count;
  return counts;
}

export function together(a: Tally, b: Tally): Tally {
  return {
    programs: a.programs + b.programs,
    counts: sums(a.counts, b.counts),
    returns: sums(a.returns, b.returns),
    gap: worse(a.gap, b.gap),
    disagreement: worse(a.disagreement, b.disagreement),
    slowest: worse(a.slowest, b.slowest),
    pivots: worse(a.pivots, b.pivots),
    silent: a.silent + b.silent,
    wrong: [...a.wrong, ...b.wrong],
    open: [...a.open, ...b.open],
  };
}

const words = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

interface Drawn {
  readonly seed: number;
  readonly index: number;
}

interface Described {
  readonly kind: string;
  readonly returnKind: ReturnKind;
  readonly about: string;
}

interface Found {
  readonly status: string;
  /** Null: nothing is. */
  readonly wrong: string | null;
  /** Of what is FEASIBLE: nobody limited the work. */
  readonly gap?: number;
  readonly ms: number;
}

/**
 * Harder than what anybody trades: assets that differ by a billionth of what they are, or less, which weights of a billion and
 * more hedge, whose last digits are worth more than 1e-8 of the objective; scales a million times apart; one return of ten
 * thousand. A lie is wrong here as well; a gap that is said is not.
 */
const BEYOND: readonly ReturnKind[] = ["NEAR_DUPLICATES", "MIXED_SCALES", "OUTLIER"];

/** The tally of one. */
export function tallyOf(
  { seed, index }: Drawn,
  { kind, returnKind, about }: Described,
  { status, wrong, gap, ms }: Found,
): Tally {
  const says = (what: string): readonly string[] => [`(${seed}, ${index}) ${what} | ${about}`];
  const isLeft = wrong === null && status === "FEASIBLE";
  const left = isLeft ? says(`a gap of ${gap} is left`) : [];
  const isOpen = isLeft && BEYOND.includes(returnKind);
  const found = wrong === null ? (isOpen ? [] : left) : says(wrong);
  return {
    ...noPrograms,
    programs: 1,
    counts: { [`${kind} ${status}`]: 1 },
    returns: {
      [`${returnKind} judged`]: 1,
      [`${returnKind} wrong`]: found.length,
      [`${returnKind} open`]: isOpen ? 1 : 0,
    },
    slowest: { value: ms, index },
    wrong: found,
    open: isOpen ? left : [],
  };
}

/** One program, solved and judged. `now` is a clock in milliseconds: speed is reported, never judged. */
export function fuzzOne(
  solve: Solve,
  { wanted, ...drawn }: Drawn & { readonly wanted?: Wanted },
  now: () => number,
): Tally {
  const { index } = drawn;
  const { program, ...described } = randomProgram(drawn.seed, index, wanted);
  const start = now();
  let outcome: Outcome;
  try {
    outcome = solve(program);
  } catch (error) {
    return tallyOf(drawn, described, { status: "THROWN", wrong: words(error), ms: now() - start });
  }
  const ms = now() - start;
  const { wrong, gap, disagreement, isOracleSilent } = judge(program, outcome);
  const { status, pivots } = outcome;
  const isSound = status === "OPTIMAL" && wrong === null;
  return {
    ...tallyOf(drawn, described, { status, wrong, gap, ms }),
    gap: { value: isSound ? gap : 0, index },
    disagreement: { value: isSound ? disagreement : 0, index },
    pivots: { value: pivots, index },
    silent: isOracleSilent ? 1 : 0,
  };
}
