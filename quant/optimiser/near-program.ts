// One program of many alike, solved on the variables and scenarios that matter near its optimum. Promises: the lower bound
// is of the whole program, the upper bound of all its scenarios; what mattered once is looked at from then on.
//
// Fewer scenarios in the tail can only make CVaR smaller, so what is proved of a part holds for all. Variables that are not
// looked at rest at 0; they are priced (as columns are, P. Gilmore, R. Gomory, Operations Research 9, 1961), and come in
// where they would gain.

import { certify, provenLower } from "./certificate.ts";
import { withoutZeros } from "./fixed-parts.ts";
import type { Duals, Outcome, Program, Tail } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { netWeights, scenarioLosses, valueAtRisk } from "./tail-loss.ts";

export type Answered = Extract<Outcome, { certificate: unknown }>;
export type SolveProgram = (program: Program) => Outcome;

/** Times the tail's mass: the scenarios that are looked at, at the least. */
const SCENARIOS = 4;
/** Times the variables that are not 0, and so many more. */
const VARIABLES = 1;
const MORE_VARIABLES = 32;
/** Below so many returns a part saves nothing. */
const MANY = 400_000;
/** Slopes below it are rounding. */
const LEVEL = 1e-12;

export class NearProgram {
  private readonly program: Program;
  private readonly tail: Tail;
  private readonly isLookedAt: Uint8Array;
  private readonly isNear: Uint8Array;
  private near: { readonly tail: Tail; readonly ids: Int32Array } | null = null;
  /** Returns that were looked at in all: what the work has cost, the same on every machine. */
  cells = 0;

  /** Around an optimum of a program; null where a part of it saves nothing. */
  static around(program: Program, optimum: Answered): NearProgram | null {
    const { tail, smooth = [], variables } = program;
    if (tail === undefined || smooth.length > 0) return null;
    if (variables * tail.scenarios.count < MANY) return null;
    return new NearProgram(program, tail, optimum);
  }

  private constructor(program: Program, tail: Tail, { x, duals }: Answered) {
    this.program = program;
    this.tail = tail;
    this.isLookedAt = new Uint8Array(program.variables);
    this.isNear = new Uint8Array(tail.scenarios.count);
    const { slope } = reducedCosts(program, x, duals);
    const free = x.reduce((count, value) => count + (value === 0 ? 0 : 1), 0);
    const order = [...x.keys()].sort(
      (i, j) =>
        Number(x[i] === 0) - Number(x[j] === 0) ||
        Math.abs(slope[i] as number) - Math.abs(slope[j] as number) ||
        i - j,
    );
    for (const j of order.slice(0, VARIABLES * free + MORE_VARIABLES)) this.isLookedAt[j] = 1;
    this.comeNear(x, SCENARIOS);
  }

