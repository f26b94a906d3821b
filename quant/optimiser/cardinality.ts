// Portfolios of few names, or of none that is held but a little. Promises: the best of them, or the best found and how
// far it can be from it: `certificate.lower` holds for every portfolio that keeps to the choice; the same search on
// every machine unless `expired` ends it.
//
// Branch and bound on which names are held (A. H. Land, A. G. Doig, Econometrica 28, 1960), the most promising branch
// first. A branch leaves out the name that weighs most, another holds it. How much of each name can be worth it is found
// beforehand (name-caps.ts): the more names at their caps, the fewer may be held. A name whose smallest position would cost
// more than the gap is left out without a branch.

import { NamePrograms, type NameWork } from "./name-programs.ts";
import { FirstPortfolios } from "./name-start.ts";
import { isHeld, LONG, type NameChoice, OPEN, OUT, SHORT } from "./name-states.ts";
import type { Answered } from "./near-program.ts";
import type { Outcome, Program, Work } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { netWeights } from "./tail-loss.ts";

/** A portfolio's duals are those of the program without a choice: they prove a bound by themselves, if a weaker one. */
export type NamedOutcome =
  | (Answered & { readonly programs: number })
  | Exclude<Outcome, Answered>
  /** Work ended before any portfolio of the choice was found, or was known not to exist. */
  | { readonly status: "UNDECIDED"; readonly pivots: number };

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
  solve: (program: Program, work?: Work) => Outcome,
  work: NameWork = {},
): NamedOutcome {
  return new NameSearch(program, choice, solve, work).run();
}

class NameSearch {
  private readonly program: Program;
  private readonly choice: NameChoice;
  private readonly solve: (program: Program, work?: Work) => Outcome;
  private readonly work: NameWork;
  private readonly programs: NamePrograms;
  private readonly open: Branch[] = [];
  private best: Answered | null = null;
  /** What is asked for less rounding. */
  private readonly gap: number;

  constructor(
    program: Program,
    choice: NameChoice,
    solve: (program: Program, work?: Work) => Outcome,
    work: NameWork,
  ) {
    this.program = program;
    this.choice = choice;
    this.solve = solve;
    this.work = work;
    this.gap = (work.gap ?? 0) * (1 - 1e-12);
    this.programs = new NamePrograms(program, choice, solve, work);
  }

  run(): NamedOutcome {
    const { program, programs } = this;
    const { names } = programs;
    const relaxed = this.solve(program, {
      ...(this.work.expired && { expired: this.work.expired }),
    });
    if (relaxed.status === "INFEASIBLE" || relaxed.status === "UNBOUNDED") return relaxed;
    programs.begin(relaxed);
    const states = new Uint8Array(names.names.length);
    let bound = relaxed.certificate.lower;
    for (const name of states.keys()) {
      const allowed = names.allowed(name);
      if (allowed.length === 0) return this.impossible();
      if (allowed.length === 1) states[name] = allowed[0] as number;
    }
    if (names.isChosen(relaxed.x)) this.offer(relaxed);
    else this.findFirst(relaxed);
    this.leaveOutHeavy(relaxed);
    const isPlain = !programs.isCounted && states.every((state) => state === OPEN);
    const isSame = isPlain && programs.keeps(states, relaxed.x);
    this.push({ states, bound, near: isSame ? relaxed : null });
    let lost = false;
    while (this.open.length > 0) {
      if (this.programs.isSpent()) {
        if (this.best === null) return { status: "UNDECIDED", pivots: programs.pivots };
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
      return isOpen ? { status: "UNDECIDED", pivots: programs.pivots } : this.impossible();
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
      pivots: programs.pivots,
      programs: programs.programs,
    };
  }

  /** The least bound of what was put aside as not promising. */
  private cut = Number.POSITIVE_INFINITY;

  /** What is at least this is no better, or so little that the gap is closed. */
  private cutoff({ certificate: { upper } }: Answered): number {
    return upper - Math.max(CLOSED, this.gap) * Math.abs(upper);
  }

  private isPromising(bound: number): boolean {
    if (this.best === null || bound < this.cutoff(this.best)) return true;
    this.cut = Math.min(this.cut, bound);
    return false;
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
    if (!(feasibility <= 1e-9) || !this.programs.names.isChosen(candidate.x)) return;
    if (this.best === null || upper < this.best.certificate.upper) this.best = candidate;
  }

  /** Portfolios that hold more of a name than one better than the best can: they are no better. */
  private leaveOutHeavy(relaxed: Answered): void {
    if (this.best === null || !this.isPromising(relaxed.certificate.lower)) return;
    const { upper } = this.best.certificate;
    const cutoff = upper - this.gap * Math.abs(upper);
    this.programs.leaveOutAbove(cutoff, relaxed);
    this.cut = Math.min(this.cut, cutoff);
  }

  /** Solves a branch, or knows its optimum already, and cuts it in two or three. */
  private divide({ states, near }: Branch): void {
    const relaxed = near ?? this.programs.relaxedUnder(states);
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
    const sides = this.programs.names.allowed(name);
    // The side that the relaxed portfolio is on comes last, and so first where depth goes first.
    const own = (net[name] as number) < 0 ? SHORT : LONG;
    sides.sort((a, b) => Number(a === own) - Number(b === own));
    for (const side of sides) {
      const child = decided.slice();
      child[name] = side;
      if (!this.fillUp(child)) continue;
      const isSame = !this.programs.isCounted && this.programs.keeps(child, relaxed.x);
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
    const { best, program, choice, programs } = this;
    if (best === null || !(choice.minimumPosition > 0)) return;
    // Near the optimum what is at 0 costs nothing to keep.
    if (programs.isCounted || programs.isNear) return;
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
      under: (states: Uint8Array): Answered | null => this.programs.under(states),
      offer: (candidate: Answered): void => this.offer(candidate),
      isSpent: (): boolean => this.programs.isSpent(),
    };
    new FirstPortfolios(this.program, this.choice, this.programs.names, trial).find(relaxed);
  }

  private impossible(): NamedOutcome {
    return {
      status: "INFEASIBLE",
      rows: new Float64Array(this.program.rows.count),
      pivots: this.programs.pivots,
    };
  }
}
