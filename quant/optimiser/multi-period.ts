// Trading planned some periods ahead, where costs make today's portfolio a part of tomorrow's. Promises: one convex
// program of all periods with its proof; the plan is whole, but only its first step is to be traded: then the next plan
// is made from what is known by then (a receding horizon).
//
// S. Boyd et al., "Multi-period trading via convex optimization", Foundations and Trends in Optimization 3(1), 2017,
// section 5: weights do not drift with returns between steps, which is of second order.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Outcome, Program, SmoothTerm, Tail, Work } from "./program.ts";

export interface Horizon {
  /** What is held now. */
  readonly current: readonly number[];
  readonly steps: readonly Step[];
  /** Of each asset at each step. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Sum of the weights of each step. */
  readonly budget: { readonly lower: number; readonly upper: number };
  readonly risk: HorizonRisk;
  /** Share of what is bought or sold, one side, of each asset; none if left out. */
  readonly linearCost?: readonly number[];
  /** Trading d of equity in an asset costs impact · |d|^1.5. */
  readonly impact?: readonly number[];
  /** Of Σ |trade| at each step, both sides of each trade. */
  readonly maximumTurnover?: number;
}

export interface Step {
  /** Of the period that the weights of this step are held for. */
  readonly expectedReturns: readonly number[];
}

export type HorizonRisk =
  /** aversion / 2 · Σ variance of each step; row by row, the same at each step. */
  | { readonly kind: "VARIANCE"; readonly aversion: number; readonly covariance: Float64Array }
  /** aversion · CVaR of the sum of all steps' returns and costs; scenario s of all steps is one path. */
  | {
      readonly kind: "CVAR";
      readonly aversion: number;
      readonly tailMass: number;
      readonly paths: readonly ScenarioSet[];
    };

export type Plan =
  | {
      readonly status: "OPTIMAL" | "FEASIBLE";
      /** Of each step; the first is to be traded to now. */
      readonly weights: readonly Float64Array[];
      readonly outcome: Extract<Outcome, { certificate: unknown }>;
    }
  | Exclude<Outcome, { certificate: unknown }>;

/**
 * Maximises Σ over steps of expected return - costs - risk. `solve` is solveInside or solveSmooth, or
 * solveTail without impact or variance. Cost: a program of 3 · steps · assets variables and steps · (assets + 2) rows. RangeError where lengths differ.
 */
export function planAhead(
  horizon: Horizon,
  solve: (program: Program, work?: Work) => Outcome,
  work: Work = {},
): Plan {
  const outcome = solve(horizonProgram(horizon), work);
  if (outcome.status === "INFEASIBLE" || outcome.status === "UNBOUNDED") return outcome;
  const n = horizon.current.length;
  const weights = horizon.steps.map((_, h) => outcome.x.slice(h * n, (h + 1) * n));
  return { status: outcome.status, weights, outcome };
}

/** Weights of every step, then what each buys, then what each sells; within each, step by step. */
export function horizonProgram(horizon: Horizon): Program {
  const { current, steps, lower, upper, risk, linearCost, impact } = horizon;
  checkLengths(horizon);
  const n = current.length;
  const held = steps.length * n;
  const paid = risk.kind === "CVAR" ? 1 + risk.aversion : 1;
  const perTrade = (values: readonly number[] | undefined): Float64Array =>
    Float64Array.from({ length: 3 * held }, (_, j) =>
      j < held ? 0 : paid * (values?.[j % n] ?? 0),
    );
  const cost = perTrade(linearCost);
  for (let j = 0; j < held; j++) {
    cost[j] = -(steps[Math.floor(j / n)]?.expectedReturns[j % n] as number);
  }
  const smooth: SmoothTerm[] = [];
  if (impact !== undefined) smooth.push({ kind: "IMPACT", coefficients: perTrade(impact) });
  if (risk.kind === "VARIANCE") {
    const covariance = blockDiagonal(risk.covariance, n, steps.length);
    smooth.push({ kind: "VARIANCE", weight: risk.aversion / 2, covariance });
  }
  const tail: Tail | null =
    risk.kind === "CVAR"
      ? { weight: risk.aversion, mass: risk.tailMass, scenarios: joined(risk.paths) }
      : null;
  return {
    variables: 3 * held,
    cost,
    lower: Float64Array.from({ length: 3 * held }, (_, j) =>
      j < held ? (lower[j % n] as number) : 0,
    ),
    upper: Float64Array.from({ length: 3 * held }, (_, j) => {
      if (j < held) return upper[j % n] as number;
      const least = Math.min(lower[j % n] as number, current[j % n] as number);
      return Math.max(upper[j % n] as number, current[j % n] as number) - least;
    }),
    rows: rowsOf(horizon),
    holdings: {
      assets: held,
      asset: Int32Array.from({ length: 3 * held }, (_, j) => (j < held ? j : -1)),
      sign: new Float64Array(3 * held).fill(1),
    },
    ...(tail === null ? {} : { tail }),
    ...(smooth.length === 0 ? {} : { smooth }),
  };
}

