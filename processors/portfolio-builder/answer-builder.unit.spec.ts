import { describe, expect, test } from "vitest";
import type { PoolAnswer } from "../../schemas/generated/pool.answers.ts";
import { delisted, renamed, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { noTriggers } from "../no-triggers.spec.ts";
import type { OptimisedSizing } from "../sizing-config.ts";
import { answerBuilder } from "./answer-builder.ts";

const portfolio = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 100_000_00n,
};

const sizing: OptimisedSizing = {
  method: "OPTIMISED",
  allowShort: true,
  optimiser: {
    objective: { kind: "MINIMUM_VARIANCE" },
    constraints: {},
    bounds: {},
    costs: {},
    scenarios: { kind: "HISTORICAL" },
    window: 10,
    latencyUs: 1,
    limits: { maxGap: 0, maxViolation: 0, maxPriceMoveBps: null, maxPositionMoveBps: null },
  },
};

const price = (timeUs: number, symbol: string, cents: number) =>
  at(timeUs, "features", {
    symbol,
    barEndUs: timeUs,
    price: cents,
    logReturn: 0,
    emaFast: 0,
    emaSlow: 0,
    atr: 0,
    volatility: 0,
    warm: true,
  });

const held = (timeUs: number, symbol: string, quantity: number, of = "main") =>
  at(timeUs, "portfolio.snapshots", {
    portfolio: of,
    currency: "USD",
    cause: "FILL",
    cash: 0n,
    equity: portfolio.initialCashMinor,
    peakEquity: portfolio.initialCashMinor,
    grossExposure: 0n,
    netExposure: 0n,
    realisedPnl: 0n,
    fees: 0n,
    taxes: 0n,
    foreignCash: [],
    drawdownBps: 0,
    symbol,
    quantity,
    cost: 0n,
    mark: 0,
  });

const answer = (
  timeUs: number,
  weights: Readonly<Record<string, number>>,
  changes: Partial<PoolAnswer> = {},
) =>
  at(timeUs, "pool.answers", {
    portfolio: "main",
    request: timeUs,
    inputHash: "input",
    status: "OPTIMAL",
    reasons: [],
    assets: Object.keys(weights),
    weights: Object.values(weights),
    expectedReturn: 0,
    upper: 2,
    lower: 1,
    gap: 0.5,
    feasibility: 0,
    shadowPrices: [{ constraint: "weights sum to 100 %", price: 3 }],
    marginalRisk: [4],
    tailScenarios: [5],
    tailMasses: [1],
    rowPrices: [6],
    cvarPrice: 7,
    variancePrice: 12,
    searched: 13,
    scenarioHash: "set",
    scenarios: 8,
    method: "m",
    device: "d",
    seed: 9,
    pivots: 10,
    latencyUs: 11,
    ...changes,
  });

const builder = (changes: Partial<OptimisedSizing> = {}) =>
  given(
    answerBuilder({ ...sizing, ...changes }, portfolio),
    at(0, "market.instruments", equity("A")),
    at(0, "market.instruments", equity("B", { lotSize: 10 })),
    price(1, "A", 100_00),
    price(1, "B", 33_00),
  );

const lines = (emitted: ReturnType<ReturnType<typeof builder>["when"]>) =>
  emitted.map(({ value }) => value.targets.map(({ symbol, quantity }) => [symbol, quantity]));

