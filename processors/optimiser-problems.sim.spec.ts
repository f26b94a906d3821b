// Every objective and every constraint of the optimiser once through the whole flow: asked, answered, proven
// again at the gate and traded; and where the weights are moved on the way, by whatever is still feasible, denied.

import { describe, expect, test } from "vitest";
import type { Objective } from "../quant/optimiser/problem.ts";
import type { Draw } from "../quant/scenarios/scenario-recipe.ts";
import type { Forecast } from "../schemas/generated/forecasts.ts";
import type { SourceFact } from "../streams/simulator/scenario.ts";
import { command, MINUTE_US } from "../streams/testing/facts.ts";
import { barEndUs, optimisedRun, optimiserWith, SYMBOLS } from "./optimised-run.spec.ts";
import type { OptimiserConfig } from "./optimiser-config.ts";
import type { AnswerRequest } from "./optimiser-pool/optimiser-pool.ts";
import { type AskedProblem, answerTo } from "./pool-work.ts";

const tailMass = 0.2;
type Case = Partial<OptimiserConfig> & { readonly allowShort?: boolean };

const objectives: Readonly<Record<string, Objective>> = {
  "minimum CVaR": { kind: "MINIMUM_CVAR", tailMass },
  "mean-CVaR": { kind: "MEAN_CVAR", tailMass, riskAversion: 0.5 },
  "maximum return": { kind: "MAXIMUM_RETURN" },
  "maximum return to CVaR": { kind: "MAXIMUM_RETURN_TO_CVAR", tailMass },
  "robust CVaR": { kind: "ROBUST_CVAR", tailMass, radius: 0.001 },
  "minimum variance": { kind: "MINIMUM_VARIANCE" },
  "mean-variance": { kind: "MEAN_VARIANCE", riskAversion: 4 },
  "maximum Sharpe": { kind: "MAXIMUM_SHARPE", riskFree: 0.0001 },
  "risk parity": { kind: "RISK_PARITY", measure: "VARIANCE" },
  "CVaR risk parity": { kind: "RISK_PARITY", measure: "CVAR", tailMass },
  "hierarchical risk parity": { kind: "HIERARCHICAL_RISK_PARITY", linkage: "WARD" },
  Kelly: { kind: "KELLY", fraction: 0.5 },
};
const drawn = { count: 60, seed: 3 };
const draws: readonly Draw[] = [
  { kind: "HISTORICAL", decay: 0.95 },
  { kind: "BOOTSTRAP", ...drawn, blockLength: 2 },
  { kind: "PATH_BOOTSTRAP", ...drawn, blockLength: 2 },
  { kind: "GAUSSIAN", ...drawn },
  { kind: "STUDENT_T", ...drawn, degrees: 4 },
  { kind: "KERNEL", ...drawn },
  // More factors than symbols.
  { kind: "FACTOR", ...drawn, factors: 9 },
  { kind: "FILTERED_HISTORICAL", ...drawn },
];
const cvar = objectives["minimum CVaR"] as Objective;
const variance = objectives["minimum variance"] as Objective;
const cases: Readonly<Record<string, Case>> = {
  ...Object.fromEntries(
    Object.entries(objectives).map(([name, objective]) => [
      name,
      { objective, constraints: budgetOf(objective) },
    ]),
  ),
  "robust CVaR by regimes": {
    objective: { kind: "ROBUST_CVAR", tailMass, radius: 0.001 },
    radii: { from: "features", band: 0.2, factors: { bull: 1, sideways: 2, bear: 3 } },
  },
  "returns by signals": {
    objective: { kind: "MEAN_CVAR", tailMass, riskAversion: 0.1 },
    expected: { from: { kind: "SIGNALS", atOne: 0.01, confidence: 0.5 } },
  },
  "returns by forecasts": {
    objective: { kind: "MAXIMUM_RETURN_TO_CVAR", tailMass },
    expected: { from: { kind: "FORECASTS", barUs: MINUTE_US } },
  },
  "forecasts as views on a market": {
    objective: { kind: "MEAN_VARIANCE", riskAversion: 20 },
    expected: {
      from: { kind: "FORECASTS", barUs: MINUTE_US },
      equilibrium: {
        weights: { ACME: 3, BOLT: 2, CRUX: 1 },
        riskAversion: 20,
        tau: 0.1,
        viewBars: 5,
      },
    },
  },
  "views of several bars": {
    objective: { kind: "MEAN_CVAR", tailMass, riskAversion: 0.1 },
    scenarios: { kind: "BOOTSTRAP", count: 60, seed: 3, horizon: 3 },
    expected: {
      from: { kind: "FORECASTS", barUs: MINUTE_US },
      equilibrium: { weights: "HELD", riskAversion: 5, tau: 0.1, viewBars: 5 },
    },
  },
  "persons' views on what is held": {
    objective: { kind: "MAXIMUM_SHARPE" },
    expected: {
      from: { kind: "VIEWS" },
      equilibrium: { weights: "HELD", riskAversion: 5, tau: 0.1, viewBars: 5 },
    },
  },
  ...Object.fromEntries(
    draws.map((draw): [string, Case] => {
      const scenarios = { ...draw, stress: [{ probability: 0.02, returns: { ACME: -0.2, Z: 0 } }] };
      return [`${draw.kind} and stress`, { scenarios }];
    }),
  ),
  "few names of CVaR": { objective: cvar, constraints: { budget: 0.9, maximumNames: 2 } },
  "few names of variance": { objective: variance, constraints: { budget: 0.9, maximumNames: 2 } },
  "no small positions": {
    objective: { kind: "MEAN_CVAR", tailMass, riskAversion: 2 },
    constraints: { budget: 0.9, minimumPosition: 0.3 },
  },
  "a limit on CVaR": {
    objective: { kind: "MAXIMUM_RETURN" },
    constraints: { budget: { lower: 0, upper: 0.9 }, maximumCvar: { tailMass, limit: 0.008 } },
  },
  "a limit on volatility": {
    objective: { kind: "MAXIMUM_RETURN" },
    constraints: { budget: { lower: 0, upper: 0.9 }, maximumVolatility: 0.006 },
  },
  "shorts with impact": {
    objective: { kind: "MEAN_VARIANCE", riskAversion: 20 },
    constraints: { budget: { lower: -0.5, upper: 0.9 }, maximumGross: 1.3 },
    bounds: { lower: -0.5, upper: 0.5 },
    costs: { linear: 0.0005, impact: 0.001 },
    allowShort: true,
  },
};

