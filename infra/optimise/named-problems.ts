// The problems that have a name on the command line, and which settings each of them takes.

import type { Objective } from "../../quant/optimiser/problem.ts";

/** Settings of objectives, as the command line gives them; those left out have defaults. */
export interface ObjectiveSettings {
  readonly tail?: number;
  readonly riskAversion?: number;
  readonly radius?: number;
  readonly riskFree?: number;
  readonly fraction?: number;
  readonly linkage?: "single" | "complete" | "average" | "ward";
}

interface NamedProblem {
  readonly says: string;
  readonly takes: readonly (keyof ObjectiveSettings)[];
  readonly objective: (settings: ObjectiveSettings) => Objective;
}

export const DEFAULT_TAIL = 0.05;
/** Of mean-CVaR and mean-variance: 1 weighs a unit of risk as a unit of return. */
const DEFAULT_AVERSION = 1;

const tailOf = ({ tail = DEFAULT_TAIL }: ObjectiveSettings): number => tail;
const riskFreeOf = ({ riskFree }: ObjectiveSettings) =>
  riskFree === undefined ? {} : { riskFree };

export const namedProblems: Readonly<Record<string, NamedProblem>> = {
  "minimum-cvar": {
    says: "least CVaR, the mean of the worst outcomes",
    takes: ["tail"],
    objective: (given) => ({ kind: "MINIMUM_CVAR", tailMass: tailOf(given) }),
  },
  "mean-cvar": {
    says: "largest expected return − risk aversion · CVaR",
    takes: ["tail", "riskAversion"],
    objective: (given) => ({
      kind: "MEAN_CVAR",
      tailMass: tailOf(given),
      riskAversion: given.riskAversion ?? DEFAULT_AVERSION,
    }),
  },
  "maximum-return": {
    says: "largest expected return, with --max-cvar or --max-volatility",
    takes: [],
    objective: () => ({ kind: "MAXIMUM_RETURN" }),
  },
  "return-to-cvar": {
    says: "largest (expected return − risk-free) / CVaR",
    takes: ["tail", "riskFree"],
    objective: (given) => ({
      kind: "MAXIMUM_RETURN_TO_CVAR",
      tailMass: tailOf(given),
      ...riskFreeOf(given),
    }),
  },
  "dro-es": {
    says: "least worst-case CVaR over a Wasserstein ball: CVaR + radius · ‖w‖₂",
    takes: ["tail", "radius"],
    objective: (given) => ({
      kind: "ROBUST_CVAR",
      tailMass: tailOf(given),
      radius: given.radius ?? 0.01,
    }),
  },
  "minimum-variance": {
    says: "least variance",
    takes: [],
    objective: () => ({ kind: "MINIMUM_VARIANCE" }),
  },
  "mean-variance": {
    says: "largest expected return − risk aversion / 2 · variance",
    takes: ["riskAversion"],
    objective: (given) => ({
      kind: "MEAN_VARIANCE",
      riskAversion: given.riskAversion ?? DEFAULT_AVERSION,
    }),
  },
  "maximum-sharpe": {
    says: "largest (expected return − risk-free) / volatility",
    takes: ["riskFree"],
    objective: (given) => ({ kind: "MAXIMUM_SHARPE", ...riskFreeOf(given) }),
  },
  "risk-parity": {
    says: "every asset the same share of the variance",
    takes: [],
    objective: () => ({ kind: "RISK_PARITY", measure: "VARIANCE" }),
  },
  "cvar-parity": {
    says: "every asset the same share of the CVaR",
    takes: ["tail"],
    objective: (given) => ({ kind: "RISK_PARITY", measure: "CVAR", tailMass: tailOf(given) }),
  },
  hrp: {
    says: "hierarchical risk parity",
    takes: ["linkage"],
    objective: (given) => ({
      kind: "HIERARCHICAL_RISK_PARITY",
      linkage: linkages[given.linkage ?? "single"],
    }),
  },
  kelly: {
    says: "largest expected logarithmic growth",
    takes: ["fraction"],
    objective: (given) => ({
      kind: "KELLY",
      ...(given.fraction === undefined ? {} : { fraction: given.fraction }),
    }),
  },
};

const linkages = {
  single: "SINGLE",
  complete: "COMPLETE",
  average: "AVERAGE",
  ward: "WARD",
} as const;
