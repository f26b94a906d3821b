// The programs of a search for few names: the best portfolio under what is decided of each name. Promises: bounds that hold
// for every portfolio that keeps to the decisions; what the work was, counted the same on every machine.

import { certify, largestViolation } from "./certificate.ts";
import { counted, ownVariances } from "./count-curvature.ts";
import { withoutZeros } from "./fixed-parts.ts";
import { capsOf } from "./name-caps.ts";
import { LONG, type NameChoice, NameStates, SHORT } from "./name-states.ts";
import {
  type Answered,
  cleaned,
  NearProgram,
  type SolveProgram,
  withoutDuals,
} from "./near-program.ts";
import type { Program } from "./program.ts";

export interface NameWork {
  /** After so many programs the best so far comes back; left out: after about as much work as 20 s hold. */
  readonly maxPrograms?: number;
  readonly expired?: () => boolean;
  /** A gap, relative to the objective, that is small enough. */
  readonly gap?: number;
}

const MOST_PROGRAMS = 20_000;
/** Where the caller sets no number of programs: some 20 s. */
const MOST_CELLS = 3e8;
/** Bounds may be so far from those of the whole program: a share of the gap that is asked for, or next to nothing. */
const SHARE_OF_GAP = 0.01;
const NEXT_TO_NOTHING = 1e-10;
/** Less than what counts as held. */
const WITHIN = 1e-11;

export class NamePrograms {
  names: NameStates;
  programs = 0;
  pivots = 0;
  /** Variables times scenarios of all programs solved: what they cost, the same on every machine. */
  private cells = 0;
  private readonly program: Program;
  private readonly choice: NameChoice;
  private readonly solve: SolveProgram;
  private readonly work: NameWork;
  /** Diagonal part of a variance that counts names; null: none. */
  private readonly own: Float64Array | null;
  /** What is looked at, once that is known; null: all. */
  private near: NearProgram | null = null;

  constructor(program: Program, choice: NameChoice, solve: SolveProgram, work: NameWork) {
    this.program = program;
    this.choice = choice;
    this.solve = solve;
    this.work = work;
    this.names = new NameStates(program, choice);
    this.own = choice.maximumNames < this.names.names.length ? ownVariances(program) : null;
  }

  /** Whether relaxed programs count names beyond bounds and rows: their optimum is not that of the program then. */
  get isCounted(): boolean {
    return this.own !== null;
  }

  /** Whether only what matters near the optimum is looked at. */
  get isNear(): boolean {
    return this.near !== null;
  }

  isSpent(): boolean {
    const { maxPrograms = MOST_PROGRAMS, expired } = this.work;
    const isDear = this.work.maxPrograms === undefined && this.cells >= MOST_CELLS;
    return isDear || this.programs >= maxPrograms || expired?.() === true;
  }

  /** With the optimum without a choice; from now on programs are solved near it, where that saves work. */
  begin(relaxed: Answered): void {
    this.programs++;
    this.pivots += relaxed.pivots;
    this.near = NearProgram.around(this.program, relaxed);
  }

  /** From now on portfolios that are no better than `cutoff` may be left out. */
  leaveOutAbove(cutoff: number, relaxed: Answered): void {
    if ((this.program.smooth?.length ?? 0) > 0) return;
    const upper = capsOf(this.program, relaxed, cutoff, {
      solve: (program) => this.solved(program, () => this.ofWhole(program)),
      isSpent: () => this.isSpent(),
    });
    this.names = new NameStates({ ...this.program, upper }, this.choice);
  }

  /** Whether a portfolio is within what is decided, relaxed. */
  keeps(states: Uint8Array, x: Float64Array): boolean {
    const decided = this.names.decided(states);
    return decided !== null && largestViolation(decided, x) <= WITHIN;
  }

  /** The best that keeps to the decisions, in the whole program's variables; null if there is none. */
  under(states: Uint8Array): Answered | null {
    const decided = this.names.decided(states);
    return decided === null ? null : this.solved(decided, () => this.ofWhole(decided));
  }

  /** A bound of those with as many names as are left, which may lie above the best of any number. */
  relaxedUnder(states: Uint8Array): Answered | null {
    const { own } = this;
    const decided = this.names.decided(states);
    if (decided === null) return null;
    return this.solved(decided, () =>
      own === null ? this.ofWhole(decided) : this.ofCounted(decided, states, own),
    );
  }

  private solved(decided: Program, whole: () => Answered | null): Answered | null {
    this.programs++;
    const { near } = this;
    let found: Answered | null;
    if (near === null) found = whole();
    else {
      const before = near.cells;
      const tolerance = Math.max(NEXT_TO_NOTHING, SHARE_OF_GAP * (this.work.gap ?? 0));
      found = near.solve(decided, this.solve, tolerance);
      this.cells += near.cells - before;
    }
    this.pivots += found?.pivots ?? 0;
    return found;
  }

  private ofWhole(decided: Program): Answered | null {
    const { program, kept } = withoutZeros(decided);
    const outcome = this.solve(program);
    this.cells += program.variables * (program.tail?.scenarios.count ?? program.variables);
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return null;
    const x = new Float64Array(this.program.variables);
    for (const [place, j] of kept.entries()) x[j] = cleaned(outcome.x[place] as number);
    const { basis: _, ...rest } = outcome;
    const feasibility = Math.max(
      outcome.certificate.feasibility,
      largestViolation(this.program, x),
    );
    return { ...rest, x, certificate: { ...outcome.certificate, feasibility } };
  }

  private ofCounted(decided: Program, states: Uint8Array, own: Float64Array): Answered | null {
    let left = this.choice.maximumNames;
    for (const state of states) if (state === LONG || state === SHORT) left--;
    const found = this.ofWhole(left > 0 ? counted(decided, own, states, left) : decided);
    if (found === null) return null;
    const { lower } = found.certificate;
    const proved = certify(this.program, found.x, withoutDuals(this.program));
    return { ...found, certificate: { ...proved, lower } };
  }
}
