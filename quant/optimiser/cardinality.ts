// Portfolios of few names, or of none that is held but a little. Promises: the best of them, or the best found and how
// far it can be from it: `certificate.lower` holds for every portfolio that keeps to the choice; the same search on
// every machine unless `expired` ends it.
//
// Branch and bound on which names are held (A. H. Land, A. G. Doig, Econometrica 28, 1960), the most promising branch
// first. A branch leaves out the name that weighs most, another holds it. A name whose smallest position would cost
// more than the gap is left out without a branch.

import { certify, largestViolation } from "./certificate.ts";
import { counted, ownVariances } from "./count-curvature.ts";
import { withoutZeros } from "./fixed-parts.ts";
import { type Answered, FirstPortfolios } from "./name-start.ts";
import { isHeld, LONG, type NameChoice, NameStates, OPEN, OUT, SHORT } from "./name-states.ts";
import type { Duals, Outcome, Program, Work } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { netWeights } from "./tail-loss.ts";

export type SolveProgram = (program: Program, work?: Work) => Outcome;

export interface NameWork {
  /** After so many programs the best so far comes back; left out: after about as much work as 20 s hold. */
  readonly maxPrograms?: number;
  readonly expired?: () => boolean;
  /** A gap, relative to the objective, that is small enough. */
  readonly gap?: number;
}

/** A portfolio's duals are those of the program without a choice: they prove a bound by themselves, if a weaker one. */
export type NamedOutcome =
  | (Answered & { readonly programs: number })
  | Exclude<Outcome, Answered>
  /** Work ended before any portfolio of the choice was found, or was known not to exist. */
  | { readonly status: "UNDECIDED"; readonly pivots: number };

const MOST_PROGRAMS = 20_000;
/** Where the caller sets no number of programs: some 20 s. */
const MOST_CELLS = 6e8;
const CLOSED = 1e-9;

interface Branch {
  readonly states: Uint8Array;
  readonly bound: number;
  /** Of the branch it comes from: still the optimum where it keeps to what was decided since. */
  readonly near: Answered | null;
}

/**
 * As Outcome says, of the portfolios of `program` that hold at most `maximumNames` names and nothing smaller than
 * `minimumPosition`. `solve` takes the program's kind (solveTail, solveSmooth). INFEASIBLE: with the proof of rows where
 * there is no portfolio at all, with prices of 0 where the choice is what cannot be kept to. UNBOUNDED: without the choice
 * it is.
 */
export function solveNames(
  program: Program,
  choice: NameChoice,
  solve: SolveProgram,
  work: NameWork = {},
): NamedOutcome {
  return new NameSearch(program, choice, solve, work).run();
}

class NameSearch {
  private readonly program: Program;
  private readonly choice: NameChoice;
  private readonly solve: SolveProgram;
  private readonly work: NameWork;
  private readonly names: NameStates;
  private readonly open: Branch[] = [];
  private best: Answered | null = null;
  private programs = 0;
  private pivots = 0;
  /** Variables times scenarios of all programs solved: what they cost, the same on every machine. */
  private cells = 0;
  /** Diagonal part of a variance that counts names; null: none. */
  private readonly own: Float64Array | null;

  constructor(program: Program, choice: NameChoice, solve: SolveProgram, work: NameWork) {
    this.program = program;
    this.choice = choice;
    this.solve = solve;
    this.work = work;
    this.names = new NameStates(program, choice);
    this.own = choice.maximumNames < this.names.names.length ? ownVariances(program) : null;
  }

