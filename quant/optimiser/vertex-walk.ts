// The simplex on vertices: from a vertex along the edge on which the objective falls fastest per length of the
// edge (steepest edge: D. Goldfarb, J. Reid, Mathematical Programming 12, 1977) to the next. Promises: the objective never
// rises; where it stays for long, kinks are moved apart by a billionth part and edges are drawn by lot (seeded), so no
// cycle lasts.

import { Random } from "../random.ts";
import { EdgeLengths } from "./edge-lengths.ts";
import { EdgeStep } from "./edge-step.ts";
import { GIVE } from "./hard-stop.ts";
import { AT_LOWER, AT_UPPER, BETWEEN, FREE, type Vertex } from "./vertex.ts";
import { VertexPrices } from "./vertex-prices.ts";

/** What a step must gain per unit of its length, against the largest cost. */
const GAIN = 1e-11;
/** The inverse is made anew after so many pivots. */
export const REFACTOR_AFTER = 60;
const PHASE_ONE_PIVOTS = 100_000;

export type Ended = "optimal" | "unbounded" | "exhausted" | "lost";

export interface Budget {
  pivots: number;
  readonly maxPivots: number;
  readonly expired: (() => boolean) | undefined;
}

export class VertexWalk {
  readonly vertex: Vertex;
  /** Costs of variables, in the units of the band. */
  readonly cost: Float64Array;
  readonly budget: Budget;
  readonly pricing: VertexPrices;
  readonly edge: EdgeStep;
  perturbed = false;
  private readonly scale: number;
  private readonly random = new Random(1);
  private readonly lengths: EdgeLengths;
  private readonly edgeSquares: Float64Array;
  private gain = GAIN;
  private sinceFactor = 0;
  private standing = 0;
  private shift = 1e-11;

  constructor(vertex: Vertex, cost: Float64Array, budget: Budget) {
    this.vertex = vertex;
    this.cost = cost;
    this.budget = budget;
    this.pricing = new VertexPrices(vertex, cost);
    this.edge = new EdgeStep(vertex);
    this.lengths = new EdgeLengths(vertex);
    this.edge.lengths = this.lengths;
    this.edgeSquares = new Float64Array(vertex.variables + 1);
    let largest = 1;
    for (const value of cost) largest = Math.max(largest, Math.abs(value));
    this.scale = largest;
  }

  /** Phase 1: to a vertex within all rows. Rows that are violated then say which cannot be kept. */
  makeFeasible(): Ended {
    return this.loop(true);
  }

  /** Phase 2: to the best vertex of what the band shows. */
  run(): Ended {
    this.edge.rowSlope.fill(0);
    this.lengths.measure();
    const ended = this.loop(false);
    return ended === "optimal" && this.pushRest() ? this.loop(false) : ended;
  }

  /** Variables that still rest between their bounds are moved until they do not: it costs nothing. True if any was. */
  private pushRest(): boolean {
    const { vertex } = this;
    let any = false;
    for (let j = 0; j < vertex.variables; j++) {
      if (vertex.status[j] !== BETWEEN) continue;
      const down = (vertex.x[j] as number) - (vertex.lower[j] as number);
      const up = (vertex.upper[j] as number) - (vertex.x[j] as number);
      this.lay(j, down <= up ? -1 : 1);
      const ended = this.travel(0, false) ?? this.count();
      if (ended === "lost") return true;
      any ||= ended === undefined;
    }
    return any;
  }

  private loop(first: boolean): Ended {
    this.standing = 0;
    const { budget } = this;
    // Phase 1 is short, and without it there is no answer at all: it has bounds of its own.
    const most = first ? budget.pivots + PHASE_ONE_PIVOTS : budget.maxPivots;
    while (budget.pivots < most) {
      if (first && !this.findViolations()) return "optimal";
      if (!first && (budget.pivots & 63) === 63 && budget.expired?.() === true) return "exhausted";
      if (this.standing > 40 && !first) this.moveApart();
      const ended = this.pivot(first) ?? this.count();
      if (ended !== undefined) return ended;
    }
    return "exhausted";
  }

  private count(): "lost" | undefined {
    this.budget.pivots++;
    const isDue = ++this.sinceFactor >= Math.max(REFACTOR_AFTER, this.vertex.size);
    return isDue && !this.refactor() ? "lost" : undefined;
  }

  /** Divides by nothing as small as before. */
  demandMore(): void {
    this.edge.demandMore();
    this.gain *= 10;
    this.standing = 0;
  }

  refactor(): boolean {
    this.sinceFactor = 0;
    const { vertex } = this;
    if (!vertex.refactor()) return false;
    vertex.band?.refresh(vertex.netOf(vertex.x), vertex.t);
    vertex.band?.recount();
    return true;
  }

