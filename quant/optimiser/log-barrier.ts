// The logarithms that keep every net weight above 0 and, at the optimum of a risk minus them, share the risk out.

import { naturalLog } from "../logarithm.ts";
import type { CurvedTerm } from "./curved-program.ts";
import type { Holdings } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

/** -Σ_a budgets[a] ln(net weight of a); an asset whose budget is 0 has no part. */
export function logBarrier(holdings: Holdings, budgets: Float64Array): CurvedTerm {
  const { asset, sign } = holdings;
  const perVariable = (
    x: Float64Array,
    of: (budget: number, net: number) => number,
  ): Float64Array => {
    const net = netWeights(holdings, x);
    return x.map((_, j) => {
      const a = asset[j] as number;
      const budget = a < 0 ? 0 : (budgets[a] as number);
      return budget === 0 ? 0 : of(budget, net[a] as number);
    });
  };
  return {
    value(x) {
      let sum = 0;
      netWeights(holdings, x).forEach((net, a) => {
        const budget = budgets[a] as number;
        if (budget > 0) sum -= net > 0 ? budget * naturalLog(net) : Number.NEGATIVE_INFINITY;
      });
      return sum;
    },
    gradient: (x) =>
      perVariable(x, (budget, net) => -budget / net).map((slope, j) => slope * (sign[j] as number)),
    addCurvature(x, into, stride) {
      const bends = perVariable(x, (budget, net) => budget / (net * net));
      for (let i = 0; i < x.length; i++) {
        if (bends[i] === 0) continue;
        for (let j = 0; j <= i; j++) {
          if (asset[i] !== asset[j]) continue;
          const value = (bends[i] as number) * (sign[i] as number) * (sign[j] as number);
          into[i * stride + j] = (into[i * stride + j] as number) + value;
        }
      }
    },
    reach(x, direction) {
      const net = netWeights(holdings, x);
      const moved = netWeights(holdings, direction);
      let most = Number.POSITIVE_INFINITY;
      for (let a = 0; a < net.length; a++) {
        if ((budgets[a] as number) > 0 && (moved[a] as number) < 0) {
          most = Math.min(most, -(net[a] as number) / (moved[a] as number));
        }
      }
      return most;
    },
  };
}
