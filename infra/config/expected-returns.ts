// What the optimiser expects of returns, in machine units. Promises: a setting that the source or the prior has no use for
// is refused by its place; what a source cannot do without is asked for.

import type {
  Equilibrium,
  ExpectedReturns,
  OptimiserConfig,
  ReturnSource,
} from "../../processors/optimiser-config.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import type { HumanExpected, HumanOptimiser } from "./human-config.ts";
import type { Fail } from "./optimiser.ts";
import type { Plain } from "./read-yaml.ts";
import type { SizingReader } from "./sizing.ts";

const CONFIDENCE = 0.5;
const RISK_AVERSION = 2.5;
const TAU = 0.05;
/** A month of days. */
const VIEW_BARS = 21;

/** What each source cannot do without. */
const needed = { signals: "signalReturn", forecasts: "bar", views: "prior" } as const;
/** What goes with a source alone, or with a prior alone. */
const ofSource = { signalReturn: "signals", confidence: "signals", bar: "forecasts" } as const;
const ofPrior = ["riskAversion", "tau", "viewBars", "confidence"] as const;
/** Objectives in which no return counts, unless one is asked for. */
const returnless: readonly HumanOptimiser["objective"][] = [
  "minimum-cvar",
  "robust-cvar",
  "minimum-variance",
  "risk-parity",
  "cvar-risk-parity",
  "hierarchical-risk-parity",
  "kelly",
];

export function expectedFrom(
  read: SizingReader,
  { objective, expected, minReturn }: HumanOptimiser,
  fail: Fail,
): Pick<OptimiserConfig, "expected"> {
  if (expected === undefined) return {};
  const { from } = expected;
  if (returnless.includes(objective) && minReturn === undefined) {
    fail("expected", `does nothing with objective ${objective} without minReturn: leave it out`);
  }
  if (expected[needed[from]] === undefined) {
    fail("expected/from", `${from} needs sizing.optimiser.expected.${needed[from]} beside it`);
  }
  for (const [key, source] of Object.entries(ofSource)) {
    if (expected[key as keyof typeof ofSource] === undefined || source === from) continue;
    fail(`expected/${key}`, `does nothing with from ${from}: leave it out`);
  }
  const equilibrium = equilibriumOf(expected, fail);
  return { expected: { from: sourceOf(read, expected), ...equilibrium } };
}

function sourceOf(
  read: SizingReader,
  { from, signalReturn = 0, confidence = CONFIDENCE, bar = "1d" }: HumanExpected,
): ReturnSource {
  switch (from) {
    case "signals":
      return { kind: "SIGNALS", atOne: signalReturn, confidence };
    case "forecasts": {
      const barUs = read.duration("/sizing/optimiser/expected/bar", bar, 1);
      return { kind: "FORECASTS", barUs };
    }
    case "views":
      return { kind: "VIEWS" };
  }
}

function equilibriumOf(expected: HumanExpected, fail: Fail): Pick<ExpectedReturns, "equilibrium"> {
  const { prior, market, riskAversion, tau, viewBars } = expected;
  if (market !== undefined && prior !== "market") {
    fail("expected/market", "does nothing without prior: market");
  }
  if (prior === undefined) {
    for (const key of ofPrior) {
      if (expected[key] === undefined) continue;
      fail(`expected/${key}`, "does nothing without sizing.optimiser.expected.prior");
    }
    return {};
  }
  if (prior === "market" && market === undefined) {
    fail("expected/prior", "market needs sizing.optimiser.expected.market beside it");
  }
  const equilibrium: Equilibrium = {
    weights: prior === "held" ? "HELD" : (market ?? {}),
    riskAversion: riskAversion ?? RISK_AVERSION,
    tau: tau ?? TAU,
    viewBars: viewBars ?? VIEW_BARS,
  };
  return { equilibrium };
}

/** Each value in one form. */
export function oneExpected(human: Plain): Plain {
  const { bar, ...rest } = human as { readonly [key: string]: Plain };
  const us = bar === undefined ? null : parseDurationUs(String(bar));
  return {
    ...rest,
    ...(bar === undefined ? {} : { bar: us === null ? bar : formatDurationUs(us) }),
  };
}