  run(): NamedOutcome {
    const { program, names } = this;
    const relaxed = this.solve(program, {
      ...(this.work.expired && { expired: this.work.expired }),
    });
    this.programs++;
    if (relaxed.status === "INFEASIBLE") return relaxed;
    if (relaxed.status === "UNBOUNDED") return relaxed;
    this.pivots += relaxed.pivots;
    const states = new Uint8Array(names.names.length);
    let bound = relaxed.certificate.lower;
    for (const name of states.keys()) {
      const allowed = names.allowed(name);
      if (allowed.length === 0) return this.impossible();
      if (allowed.length === 1) states[name] = allowed[0] as number;
    }
    if (names.isChosen(relaxed.x)) this.offer(relaxed);
    else this.findFirst(relaxed);
    const isPlain = this.own === null && states.every((state) => state === OPEN);
    this.push({ states, bound, near: isPlain ? relaxed : null });
    let lost = false;
    while (this.open.length > 0) {
      if (this.isSpent()) {
        if (this.best === null) return { status: "UNDECIDED", pivots: this.pivots };
        lost = true;
        break;
      }
      // Without a portfolio yet, go down where the search is deepest.
      const branch = this.best === null ? (this.open.pop() as Branch) : this.pop();
      bound = branch.bound;
      if (!this.isPromising(bound)) continue;
      this.divide(branch);
    }
    if (this.best === null) {
      // A leaf whose portfolio was not within rounding of its limits is no proof that there is none.
      const isOpen = this.cut < Number.POSITIVE_INFINITY;
      return isOpen ? { status: "UNDECIDED", pivots: this.pivots } : this.impossible();
    }
    const { best } = this;
    const left = this.open.reduce((least, b) => Math.min(least, b.bound), best.certificate.upper);
    const lower = Math.max(relaxed.certificate.lower, Math.min(left, this.cut));
    const gap = best.certificate.upper - lower;
    const isClosed =
      !lost &&
      gap <=
        Math.max(CLOSED, this.work.gap ?? 0) * Math.abs(best.certificate.upper) * 1.01 + 1e-300;
    return {
      status: isClosed ? "OPTIMAL" : "FEASIBLE",
      x: best.x,
      duals: relaxed.duals,
      certificate: { ...best.certificate, lower },
      pivots: this.pivots,
      programs: this.programs,
    };
  }

  /** The least bound of what was put aside as not promising. */
  private cut = Number.POSITIVE_INFINITY;

  private isPromising(bound: number): boolean {
    if (this.best === null) return true;
    const { upper } = this.best.certificate;
    const isBetter = bound < upper - Math.max(CLOSED, this.work.gap ?? 0) * Math.abs(upper);
    if (!isBetter) this.cut = Math.min(this.cut, bound);
    return isBetter;
  }

  private isSpent(): boolean {
    const { maxPrograms = MOST_PROGRAMS, expired } = this.work;
    const isDear = this.work.maxPrograms === undefined && this.cells >= MOST_CELLS;
    return isDear || this.programs >= maxPrograms || expired?.() === true;
  }

  private push(branch: Branch): void {
    this.open.push(branch);
  }

  /** The least bound, the latest of equals. */
  private pop(): Branch {
    let at = 0;
    for (let k = 1; k < this.open.length; k++) {
      if ((this.open[k] as Branch).bound <= (this.open[at] as Branch).bound) at = k;
    }
    return this.open.splice(at, 1)[0] as Branch;
  }

  private offer(candidate: Answered): void {
    const { feasibility, upper } = candidate.certificate;
    if (!(feasibility <= 1e-9) || !this.names.isChosen(candidate.x)) return;
    if (this.best === null || upper < this.best.certificate.upper) this.best = candidate;
  }

  /**
   * The best under decisions, in the whole program's variables; null if there is none. Relaxed: a bound of those with as
   * many names as are left, which may lie above the best of any number.
   */
  private under(states: Uint8Array, isRelaxed: boolean): Answered | null {
    const decided = this.names.decided(states);
    if (decided === null) return null;
    const { program, kept } = withoutZeros(
      isRelaxed ? this.strengthened(decided, states) : decided,
    );
    const outcome = this.solve(program);
    this.programs++;
    this.cells += program.variables * (program.tail?.scenarios.count ?? program.variables);
    if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return null;
    this.pivots += outcome.pivots;
    const x = new Float64Array(this.program.variables);
    for (const [place, j] of kept.entries()) x[j] = cleaned(outcome.x[place] as number);
    const { basis: _, ...rest } = outcome;
    const { lower } = outcome.certificate;
    if (isRelaxed && this.own !== null) {
      return {
        ...rest,
        x,
        certificate: { ...certify(this.program, x, noDuals(this.program)), lower },
      };
    }
    const feasibility = Math.max(
      outcome.certificate.feasibility,
      largestViolation(this.program, x),
    );
    return { ...rest, x, certificate: { ...outcome.certificate, feasibility } };
  }

  private strengthened(decided: Program, states: Uint8Array): Program {
    if (this.own === null) return decided;
    let left = this.choice.maximumNames;
    for (const state of states) if (state === LONG || state === SHORT) left--;
    return left > 0 ? counted(decided, this.own, states, left) : decided;
  }