/** Of each step: what is held is what was, bought and sold; the budget; the turnover. */
function rowsOf({ current, steps, budget, maximumTurnover }: Horizon): Program["rows"] {
  const n = current.length;
  const held = steps.length * n;
  const perStep = n + (maximumTurnover === undefined ? 1 : 2);
  const count = steps.length * perStep;
  const coefficients = new Float64Array(count * 3 * held);
  const lower = new Float64Array(count);
  const upper = new Float64Array(count);
  for (let h = 0; h < steps.length; h++) {
    const first = h * perStep;
    const set = (row: number, variable: number, value: number): void => {
      coefficients[(first + row) * 3 * held + variable] = value;
    };
    const limit = (row: number, low: number, high: number): void => {
      lower[first + row] = low;
      upper[first + row] = high;
    };
    for (let a = 0; a < n; a++) {
      const own = h * n + a;
      set(a, own, 1);
      set(a, held + own, -1);
      set(a, 2 * held + own, 1);
      if (h > 0) set(a, own - n, -1);
      const before = h === 0 ? (current[a] as number) : 0;
      limit(a, before, before);
      set(n, own, 1);
      if (maximumTurnover !== undefined) {
        set(n + 1, held + own, 1);
        set(n + 1, 2 * held + own, 1);
      }
    }
    limit(n, budget.lower, budget.upper);
    if (maximumTurnover !== undefined) limit(n + 1, Number.NEGATIVE_INFINITY, maximumTurnover);
  }
  return { count, coefficients, lower, upper };
}

function blockDiagonal(covariance: Float64Array, n: number, blocks: number): Float64Array {
  const size = blocks * n;
  const whole = new Float64Array(size * size);
  for (let h = 0; h < blocks; h++) {
    for (let i = 0; i < n; i++) {
      const row = covariance.subarray(i * n, (i + 1) * n);
      whole.set(row, (h * n + i) * size + h * n);
    }
  }
  return whole;
}

/** Assets of all steps side by side. */
function joined(paths: readonly ScenarioSet[]): ScenarioSet {
  const [first] = paths as readonly [ScenarioSet, ...ScenarioSet[]];
  const size = first.assets.length * first.count;
  const returns = new Float64Array(paths.length * size);
  for (const [h, path] of paths.entries()) returns.set(path.returns, h * size);
  const assets = paths.flatMap((path, h) => path.assets.map((name) => `${name} in step ${h}`));
  return { ...first, assets, returns };
}

function checkLengths({ current, steps, lower, upper, risk, linearCost, impact }: Horizon): void {
  const n = current.length;
  const isLong = (name: string, values: ArrayLike<number>, length = n): void => {
    if (values.length !== length) {
      throw new RangeError(`${name} has ${values.length} numbers, not ${length}`);
    }
  };
  if (steps.length === 0) throw new RangeError("a plan has at least one step");
  isLong("lower", lower);
  isLong("upper", upper);
  if (linearCost !== undefined) isLong("linearCost", linearCost);
  if (impact !== undefined) isLong("impact", impact);
  for (const [h, step] of steps.entries()) isLong(`steps[${h}]`, step.expectedReturns);
  if (risk.kind === "VARIANCE") {
    isLong("covariance", risk.covariance, n * n);
    return;
  }
  if (risk.paths.length !== steps.length) {
    throw new RangeError(`${risk.paths.length} paths for ${steps.length} steps`);
  }
  for (const [h, path] of risk.paths.entries()) {
    isLong(`paths[${h}].returns`, path.returns, n * (risk.paths[0] as ScenarioSet).count);
  }
}