function budgetOf(objective: Objective): OptimiserConfig["constraints"] {
  return objective.kind === "KELLY" ? { budget: { lower: 0, upper: 0.9 } } : { budget: 0.9 };
}

/** A forecast of each symbol a bar, and a view. */
const opinions: readonly SourceFact[] = [
  ...Array.from({ length: 40 }, (_, place) =>
    SYMBOLS.map((symbol, j): SourceFact => {
      const timeUs = barEndUs(place);
      const mean = 0.001 * ((place + j) % 5);
      const value: Forecast = {
        ...{ symbol, model: "m", horizonUs: 2 * MINUTE_US, mean, lower: -1, upper: 1 },
        ...{ coverage: 0.8, alpha: 0.2, kappaPlus: 1, verdict: "PASS" },
      };
      return { topic: "forecasts", timeUs, arrivalUs: timeUs, value };
    }),
  ).flat(),
  {
    topic: "control.commands",
    timeUs: barEndUs(2),
    arrivalUs: barEndUs(2),
    value: command("SetOverlay", {
      overlay: "VIEW",
      symbol: "BOLT",
      value: 100,
      confidenceBps: 5_000,
      untilUs: barEndUs(60),
    }),
  },
];

const run = ({ allowShort = false, ...changes }: Case, answer?: AnswerRequest) =>
  optimisedRun(optimiserWith(changes), {
    allowShort,
    facts: changes.expected === undefined ? [] : opinions,
    ...(answer === undefined ? {} : { answer }),
  });

describe.each(Object.entries(cases))("%s", (_, one) => {
  test("is asked, answered, passed by the gate and traded", async () => {
    const written = await run(one);
    const answers = await written("pool.answers");
    expect(answers.length).toBeGreaterThan(2);
    for (const { status, reasons } of answers) expect([status, reasons]).toEqual(["OPTIMAL", []]);
    const verdicts = await written("risk.verdicts");
    const told = verdicts.map(({ outcome, checks }) => [
      outcome,
      checks.filter(({ passed }) => !passed),
    ]);
    expect(told).toEqual(verdicts.map(() => ["PASS", []]));
    expect(verdicts.length).toBeGreaterThan(1);
    expect((await written("fills")).length).toBeGreaterThan(2);
  });

  test("whose weights were moved on the way is denied", async () => {
    const written = await run(one, (request, latencyUs) => {
      const answer = answerTo(request, latencyUs);
      const [most, least] = ends(answer.weights);
      const step = 0.01 * (answer.weights[most] as number);
      const weights = answer.weights.map((weight, j) =>
        j === most ? weight - step : j === least ? weight + step : weight,
      );
      return { ...answer, weights };
    });
    const verdicts = await written("risk.verdicts");
    expect(verdicts.length).toBeGreaterThan(2);
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["DENY"]));
    expect(await written("orders")).toEqual([]);
  });
});

test("a bound that a search did not find is denied: the gate searches for it again", async () => {
  // The best of fewer names than were asked about, sold as the best of all.
  const without: AnswerRequest = (request, latencyUs) => {
    const asked = JSON.parse(request.problem) as AskedProblem;
    const [most] = ends(answerTo(request, latencyUs).weights);
    const restrictions = { [request.assets[most] as string]: "NO_HOLD" } as const;
    const constraints = { ...asked.constraints, restrictions };
    const problem = JSON.stringify({ ...asked, constraints });
    return answerTo({ ...request, problem }, latencyUs);
  };
  const written = await run(cases["few names of CVaR"] as Case, without);
  const [answer] = await written("pool.answers");
  expect(answer?.searched).toBe(answer?.lower);
  const verdicts = await written("risk.verdicts");
  expect(verdicts.length).toBeGreaterThan(2);
  for (const { outcome, reason } of verdicts) {
    expect([outcome, reason]).toEqual(["DENY", "CertificateWrong"]);
  }
});

/** The largest weight's place, and the smallest that is held's. */
function ends(weights: readonly number[]): readonly [number, number] {
  let [most, least] = [0, -1];
  for (const [j, weight] of weights.entries()) {
    if (weight > (weights[most] as number)) most = j;
  }
  for (const [j, weight] of weights.entries()) {
    if (j === most) continue;
    if (least < 0 || weight < (weights[least] as number)) least = j;
  }
  return [most, least];
}
