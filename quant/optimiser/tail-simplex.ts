// Exact optima of linear programs with CVaR: bounds, rows, costs and scenarios. Promises: an answer that is called
// OPTIMAL has gone through every scenario and carries its proof; INFEASIBLE and UNBOUNDED carry theirs; equal
// programs give equal bytes.
//
// Method: the simplex on vertices (vertex-walk.ts) over a band of scenarios (scenario-band.ts), from a vertex near
// the optimum (near-start.ts) where there are many.

import { certify } from "./certificate.ts";
import { provesEmpty } from "./farkas.ts";
import { isClosed } from "./is-closed.ts";
import { startNear } from "./near-start.ts";
import type { Basis, Duals, Outcome, Program, Tail, Work } from "./program.ts";
import { powerOfTwo } from "./return-scale.ts";
import { ScenarioBand } from "./scenario-band.ts";
import { conditionalValueAtRisk, roughValueAtRisk, scenarioLosses } from "./tail-loss.ts";
import { AT_LOWER, AT_UPPER, BETWEEN, FREE, Vertex } from "./vertex.ts";
import { type Ended, VertexWalk } from "./vertex-walk.ts";

/** Violations that phase 1 may leave: rows are scaled to coefficients of about 1. */
const KEPT = 1e-12;
/** Scenarios as near to the value at risk as this, in scaled units, are taken to be at it. */
const TIED = 1e-7;
/** An answer further outside its limits is worse than any gap. */
const WITHIN = 1e-9;
/** A ray gains at least this in a typical return. */
const RAY = 1e-10;
/** So much more may an answer be violated that is better by the offsets of kinks. */
const STRAIGHT = 1e-13;
/** A scenario may be so far on the wrong side, in scaled units. */
const MISPLACED = 1e-12;
/** From this mass on the tail is everything. */
const WHOLE = 1 - 1e-12;
/** As Outcome says. `program.smooth` must be absent or empty: RangeError. Cost: docs/performance.md. */
export function solveTail(program: Program, work: Work = {}): Outcome {
  if ((program.smooth?.length ?? 0) > 0) {
    throw new RangeError("the tail simplex minimises no smooth terms");
  }
  const budget = TailSolver.budgetOf(program, work);
  const { tail } = program;
  // Every is over at the first return that is not 0.
  if (tail !== undefined && (tail.mass >= WHOLE || tail.scenarios.returns.every((r) => r === 0))) {
    return ofMeans(program, tail, (linear) => new TailSolver(linear, budget).solve(work.start));
  }
  return new TailSolver(program, budget).solve(work.start);
}

/** With all mass in the tail, or no returns, CVaR is the mean loss, and no scenario is at an edge. */
function ofMeans(
  program: Program,
  { weight, scenarios }: Tail,
  solve: (linear: Program) => Outcome,
): Outcome {
  const { tail: _whole, ...rest } = program;
  const { asset, sign } = program.holdings;
  const { count, returns, probabilities } = scenarios;
  const cost = Float64Array.from(program.cost);
  for (let j = 0; j < cost.length; j++) {
    const a = asset[j] as number;
    if (a < 0) continue;
    let mean = 0;
    for (let s = 0; s < count; s++) {
      mean += (probabilities[s] as number) * (returns[a * count + s] as number);
    }
    cost[j] = (cost[j] as number) - weight * (sign[j] as number) * mean;
  }
  const outcome = solve({ ...rest, cost });
  if (outcome.status !== "OPTIMAL" && outcome.status !== "FEASIBLE") return outcome;
  const duals = {
    scenarios: Int32Array.from(probabilities, (_p, s) => s),
    masses: Float64Array.from(probabilities),
    rows: outcome.duals.rows,
  };
  return { ...outcome, duals, certificate: certify(program, outcome.x, duals) };
}

type Budget = ConstructorParameters<typeof VertexWalk>[2];

/** A walk with all that it needs; the frontier goes on with it where a single answer ends. */
export class TailSolver {
  static budgetOf(program: Program, work: Work): Budget {
    return {
      pivots: 0,
      maxPivots: work.maxPivots ?? 50_000 + 50 * (program.variables + program.rows.count),
      expired: work.expired,
    };
  }

  private readonly program: Program;
  readonly band: ScenarioBand | undefined;
  readonly vertex: Vertex;
  readonly walk: VertexWalk;
  readonly budget: Budget;
  /** What one unit of the walk's objective is in the program's. */
  readonly unit: number;

