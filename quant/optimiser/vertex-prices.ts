// Prices of what is tight at a vertex, and the reduced cost of each variable: how the objective changes where the one is
// let go, or the other moves. Promises: from vertex and costs alone; nothing is carried from one vertex to the next.

import type { Vertex } from "./vertex.ts";

export class VertexPrices {
  /** Of what is tight at each place. */
  readonly prices: Float64Array;
  /** Of each variable; of a free one the rounding that is left. */
  readonly reduced: Float64Array;
  private readonly vertex: Vertex;
  /** Of variables, in the units of the band. */
  private readonly cost: Float64Array;
  private readonly slopes: Float64Array;
  private readonly correction: Float64Array;

  constructor(vertex: Vertex, cost: Float64Array) {
    const { variables } = vertex;
    this.vertex = vertex;
    this.cost = cost;
    this.prices = new Float64Array(variables + 1);
    this.reduced = new Float64Array(variables);
    this.slopes = new Float64Array(variables + 1);
    this.correction = new Float64Array(variables + 1);
  }

  /** Of the objective. */
  price(): void {
    this.reduced.set(this.cost);
    this.priceTail();
  }

  /** Of the objective less rate · gains. */
  priceAt(gains: Float64Array, rate: number): void {
    const { reduced, cost } = this;
    for (let j = 0; j < cost.length; j++) {
      reduced[j] = (cost[j] as number) - rate * (gains[j] as number);
    }
    this.priceTail();
  }

  /** Of how far rows are violated, by the side of each: phase 1. */
  priceViolations(sides: Float64Array): void {
    const { vertex, reduced } = this;
    const { variables, coefficients } = vertex;
    reduced.fill(0);
    for (let i = 0; i < vertex.rows; i++) {
      const side = sides[i] as number;
      if (side === 0) continue;
      for (let j = 0; j < variables; j++) {
        reduced[j] = (reduced[j] as number) + side * (coefficients[i * variables + j] as number);
      }
    }
    this.solve(0);
  }

  private priceTail(): void {
    const { vertex, reduced } = this;
    vertex.addTailReturns(reduced);
    this.solve(1 - (vertex.band?.tailWeight ?? 1));
  }

  private solve(tSlope: number): void {
    const { vertex, reduced, slopes, prices } = this;
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      slopes[c] = j < vertex.variables ? (reduced[j] as number) : tSlope;
    }
    vertex.inverse.timesRow(slopes, prices);
    vertex.subtractPrices(prices, reduced);
  }

  /** Takes the rest that rounding left into the prices: for a proof. */
  refine(): void {
    const { vertex, slopes, prices, correction, reduced } = this;
    for (let c = 0; c < vertex.size; c++) {
      const j = vertex.free[c] as number;
      if (j < vertex.variables) slopes[c] = reduced[j] as number;
      else
        for (let r = 0; r < vertex.size; r++)
          slopes[c] = (slopes[c] as number) - vertex.gradient(r, j) * (prices[r] as number);
    }
    vertex.inverse.timesRow(slopes, correction);
    for (let r = 0; r < vertex.size; r++)
      prices[r] = (prices[r] as number) + (correction[r] as number);
  }
}
