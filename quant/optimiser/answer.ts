// What a way of solving hands back before it is judged: weights with what proves them. Promises: nothing here is believed;
// assess.ts computes every figure that people see from the problem.

import type { Proof } from "./problem.ts";

export type Answer =
  | {
      readonly status: "SOLVED";
      readonly weights: Float64Array;
      readonly proof: Proof;
      readonly pivots: number;
    }
  | { readonly status: "INFEASIBLE" }
  | { readonly status: "UNBOUNDED"; readonly ray: Float64Array }
  | { readonly status: "REFUSED"; readonly reasons: readonly string[] };
