// The optimiser's settings in machine units, and their one form. Promises: what interpret.ts promises; a setting that the
// objective has no use for is refused by its place, never passed over.

import type { AnswerLimits, Bounds, OptimiserConfig } from "../../processors/optimiser-config.ts";
import type { Constraints, Objective } from "../../quant/optimiser/problem.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import { expectedFrom, oneExpected } from "./expected-returns.ts";
import type { HumanLimit, HumanOptimiser, HumanRebalance } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";
import { recipeOf } from "./scenario-recipe.ts";
import type { SizingReader } from "./sizing.ts";

const PLACE = "/sizing/optimiser";
const BPS_DIGITS = 4;
const TAIL = 0.05;

/** What each objective is for beside the returns; the first of them is needed where it is listed in `needed`. */
const uses: Readonly<Record<HumanOptimiser["objective"], readonly (keyof HumanOptimiser)[]>> = {
  "minimum-cvar": ["tail"],
  "mean-cvar": ["riskAversion", "tail"],
  "maximum-return": [],
  "maximum-return-to-cvar": ["tail", "riskFree"],
  "robust-cvar": ["radius", "tail"],
  "minimum-variance": [],
  "mean-variance": ["riskAversion"],
  "maximum-sharpe": ["riskFree"],
  "risk-parity": [],
  "cvar-risk-parity": ["tail"],
  "hierarchical-risk-parity": ["linkage"],
  kelly: ["fraction"],
};
const needed: readonly (keyof HumanOptimiser)[] = ["riskAversion", "radius"];
const ofObjectives = ["tail", "riskAversion", "radius", "riskFree", "linkage", "fraction"] as const;
/** When a book follows its signals, or is cut: the optimiser has its own ways. */
const notRebalanced = [
  "driftOfTarget",
  "targetChange",
  "drawdown",
  "drawdownScale",
  "maxTurnover",
] as const;

export function optimiserOf(
  read: SizingReader,
  human: HumanOptimiser,
  allowShort: boolean,
  rebalance: HumanRebalance = {},
): OptimiserConfig {
  const fail = (key: string, rule: string): 0 => read.fail(`${PLACE}/${key}`, rule);
  for (const key of notRebalanced) {
    if (isOff(rebalance[key] ?? null)) continue;
    const instead = key === "maxTurnover" ? "use sizing.optimiser.maxTurnover" : "leave it out";
    read.fail(`/sizing/rebalance/${key}`, `does nothing with method optimised: ${instead}`);
  }
  const { bounds, least, cost, impact } = human;
  const bySymbol = Object.fromEntries(
    Object.entries(bounds ?? {}).map(([symbol, own]) => [symbol, boundsOf(own)]),
  );
  const shorts = [
    ["least", least],
    ...Object.entries(bounds ?? {}).map(([symbol, own]) => [`bounds/${symbol}/least`, own.least]),
  ] as const;
  for (const [key, value = 0] of shorts) {
    if (Number(value) < 0 && !allowShort)
      fail(String(key), "below 0 needs sizing.allowShort: true");
  }
  return {
    objective: objectiveOf(human, fail),
    constraints: constraintsFrom(human, fail),
    bounds: { ...boundsOf(human), ...(bounds === undefined ? {} : { bySymbol }) },
    costs: {
      ...(cost === undefined ? {} : { linear: cost }),
      ...(impact === undefined ? {} : { impact }),
    },
    scenarios: recipeOf(human.scenarios, fail),
    window: human.window,
    ...expectedFrom(read, human, fail),
    ...radiiOf(human, fail),
    latencyUs: read.duration(`${PLACE}/latency`, human.latency ?? "1s", 1),
    limits: limitsOf(read, human),
  };
}

/** Notes what is wrong with a setting of the optimiser. */
export type Fail = (key: string, rule: string) => 0;

const isOff = (value: HumanLimit): value is "off" | null => value === "off" || value === null;

const boundsOf = ({ least, most }: Pick<HumanOptimiser, "least" | "most">): Bounds => ({
  ...(least === undefined ? {} : { lower: least }),
  ...(most === undefined ? {} : { upper: most }),
});

function objectiveOf(human: HumanOptimiser, fail: Fail): Objective {
  const { objective, tail = TAIL, riskAversion = 0, radius = 0, riskFree, linkage } = human;
  for (const key of ofObjectives) {
    const isUsed = uses[objective].includes(key);
    const isTail = key === "tail" && human.maxCvar !== undefined;
    if (human[key] !== undefined && !isUsed && !isTail) {
      fail(key, `does nothing with objective ${objective}: leave it out`);
    }
    if (human[key] === undefined && isUsed && needed.includes(key)) {
      fail("objective", `${objective} needs sizing.optimiser.${key} beside it`);
    }
  }
  const free = riskFree === undefined ? {} : { riskFree };
  switch (objective) {
    case "minimum-cvar":
      return { kind: "MINIMUM_CVAR", tailMass: tail };
    case "mean-cvar":
      return { kind: "MEAN_CVAR", tailMass: tail, riskAversion };
    case "maximum-return":
      return { kind: "MAXIMUM_RETURN" };
    case "maximum-return-to-cvar":
      return { kind: "MAXIMUM_RETURN_TO_CVAR", tailMass: tail, ...free };
    case "robust-cvar":
      return { kind: "ROBUST_CVAR", tailMass: tail, radius };
    case "minimum-variance":
      return { kind: "MINIMUM_VARIANCE" };
    case "mean-variance":
      return { kind: "MEAN_VARIANCE", riskAversion };
    case "maximum-sharpe":
      return { kind: "MAXIMUM_SHARPE", ...free };
    case "risk-parity":
      return { kind: "RISK_PARITY", measure: "VARIANCE" };
    case "cvar-risk-parity":
      return { kind: "RISK_PARITY", measure: "CVAR", tailMass: tail };
    case "hierarchical-risk-parity":
      return { kind: "HIERARCHICAL_RISK_PARITY", linkage: linkages[linkage ?? "single"] };
    case "kelly":
      return {
        kind: "KELLY",
        ...(human.fraction === undefined ? {} : { fraction: human.fraction }),
      };
  }
}

