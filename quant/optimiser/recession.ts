// Ways along which a program falls for ever. Promises: what is called one keeps every limit and gains, by more than the
// rounding of what it is made of, as far as numbers reach.
//
// Far out a convex objective is its recession function (R. Rockafellar, Convex Analysis, 1970, section 8): the linear part,
// CVaR and the norm as they are; a variance is 0 along what it does not see and without end along all else, and so is impact.

import { REACH } from "./certificate.ts";
import type { Program, SmoothTerm } from "./program.ts";
import { euclideanNorm } from "./smooth-terms.ts";
import { conditionalValueAtRisk, netWeights, scenarioLosses } from "./tail-loss.ts";

/** Sums that are a smaller share of their terms are rounding. */
export const ROUNDING = 1e-12;
/** A covariance is a sum of as many products as there are scenarios: so much of it is rounding. */
export const UNSEEN = 1e-13;

/** Whether x + k · ray is feasible and better for every k up to REACH, if x is feasible. Cost: a pass over the scenarios. */
export function fallsForEver(program: Program, ray: Float64Array): boolean {
  const far = ray.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(far > 0 && Number.isFinite(far)) || !keepsLimits(program, ray)) return false;
  const { slope, size } = linearSlope(program, ray);
  if (!(slope < -ROUNDING * size)) return false;
  const net = netWeights(program.holdings, ray);
  let bent = 0;
  for (const term of program.smooth ?? []) bent += slopeFarOut(term, ray, net, REACH / far);
  return slope + bent < 0;
}

function keepsLimits({ variables, lower, upper, rows }: Program, ray: Float64Array): boolean {
  for (let j = 0; j < variables; j++) {
    const step = ray[j] as number;
    if (step < 0 ? Number.isFinite(lower[j]) : step > 0 && Number.isFinite(upper[j])) return false;
  }
  for (let i = 0; i < rows.count; i++) {
    let [sum, size] = [0, 0];
    for (let j = 0; j < variables; j++) {
      const term = (rows.coefficients[i * variables + j] as number) * (ray[j] as number);
      sum += term;
      size += Math.abs(term);
    }
    if (Math.abs(sum) <= ROUNDING * size) continue;
    if (Number.isFinite(sum < 0 ? rows.lower[i] : rows.upper[i])) return false;
  }
  return true;
}

/** Of costs, CVaR and norms; `size`: of what they are sums of. */
function linearSlope(program: Program, ray: Float64Array): { slope: number; size: number } {
  const { cost, tail, holdings, smooth = [] } = program;
  const net = netWeights(holdings, ray);
  let [slope, size] = [0, 0];
  ray.forEach((value, j) => {
    slope += (cost[j] as number) * value;
    size += Math.abs((cost[j] as number) * value);
  });
  if (tail !== undefined) {
    const { count, returns, probabilities } = tail.scenarios;
    const cvar = conditionalValueAtRisk(
      scenarioLosses(tail.scenarios, net),
      probabilities,
      tail.mass,
    );
    slope += tail.weight * cvar;
    size += tail.weight * Math.abs(cvar);
    net.forEach((weight, a) => {
      let mean = 0;
      for (let s = 0; weight !== 0 && s < count; s++) {
        mean += (probabilities[s] as number) * Math.abs(returns[a * count + s] as number);
      }
      size += tail.weight * Math.abs(weight) * mean;
    });
  }
  for (const term of smooth) if (term.kind === "NORM") slope += term.weight * euclideanNorm(net);
  return { slope, size };
}

/** What variance or impact add to the slope at k times the ray; a variance that hedges leave as rounding adds nothing. */
function slopeFarOut(term: SmoothTerm, ray: Float64Array, net: Float64Array, k: number): number {
  if (term.kind === "NORM") return 0;
  let sum = 0;
  if (term.kind === "IMPACT") {
    ray.forEach((value, j) => {
      const size = Math.abs(value);
      sum += 1.5 * (term.coefficients[j] as number) * size * Math.sqrt(k * size);
    });
    return sum;
  }
  let unhedged = 0;
  const n = net.length;
  for (let a = 0; a < n; a++) {
    const own = net[a] as number;
    unhedged += own * own * (term.covariance[a * n + a] as number);
    for (let b = 0; b < n; b++) {
      sum += own * (net[b] as number) * (term.covariance[a * n + b] as number);
    }
  }
  return Math.abs(sum) <= UNSEEN * unhedged ? 0 : 2 * term.weight * k * sum;
}
