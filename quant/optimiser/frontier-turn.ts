// Where costs are cost − rate · gains and the rate rises: at which rate a vertex is no longer the best, and the edge that
// is then as good (parametric simplex: S. Gass, T. Saaty, Naval Research Logistics Quarterly 2, 1955).

import { AT_LOWER, AT_UPPER, FREE, type Vertex } from "./vertex.ts";
import type { VertexPrices } from "./vertex-prices.ts";

/** Of the largest gain: a slope that is rounding. */
const NOISE = 1e-12;
/** Rates that differ by less are one. */
const EQUAL = 1e-13;

export interface Turn {
  readonly rate: number;
  readonly entering: number;
  readonly direction: number;
}

export class FrontierTurns {
  private readonly vertex: Vertex;
  private readonly pricing: VertexPrices;
  private readonly gains: Float64Array;
  private readonly noise: number;
  /** How fast prices and reduced costs change with the rate. */
  private readonly slopes: Float64Array;
  private readonly speeds: Float64Array;
  private readonly image: Float64Array;

  /** `gains`: in the units of the walk's costs. */
  constructor(vertex: Vertex, pricing: VertexPrices, gains: Float64Array) {
    this.vertex = vertex;
    this.pricing = pricing;
    this.gains = gains;
    this.slopes = new Float64Array(vertex.variables + 1);
    this.speeds = new Float64Array(vertex.variables);
    this.image = new Float64Array(vertex.variables + 1);
    this.noise = NOISE * gains.reduce((most, gain) => Math.max(most, Math.abs(gain)), 0);
  }

  /** The next turn from a rate at which this vertex is the best; none if it stays that for ever. `pricing` is of the rate. */
  next(from: number): Turn | undefined {
    const { vertex, pricing, slopes, speeds, noise } = this;
    pricing.priceAt(this.gains, from);
    this.fillSlopes();
    let rate = Number.POSITIVE_INFINITY;
    let chosen = -1;
    let slopeThere = 0;
    const meet = (room: number, slope: number, entering: number): void => {
      const at = from + room / Math.abs(slope);
      if (at > rate * (1 + EQUAL)) return;
      // Of several at about one rate the one with the steepest edge: it divides by the most.
      const isTie = at >= rate * (1 - EQUAL);
      if (isTie && !(this.steepness(entering, slope) > this.steepness(chosen, slopeThere))) return;
      rate = Math.min(at, rate);
      chosen = entering;
      slopeThere = slope;
    };
    for (let r = 0; r < vertex.size; r++) {
      const slope = slopes[r] as number;
      if (Math.abs(slope) <= noise) continue;
      const room = this.roomOf(r, slope);
      if (from + room / Math.abs(slope) > rate * (1 + EQUAL)) continue;
      if (room < Number.POSITIVE_INFINITY && this.steepness(vertex.variables + r, slope) > noise)
        meet(room, slope, vertex.variables + r);
    }
    for (let j = 0; j < vertex.variables; j++) {
      const slope = speeds[j] as number;
      const side = vertex.status[j] as number;
      if (side === FREE || Math.abs(slope) <= noise || vertex.lower[j] === vertex.upper[j])
        continue;
      if ((side === AT_LOWER && slope > 0) || (side === AT_UPPER && slope < 0)) continue;
      const reduced = pricing.reduced[j] as number;
      meet(Math.max(0, side === AT_UPPER ? -reduced : reduced), slope, j);
    }
    if (chosen < 0) return undefined;
    return { rate, entering: chosen, direction: slopeThere > 0 ? -1 : 1 };
  }

  private fillSlopes(): void {
    const { vertex, gains, slopes, speeds, image } = this;
    for (let j = 0; j < speeds.length; j++) speeds[j] = -(gains[j] as number);
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      image[c] = j < vertex.variables ? (speeds[j] as number) : 0;
    }
    vertex.inverse.timesRow(image, slopes);
    vertex.subtractPrices(slopes, speeds);
  }

  /** How far the price of what is tight at place r may move in a direction. */
  private roomOf(r: number, slope: number): number {
    const { vertex } = this;
    const tight = vertex.tight[r] as number;
    const price = this.pricing.prices[r] as number;
    if (tight >= 0) {
      const weight = vertex.band?.weight[tight] as number;
      return Math.max(0, slope > 0 ? -price : price + weight);
    }
    const i = -1 - tight;
    if (vertex.rowLower[i] === vertex.rowUpper[i]) return Number.POSITIVE_INFINITY;
    const side = vertex.rowSide[i] as number;
    if (side < 0) return slope < 0 ? Math.max(0, price) : Number.POSITIVE_INFINITY;
    return slope > 0 ? Math.max(0, -price) : Number.POSITIVE_INFINITY;
  }

  /** A slope per length of the edge. */
  private steepness(entering: number, slope: number): number {
    const { vertex, image } = this;
    const isPlace = entering >= vertex.variables;
    if (isPlace) vertex.inverse.edge(entering - vertex.variables, image);
    else vertex.answerTo(entering, image);
    let square = isPlace ? 0 : 1;
    for (let c = 0; c < vertex.size; c++) square += (image[c] as number) * (image[c] as number);
    return Math.abs(slope) / Math.sqrt(square);
  }
}
