// Shares of risk that constraints do not allow: the nearest in the sense of the convex form. Promises: the plain answer
// where the constraints allow it; else the minimiser of the form below within them, with its proof.
//
//   minimise  ½ wᵀ C w - k Σ b_a ln w_a,  or  CVaR(w) - k Σ b_a ln w_a,  within bounds and rows
//
// J.-C. Richard, T. Roncalli, "Constrained risk budgeting portfolios", 2019, put the constraints there; k is the plain
// answer's own variance or CVaR at the size asked for, so that it is the optimum whenever it is allowed.

import { type CurvedTerm, solveCurved } from "./curved-program.ts";
import { logBarrier } from "./log-barrier.ts";
import type { Outcome, Program, Work } from "./program.ts";
import { type Parity, varianceParity } from "./risk-parity.ts";
import { conditionalValueAtRisk, netWeights, scenarioLosses } from "./tail-loss.ts";
import { cvarParity } from "./tail-parity.ts";

export type ParityWithin = Outcome | Extract<Parity, { status: "REFUSED" }>;

/**
 * `region`: cost, bounds and rows; with a tail the risk is its CVaR, else ½ wᵀ C w of `covariance`. `size` is the sum
 * of weights to which the plain answer is scaled: the budget. Assets of which nothing may be held have no share. Of
 * INFEASIBLE and of OPTIMAL as every program; UNBOUNDED: the ray is a portfolio of the assets without risk.
 */
export function parityWithin(
  region: Program,
  covariance: Float64Array,
  budgets: readonly number[],
  size: number,
  work: Work = {},
): ParityWithin {
  if ((region.smooth?.length ?? 0) > 0)
    throw new RangeError("risk is shared without another risk beside it");
  const { assets } = region.holdings;
  const open = holdable(region);
  const chosen = Array.from({ length: assets }, (_, a) => a).filter((a) => open[a] === 1);
  const shares = chosen.map((a) => budgets[a] as number);
  const plain = plainAnswer(region, covariance, chosen, shares, work);
  if (plain.status === "REFUSED") return plain;
  if (plain.status === "UNBOUNDED") {
    return { ...plain, ray: asVariables(region, chosen, plain.ray) };
  }
  const net = new Float64Array(assets);
  chosen.forEach((a, k) => {
    net[a] = size * (plain.weights[k] as number);
  });
  const risk = riskOf(region, covariance, net);
  const total = shares.reduce((sum, b) => sum + b, 0);
  const pulls = new Float64Array(assets);
  chosen.forEach((a, k) => {
    pulls[a] = (risk * (shares[k] as number)) / total;
  });
  const barrier = logBarrier(region.holdings, pulls);
  const term = region.tail === undefined ? withVariance(barrier, region, covariance) : barrier;
  const start = asVariables(
    region,
    chosen,
    plain.weights.map((w) => size * w),
  );
  return solveCurved(region, term, start, risk, work);
}

/** 1 for each asset of which something may be held. */
function holdable({ holdings, lower, upper }: Program): Uint8Array {
  const open = new Uint8Array(holdings.assets);
  holdings.asset.forEach((a, j) => {
    const most = (holdings.sign[j] as number) > 0 ? (upper[j] as number) : -(lower[j] as number);
    if (a >= 0 && most > 0) open[a] = 1;
  });
  return open;
}

function plainAnswer(
  region: Program,
  covariance: Float64Array,
  chosen: readonly number[],
  shares: readonly number[],
  work: Work,
): Parity {
  const { tail, holdings } = region;
  if (tail !== undefined) {
    const { count, returns } = tail.scenarios;
    const part = new Float64Array(chosen.length * count);
    chosen.forEach((a, k) => {
      part.set(returns.subarray(a * count, (a + 1) * count), k * count);
    });
    const assets = chosen.map((a) => tail.scenarios.assets[a] as string);
    return cvarParity({ ...tail.scenarios, assets, returns: part }, tail.mass, shares, work);
  }
  const n = holdings.assets;
  const part = chosen.flatMap((a) => chosen.map((b) => covariance[a * n + b] as number));
  return varianceParity(Float64Array.from(part), shares);
}

/** At net weights: variance, or the tail's cost. */
function riskOf({ tail }: Program, covariance: Float64Array, net: Float64Array): number {
  if (tail !== undefined) {
    const losses = scenarioLosses(tail.scenarios, net);
    return tail.weight * conditionalValueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
  }
  const slopes = products(covariance, net);
  return net.reduce((sum, w, a) => sum + w * (slopes[a] as number), 0);
}

function products(covariance: Float64Array, net: Float64Array): Float64Array {
  const n = net.length;
  return net.map((_, a) => {
    let sum = 0;
    for (let b = 0; b < n; b++) sum += (covariance[a * n + b] as number) * (net[b] as number);
    return sum;
  });
}

/** Net weights as variables: each in the first that holds its asset long. */
function asVariables(
  { holdings, variables }: Program,
  chosen: readonly number[],
  weights: Float64Array,
): Float64Array {
  const x = new Float64Array(variables);
  chosen.forEach((a, k) => {
    const j = holdings.asset.findIndex((of, v) => of === a && (holdings.sign[v] as number) > 0);
    if (j >= 0) x[j] = weights[k] as number;
  });
  return x;
}

/** The barrier and ½ wᵀ C w. */
function withVariance(
  barrier: CurvedTerm,
  { holdings }: Program,
  covariance: Float64Array,
): CurvedTerm {
  const { assets, asset, sign } = holdings;
  const slopes = (x: Float64Array): Float64Array => products(covariance, netWeights(holdings, x));
  return {
    value(x) {
      const slope = slopes(x);
      const net = netWeights(holdings, x);
      return barrier.value(x) + net.reduce((sum, w, a) => sum + (w * (slope[a] as number)) / 2, 0);
    },
    gradient(x) {
      const slope = slopes(x);
      return barrier.gradient(x).map((value, j) => {
        const a = asset[j] as number;
        return a < 0 ? value : value + (sign[j] as number) * (slope[a] as number);
      });
    },
    addCurvature(x, into, stride) {
      barrier.addCurvature(x, into, stride);
      for (let i = 0; i < asset.length; i++) {
        const a = asset[i] as number;
        for (let j = 0; j <= i && a >= 0; j++) {
          const b = asset[j] as number;
          if (b < 0) continue;
          const value =
            (sign[i] as number) * (sign[j] as number) * (covariance[a * assets + b] as number);
          into[i * stride + j] = (into[i * stride + j] as number) + value;
        }
      }
    },
    reach: barrier.reach,
  };
}