  constructor(program: Program, budget: Budget) {
    this.program = program;
    this.budget = budget;
    const { tail, cost } = program;
    this.band = tail === undefined ? undefined : new ScenarioBand(tail, program.holdings);
    this.unit =
      tail === undefined ? costUnit(cost) : tail.weight / (this.band as ScenarioBand).scale;
    this.vertex = new Vertex(program, this.band);
    this.walk = new VertexWalk(
      this.vertex,
      cost.map((value) => value / this.unit),
      budget,
    );
  }

  solve(start: Basis | undefined): Outcome {
    const from = start === undefined ? undefined : this.startAt(start);
    if (from !== "vertex") {
      const failed = this.startAfresh(from === "point");
      if (failed !== undefined) return failed;
    }
    let best = this.finish(this.settle());
    for (let tries = 0; tries < 3 && isUnproved(best); tries++) {
      if (this.budget.pivots >= this.budget.maxPivots || this.budget.expired?.() === true) break;
      this.walk.demandMore();
      const failed = this.startCold(this.pointNow());
      if (failed !== undefined) break;
      const again = this.finish(this.settle());
      if (!isUnproved(again) || isBetter(again, best)) best = again;
    }
    return best;
  }

  /** Walks until no scenario is misplaced. */
  private settle(): Ended {
    const { walk, vertex, band } = this;
    for (;;) {
      const ended = walk.run();
      if (ended === "unbounded" && this.seesMore()) continue;
      if (ended !== "optimal" || band === undefined) return ended;
      if (!walk.refactor()) return "lost";
      const misplaced = this.misplacedNow();
      if (misplaced.length === 0) return ended;
      band.takeIn(misplaced, vertex.netOf(vertex.x), vertex.t);
    }
  }

  /** Takes in every scenario, since a ray may run into any; false if all were seen. */
  private seesMore(): boolean {
    const { band, vertex } = this;
    const before = band?.count ?? 0;
    band?.takeAll(vertex.netOf(vertex.x), vertex.t);
    return (band?.count ?? 0) > before;
  }

  /** Near the optimum, or from the point at hand if that is told to be good. An outcome if that is the end. */
  private startAfresh(isGood: boolean): Outcome | undefined {
    const { program, vertex, band, walk } = this;
    const { tail } = program;
    if (isGood || tail === undefined || band === undefined)
      return this.startCold(isGood ? this.pointNow() : undefined);
    const makeFeasible = (): boolean =>
      walk.makeFeasible() === "optimal" && vertex.violation() <= KEPT;
    const near = startNear({ program, tail, vertex, band, cost: walk.cost, makeFeasible });
    if (near === "vertex") return undefined;
    return this.startCold(near === undefined ? undefined : vertex.x.slice());
  }

  /** From nothing, or a point: phase 1, then the value at risk of what it found. An outcome if that is the end. */
  private startCold(from?: Float64Array): Outcome | undefined {
    const { vertex, walk, band } = this;
    vertex.begin(from);
    let ended = walk.makeFeasible();
    // Violations have an end: where none was found, rounding has lost it.
    const isLost = (): boolean => ended === "lost" || ended === "unbounded";
    for (let tries = 0; isLost() && tries < 3; tries++) {
      walk.demandMore();
      vertex.begin(this.pointNow());
      ended = walk.makeFeasible();
    }
    if (ended === "exhausted" || ended === "lost") {
      throw new RangeError(`phase 1 came to no end within ${this.budget.pivots} pivots`);
    }
    const violation = vertex.violation();
    if (violation > KEPT) {
      const infeasible = this.infeasible();
      // What is within the tolerance of an answer is one, unless it is proven that nothing is nearer.
      if (violation > WITHIN || provesEmpty(this.program, infeasible.rows)) return infeasible;
    }
    const empty = this.impossibleRow();
    if (empty !== undefined) return empty;
    if (band !== undefined) this.beginTail(band);
    return undefined;
  }

  private beginTail(band: ScenarioBand): void {
    const { vertex, program } = this;
    const { probabilities } = (program.tail as Tail).scenarios;
    const losses = band.allLosses(vertex.netOf(vertex.x));
    vertex.t = roughValueAtRisk(losses, probabilities, (program.tail as Tail).mass);
    let kink = 0;
    while (losses[kink] !== vertex.t || !((probabilities[kink] as number) > 0)) kink++;
    band.choose(losses, vertex.t, Int32Array.of(kink));
    vertex.look(band.placeOf(kink));
    vertex.growBy(vertex.variables, band.placeOf(kink), new Float64Array(vertex.size));
  }