const ofRegimes = ["regimeFrom", "regimeBand", "transitionRadius", "transitionBars"] as const;

function radiiOf(human: HumanOptimiser, fail: Fail): Pick<OptimiserConfig, "radii"> {
  const { objective, radiusByRegime: factors, regimeFrom: from = "features", regimeBand } = human;
  const { transitionRadius: factor, transitionBars } = human;
  if (factors === undefined) {
    for (const key of ofRegimes) {
      if (human[key] !== undefined) {
        fail(key, "does nothing without sizing.optimiser.radiusByRegime");
      }
    }
    return {};
  }
  if (objective !== "robust-cvar") {
    fail("radiusByRegime", `does nothing with objective ${objective}: leave it out`);
  }
  if (from === "tape" && regimeBand !== undefined) {
    fail("regimeBand", "does nothing where regimes come from the tape");
  }
  if (transitionBars !== undefined && factor === undefined) {
    fail("transitionBars", "does nothing without sizing.optimiser.transitionRadius");
  }
  const transition =
    factor === undefined ? {} : { transition: { factor, bars: transitionBars ?? 5 } };
  return { radii: { from, band: regimeBand ?? 1, factors, ...transition } };
}

const linkages = {
  single: "SINGLE",
  complete: "COMPLETE",
  average: "AVERAGE",
  ward: "WARD",
} as const;

const restrictions = {
  "no-trade": "NO_TRADE",
  "no-buy": "NO_BUY",
  "no-sell": "NO_SELL",
  "no-hold": "NO_HOLD",
} as const;

function constraintsFrom(human: HumanOptimiser, fail: Fail): OptimiserConfig["constraints"] {
  const { invested, cash, exposures, tail = TAIL, maxCvar } = human;
  if (invested !== undefined && cash !== undefined) {
    fail("cash", "does not go with sizing.optimiser.invested: leave one of them out");
  }
  // Weights are what is left of equity beside cash.
  const budget =
    cash === undefined
      ? invested
      : {
          ...(cash.most === undefined ? {} : { lower: 1 - cash.most }),
          ...(cash.least === undefined ? {} : { upper: 1 - cash.least }),
        };
  const named = Object.entries(exposures ?? {}).map(([name, { of, least, most }]) => {
    if (least === undefined && most === undefined) {
      fail(`exposures/${name}`, "holds nothing: give least, most or both");
    }
    return { name, coefficients: of, ...boundsOf({ least, most } as Ends) };
  });
  const held = Object.entries(human.restrictions ?? {}).map(([symbol, what]) => [
    symbol,
    restrictions[what],
  ]);
  return {
    ...only("budget", budget),
    ...only("maximumGross", human.maxGross),
    ...only("exposures", exposures === undefined ? undefined : named),
    ...only("maximumTurnover", human.maxTurnover),
    ...only("minimumReturn", human.minReturn),
    ...only("maximumCvar", maxCvar === undefined ? undefined : { tailMass: tail, limit: maxCvar }),
    ...only("maximumVolatility", human.maxVolatility),
    ...only("minimumPosition", human.minPosition),
    ...only("maximumNames", human.maxNames),
    ...only("restrictions", human.restrictions && Object.fromEntries(held)),
  };
}

type Ends = Pick<HumanOptimiser, "least" | "most">;

/** What is left out stays out. */
const only = <K extends keyof Constraints>(
  key: K,
  value: Constraints[K] | undefined,
): Pick<Constraints, K> | object => (value === undefined ? {} : { [key]: value });

function limitsOf(read: SizingReader, human: HumanOptimiser): AnswerLimits {
  const bps = (key: "maxPriceMove" | "maxPositionMove"): number | null => {
    const { [key]: value = null } = human;
    return isOff(value) ? null : read.fraction(`${PLACE}/${key}`, value, BPS_DIGITS);
  };
  return {
    maxGap: human.maxGap ?? 1e-6,
    maxViolation: human.maxViolation ?? 1e-8,
    maxPriceMoveBps: bps("maxPriceMove"),
    maxPositionMoveBps: bps("maxPositionMove"),
  };
}

/** What is switched on, each value in one form. */
export function oneOptimiser(human: { readonly [key: string]: Plain }): Plain {
  const on = Object.entries(human).filter(([, value]) => value !== "off" && value !== null);
  return Object.fromEntries(
    on.map(([key, value]) => {
      if (key === "expected") return [key, oneExpected(value)];
      const us = key === "latency" ? parseDurationUs(String(value)) : null;
      return [key, us === null ? value : formatDurationUs(us)];
    }),
  );
}
