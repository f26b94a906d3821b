// A pool that lies: each lie about the same honest answer is refused by the gate, for its own reason.

import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import type { RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import type {
  WeightsCertificate,
  WeightsProposal,
} from "../../schemas/generated/weights.proposals.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { constraintsOf, type OptimiserConfig, priorOf, recipeOf } from "../optimiser-config.ts";
import { type AskedProblem, answerTo, poolRequest } from "../pool-work.ts";
import type { RiskConfig } from "../risk-config.ts";
import { riskGate } from "./risk-gate.ts";
import { certificateNames } from "./testing/certificate-names.ts";
import { marked, off, portfolio } from "./testing/gate-settings.ts";

const NAMES = ["A", "B", "C"];
const PERIODS = 120;
const EQUITY = 1_000_000_00n;
const PRICE = 100_00;

const optimiser: OptimiserConfig = {
  objective: { kind: "MINIMUM_CVAR", tailMass: 0.1 },
  constraints: { maximumTurnover: 2 },
  bounds: { upper: 0.6 },
  costs: { linear: 0.001 },
  scenarios: { kind: "BOOTSTRAP", count: 500, seed: 7 },
  window: PERIODS,
  latencyUs: 1_000_000,
  limits: { maxGap: 1e-6, maxViolation: 1e-8, maxPriceMoveBps: 500, maxPositionMoveBps: 1_000 },
};

function history(): Float64Array {
  const random = new Random(3);
  return Float64Array.from({ length: NAMES.length * PERIODS }, () => 0.01 * random.normal());
}

const current = [0.1, 0, 0];
const requestOf = (problem: AskedProblem, of: OptimiserConfig = optimiser): PoolRequest =>
  poolRequest(
    problem,
    recipeOf(of, NAMES, 1),
    { assets: NAMES, periods: PERIODS, returns: history() },
    { portfolio: "main", number: 1 },
  );
const asked = (of: OptimiserConfig = optimiser): PoolRequest => {
  const { objective, costs } = of;
  const prior = priorOf(of, NAMES, current);
  const constraints = constraintsOf(of, NAMES, current);
  const beliefs = prior === undefined ? {} : { beliefs: { ...prior, views: [] } };
  return requestOf({ objective, constraints, current, costs, ...beliefs }, of);
};
const request = asked();
const answer = answerTo(request, optimiser.latencyUs);

type Lie = Partial<WeightsCertificate>;

/** What the builder makes of the answer, in whole shares. */
function proposed(lie: Lie = {}, method: WeightsProposal["method"] = "OPTIMISED"): WeightsProposal {
  const { status, reasons: _, portfolio: __, ...rest } = answer;
  const certificate = { ...rest, status, ...lie };
  return {
    portfolio: "main",
    method,
    equity: EQUITY,
    targets: NAMES.map((symbol, i) => {
      const weight = certificate.weights[i] ?? 0;
      const quantity = Math.trunc((weight * Number(EQUITY)) / PRICE) || 0;
      return { symbol, weight, quantity, referencePrice: PRICE };
    }),
    certificate,
  };
}

const market = [
  ...NAMES.map((symbol) => at(0, "market.instruments", equity(symbol))),
  ...NAMES.map((symbol) => at(0, "market.bars", bar(symbol, 0, PRICE))),
  marked(0, "A", 1_000, EQUITY),
];

type Input =
  | "weights.proposals"
  | "pool.requests"
  | "market.bars"
  | "portfolio.snapshots"
  | "market.corporate-actions";
const gate = (changes: Partial<OptimiserConfig> = {}, config: Partial<RiskConfig> = {}) =>
  given(
    riskGate({ ...off, ...config }, portfolio, { optimiser: { ...optimiser, ...changes } }),
    ...market,
  );

const seen = new Set<string>();
function judged(
  subject: ReturnType<typeof gate>,
  ...events: readonly EventOf<Input>[]
): RiskVerdict {
  const verdict = subject.when(...events).at(-1)?.value as RiskVerdict;
  seen.add(verdict.reason);
  for (const { check, unit } of verdict.checks) seen.add(check).add(unit);
  return verdict;
}
const told = (value: PoolRequest = request) => at(1, "pool.requests", value);
const said = (value: WeightsProposal) => at(2, "weights.proposals", value);
const failed = ({ checks }: RiskVerdict) =>
  checks.filter(({ passed }) => !passed).map(({ check }) => check);

describe("an honest answer", () => {
  test("passes with every check said, and the request among the events it rests on", () => {
    const verdict = judged(gate(), told(), said(proposed()));
    expect(verdict.outcome).toBe("PASS");
    expect(verdict.targets).toEqual(proposed().targets);
    const names = verdict.checks.map(({ check }) => check);
    expect(names.slice(0, 9).join(" ")).toBe(
      "CERTIFICATE CERTIFICATE SCENARIOS FEASIBILITY BOUNDS GAP ON_CERTIFICATE ANSWER_AGE ANSWER_AGE",
    );
    expect(verdict.events).toContainEqual({
      topic: "pool.requests",
      symbol: "",
      timeUs: 1,
      origin: expect.any(Number),
    });
  });

  test("is optimal, and its scenarios are fewer than were drawn: equal ones are one", () => {
    expect(answer.status).toBe("OPTIMAL");
    expect(answer.scenarios).toBeLessThanOrEqual(PERIODS);
  });

  test("is judged by the other limits too", () => {
    const verdict = judged(gate({}, { maxPosition: "10" }), told(), said(proposed()));
    expect([verdict.outcome, verdict.reason]).toEqual(["DENY", "MaxPositionExceeded"]);
  });
});

describe("a lie is refused, with limit and measured value", () => {
  const moved = 0.05;
  const [w0 = 0, w1 = 0, w2 = 0] = answer.weights;
  const lies: readonly (readonly [string, Lie, RiskVerdict["reason"]])[] = [
    [
      "weights moved within the limits",
      { weights: [w0 - moved, w1 + moved / 2, w2 + moved / 2] },
      "CertificateWrong",
    ],
    ["weights beyond a limit", { weights: [0.7, 0.2, 0.1] }, "CertificateInfeasible"],
    [
      "weights that do not add up",
      { weights: answer.weights.map((one) => one / 2) },
      "CertificateInfeasible",
    ],
    ["signs swapped", { weights: answer.weights.map((one) => -one) }, "CertificateInfeasible"],
    ["a weight that is no number", { weights: [Number.NaN, w1, w2] }, "CertificateWrong"],
    ["an upper bound too low", { upper: answer.upper * 0.99 }, "CertificateWrong"],
    ["a lower bound too high", { lower: answer.lower * 1.0001 }, "CertificateWrong"],
    ["a smaller gap", { gap: -1e-3 }, "CertificateWrong"],
    ["duals of nothing", { tailScenarios: [], tailMasses: [] }, "CertificateWrong"],
    [
      "duals of other scenarios",
      { tailScenarios: answer.tailScenarios.map((one) => one + 1) },
      "CertificateWrong",
    ],
    ["duals of another problem", { rowPrices: [] }, "CertificateWrong"],
    ["another scenario set", { scenarioHash: "0".repeat(64) }, "ScenariosChanged"],
    ["another input", { inputHash: "0".repeat(64) }, "RequestChanged"],
    ["assets in another order", { assets: ["B", "A", "C"] }, "RequestChanged"],
    ["another request", { request: 2 }, "CertificateMissing"],
  ];
  test.each(lies)("%s", (_, lie, reason) => {
    for (const onBreach of ["deny", "reduce", "scale"] as const) {
      const verdict = judged(gate({}, { onBreach }), told(), said(proposed(lie)));
      expect([verdict.outcome, verdict.reason, verdict.targets]).toEqual(["DENY", reason, []]);
      const [first] = verdict.checks.filter(({ passed }) => !passed);
      expect(first?.measured).not.toBe(first?.limit);
    }
  });

  test("a scenario left out: the certificate of the rest does not hold", () => {
    // The pool solves a history without its worst day, and says it is the request's.
    const days = history();
    const worst = 17;
    for (const j of NAMES.keys()) days[j * PERIODS + worst] = 0.02;
    const other = answerTo(
      poolRequest(
        JSON.parse(request.problem),
        recipeOf(optimiser, NAMES, 1),
        { assets: NAMES, periods: PERIODS, returns: days },
        { portfolio: "main", number: 1 },
      ),
      1,
    );
    const { weights, upper, lower, gap, feasibility, tailScenarios, tailMasses } = other;
    const figures = { weights, upper, lower, gap, feasibility, tailScenarios, tailMasses };
    const hashed = { ...figures, scenarioHash: other.scenarioHash };
    expect(judged(gate(), told(), said(proposed(hashed))).reason).toBe("ScenariosChanged");
    expect(judged(gate(), told(), said(proposed(figures))).reason).toBe("CertificateWrong");
  });

  test("a gap beyond the limit, honestly said", () => {
    // Tail masses that prove less: the bound is weaker, and is said to be.
    const verdict = judged(
      gate({ limits: { ...optimiser.limits, maxGap: -1 } }),
      told(),
      said(proposed()),
    );
    expect([verdict.reason, failed(verdict)]).toEqual(["GapExceeded", ["GAP"]]);
  });

  test("no certificate, or none that was asked for", () => {
    const bare = { ...proposed(), certificate: null };
    expect(judged(gate(), told(), said(bare)).reason).toBe("CertificateMissing");
    expect(judged(gate(), told(), said({ ...bare, method: "EQUAL_WEIGHT" })).reason).toBe(
      "CertificateMissing",
    );
    expect(judged(gate(), said(proposed())).reason).toBe("CertificateMissing");
  });

  test("the same answer twice", () => {
    const subject = gate();
    expect(judged(subject, told(), said(proposed())).outcome).toBe("PASS");
    expect(judged(subject, said(proposed())).reason).toBe("CertificateMissing");
  });

  const equilibrium = { weights: "HELD", riskAversion: 3, tau: 0.1, viewBars: 5 } as const;
  const byViews = { from: { kind: "VIEWS" }, equilibrium } as const;
  const others: Readonly<Record<string, Partial<OptimiserConfig>>> = {
    bounds: { bounds: { upper: 1 } },
    costs: { costs: {} },
    draws: { scenarios: { kind: "BOOTSTRAP", count: 501, seed: 7 } },
    "a prior where none is": { expected: byViews },
  };
  test.each(Object.entries(others))("a problem of other %s than configured", (_, changes) => {
    const other = asked({ ...optimiser, ...changes });
    const { status: _1, reasons: _2, portfolio: _3, ...figures } = answerTo(other, 1);
    expect(judged(gate(changes), told(other), said(proposed(figures))).outcome).toBe("PASS");
    expect(judged(gate(), told(other), said(proposed(figures))).reason).toBe("RequestChanged");
  });

  test("a prior that is not what is held", () => {
    const changes = { expected: byViews };
    const honest = asked({ ...optimiser, ...changes });
    const problem = JSON.parse(honest.problem) as AskedProblem;
    const beliefs = { ...problem.beliefs, weights: [0, 0.1, 0] } as AskedProblem["beliefs"];
    const other = requestOf({ ...problem, beliefs } as AskedProblem);
    const { status: _1, reasons: _2, portfolio: _3, ...figures } = answerTo(other, 1);
    const verdict = judged(gate(changes), told(other), said(proposed(figures)));
    expect(verdict.reason).toBe("RequestChanged");
  });

  test("an answer to what cannot be computed with", () => {
    const changes = { expected: byViews };
    const honest = asked({ ...optimiser, ...changes });
    const problem = JSON.parse(honest.problem) as AskedProblem;
    const views = [{ of: { Z: 1 }, value: 0, confidence: 1 }];
    const beliefs = { ...problem.beliefs, views } as AskedProblem["beliefs"];
    const other = requestOf({ ...problem, beliefs } as AskedProblem);
    expect(answerTo(other, 1)).toMatchObject({
      status: "REFUSED",
      reasons: ["views[0] names Z, no asset here"],
    });
    const lie = { inputHash: other.inputHash };
    const verdict = judged(gate(changes), told(other), said(proposed(lie)));
    expect([verdict.reason, failed(verdict)]).toEqual(["CertificateWrong", ["BOUNDS"]]);
  });

  test.each([
    [0.001, "PASS"],
    [0.0025, "PASS"],
    [0.003, "PASS"],
    [0.0009, "DENY"],
    [0.0031, "DENY"],
  ])("a radius of %d where regimes make it 0.001 to 0.003", (radius, outcome) => {
    const radii = { from: "tape", band: 1, factors: { bear: 3 } } as const;
    const robust = {
      ...optimiser,
      objective: { kind: "ROBUST_CVAR", tailMass: 0.1, radius } as const,
    };
    const request = asked(robust);
    const { status: _, reasons: __, portfolio: ___, ...figures } = answerTo(request, 1);
    const configured = { radii, objective: { ...robust.objective, radius: 0.001 } };
    const verdict = judged(gate(configured), told(request), said(proposed(figures)));
    expect(verdict.outcome).toBe(outcome);
    if (outcome === "DENY") expect(verdict.reason).toBe("RequestChanged");
  });

  test("targets that are not the certified weights", () => {
    const honest = proposed();
    const more = honest.targets.map((one, i) =>
      i === 1 ? { ...one, quantity: one.quantity + 50 } : one,
    );
    const verdict = judged(gate(), told(), said({ ...honest, targets: more }));
    expect([verdict.reason, failed(verdict)]).toEqual([
      "TargetsOffCertificate",
      ["ON_CERTIFICATE"],
    ]);
    // A share is a basis point of equity; the weight is a part of one above the shares, and a lot is let pass.
    const [check] = verdict.checks.filter(({ passed }) => !passed);
    expect([check?.symbol, check?.measured, check?.unit]).toEqual(["B", 49, "BPS"]);
    const other = honest.targets.map((one) => ({ ...one, weight: one.weight / 2 }));
    expect(judged(gate(), told(), said({ ...honest, targets: other })).reason).toBe(
      "TargetsOffCertificate",
    );
  });
});

describe("an answer that comes too late", () => {
  const moves = (price: number) => at(2, "market.bars", bar("B", 2, price));
  test.each([
    [105_00, "PASS", 500],
    [105_01, "DENY", 501],
    [95_00, "PASS", 500],
    [94_99, "DENY", 501],
  ])("a price at %d", (price, outcome, measured) => {
    const verdict = judged(gate(), told(), moves(price), said(proposed()));
    expect(verdict.outcome).toBe(outcome);
    const age = verdict.checks.find(({ check }) => check === "ANSWER_AGE");
    expect(age).toMatchObject({ symbol: "B", limit: 500, measured, unit: "BPS" });
    if (outcome === "DENY") expect(verdict.reason).toBe("AnswerStale");
  });

  test("positions that were traded since, by more than their limit", () => {
    const at10 = judged(gate(), told(), marked(2, "A", 2_000, EQUITY), said(proposed()));
    expect(at10.outcome).toBe("PASS");
    const beyond = judged(gate(), told(), marked(2, "A", 2_001, EQUITY), said(proposed()));
    expect([beyond.outcome, beyond.reason]).toEqual(["DENY", "AnswerStale"]);
  });

  test("is any age where no limit is set", () => {
    const limits = { ...optimiser.limits, maxPriceMoveBps: null, maxPositionMoveBps: null };
    const verdict = judged(gate({ limits }), told(), moves(150_00), said(proposed()));
    expect(verdict.outcome).toBe("PASS");
  });

  test("is not made old by a split: what was asked is of new shares", () => {
    const halved = at(2, "market.corporate-actions", split("B", 2, 1));
    const verdict = judged(gate(), told(), halved, moves(50_00), said(proposed()));
    expect(failed(verdict)).not.toContain("ANSWER_AGE");
  });
});

afterAll(() => {
  expect(certificateNames.filter((name) => !seen.has(name))).toEqual([]);
});