  /** Solves a branch, or knows its optimum already, and cuts it in two or three. */
  private divide({ states, near }: Branch): void {
    const relaxed = near ?? this.under(states, true);
    if (relaxed === null) return;
    const bound = relaxed.certificate.lower;
    this.offer(relaxed);
    if (!this.isPromising(bound)) return;
    const decided = states.slice();
    if (near === null) this.leaveOutDear(decided, relaxed);
    const net = netWeights(this.program.holdings, relaxed.x);
    const name = this.nameToDecide(decided, net);
    if (name < 0) {
      this.cut = Math.min(this.cut, bound);
      return;
    }
    const sides = this.names.allowed(name);
    // The side that the relaxed portfolio is on comes last, and so first where depth goes first.
    const own = (net[name] as number) < 0 ? SHORT : LONG;
    sides.sort((a, b) => Number(a === own) - Number(b === own));
    for (const side of sides) {
      const child = decided.slice();
      child[name] = side;
      const keeps = side === own && Math.abs(net[name] as number) >= this.choice.minimumPosition;
      if (!this.fillUp(child)) continue;
      const isSame = this.own === null && keeps && same(child, decided, name);
      this.push({ states: child, bound, near: isSame ? relaxed : null });
    }
  }

  /** Once all names are given, the rest is out. False where there are too many. */
  private fillUp(states: Uint8Array): boolean {
    let held = 0;
    for (const state of states) if (state === LONG || state === SHORT) held++;
    if (held > this.choice.maximumNames) return false;
    if (held < this.choice.maximumNames) return true;
    for (const name of states.keys()) if (states[name] === OPEN) states[name] = OUT;
    return true;
  }

  /** The open name that weighs most; of those too small one first. -1: nothing is open that matters. */
  private nameToDecide(states: Uint8Array, net: Float64Array): number {
    let name = -1;
    let most = 0;
    for (const a of states.keys()) {
      const size = Math.abs(net[a] as number);
      if (states[a] === OPEN && isHeld(size) && size > most) {
        most = size;
        name = a;
      }
    }
    return name;
  }

  /** By reduced cost: names at 0 whose smallest position would cost more than is to be gained. */
  private leaveOutDear(states: Uint8Array, relaxed: Answered): void {
    const { best, program, choice } = this;
    if (best === null || this.own !== null || !(choice.minimumPosition > 0)) return;
    const rows = relaxed.duals.rows.subarray(0, program.rows.count);
    // Rows that were added price names too: only where they have no price are these slopes the whole.
    for (let i = program.rows.count; i < relaxed.duals.rows.length; i++) {
      if (relaxed.duals.rows[i] !== 0) return;
    }
    const { slope } = reducedCosts(program, relaxed.x, { ...relaxed.duals, rows });
    const room = best.certificate.upper - relaxed.certificate.lower;
    const { asset } = program.holdings;
    const cheapest = new Float64Array(program.holdings.assets).fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < asset.length; j++) {
      const a = asset[j] as number;
      const atZero = program.lower[j] === 0 && relaxed.x[j] === 0;
      if (a >= 0) cheapest[a] = Math.min(cheapest[a] as number, atZero ? (slope[j] as number) : 0);
    }
    for (const a of states.keys()) {
      if (states[a] === OPEN && (cheapest[a] as number) * choice.minimumPosition > room) {
        states[a] = OUT;
      }
    }
  }

  private findFirst(relaxed: Answered): void {
    const trial = {
      under: (states: Uint8Array): Answered | null => this.under(states, false),
      offer: (candidate: Answered): void => this.offer(candidate),
      isSpent: (): boolean => this.isSpent(),
    };
    new FirstPortfolios(this.program, this.choice, this.names, trial).find(relaxed);
  }

  private impossible(): NamedOutcome {
    return {
      status: "INFEASIBLE",
      rows: new Float64Array(this.program.rows.count),
      pivots: this.pivots,
    };
  }
}

const noDuals = ({ rows }: Program): Duals => ({
  scenarios: new Int32Array(0),
  masses: new Float64Array(0),
  rows: new Float64Array(rows.count),
});

const cleaned = (value: number): number => (Math.abs(value) < 1e-13 ? 0 : value);

const same = (a: Uint8Array, b: Uint8Array, except: number): boolean =>
  a.every((state, name) => name === except || state === b[name]);
