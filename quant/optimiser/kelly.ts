// The bet that grows fastest: the largest expected logarithm of wealth over scenarios. Promises: within bounds and
// rows, never one that can lose everything; the proof is by concavity, the tangent at the answer being above.

import { logOnePlus } from "../logarithm.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { type CurvedTerm, solveCurved } from "./curved-program.ts";
import type { Holdings, Outcome, Program, Work } from "./program.ts";
import { netWeights, scenarioLosses } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";
import { weightedGram, weightedReturns } from "./weighted-gram.ts";

/**
 * Maximises Σ_s p_s ln(1 + Σ_j r_s,j w_j - cost·x), what x costs being paid from each period's wealth: J. L. Kelly, "A
 * new interpretation of information rate", Bell System Technical Journal 35, 1956. The objective is its negative. Of
 * `program`, tail and smooth terms must be absent. Holding nothing must be possible or near: the walk starts there.
 *
 * A fraction of the bet is the answer times that fraction, the rest in cash; that keeps bounds and rows wherever
 * holding nothing does. INFEASIBLE with prices of 0: whatever is held may lose everything. Cost: 15 to 40 rounds of scenarios · assets² / 2.
 */
export function solveKelly(program: Program, scenarios: ScenarioSet, work: Work = {}): Outcome {
  if (program.tail !== undefined || (program.smooth?.length ?? 0) > 0) {
    throw new RangeError("growth is maximised without another risk beside it");
  }
  const paid = new Float64Array(program.variables);
  const size = scenarios.returns.reduce((most, r) => Math.max(most, Math.abs(r)), 1e-300);
  const term = growth(scenarios, program.holdings, program.cost);
  const bounded = { ...program, cost: paid };
  const start = solventStart(bounded, scenarios, term);
  if (!Array.isArray(start)) return start;
  return solveCurved(bounded, term, Float64Array.from(start), Math.min(size, 1), work);
}

/** Nothing held, as far as bounds allow, or else what loses least in the worst scenario. */
function solventStart(
  program: Program,
  scenarios: ScenarioSet,
  term: CurvedTerm,
): number[] | Outcome {
  const nothing = program.lower.map((low, j) =>
    Math.min(Math.max(0, low), program.upper[j] as number),
  );
  if (Number.isFinite(term.value(nothing))) return [...nothing];
  const mass = scenarios.probabilities.reduce(
    (least, p) => (p > 0 ? Math.min(least, p) : least),
    1,
  );
  const safest = solveTail({ ...program, tail: { weight: 1, mass, scenarios } });
  if (safest.status === "INFEASIBLE" || safest.status === "UNBOUNDED") return safest;
  if (Number.isFinite(term.value(safest.x))) return [...safest.x];
  return {
    status: "INFEASIBLE",
    rows: new Float64Array(program.rows.count),
    pivots: safest.pivots,
  };
}

/** Minus the expected logarithm of wealth. */
export function growth(scenarios: ScenarioSet, holdings: Holdings, cost: Float64Array): CurvedTerm {
  const { probabilities } = scenarios;
  /** Change of wealth in each scenario. */
  const gains = (x: Float64Array): Float64Array => {
    let paid = 0;
    for (let j = 0; j < x.length; j++) paid += (cost[j] as number) * (x[j] as number);
    return scenarioLosses(scenarios, netWeights(holdings, x)).map((loss) => -loss - paid);
  };
  const slopes = (x: Float64Array): Float64Array =>
    gains(x).map((gain, s) => (probabilities[s] as number) / (1 + gain));
  return {
    value(x) {
      let sum = 0;
      gains(x).forEach((gain, s) => {
        if ((probabilities[s] as number) > 0)
          sum -= (probabilities[s] as number) * logOnePlus(gain);
      });
      return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
    },
    gradient(x) {
      const slope = slopes(x);
      const returns = weightedReturns(scenarios, slope);
      const total = slope.reduce((sum, value) => sum + value, 0);
      return x.map((_, j) => {
        const asset = holdings.asset[j] as number;
        const gained = asset < 0 ? 0 : (holdings.sign[j] as number) * (returns[asset] as number);
        return (cost[j] as number) * total - gained;
      });
    },
    addCurvature(x, into, stride) {
      const bends = slopes(x).map((slope, s) =>
        (probabilities[s] as number) > 0 ? (slope * slope) / (probabilities[s] as number) : 0,
      );
      addGainCurvature(weightedGram(scenarios, bends), holdings, cost, into, stride);
    },
    reach(x, direction) {
      const now = gains(x);
      const moved = gains(direction);
      let most = Number.POSITIVE_INFINITY;
      for (let s = 0; s < now.length; s++) {
        const fall = -(moved[s] as number);
        if (fall > 0) most = Math.min(most, (1 + (now[s] as number)) / fall);
      }
      return most;
    },
  };
}

/** A gain's derivative in variable j is sign_j r_j - cost_j; `gram` has a last column of ones. */
function addGainCurvature(
  gram: Float64Array,
  { assets, asset, sign }: Holdings,
  cost: Float64Array,
  into: Float64Array,
  stride: number,
): void {
  const size = assets + 1;
  const of = (a: number, b: number): number => gram[a >= b ? a * size + b : b * size + a] as number;
  for (let i = 0; i < asset.length; i++) {
    const a = asset[i] as number;
    for (let j = 0; j <= i; j++) {
      const b = asset[j] as number;
      const si = a < 0 ? 0 : (sign[i] as number);
      const sj = b < 0 ? 0 : (sign[j] as number);
      const ci = cost[i] as number;
      const cj = cost[j] as number;
      let value = ci * cj * of(assets, assets);
      if (si !== 0 && sj !== 0) value += si * sj * of(a, b);
      if (si !== 0) value -= si * cj * of(a, assets);
      if (sj !== 0) value -= sj * ci * of(b, assets);
      into[i * stride + j] = (into[i * stride + j] as number) + value;
    }
  }
}
