// What a solver minimises: a convex function of variables within bounds and rows. Every portfolio problem
// on scenarios, and every smooth one, is put into this form once (lower.ts); every solver answers in the
// one form below, and one check (certificate.ts) judges all of them.
//
//   minimise  cost·x + tail.weight · CVaR(losses of x) + smooth terms of the net weights
//   subject to  lower ≤ x ≤ upper,  rows.lower ≤ A x ≤ rows.upper
//
// The loss in scenario s is -Σ_j sign[j] · r[asset[j], s] · x_j; CVaR by R. Rockafellar and S. Uryasev,
// Journal of Risk 2(3), 2000: min over t of t + Σ_s p_s max(0, loss_s - t) / mass.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";

export interface Program {
  readonly variables: number;
  readonly cost: Float64Array;
  /** -Infinity and Infinity where there is none. */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly rows: Rows;
  /** Which part of which asset each variable is. */
  readonly holdings: Holdings;
  readonly tail?: Tail;
  readonly smooth?: readonly SmoothTerm[];
}

export interface Rows {
  readonly count: number;
  /** Row by row: of variable j in row i at [i * variables + j]. */
  readonly coefficients: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
}

/** The net weight of an asset is the sum of sign[j] · x_j over its variables. */
export interface Holdings {
  readonly assets: number;
  /** Of each variable; -1: of none (cash). */
  readonly asset: Int32Array;
  /** 1 or -1 (a short or sold part). */
  readonly sign: Float64Array;
}

export interface Tail {
  /** Above 0: what a unit of CVaR costs. */
  readonly weight: number;
  /** Share of probability in the tail, in (0, 1]: 0.05 for CVaR at 95 %. */
  readonly mass: number;
  /** Of the assets of `holdings`. */
  readonly scenarios: ScenarioSet;
}

/** Convex functions of the net weights y (assets long) or of the variables x. */
export type SmoothTerm =
  /** weight · ‖y‖₂ */
  | { readonly kind: "NORM"; readonly weight: number }
  /** weight · yᵀ C y; covariance symmetric, positive semidefinite, assets × assets. */
  | { readonly kind: "VARIANCE"; readonly weight: number; readonly covariance: Float64Array }
  /** Σ_j coefficients[j] · |x_j|^1.5, coefficients at least 0: market impact of what is traded. */
  | { readonly kind: "IMPACT"; readonly coefficients: Float64Array };

export interface Duals {
  /** Mass that the worst case puts on scenarios: each at most p_s / tail.mass, sum 1. Empty without a tail. */
  readonly scenarios: Int32Array;
  readonly masses: Float64Array;
  /** Price of each row: above 0 where its lower limit binds, below 0 where its upper does. */
  readonly rows: Float64Array;
}

/** What an answer proves about itself, in the units of the objective. */
export interface Certificate {
  /** The objective at the answer. */
  readonly upper: number;
  /** No feasible answer has a smaller objective than this; of weights without a bound: none of up to 2^50 (certificate.ts). */
  readonly lower: number;
  /**
   * The largest violation beyond the rounding of a row's sum: of a bound against 1, of a row against its largest coefficient,
   * or the limit if larger.
   */
  readonly feasibility: number;
}

export type Outcome =
  | {
      /** FEASIBLE: work ran out before the gap closed, or rounding keeps it open. */
      readonly status: "OPTIMAL" | "FEASIBLE";
      readonly x: Float64Array;
      readonly duals: Duals;
      readonly certificate: Certificate;
      readonly pivots: number;
      /** Where to start again when only costs or limits have moved. */
      readonly basis?: Basis;
    }
  | {
      readonly status: "INFEASIBLE";
      /** Farkas' proof: prices of rows under which no x within its bounds satisfies all of them. */
      readonly rows: Float64Array;
      readonly pivots: number;
    }
  | {
      readonly status: "UNBOUNDED";
      /** From any feasible x, x + k·ray is feasible for every k ≥ 0, and better, as far as numbers reach (k up to 2^50). */
      readonly ray: Float64Array;
      readonly pivots: number;
    };

/** A vertex: what is tight at it. Plain data. */
export interface Basis {
  /** Of each variable: -1 at its lower bound, 1 at its upper, 0 between. */
  readonly variables: Int8Array;
  /** Of each row: -1 at its lower limit, 1 at its upper, 0 between. */
  readonly rows: Int8Array;
  /** Scenarios whose loss is the value at risk. */
  readonly scenarios: Int32Array;
}

export interface Work {
  /** After so many pivots the best answer so far comes back as FEASIBLE. The same on every machine. */
  readonly maxPivots?: number;
  /** Asked now and then; true ends the work early. Not for a decision that is to be replayed. */
  readonly expired?: () => boolean;
  readonly start?: Basis;
}