  /**
   * From a vertex that was good once. A point, if limits have moved past it; undefined if it is none of this
   * program's.
   */
  private startAt(start: Basis): "vertex" | "point" | undefined {
    const { vertex, band, program } = this;
    if (start.variables.length !== vertex.variables || start.rows.length !== vertex.rows)
      return undefined;
    if (band === undefined ? start.scenarios.length > 0 : start.scenarios.length === 0)
      return undefined;
    const { count = 0, probabilities = new Float64Array(0) } = program.tail?.scenarios ?? {};
    for (const s of start.scenarios)
      if (!(s < count && (probabilities[s] as number) > 0)) return undefined;
    band?.chooseOnly(start.scenarios);
    if (!this.place(start)) return undefined;
    if (!vertex.refactor()) return undefined;
    if (!this.vertex.isFeasible()) return "point";
    if (band === undefined) return "vertex";
    const losses = band.allLosses(vertex.netOf(vertex.x));
    band.choose(losses, vertex.t, start.scenarios);
    for (let r = 0; r < vertex.size; r++) {
      const tight = vertex.tight[r] as number;
      if (tight >= 0) vertex.tight[r] = band.placeOf(start.scenarios[r] as number);
    }
    return "vertex";
  }

  /** Fills the lists of what is free and tight; scenarios come first, in the order of the basis. */
  private place(start: Basis): boolean {
    const { vertex, band } = this;
    vertex.begin();
    let free = 0;
    let tight = 0;
    for (let j = 0; j < vertex.variables; j++) {
      const side = start.variables[j] as number;
      vertex.status[j] = side;
      if (side === FREE) vertex.free[free++] = j;
      else if (side === AT_LOWER) vertex.x[j] = vertex.lower[j] as number;
      else if (side === AT_UPPER) vertex.x[j] = vertex.upper[j] as number;
      else if (side === BETWEEN) vertex.x[j] = 0;
      if (!Number.isFinite(vertex.x[j])) return false;
    }
    if (band !== undefined) vertex.free[free++] = vertex.variables;
    for (const s of start.scenarios) vertex.tight[tight++] = band?.placeOf(s) ?? -1;
    for (let i = 0; i < vertex.rows; i++) {
      const side = start.rows[i] as number;
      vertex.rowSide[i] = side;
      if (side !== 0) vertex.tight[tight++] = -1 - i;
      const limit = side < 0 ? vertex.rowLower[i] : vertex.rowUpper[i];
      if (side !== 0 && !Number.isFinite(limit)) return false;
    }
    vertex.size = free;
    return free === tight;
  }

  /** A row without coefficients is 0 exactly: there is no tolerance that its limits could be measured by. */
  private impossibleRow(): Outcome | undefined {
    const { rows, variables, coefficients, rowLower, rowUpper } = this.vertex;
    for (let i = 0; i < rows; i++) {
      const tooHigh = (rowLower[i] as number) > 0;
      if (!tooHigh && (rowUpper[i] as number) >= 0) continue;
      if (coefficients.subarray(i * variables, (i + 1) * variables).some((c) => c !== 0)) continue;
      const prices = new Float64Array(rows);
      prices[i] = tooHigh ? 1 : -1;
      return { status: "INFEASIBLE", rows: prices, pivots: this.budget.pivots };
    }
    return undefined;
  }

  private infeasible(): Extract<Outcome, { status: "INFEASIBLE" }> {
    const { vertex, walk, budget } = this;
    walk.pricing.priceViolations(walk.violations);
    walk.pricing.refine();
    const rows = new Float64Array(vertex.rows);
    for (let i = 0; i < vertex.rows; i++)
      rows[i] = -(walk.violations[i] as number) * (vertex.rowScale[i] as number);
    this.addRowPrices(rows, 1);
    return { status: "INFEASIBLE", rows, pivots: budget.pivots };
  }

  private addRowPrices(into: Float64Array, unit: number): void {
    const { vertex, walk } = this;
    for (let r = 0; r < vertex.size; r++) {
      const i = -1 - (vertex.tight[r] as number);
      if (i >= 0)
        into[i] = unit * (walk.pricing.prices[r] as number) * (vertex.rowScale[i] as number);
    }
  }

  private finish(ended: Ended): Outcome {
    const { walk, budget } = this;
    if (ended === "unbounded" && this.gains(walk.ray)) {
      return { status: "UNBOUNDED", ray: walk.ray, pivots: budget.pivots };
    }
    const found = this.answer(ended);
    if (!walk.perturbed || !this.straighten()) return found;
    const straight = this.answer(ended);
    const isFeasible =
      straight.certificate.feasibility <= Math.max(found.certificate.feasibility, STRAIGHT);
    return isFeasible && straight.certificate.upper < found.certificate.upper ? straight : found;
  }