  /** Sets the slope of each row that is violated; false if none is. */
  private findViolations(): boolean {
    const { rows, rowSide, activity, rowLower, rowUpper } = this.vertex;
    let any = false;
    for (let i = 0; i < rows; i++) {
      const low = rowLower[i] as number;
      const high = rowUpper[i] as number;
      const value = activity[i] as number;
      let slope = 0;
      if (rowSide[i] === 0 && value < low - GIVE * Math.max(1, Math.abs(low))) slope = -1;
      else if (rowSide[i] === 0 && value > high + GIVE * Math.max(1, Math.abs(high))) slope = 1;
      this.edge.rowSlope[i] = slope;
      any ||= slope !== 0;
    }
    return any;
  }

  /** -1 or 1 for each row that phase 1 left below or above its limits. */
  get violations(): Float64Array {
    return this.edge.rowSlope;
  }

  private pivot(first: boolean): Ended | undefined {
    const { vertex, pricing } = this;
    if (first) pricing.priceViolations(this.edge.rowSlope);
    else pricing.price();
    const entering = this.chooseEntering(first);
    if (entering === undefined) return "optimal";
    const isPlace = entering >= vertex.variables;
    const place = entering - vertex.variables;
    const slope = (isPlace ? pricing.prices[place] : pricing.reduced[entering]) as number;
    this.lay(entering, slope > 0 ? -1 : 1);
    return this.travel(isPlace ? this.gainOf(place) : Math.abs(slope), first);
  }

  private lay(entering: number, direction: number): void {
    const square = this.edge.lay(entering, direction);
    if (entering < this.vertex.variables) this.lengths.squares[entering] = square;
  }

  private travel(fall: number, first: boolean): "unbounded" | undefined {
    const { edge } = this;
    const band = first ? undefined : this.vertex.band;
    const stop = edge.lookAhead(fall, first, band);
    if (stop.far === Number.POSITIVE_INFINITY) return "unbounded";
    if (stop.far * fall > 1e-14 * this.scale) this.standing = 0;
    else this.standing++;
    edge.land(stop, band);
    return undefined;
  }

  /** What letting go of the tight thing at place r gains per unit of its own; 0 or less: nothing. */
  private gainOf(r: number): number {
    const { vertex } = this;
    const tight = vertex.tight[r] as number;
    const price = this.pricing.prices[r] as number;
    if (tight >= 0) {
      const weight = vertex.band?.weight[tight] as number;
      return price > 0 ? price : -price - weight;
    }
    const i = -1 - tight;
    const side = vertex.rowSide[i] as number;
    if (vertex.rowLower[i] === vertex.rowUpper[i]) return 0;
    return side < 0 ? -price : price;
  }

  private chooseEntering(first: boolean): number | undefined {
    const { vertex, edgeSquares } = this;
    const { reduced } = this.pricing;
    const { squares } = this.lengths;
    const { size, variables, status, lower, upper } = vertex;
    const least = first ? GAIN / 100 : this.gain * this.scale;
    const byLot = this.standing > 20 && (this.standing & 1) === 1;
    vertex.inverse.edgeLengths(edgeSquares);
    let best = 0;
    let chosen: number | undefined;
    for (let r = 0; r < size; r++) {
      const gain = this.gainOf(r);
      const square = edgeSquares[r] as number;
      if (!(gain > 0) || gain * gain <= least * least * square) continue;
      let score = (gain * gain) / square;
      if (byLot) score = this.random.uniform();
      if (score > best) {
        best = score;
        chosen = variables + r;
      }
    }
    for (let j = 0; j < variables; j++) {
      const side = status[j];
      const slope = reduced[j] as number;
      if (side === FREE || (side === AT_LOWER && slope >= 0) || (side === AT_UPPER && slope <= 0)) {
        continue;
      }
      if (Math.abs(slope) <= least || lower[j] === upper[j]) continue;
      const score = byLot ? this.random.uniform() : (slope * slope) / (squares[j] as number);
      if (score > best) {
        best = score;
        chosen = j;
      }
    }
    return chosen;
  }

  /** Of the variables, after `unbounded`. */
  get ray(): Float64Array {
    return Float64Array.from(this.edge.full);
  }

  /** Kinks that lie on each other are parted: each by its own small offset. What is tight stays. */
  private moveApart(): void {
    const { band } = this.vertex;
    this.standing = 0;
    if (band === undefined) return;
    this.perturbed = true;
    this.shift = Math.min(this.shift * 8, 1e-8);
    for (let b = 0; b < band.count; b++) {
      if (band.isKink[b] === 1) continue;
      const offset = this.shift * (0.5 + this.random.uniform());
      band.z[b] = (band.z[b] as number) + offset - (band.offset[b] as number);
      band.offset[b] = offset;
      band.setInTail(b, (band.z[b] as number) > 0);
    }
  }
}
