// Limits on risk, which are no rows: each is so much more risk in the objective, at a price (its Lagrangian). Promises: what
// is priced, measured and proven is one and the same: CVaR with what trades cost, or the variance of the return.

import { type Lowering, pointOf, type Terms } from "./lower.ts";
import type { Proof } from "./problem.ts";
import { cvarOf, riskUnits, tradingCost, volatilityOf } from "./risk-of-weights.ts";

export interface RiskLimit {
  readonly kind: "CVAR" | "VOLATILITY";
  /** In what is priced: of volatility, its square. */
  readonly most: number;
  /** What a risk near 0 is compared with. */
  readonly sizeOf: (weights: Float64Array) => number;
  readonly measure: (weights: Float64Array) => number;
  readonly priced: (terms: Terms, price: number) => Terms;
  readonly proof: (price: number) => Pick<Proof, "cvarPrice" | "variancePrice">;
  readonly priceIn: (proof: Proof) => number;
}

/** Those of the problem's limits that are on risk, in their order. */
export function riskLimitsOf(lowering: Lowering): readonly RiskLimit[] {
  const { problem, limits, sizes } = lowering;
  return limits.flatMap(({ measured, value }): readonly RiskLimit[] => {
    if (measured.kind === "CVAR") {
      const { tailMass } = measured;
      const cost = (w: Float64Array): number => tradingCost(lowering, pointOf(lowering, w));
      return [
        {
          kind: "CVAR",
          most: value,
          sizeOf: (weights) => riskUnits(problem, sizes, weights).cvar,
          measure: (weights) => cvarOf(problem.scenarios, weights, tailMass) + cost(weights),
          priced: (terms, price) =>
            price === 0 ? terms : { ...terms, cvar: terms.cvar + price, tailMass },
          proof: (price) => ({ cvarPrice: price }),
          priceIn: ({ cvarPrice = 0 }) => cvarPrice,
        },
      ];
    }
    if (measured.kind !== "VOLATILITY") return [];
    return [
      {
        kind: "VOLATILITY",
        most: value * value,
        sizeOf: (weights) => riskUnits(problem, sizes, weights).variance,
        measure: (weights) => {
          const { volatility } = volatilityOf(problem, weights);
          return volatility * volatility;
        },
        priced: (terms, price) => ({ ...terms, variance: terms.variance + price }),
        proof: (price) => ({ variancePrice: price }),
        priceIn: ({ variancePrice = 0 }) => variancePrice,
      },
    ];
  });
}