  /** Whether a way without end makes the objective fall by more than rounding. */
  private gains(ray: Float64Array): boolean {
    const { program, vertex, unit } = this;
    const { tail } = program;
    let slope = 0;
    let size = 0;
    for (let j = 0; j < ray.length; j++) {
      slope += (program.cost[j] as number) * (ray[j] as number);
      size = Math.max(size, Math.abs(ray[j] as number));
    }
    if (tail !== undefined) {
      const losses = scenarioLosses(tail.scenarios, vertex.netOf(ray));
      slope +=
        tail.weight * conditionalValueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
    }
    return slope < -RAY * unit * size;
  }

  /** The same basis without the offsets that parted kinks. False if it is then not within bounds. */
  private straighten(): boolean {
    this.band?.offset.fill(0);
    return this.walk.refactor() && this.vertex.isFeasible();
  }

  private answer(ended: Ended): Extract<Outcome, { status: "OPTIMAL" | "FEASIBLE" }> {
    const { program, vertex, budget } = this;
    const x = this.pointNow();
    const duals = this.duals();
    const certificate = certify(program, x, duals);
    const isProved = isClosed(program, x, certificate);
    return {
      status: ended === "optimal" && isProved ? "OPTIMAL" : "FEASIBLE",
      x,
      duals,
      certificate,
      pivots: budget.pivots,
      basis: vertex.basis(),
    };
  }

  /** The vertex as an answer: within its bounds to the last bit. */
  pointNow(into: Float64Array = new Float64Array(this.vertex.variables)): Float64Array {
    const { x, lower, upper } = this.vertex;
    for (let j = 0; j < x.length; j++)
      into[j] = Math.min(Math.max(x[j] as number, lower[j] as number), upper[j] as number);
    return into;
  }

  /** Scenarios at the value at risk that are tight. */
  get kinks(): number {
    const { tight, size } = this.vertex;
    let kinks = 0;
    for (let r = 0; r < size; r++) if ((tight[r] as number) >= 0) kinks++;
    return kinks;
  }

  /** The prices that the walk has now, refined: of rows, and the mass of each of the `kinks`. */
  fillDuals({ scenarios, masses, rows }: Duals): void {
    const { walk, vertex, unit, band } = this;
    walk.pricing.refine();
    rows.fill(0);
    this.addRowPrices(rows, unit);
    let found = 0;
    for (let r = 0; r < vertex.size && band !== undefined; r++) {
      const b = vertex.tight[r] as number;
      if (b < 0) continue;
      const price = walk.pricing.prices[r] as number;
      scenarios[found] = band.ids[b] as number;
      masses[found++] = Math.min(Math.max(0, -price), band.weight[b] as number);
    }
  }

  /** Scenarios at the value at risk that are no kinks, with their whole mass or none. */
  tiesNow(): ReturnType<ScenarioBand["ties"]> {
    return this.band?.ties(TIED * Math.max(1, Math.abs(this.vertex.t)));
  }

  /** CVaR of weights at this vertex, from the tail's sums. */
  tailOf(net: Float64Array): number {
    return this.band?.conditional(net, this.vertex.t) ?? 0;
  }

  /** Scenarios outside the band that are on the wrong side of this vertex. */
  private misplacedNow(): readonly number[] {
    const { vertex, band } = this;
    const tolerance = MISPLACED * Math.max(1, Math.abs(vertex.t));
    return band?.misplaced(vertex.netOf(vertex.x), vertex.t, tolerance) ?? [];
  }

  private duals(): Duals {
    const { band, kinks } = this;
    this.walk.pricing.price();
    const masses = new Float64Array(kinks);
    const rows = new Float64Array(this.vertex.rows);
    const scenarios = new Int32Array(kinks);
    this.fillDuals({ scenarios, masses, rows });
    if (band === undefined) return { scenarios, masses, rows };
    const tail = band.tailMasses();
    return {
      scenarios: Int32Array.from([...tail.scenarios, ...scenarios]),
      masses: Float64Array.from([...tail.masses, ...masses]),
      rows,
    };
  }
}

/** An end that rounding may have brought about. */
const isUnproved = (outcome: Outcome): boolean => outcome.status === "FEASIBLE";

/** Nearer to its limits, or with the smaller gap. */
function isBetter(outcome: Outcome, other: Outcome): boolean {
  if (outcome.status !== "FEASIBLE" || other.status !== "FEASIBLE") return false;
  const [a, b] = [outcome.certificate, other.certificate];
  if (a.feasibility > WITHIN || b.feasibility > WITHIN) return a.feasibility < b.feasibility;
  return a.upper - a.lower < b.upper - b.lower;
}

const costUnit = (cost: Float64Array): number => {
  let largest = 0;
  for (const value of cost) largest = Math.max(largest, Math.abs(value));
  return largest > 0 ? powerOfTwo(largest) : 1;
};
