// How scenarios are made from a history, as plain data: what a proposal records, and a replay reads.

import type { BootstrapDraw } from "./bootstrap.ts";
import type { FactorDraw } from "./factor.ts";
import type { FilteredDraw } from "./filtered-historical.ts";
import type { GaussianDraw } from "./gaussian.ts";
import type { KernelDraw } from "./kernel.ts";
import type { StressScenario } from "./stress.ts";
import type { StudentDraw } from "./student-t.ts";

/** `seed` is a safe integer, `count` a whole number from 1: how many scenarios are drawn. */
export type ScenarioRecipe = Draw & {
  /** Scenarios by hand, which take their probability from the others. */
  readonly stress?: readonly StressScenario[];
};

export type Draw =
  /** Each period once, its weight falling by `decay` with each step into the past; 1 if left out. */
  | { readonly kind: "HISTORICAL"; readonly decay?: number }
  | ({ readonly kind: "BOOTSTRAP" } & BootstrapDraw)
  /** Each scenario a path of its own: drawn in parts, by any device, the same. */
  | ({ readonly kind: "PATH_BOOTSTRAP" } & BootstrapDraw)
  | ({ readonly kind: "GAUSSIAN" } & GaussianDraw)
  | ({ readonly kind: "STUDENT_T" } & StudentDraw)
  | ({ readonly kind: "KERNEL" } & KernelDraw)
  | ({ readonly kind: "FACTOR" } & FactorDraw)
  | ({ readonly kind: "FILTERED_HISTORICAL" } & FilteredDraw);
