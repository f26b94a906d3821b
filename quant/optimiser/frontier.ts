// The efficient frontier, exactly: every vertex at which its mix changes. Between two of them weights, gain and
// risk are on a straight line, so any point of the frontier is had by interpolation. Promises: from least risk to most
// gain in order; `certifyVertex` proves any of them the best for its price of gain, as any answer is proved.
//
// Method: the costs are risk − price · gain; the price rises from 0, and wherever the vertex is no longer the best,
// one edge leads to the next (parametric simplex: S. Gass, T. Saaty, Naval Research Logistics Quarterly 2, 1955).
// Only scenarios that might cross on a step are looked at (band-reach.ts).

import { BandReach } from "./band-reach.ts";
import type { Outcome, Program, Tail, Work } from "./program.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { TailSolver } from "./tail-simplex.ts";

export interface FrontierVertex {
  readonly x: Float64Array;
  /** gains · x. */
  readonly gain: number;
  /** cost · x + tail.weight · CVaR. */
  readonly risk: number;
  /** What a unit more gain costs in risk up to here, 0 at the first; and from here on, Infinity at the last. */
  readonly priceBefore: number;
  readonly price: number;
  /** Scenarios whose loss is the value at risk, and the worst case's mass on each. */
  readonly atRisk: Int32Array;
  readonly masses: Float64Array;
  /** Prices of rows, at `priceBefore`. */
  readonly rows: Float64Array;
}

export type FrontierOutcome =
  | {
      readonly status: "OPTIMAL" | "FEASIBLE";
      readonly vertices: readonly FrontierVertex[];
      readonly pivots: number;
    }
  | Extract<Outcome, { status: "INFEASIBLE" | "UNBOUNDED" }>;

/**
 * `gains`: of each variable, usually its expected return. The program has a tail and no smooth terms, or RangeError.
 * Cost: of 50 assets and 10,000 scenarios about 0.05 ms a vertex (docs/performance.md).
 */
export function cvarFrontier(
  program: Program,
  gains: Float64Array,
  work: Work = {},
): FrontierOutcome {
  const { tail } = program;
  if (tail === undefined || (program.smooth?.length ?? 0) > 0) {
    throw new RangeError("a frontier needs a tail and no smooth terms");
  }
  const solver = new TailSolver(program, TailSolver.budgetOf(program, work));
  const first = solver.solve(work.start);
  if (first.status === "INFEASIBLE" || first.status === "UNBOUNDED") return first;
  if (first.status === "FEASIBLE") {
    return { status: "FEASIBLE", vertices: [], pivots: first.pivots };
  }
  return new FrontierWalk(program, tail, gains, solver).run();
}

class FrontierWalk {
  private readonly vertices: FrontierVertex[] = [];
  private rate = 0;
  private readonly program: Program;
  private readonly tail: Tail;
  private readonly gains: Float64Array;
  private readonly solver: TailSolver;
  private readonly reach: BandReach;

  constructor(program: Program, tail: Tail, gains: Float64Array, solver: TailSolver) {
    this.program = program;
    this.tail = tail;
    this.gains = gains;
    this.solver = solver;
    this.reach = new BandReach(tail, solver.vertex, solver.band as ScenarioBand);
  }

  run(): FrontierOutcome {
    const { solver, gains, reach } = this;
    const { walk, budget } = solver;
    const scaled = gains.map((gain) => gain / solver.unit);
    for (;;) {
      const turn = walk.nextTurn(scaled, this.rate);
      const rate = turn?.rate ?? Number.POSITIVE_INFINITY;
      if (rate > this.rate * (1 + 1e-12) || turn === undefined) this.keep(rate);
      if (turn === undefined) return this.outcome("OPTIMAL");
      this.rate = rate;
      const ended = walk.followTurn(turn, reach);
      if (ended === "unbounded")
        return { status: "UNBOUNDED", ray: walk.ray, pivots: budget.pivots };
      if (ended !== undefined || budget.pivots >= budget.maxPivots) return this.outcome("FEASIBLE");
    }
  }

  private outcome(status: "OPTIMAL" | "FEASIBLE"): FrontierOutcome {
    return { status, vertices: this.vertices, pivots: this.solver.budget.pivots };
  }

  /** This vertex is the best from `this.rate` to `price`. */
  private keep(price: number): void {
    const { solver, program, gains, tail } = this;
    const x = solver.pointNow();
    const last = this.vertices.at(-1);
    if (last?.x.every((value, j) => value === x[j])) {
      this.vertices[this.vertices.length - 1] = { ...last, price };
      return;
    }
    let gain = 0;
    let risk = tail.weight * solver.tailNow();
    for (let j = 0; j < x.length; j++) {
      gain += (gains[j] as number) * (x[j] as number);
      risk += (program.cost[j] as number) * (x[j] as number);
    }
    const { kinks, masses, rows } = solver.pricesAt(gains, this.rate);
    const ties = solver.tiesNow();
    this.vertices.push({
      x,
      gain,
      risk,
      priceBefore: this.rate,
      price,
      atRisk: Int32Array.from([...kinks, ...ties.scenarios]),
      masses: Float64Array.from([...masses, ...ties.masses]),
      rows,
    });
  }
}
