// The efficient frontier, exactly: every vertex at which its mix changes. Between two of them weights, gain and
// risk are on a straight line, so any point of the frontier is had by interpolation. Promises: from least risk to most
// gain in order; `certifyVertex` proves any of them the best for its price of gain, as any answer is proved.
//
// Method: the costs are risk − price · gain; the price rises from 0, and wherever the vertex is no longer the best,
// one edge leads to the next (parametric simplex: S. Gass, T. Saaty, Naval Research Logistics Quarterly 2, 1955).
// Only scenarios that might cross on a step are looked at (band-reach.ts).

import { BandReach } from "./band-reach.ts";
import { FrontierTurns, type Turn } from "./frontier-turn.ts";
import type { Outcome, Program, Tail, Work } from "./program.ts";
import type { ScenarioBand } from "./scenario-band.ts";
import { TailSolver } from "./tail-simplex.ts";
import { REFACTOR_AFTER } from "./vertex-walk.ts";

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
 * Cost: of 50 assets and 10,000 scenarios about 0.02 ms a vertex (docs/performance.md).
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

/** Of the largest weight: vertices that differ by less are one. */
const SAME = 1e-13;
/** Refactorisations after which the tail's sums are made anew. */
const RECOUNT_EACH = 16;

class FrontierWalk {
  private readonly vertices: FrontierVertex[] = [];
  private rate = 0;
  private sinceFactor = 0;
  private factors = 0;
  private readonly program: Program;
  private readonly tail: Tail;
  private readonly gains: Float64Array;
  private readonly solver: TailSolver;
  private readonly band: ScenarioBand;
  private readonly reach: BandReach;
  private readonly turns: FrontierTurns;
  private readonly net: Float64Array;
  private readonly room = new Room();

  constructor(program: Program, tail: Tail, gains: Float64Array, solver: TailSolver) {
    this.program = program;
    this.tail = tail;
    this.gains = gains;
    this.solver = solver;
    this.band = solver.band as ScenarioBand;
    this.net = new Float64Array(program.holdings.assets);
    this.reach = new BandReach(tail, solver.vertex, this.band);
    const { walk, unit } = solver;
    const scaled = gains.map((gain) => gain / unit);
    this.turns = new FrontierTurns(solver.vertex, walk.pricing, scaled);
    // Edges are priced by their rates here, not by their lengths.
    walk.edge.lengths = undefined;
  }

  run(): FrontierOutcome {
    const { budget, walk } = this.solver;
    for (;;) {
      const turn = this.turns.next(this.rate);
      const rate = turn?.rate ?? Number.POSITIVE_INFINITY;
      if (rate > this.rate * (1 + 1e-12) || turn === undefined) this.keep(rate);
      if (turn === undefined) return this.outcome("OPTIMAL");
      this.rate = rate;
      if (!this.follow(turn)) return { status: "UNBOUNDED", ray: walk.ray, pivots: budget.pivots };
      const isLate = (budget.pivots & 63) === 63 && budget.expired?.() === true;
      if (!this.count() || isLate || budget.pivots >= budget.maxPivots)
        return this.outcome("FEASIBLE");
    }
  }

  /**
   * Along the edge of a turn, to its other end; the band is chosen anew wherever a scenario outside it might cross. False
   * if there is no other end.
   */
  private follow({ entering, direction }: Turn): boolean {
    const { reach, band } = this;
    const { edge } = this.solver.walk;
    edge.lay(entering, direction);
    edge.letGo(band);
    reach.begin();
    let stop = edge.lookAhead(0, false, band);
    while (!reach.covers(edge.net, edge.tStep, stop.far)) {
      const part = reach.partOf(edge.net, edge.tStep);
      if (part > 0) edge.advance(part, band);
      reach.recentre(edge.net);
      stop = edge.lookAhead(0, false, band);
    }
    if (stop.far === Number.POSITIVE_INFINITY) return false;
    edge.land(stop, band);
    return true;
  }

  /** After a step; false if the basis is lost to rounding. */
  private count(): boolean {
    const { vertex, budget } = this.solver;
    budget.pivots++;
    if (++this.sinceFactor < Math.max(REFACTOR_AFTER, vertex.size)) return true;
    this.sinceFactor = 0;
    if (!vertex.refactor()) return false;
    this.band.refresh(vertex.netOf(vertex.x), vertex.t);
    if (++this.factors % RECOUNT_EACH === 0) this.band.recount();
    return true;
  }

  private outcome(status: "OPTIMAL" | "FEASIBLE"): FrontierOutcome {
    return { status, vertices: this.vertices, pivots: this.solver.budget.pivots };
  }

  /** This vertex is the best from `this.rate` to `price`. */
  private keep(price: number): void {
    const { solver, program, gains, tail, net } = this;
    const last = this.vertices.at(-1);
    const x = solver.pointNow(this.room.reals(program.variables));
    if (last !== undefined && areEqual(last.x, x)) {
      this.vertices[this.vertices.length - 1] = { ...last, price };
      return;
    }
    net.fill(0);
    solver.vertex.addNet(x, net);
    let gain = 0;
    let risk = tail.weight * solver.tailOf(net);
    for (let j = 0; j < x.length; j++) {
      gain += (gains[j] as number) * (x[j] as number);
      risk += (program.cost[j] as number) * (x[j] as number);
    }
    const ties = solver.tiesNow();
    const kinks = solver.kinks;
    const count = kinks + (ties?.scenarios.length ?? 0);
    const atRisk = this.room.integers(count);
    const masses = this.room.reals(count);
    const rows = this.room.reals(program.rows.count);
    solver.fillDuals({ scenarios: atRisk, masses, rows });
    if (ties !== undefined) {
      atRisk.set(ties.scenarios, kinks);
      masses.set(ties.masses, kinks);
    }
    this.vertices.push({ x, gain, risk, priceBefore: this.rate, price, atRisk, masses, rows });
  }
}

const PIECE = 131_072;

/** Arrays cut from large ones: thousands of small ones are slow to make, and to collect. */
class Room {
  private piece = new ArrayBuffer(0);
  private used = 0;

  reals(count: number): Float64Array {
    const from = this.take(8 * count);
    return new Float64Array(this.piece, from, count);
  }

  integers(count: number): Int32Array {
    const from = this.take(8 * count);
    return new Int32Array(this.piece, from, count);
  }

  /** Where the next so many bytes begin. */
  private take(size: number): number {
    if (this.used + size > this.piece.byteLength) {
      this.piece = new ArrayBuffer(Math.max(PIECE, size));
      this.used = 0;
    }
    this.used += size;
    return this.used - size;
  }
}

/** Up to rounding: where many scenarios tie, steps of no length lead from basis to basis. */
function areEqual(a: Float64Array, b: Float64Array): boolean {
  let largest = 0;
  for (let j = 0; j < a.length; j++) largest = Math.max(largest, Math.abs(a[j] as number));
  const most = SAME * largest;
  for (let j = 0; j < a.length; j++) {
    if (!(Math.abs((a[j] as number) - (b[j] as number)) <= most)) return false;
  }
  return true;
}