  /**
   * The best of a program that differs from the first by bounds and rows, in all its variables; its bounds are within
   * `tolerance`, a share, of what all variables and scenarios would give. Null: there is none, of all variables.
   */
  solve(decided: Program, solve: SolveProgram, tolerance: number): Answered | null {
    let isWhole = false;
    for (;;) {
      const { tail, ids } = this.nearTail();
      const whole: Program = { ...decided, tail };
      const rested = isWhole ? [] : this.resting(decided);
      const { program, kept } = withoutZeros(atRest(whole, rested));
      const outcome = solve(program);
      this.cells += program.variables * tail.scenarios.count;
      if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") {
        if (rested.length === 0) return null;
        isWhole = true;
        continue;
      }
      const x = new Float64Array(decided.variables);
      for (const [place, j] of kept.entries()) x[j] = cleaned(outcome.x[place] as number);
      const { upper } = outcome.certificate;
      const room = tolerance * Math.abs(upper);
      let { lower } = outcome.certificate;
      if (rested.length > 0) {
        lower = provenLower(whole, x, outcome.duals);
        if (upper - lower > room && this.lookAtGains(whole, rested, x, outcome.duals)) continue;
      }
      const proved = certify(this.program, x, withoutDuals(decided));
      if (proved.upper - upper > room && this.comeNear(x, 2)) continue;
      const feasibility = Math.max(outcome.certificate.feasibility, proved.feasibility);
      const duals = {
        ...outcome.duals,
        scenarios: outcome.duals.scenarios.map((s) => ids[s] ?? 0),
      };
      const { basis: _, ...rest } = outcome;
      return { ...rest, x, duals, certificate: { upper: proved.upper, lower, feasibility } };
    }
  }

  /** Variables that may be 0 and are not looked at. */
  private resting({ lower, upper }: Program): number[] {
    const rested: number[] = [];
    for (let j = 0; j < lower.length; j++) {
      const [least, most] = [lower[j] as number, upper[j] as number];
      if (this.isLookedAt[j] === 0 && least <= 0 && most >= 0 && least < most) rested.push(j);
    }
    return rested;
  }

  /** Looks at those that would gain from where they rest; false if there are none. */
  private lookAtGains(whole: Program, rested: readonly number[], x: Float64Array, duals: Duals) {
    const { slope, size } = reducedCosts(whole, x, duals);
    let found = false;
    for (const j of rested) {
      const level = LEVEL * (size[j] as number);
      const gains =
        ((slope[j] as number) < -level && (whole.upper[j] as number) > 0) ||
        ((slope[j] as number) > level && (whole.lower[j] as number) < 0);
      if (!gains) continue;
      this.isLookedAt[j] = 1;
      found = true;
    }
    return found;
  }

  /** Looks at the scenarios that are among the worst at x, so many times the tail's mass; false if all are looked at. */
  private comeNear(x: Float64Array, times: number): boolean {
    const { scenarios, mass } = this.tail;
    const { probabilities } = scenarios;
    const losses = scenarioLosses(scenarios, netWeights(this.program.holdings, x));
    const least = valueAtRisk(losses, probabilities, Math.min(1, times * mass));
    let found = false;
    for (let s = 0; s < losses.length; s++) {
      const isNew = this.isNear[s] === 0 && (probabilities[s] as number) > 0;
      if (!isNew || (losses[s] as number) < least) continue;
      this.isNear[s] = 1;
      found = true;
    }
    if (found) this.near = null;
    return found;
  }

  /** The tail of the scenarios looked at: each of them weighs what it weighs among all. Cost: a copy of them. */
  private nearTail(): { readonly tail: Tail; readonly ids: Int32Array } {
    if (this.near !== null) return this.near;
    const { weight, mass, scenarios } = this.tail;
    const { assets, count, returns, probabilities } = scenarios;
    const ids = Int32Array.from([...probabilities.keys()].filter((s) => this.isNear[s] === 1));
    let total = 0;
    for (const s of ids) total += probabilities[s] as number;
    const part = new Float64Array(assets.length * ids.length);
    for (let a = 0; a < assets.length; a++) {
      for (let k = 0; k < ids.length; k++) {
        part[a * ids.length + k] = returns[a * count + (ids[k] as number)] as number;
      }
    }
    const chances = Float64Array.from(ids, (s) => (probabilities[s] as number) / total);
    const near = { assets, count: ids.length, returns: part, probabilities: chances };
    this.near = { tail: { weight, mass: mass / total, scenarios: near }, ids };
    return this.near;
  }
}

function atRest(program: Program, rested: readonly number[]): Program {
  if (rested.length === 0) return program;
  const lower = program.lower.slice();
  const upper = program.upper.slice();
  for (const j of rested) {
    lower[j] = 0;
    upper[j] = 0;
  }
  return { ...program, lower, upper };
}

export const withoutDuals = ({ rows }: Program): Duals => ({
  scenarios: new Int32Array(0),
  masses: new Float64Array(0),
  rows: new Float64Array(rows.count),
});

/** Without what is rounding beside a weight. */
export const cleaned = (value: number): number => (Math.abs(value) < 1e-13 ? 0 : value);
