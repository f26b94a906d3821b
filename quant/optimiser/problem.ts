// Portfolio problems as people state them. Plain data: what is left out does not bind.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import type { Duals } from "./program.ts";

/** All figures are per period of the scenarios; weights are shares of equity, 0.1 = 10 %. */
export interface Problem {
  readonly scenarios: ScenarioSet;
  /** Expected return of each asset; the scenarios' probability-weighted mean if left out. */
  readonly expectedReturns?: readonly number[];
  /** For the problems of variance; the scenarios' weighted sample covariance if left out. Row by row. */
  readonly covariance?: Float64Array;
  readonly objective: Objective;
  readonly constraints?: Constraints;
  /** What is held now; no position if left out. Turnover and costs are measured from here. */
  readonly current?: readonly number[];
  readonly costs?: Costs;
  readonly work?: { readonly maxPivots?: number; readonly expired?: () => boolean };
}

export type Objective =
  | { readonly kind: "MINIMUM_CVAR"; readonly tailMass: number }
  /** Largest expected return − riskAversion · CVaR. */
  | { readonly kind: "MEAN_CVAR"; readonly tailMass: number; readonly riskAversion: number }
  /** Usually with `maximumCvar` or `targetVolatility`. */
  | { readonly kind: "MAXIMUM_RETURN" }
  /** Largest (expected return − riskFree) / CVaR. */
  | {
      readonly kind: "MAXIMUM_RETURN_TO_CVAR";
      readonly tailMass: number;
      readonly riskFree?: number;
    }
  /** Worst expected shortfall in a Wasserstein ball: CVaR + radius · ‖w‖₂. */
  | { readonly kind: "ROBUST_CVAR"; readonly tailMass: number; readonly radius: number }
  | { readonly kind: "MINIMUM_VARIANCE" }
  /** Largest expected return − riskAversion / 2 · variance. */
  | { readonly kind: "MEAN_VARIANCE"; readonly riskAversion: number }
  | { readonly kind: "MAXIMUM_SHARPE"; readonly riskFree?: number }
  | {
      readonly kind: "RISK_PARITY";
      readonly measure: "VARIANCE" | "CVAR";
      readonly tailMass?: number;
      /** Share of risk of each asset, sum 1; equal if left out. */
      readonly budgets?: readonly number[];
    }
  | {
      readonly kind: "HIERARCHICAL_RISK_PARITY";
      readonly linkage: "SINGLE" | "COMPLETE" | "AVERAGE" | "WARD";
      /** Optimal ordering of the leaves (Z. Bar-Joseph et al., 2001). */
      readonly optimalLeafOrder?: boolean;
    }
  /** Largest expected logarithmic growth over the scenarios, times `fraction` of the bet. */
  | { readonly kind: "KELLY"; readonly fraction?: number };

export interface Constraints {
  /** Least and most of each asset; 0 and no limit if left out. One number is for all. */
  readonly lower?: number | readonly number[];
  readonly upper?: number | readonly number[];
  /** Sum of the weights; exactly 1 if left out. What is not held is cash. */
  readonly budget?: number | Range;
  /** Sum of absolute weights. */
  readonly maximumGross?: number;
  /** Sectors and factors: a weighted sum of weights within a range. */
  readonly exposures?: readonly Exposure[];
  /** Sum of |weight − current|, both sides of each trade. */
  readonly maximumTurnover?: number;
  readonly minimumReturn?: number;
  readonly maximumCvar?: { readonly tailMass: number; readonly limit: number };
  /** Standard deviation of the portfolio's return, per period of the scenarios. */
  readonly maximumVolatility?: number;
  /** Held at all only with at least this weight. */
  readonly minimumPosition?: number;
  readonly maximumNames?: number;
  /** By asset name: what may not be done with it. */
  readonly restrictions?: Readonly<Record<string, "NO_TRADE" | "NO_BUY" | "NO_SELL" | "NO_HOLD">>;
}

export interface Range {
  readonly lower?: number;
  readonly upper?: number;
}

export interface Exposure extends Range {
  readonly name: string;
  /** By asset name; those left out have no part. */
  readonly coefficients: Readonly<Record<string, number>>;
}

export interface Costs {
  /** Share of what is bought or sold, of each asset or of all. */
  readonly linear?: number | readonly number[];
  /** Cost of trading d of equity is impact · |d|^1.5, of each asset or of all. */
  readonly impact?: number | readonly number[];
}

export type Solution = Portfolio | NoPortfolio | Refusal;

export interface Portfolio {
  /** FEASIBLE: work or time ran out; the gap says how far it may be from the best. */
  readonly status: "OPTIMAL" | "FEASIBLE";
  /** In the order of the scenarios' assets. */
  readonly weights: Float64Array;
  /** 1 − sum of weights. */
  readonly cash: number;
  readonly expectedReturn: number;
  /** What was minimised is between `lower` and `upper`; `feasibility` is the largest violation. */
  readonly upper: number;
  readonly lower: number;
  /** (upper − lower), less what the rounding of the bound's sums may be, relative to the size of the objective. */
  readonly gap: number;
  readonly feasibility: number;
  /** By constraint in words: what a unit more of it would gain, per unit of the objective. Binding ones only. */
  readonly shadowPrices: readonly { readonly constraint: string; readonly price: number }[];
  /** Change of the risk measure per unit of each asset. */
  readonly marginalRisk: Float64Array;
  readonly pivots: number;
  /** What `lower` rests on, for a check from the problem alone (check-solution.ts). None: a rule, not an optimum. */
  readonly proof?: Proof;
}

/** Prices in the units of the program that the problem was put into (lower.ts). Plain data. */
export interface Proof {
  readonly duals: Duals;
  /** What a unit of CVaR costs where a limit on it binds or a ratio is the objective. */
  readonly cvarPrice?: number;
  /** The same of variance: of a limit on volatility, or of a Sharpe ratio. */
  readonly variancePrice?: number;
  /**
   * Where a limit on volatility leaves no risk at all, which has no finite price: weights h with h'C v ≤ volatility(h) ·
   * volatility(v) for any v (Cauchy and Schwarz). In the units of the program.
   */
  readonly hedge?: Float64Array;
  /**
   * A lower bound that a search over the names held has found, in the units of the objective. Duals do not prove it: theirs
   * is that of the problem without the limits on names. To check it is to search again.
   */
  readonly searched?: number;
}

export interface NoPortfolio {
  readonly status: "INFEASIBLE" | "UNBOUNDED";
  /** INFEASIBLE: the smallest set of constraints, in words, that cannot hold together. */
  readonly conflict: readonly string[];
  /** UNBOUNDED: the direction that gains for ever. */
  readonly ray?: Float64Array;
}

/** What was given cannot be computed with: not finite, of another length, out of its range. */
export interface Refusal {
  readonly status: "REFUSED";
  /** Where and what: `scenarios.returns[row 17, AAPL] is NaN`. */
  readonly reasons: readonly string[];
}
