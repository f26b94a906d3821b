// Weights whose shares of the portfolio's CVaR are given. Promises: long only, sum 1, unique; solved in its convex
// form, whose duality gap comes with the answer.

import { naturalLog } from "../logarithm.ts";
import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { validMasses } from "./certificate.ts";
import { walkInside } from "./interior-point.ts";
import { logBarrier } from "./log-barrier.ts";
import type { Duals, Program, Work } from "./program.ts";
import { budgetFlaws, type Parity, unitSum } from "./risk-parity.ts";
import { conditionalValueAtRisk, netWeights, scenarioLosses } from "./tail-loss.ts";
import { solveTail } from "./tail-simplex.ts";
import { weightedReturns } from "./weighted-gram.ts";

const CLOSED = 1e-8;

/**
 * The minimiser of CVaR(y) - Σ b_i ln y_i, scaled to sum 1: CVaR is homogeneous of degree 1, so there
 * y_i ∂CVaR/∂y_i = b_i for masses of the worst case that are one of its subgradients (the shares of R. T. Rockafellar's
 * and S. Uryasev's measure by Euler's theorem). Scenarios make CVaR a polyhedron, and the optimum lies, as a rule, on
 * an edge of it: `deviation` is of the shares under the masses of the proof.
 *
 * `tailMass` is in (0, 1]; `budgets` above 0 are taken relative to their sum. UNBOUNDED: a portfolio of long positions
 * whose CVaR is no loss. Cost: 20 to 40 rounds of scenarios · assets² / 2.
 */
export function cvarParity(
  scenarios: ScenarioSet,
  tailMass: number,
  budgets: readonly number[],
  work: Work = {},
): Parity {
  const n = scenarios.assets.length;
  const reasons = budgetFlaws(budgets);
  if (budgets.length !== n) reasons.push(`${budgets.length} budgets for ${n} assets`);
  if (!(tailMass > 0 && tailMass <= 1)) reasons.push(`tailMass is ${tailMass}, not in (0, 1]`);
  if (reasons.length > 0) return { status: "REFUSED", reasons };
  const total = budgets.reduce((sum, b) => sum + b, 0);
  const shares = Float64Array.from(budgets, (b) => b / total);
  const risks = ownRisks(scenarios, tailMass);
  const riskless = risks.findIndex((risk) => !(risk > 0));
  if (riskless >= 0) {
    const ray = new Float64Array(n).fill(0);
    ray[riskless] = 1;
    return { status: "UNBOUNDED", ray, pivots: 0 };
  }
  const program = unitProgram(scaled(scenarios, risks), tailMass);
  const safest = solveTail(program);
  if (safest.status !== "OPTIMAL" || !(safest.certificate.upper > 1e-12)) {
    const x = "x" in safest ? safest.x : new Float64Array(n);
    return { status: "UNBOUNDED", ray: unscaled(x, risks), pivots: safest.pivots };
  }
  const open = {
    ...program,
    lower: program.lower.map(() => Number.NEGATIVE_INFINITY),
    rows: NO_ROWS,
  };
  const { x, duals, rounds } = walkInside(open, logBarrier(open.holdings, shares), shares, 1, work);
  return { ...proof(open, shares, x, duals, risks), pivots: safest.pivots + rounds };
}

const NO_ROWS = {
  count: 0,
  coefficients: new Float64Array(0),
  lower: new Float64Array(0),
  upper: new Float64Array(0),
};

/** CVaR of each asset alone. */
function ownRisks(
  { assets, count, returns, probabilities }: ScenarioSet,
  mass: number,
): Float64Array {
  return Float64Array.from({ length: assets.length }, (_, j) => {
    const losses = returns.slice(j * count, (j + 1) * count).map((r) => -r);
    return conditionalValueAtRisk(losses, probabilities, mass);
  });
}

/** Each asset in units of its own risk. */
function scaled(scenarios: ScenarioSet, risks: Float64Array): ScenarioSet {
  const { count, returns } = scenarios;
  const unit = new Float64Array(returns.length);
  for (let j = 0; j < risks.length; j++) {
    for (let s = 0; s < count; s++) {
      unit[j * count + s] = (returns[j * count + s] as number) / (risks[j] as number);
    }
  }
  return { ...scenarios, returns: unit };
}

const unscaled = (x: Float64Array, risks: Float64Array): Float64Array =>
  unitSum(x.map((y, j) => y / (risks[j] as number)));

/** Minimum CVaR of long positions that sum to 1. */
function unitProgram(scenarios: ScenarioSet, mass: number): Program & { tail: { mass: number } } {
  const n = scenarios.assets.length;
  return {
    variables: n,
    cost: new Float64Array(n),
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
    rows: {
      count: 1,
      coefficients: new Float64Array(n).fill(1),
      lower: Float64Array.of(1),
      upper: Float64Array.of(1),
    },
    holdings: {
      assets: n,
      asset: Int32Array.from({ length: n }, (_, i) => i),
      sign: new Float64Array(n).fill(1),
    },
    tail: { weight: 1, mass, scenarios },
  };
}

/**
 * Under masses q the expected loss of asset i is g_i, CVaR(y) ≥ gᵀ y, and gᵀ y - Σ b ln y is least at y = b / g: so
 * 1 + Σ b ln(g / b) bounds the convex form from below.
 */
function proof(
  program: Program,
  shares: Float64Array,
  x: Float64Array,
  duals: Duals,
  risks: Float64Array,
): Omit<Extract<Parity, { certificate: unknown }>, "pivots"> {
  const tail = program.tail as NonNullable<Program["tail"]>;
  const { scenarios, mass } = tail;
  const valid = validMasses(tail, duals.scenarios, duals.masses);
  const masses = new Float64Array(scenarios.count);
  for (const [k, s] of duals.scenarios.entries()) masses[s] = valid?.[k] ?? 0;
  const worst = weightedReturns(scenarios, masses).map((r) => -r);
  const losses = scenarioLosses(scenarios, netWeights(program.holdings, x));
  let upper = conditionalValueAtRisk(losses, scenarios.probabilities, mass);
  let lower = 1;
  let total = 0;
  for (let i = 0; i < x.length; i++) {
    const share = shares[i] as number;
    upper -= share * naturalLog((x[i] as number) / (risks[i] as number));
    lower += share * naturalLog(((worst[i] as number) * (risks[i] as number)) / share);
    total += (x[i] as number) * (worst[i] as number);
  }
  if (valid === null || Number.isNaN(lower)) lower = Number.NEGATIVE_INFINITY;
  const deviation = x.reduce(
    (most, y, i) =>
      Math.max(most, Math.abs((y * (worst[i] as number)) / total - (shares[i] as number))),
    0,
  );
  return {
    status: upper - lower <= CLOSED ? "OPTIMAL" : "FEASIBLE",
    weights: unscaled(x, risks),
    certificate: { upper, lower, feasibility: 0 },
    deviation,
  };
}