describe("an answer", () => {
  test("becomes whole lots at the last prices, with its proof", () => {
    const [proposal] = builder().when(answer(2, { A: 0.605, B: -0.2 }));
    expect(proposal?.value).toEqual({
      portfolio: "main",
      method: "OPTIMISED",
      equity: portfolio.initialCashMinor,
      targets: [
        { symbol: "A", weight: 0.605, quantity: 605, referencePrice: 100_00 },
        { symbol: "B", weight: -0.2, quantity: -600, referencePrice: 33_00 },
      ],
      certificate: {
        request: 2,
        inputHash: "input",
        scenarioHash: "set",
        status: "OPTIMAL",
        assets: ["A", "B"],
        weights: [0.605, -0.2],
        upper: 2,
        lower: 1,
        gap: 0.5,
        feasibility: 0,
        shadowPrices: [{ constraint: "weights sum to 100 %", price: 3 }],
        marginalRisk: [4],
        tailScenarios: [5],
        tailMasses: [1],
        rowPrices: [6],
        cvarPrice: 7,
        variancePrice: 12,
      },
    });
  });

  test("after one that was not passed is proposed again: what is held counts, not what was asked for", () => {
    const task = builder();
    const asked = [[["A", 500]]];
    expect(lines(task.when(answer(2, { A: 0.5 })))).toEqual(asked);
    expect(lines(task.when(price(3, "A", 100_00), answer(4, { A: 0.5 })))).toEqual(asked);
    expect(lines(task.when(held(5, "A", 500), answer(6, { A: 0.5 })))).toEqual([]);
  });

  test("that does not name what is held sells it", () => {
    const task = builder();
    expect(lines(task.when(held(2, "B", 300), answer(3, { A: 0.5 })))).toEqual([
      [
        ["A", 500],
        ["B", 0],
      ],
    ]);
  });

  test.each(["INFEASIBLE", "UNBOUNDED", "REFUSED", "FAILED"] as const)(
    "that is %s proposes nothing: what is held stays",
    (status) => {
      const none = answer(3, {}, { status, reasons: ["why"] });
      expect(builder().when(held(2, "A", 300), none)).toEqual([]);
    },
  );

  test("that work ran out for is proposed like any", () => {
    expect(builder().when(answer(2, { A: 0.5 }, { status: "FEASIBLE" }))).toHaveLength(1);
  });

  test("of an older request, the same again, or of another portfolio proposes nothing", () => {
    const task = builder();
    expect(task.when(answer(5, { A: 0.5 }))).toHaveLength(1);
    expect(task.when(answer(6, { A: 0.1 }, { request: 4 }))).toEqual([]);
    expect(task.when(answer(6, { A: 0.1 }, { request: 5 }))).toEqual([]);
    expect(task.when(answer(6, { A: 0.1 }, { portfolio: "other" }))).toEqual([]);
    expect(lines(task.when(answer(7, { A: 0.1 })))).toEqual([[["A", 100]]]);
  });

  test("that changes nothing proposes nothing", () => {
    const task = builder();
    task.when(answer(2, { A: 0.5 }), held(3, "A", 500));
    expect(task.when(answer(4, { A: 0.5 }))).toEqual([]);
  });

  test("leaves what is within the no-trade band, or not worth a trade", () => {
    const small = builder({ rebalance: { ...noTriggers, minimumValueMinor: 1_000_00 } });
    small.when(answer(2, { A: 0.5 }), held(3, "A", 500));
    expect(lines(small.when(answer(4, { A: 0.505, B: 0.1 })))).toEqual([[["B", 300]]]);
    const banded = builder({ rebalance: { ...noTriggers, costPerMillion: 10_000 } });
    const [first] = lines(banded.when(answer(2, { A: 0.5 })));
    const bought = Number(first?.[0]?.[1]);
    // To the edge of the band, not to its middle.
    expect(bought).toBeGreaterThan(300);
    expect(bought).toBeLessThan(500);
    banded.when(held(3, "A", bought));
    expect(banded.when(answer(4, { A: 0.49 }))).toEqual([]);
  });
});

describe("corporate actions", () => {
  test("restate price and position, and move them to a new symbol", () => {
    const task = builder();
    task.when(
      answer(2, { A: 0.5 }),
      held(3, "A", 500),
      at(4, "market.corporate-actions", split("A", 2, 1)),
      at(4, "market.corporate-actions", renamed("A", "C")),
      at(4, "market.corporate-actions", delisted("B", null)),
    );
    expect(lines(task.when(answer(5, { C: 0.6, B: 0.3 })))).toEqual([[["C", 1200]]]);
  });
});
