import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noTriggers } from "../../processors/no-triggers.spec.ts";
import { levyPresets } from "../../processors/paper-venue/levy-presets.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { defaultYaml } from "./default-config.ts";
import { diffConfigs } from "./diff.ts";
import { formatDurationUs, parseDurationUs } from "./duration.ts";
import { limitFields } from "./limit-fields.ts";
import { configFromText, parseOverride, type ReadConfig } from "./load-config.ts";
import { nearest } from "./nearest.ts";
import { formatProblem, problemsOf } from "./problem.ts";
import { dottedKeys, resolved, type SchemaNode, schema } from "./schema.ts";

const PATH = "/home/trader/runs/my-run.yaml";

const read = (text: string, ...set: string[]): ReadConfig =>
  configFromText(text, PATH, set.map(parseOverride));

/** Every finding as it reads; empty for a configuration that is taken. */
function findings(text: string, ...set: string[]): string[] {
  try {
    read(text, ...set);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return problemsOf(error).map((found) => formatProblem("f", found));
  }
  return [];
}

const whole = `
tape: ../tapes/demo
source: ticks
range: { from: 2013-10-07T13:30:00Z, to: 2013-10-08 }
symbols: [IBM, BAC]
bars: { interval: 5m, suspicious: include }
features: { emaFast: 5, emaSlow: 8, atr: 3, volatility: 4 }
model: ./my-model.ts
portfolio: { name: alpha, currency: KWD, cash: 1000000.125 }
sizing: { method: inverse-volatility, gross: 1.5, allowShort: false }
risk:
  maxPosition: 0.25
  maxGrossExposure: off
  priceCollar: 0.0001
  maxOrderValue: null
  maxDrawdown: 1
  onBreach: deny
orders:
  { type: limit, limitOffset: -0.0005, timeInForce: GTD, goodFor: 90s, latency: 1.5ms,
    stopLoss: 0.02, takeProfit: 0.5, trailingStop: 0.0001 }
venue: { fill: next-tick, latency: 1us, slippage: 0, participation: 0.25, fee: 0.000001, minimumFee: 0.005 }
commands:
  - { at: 2013-10-07T15:00:00Z, command: HaltTrading, who: ops, why: second }
  - { at: 2013-10-07T14:00:00Z, command: SetLimit, who: ops, why: first, limit: maxDrawdown, value: 0.1 }
  - { at: 2013-10-07T15:00:00Z, command: SetLimit, who: ops, why: third, limit: maxOrderValue, value: off }
seed: 8
partitions: 4
`;

/** What `whole` does not show of orders. */
const shaped = `
tape: x
orders: { type: limit, postOnly: true, display: 100, reprice: 0.5 atr, stopLoss: 2 atr, bracket: true }
`;
const waiting = "tape: x\norders: { type: stop-limit, trigger: 1 atr, limitOffset: -0.25 atr }";

/** What `whole` does not show of the venue: between them, every key. */
const venues = [
  `
tape: x
venue:
  price: { halfSpread: 0.0002, volumeShare: 0.1, volatility: 0.05, temporaryImpact: 0.7, permanentImpact: 0.3, window: 30 }
  fees: { preset: ib-tiered-us }
`,
  `
tape: x
venue:
  fees:
    tiers: [{ from: 0, taker: 0.001, maker: -0.0001 }, { from: 1000, taker: 0.000000001, perUnit: 0.005 }]
    tierBy: value
    perOrder: 0.5
    minimum: 1
    maximum: 0.01
    rounding: up
  chance:
    toVenue: { distribution: lognormal, median: 2ms, sigma: 0.5 }
    back: { distribution: uniform, least: 1ms, most: 5ms }
    reject: 0.001
  trading:
    hours: { open: "14:30", close: "21:00" }
    status: true
    closed: refuse
  carry: { at: "22:00", dayCount: 365, borrow: 0.01, financing: -0.02, funding: 0.0001, fundingEvery: 4h }
  margin: { initial: 0.1, maintenance: 0.05, leverage: 2, call: 0.08, liquidationFee: 0.005 }
`,
  `
tape: x
venue:
  chance:
    toVenue: { distribution: uniform, least: 2ms, most: 4ms }
    back: { distribution: lognormal, median: 3ms, sigma: 1 }
  fees: { tiers: [{ from: 0, perUnit: 0.005 }], currency: JPY }
  levies: [{ preset: uk-sdrt }, { kind: fee, side: sell, currency: USD, assetClass: equity, value: 0.0000051, maximum: 9, rounding: up }]
`,
  "tape: x\nvenue: { chance: { toVenue: { distribution: constant, time: 3ms }, back: { distribution: constant, time: 1ms } } }",
  "tape: x\nvenue: { byAssetClass: { fx: { slippage: 0 } }, bySymbol: { A: { hours: calendar } }, carry: { rates: true } }",
];
/** The same keys otherwise. */
const otherVenue =
  "tape: x\nvenue: { price: { window: 9 }, fees: { preset: zero }, chance: { toVenue: { distribution: constant, time: 1ms }, back: { distribution: constant, time: 9ms } }, trading: { hours: { open: '00:00', close: '01:00' } }, carry: { borrow: 0.5 }, levies: [{ kind: tax, side: buy, perUnit: 1 }], margin: { initial: 0.5, maintenance: 0.4 } }";

/** The order gate that `whole` does not have: every key, and another one. */
const gated = `tape: x
risk:
  orders:
    priceCollar: 0.05
    maxValue: 100000.5
    maxQuantity: 0.25
    volumeShare: 0.1
    volumeBars: 5
    orderRate: 20 in 1000ms
    messageRate: 50 in 1s
    repeats: 5 in 10s
    maxPriceAge: 180s
    session: 13:30-20:00
    approvedOnly: true
    shortable: [IBM 1000, BTC-USD 0.5]
    buyingPower: true
    denials: 50 in 10000ms
    duplicates: 1000ms
    requirement: { spot: 0.5, contracts: 0.1 }
    reducing: { priceCollar: off, maxValue: 1000000, maxQuantity: null, maxPriceAge: 1800s, volumeShare: 2, repeats: 100, session: true }
    instruments: [{ symbol: BTC-USD, maxQuantity: 0.5, maxPriceAge: off }, { class: fx, maxValue: 1000000, priceCollar: 0.01 }]
`;
const otherGate =
  "tape: x\nrisk: { orders: { maxValue: 1, buyingPower: true, requirement: { spot: 1, contracts: 1 }, reducing: { priceCollar: 1, maxValue: 1, maxQuantity: 1, maxPriceAge: 1s, volumeShare: 1, repeats: 1, session: false } } }";

/** The breakers that `whole` does not have: every key. */
const watched = `tape: x
risk: { breakers: { response: reduce, hitRate: 0.45, outcomes: 9, dataQuality: 0.95, bars: 7, barEvery: 1m,
  closedAfter: 3h, maxAge: 1s } }`;

/** Ways of sizing that `whole` does not show: between them, every key. */
const rebalance = `{ drift: 0.02, driftOfTarget: 0.25, targetChange: 0.2, every: 2 weeks, dayStart: 330m,
  drawdown: 0.1, minimumValue: 100.5, minimumQuantity: 0.25, maxTurnover: 1.5, costPerSide: 0.000051, riskAversion: 2.5 }`;
const sizings = [
  "tape: x\nsizing: { method: volatility-target, target: 0.1, barsPerYear: 252, maxLeverage: 2, targetOf: portfolio, covarianceWindow: 9, shrinkage: 0.25, rebalance: { drawdown: 0.1, drawdownScale: 0.5 } }",
  `tape: x\nsizing: { method: volatility-target, target: 0.1, barsPerYear: 252, maxLeverage: 2, rebalance: ${rebalance} }`,
  "tape: x\nsizing: { method: fractional-kelly, fraction: 0.5, window: 60, maxLeverage: 1.5, lots: least-cash, allowShort: false }",
  "tape: x\nsizing: { method: integrated, gross: 1.5, confidence: 0.55, lots: down }",
  `tape: x
sizing: { method: integrated, gross: 1, confidence: 0.5, regimeWeights: { bull: 1, bear: 0.25 }, regimeBand: 0.5,
  regimeFrom: features, forecasts: true, toxicity: { bucketBars: 2.5, buckets: 10, window: 20 } }`,
];

/** Between them, every key of the optimiser; each differs from the first. */
const optimised = (inner: string, rest = "") =>
  `tape: x\nsizing: { method: optimised, optimiser: { ${inner} }${rest} }`;
const optimisers = [
  optimised("objective: minimum-cvar, window: 20, scenarios: { seed: 9 }"),
  optimised(
    "objective: mean-cvar, tail: 0.1, riskAversion: 2, window: 30, scenarios: { kind: bootstrap, count: 100, seed: 3, blockLength: 5 }, invested: 0.9, least: -0.1, most: 0.5, bounds: { A: { least: 0.1, most: 0.2 } }, exposures: { Tech: { of: { A: 1 }, least: 0.1, most: 0.3 } }, maxGross: 1.5, maxTurnover: 0.3, minReturn: 0.001, maxCvar: 0.02, maxVolatility: 0.01, minPosition: 0.02, maxNames: 5, restrictions: { A: no-buy }, cost: 0.0006, impact: 0.001, expected: { from: signals, signalReturn: 0.001, prior: held, confidence: 0.4, riskAversion: 3, tau: 0.1, viewBars: 5 }, latency: 60s, maxGap: 0.001, maxViolation: 0.0001, maxPriceMove: 0.05, maxPositionMove: 0.1",
    ", rebalance: { every: 1 month, drift: 0.05 }",
  ),
  optimised(
    "objective: robust-cvar, radius: 0.01, window: 30, scenarios: { kind: historical, decay: 0.9 }, cash: { least: 0, most: 0.5 }, radiusByRegime: { bull: 1, bear: 2 }, regimeFrom: features, regimeBand: 0.5, transitionRadius: 3, transitionBars: 4",
  ),
  optimised(
    "objective: maximum-sharpe, riskFree: 0.0001, window: 30, bounds: { A: { least: 0.2 } }, exposures: { Tech: { of: { A: 2 }, most: 0.4 } }, restrictions: { A: no-sell }",
  ),
  optimised("objective: hierarchical-risk-parity, linkage: ward, window: 30"),
  optimised(
    "objective: mean-variance, riskAversion: 4, window: 30, expected: { from: forecasts, bar: 24h, prior: market, market: { A: 3 } }, scenarios: { kind: factor, factors: 2, stress: [{ probability: 0.01, returns: { A: -0.3 } }] }",
  ),
  optimised(
    "objective: minimum-cvar, window: 30, scenarios: { kind: student-t, degrees: 4, shrinkage: identity }",
  ),
  optimised("objective: minimum-cvar, window: 30, scenarios: { kind: kernel, bandwidth: 0.2 }"),
  optimised(
    "objective: kelly, fraction: 0.5, window: 30, cash: { least: 0.1 }, scenarios: { kind: filtered-historical, horizon: 2 }",
  ),
];

describe("the optimiser", () => {
  test("comes out in machine units", () => {
    const [plain, full, robust] = optimisers.map((text) => read(text).flow.sizing);
    const limits = {
      maxGap: 1e-6,
      maxViolation: 1e-8,
      maxPriceMoveBps: null,
      maxPositionMoveBps: null,
    };
    expect(plain).toEqual({
      method: "OPTIMISED",
      allowShort: true,
      optimiser: {
        objective: { kind: "MINIMUM_CVAR", tailMass: 0.05 },
        constraints: {},
        bounds: {},
        costs: {},
        scenarios: { kind: "BOOTSTRAP", count: 10_000, seed: 9 },
        window: 20,
        latencyUs: 1_000_000,
        limits,
      },
    });
    expect(full).toMatchObject({
      optimiser: {
        objective: { kind: "MEAN_CVAR", tailMass: 0.1, riskAversion: 2 },
        constraints: {
          budget: 0.9,
          maximumGross: 1.5,
          exposures: [{ name: "Tech", coefficients: { A: 1 }, lower: 0.1, upper: 0.3 }],
          maximumTurnover: 0.3,
          minimumReturn: 0.001,
          maximumCvar: { tailMass: 0.1, limit: 0.02 },
          maximumVolatility: 0.01,
          minimumPosition: 0.02,
          maximumNames: 5,
          restrictions: { A: "NO_BUY" },
        },
        bounds: { lower: -0.1, upper: 0.5, bySymbol: { A: { lower: 0.1, upper: 0.2 } } },
        costs: { linear: 0.0006, impact: 0.001 },
        scenarios: { kind: "BOOTSTRAP", count: 100, seed: 3, blockLength: 5 },
        expected: {
          from: { kind: "SIGNALS", atOne: 0.001, confidence: 0.4 },
          equilibrium: { weights: "HELD", riskAversion: 3, tau: 0.1, viewBars: 5 },
        },
        latencyUs: 60_000_000,
        limits: {
          maxGap: 0.001,
          maxViolation: 0.0001,
          maxPriceMoveBps: 500,
          maxPositionMoveBps: 1000,
        },
      },
      rebalance: { every: { count: 1, unit: "MONTH" }, driftBps: 500 },
    });
    expect(robust).toMatchObject({
      optimiser: {
        objective: { kind: "ROBUST_CVAR", tailMass: 0.05, radius: 0.01 },
        constraints: { budget: { lower: 0.5, upper: 1 } },
        scenarios: { kind: "HISTORICAL", decay: 0.9 },
        radii: {
          from: "features",
          band: 0.5,
          factors: { bull: 1, bear: 2 },
          transition: { factor: 3, bars: 4 },
        },
      },
    });
  });

  test("makes scenarios in every way that there is, each in its own words", () => {
    const kinds = [
      ["historical, decay: 0.9", { kind: "HISTORICAL", decay: 0.9 }],
      ["bootstrap, blockLength: 5, horizon: 3", { kind: "BOOTSTRAP", blockLength: 5, horizon: 3 }],
      ["path-bootstrap, blockLength: 5", { kind: "PATH_BOOTSTRAP", blockLength: 5 }],
      ["gaussian, shrinkage: none", { kind: "GAUSSIAN", shrinkage: "NONE" }],
      ["student-t, degrees: 4", { kind: "STUDENT_T", degrees: 4 }],
      ["kernel, bandwidth: 0.2", { kind: "KERNEL", bandwidth: 0.2 }],
      ["factor", { kind: "FACTOR", factors: 3 }],
      ["filtered-historical, horizon: 2", { kind: "FILTERED_HISTORICAL", horizon: 2 }],
    ] as const;
    const stress = [{ probability: 0.01, returns: { A: -0.3 } }];
    const tail = ", stress: [{ probability: 0.01, returns: { A: -0.3 } }]";
    for (const [text, recipe] of kinds) {
      const inner = `objective: kelly, window: 30, scenarios: { kind: ${text}${tail} }`;
      const { sizing } = read(optimised(inner)).flow;
      const drawn = recipe.kind === "HISTORICAL" ? {} : { count: 10_000, seed: 1 };
      const scenarios = { ...recipe, ...drawn, stress };
      expect(sizing).toMatchObject({ optimiser: { scenarios } });
    }
  });

  test("expects returns by forecasts bent from a market, counted in bars", () => {
    const { sizing } = read(optimisers[5] ?? "").flow;
    expect(sizing).toMatchObject({
      optimiser: {
        expected: {
          from: { kind: "FORECASTS", barUs: 86_400_000_000 },
          equilibrium: { weights: { A: 3 }, riskAversion: 2.5, tau: 0.05, viewBars: 21 },
        },
      },
    });
  });

  test("reads back from its own document, in its one form", () => {
    for (const text of optimisers) {
      const config = read(text);
      expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
    }
    const spelt = (inner: string) =>
      JSON.stringify(read(optimised(`objective: kelly, window: 30${inner}`)).canonical);
    expect(spelt(", latency: 60s, maxPriceMove: off")).toBe(spelt(", latency: 1m"));
  });

  test("is taken as its page shows it, and its page names every key", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/optimiser-flow.md"), "utf8");
    const [, example = ""] = /```yaml\n([^`]+)```/.exec(page) ?? [];
    expect(findings(example)).toEqual([]);
    for (const key of dottedKeys().filter((name) => name.startsWith("sizing.optimiser."))) {
      expect(page, key).toMatch(new RegExp(`\\b${key.slice(key.lastIndexOf(".") + 1)}\\b`));
    }
  });

  const judged = (inner: string, rest = "") =>
    findings(optimised(`window: 30, ${inner}`, rest)).map((line) =>
      line.replace(/^f:\d+:\d+: /, ""),
    );
  test.each([
    [
      "objective: kelly, tail: 0.1",
      "sizing.optimiser.tail: does nothing with objective kelly: leave it out",
    ],
    [
      "objective: mean-cvar",
      "sizing.optimiser.objective: mean-cvar needs sizing.optimiser.riskAversion beside it",
    ],
    [
      "objective: robust-cvar",
      "sizing.optimiser.objective: robust-cvar needs sizing.optimiser.radius beside it",
    ],
    [
      "objective: kelly, scenarios: { kind: historical, count: 9 }",
      "sizing.optimiser.scenarios.count: does nothing with kind historical: leave it out",
    ],
    [
      "objective: kelly, scenarios: { decay: 0.9 }",
      "sizing.optimiser.scenarios.decay: does nothing with kind bootstrap: leave it out",
    ],
    [
      "objective: kelly, invested: 1, cash: { most: 1 }",
      "sizing.optimiser.cash: does not go with sizing.optimiser.invested: leave one of them out",
    ],
    [
      "objective: kelly, exposures: { T: { of: { A: 1 } } }",
      "sizing.optimiser.exposures.T: holds nothing: give least, most or both",
    ],
    [
      "objective: kelly, scenarios: { kind: filtered-historical, factors: 2 }",
      "sizing.optimiser.scenarios.factors: does nothing with kind filtered-historical: leave it out",
    ],
    [
      "objective: kelly, scenarios: { stress: [{ probability: 0.5, returns: { A: 0 } }, { probability: 0.5, returns: { A: 1 } }] }",
      "sizing.optimiser.scenarios.stress: the probabilities sum to 1; they must leave some of 1 to the other scenarios",
    ],
    [
      "objective: kelly, expected: { from: signals, signalReturn: 1 }",
      "sizing.optimiser.expected: does nothing with objective kelly without minReturn: leave it out",
    ],
    [
      "objective: maximum-return, expected: { from: signals }",
      "sizing.optimiser.expected.from: signals needs sizing.optimiser.expected.signalReturn beside it",
    ],
    [
      "objective: maximum-return, expected: { from: forecasts, prior: held }",
      "sizing.optimiser.expected.from: forecasts needs sizing.optimiser.expected.bar beside it",
    ],
    [
      "objective: maximum-return, expected: { from: views }",
      "sizing.optimiser.expected.from: views needs sizing.optimiser.expected.prior beside it",
    ],
    [
      "objective: maximum-return, expected: { from: forecasts, bar: 1d, signalReturn: 1 }",
      "sizing.optimiser.expected.signalReturn: does nothing with from forecasts: leave it out",
    ],
    [
      "objective: maximum-return, expected: { from: forecasts, bar: 1d, tau: 1 }",
      "sizing.optimiser.expected.tau: does nothing without sizing.optimiser.expected.prior",
    ],
    [
      "objective: maximum-return, expected: { from: views, prior: market }",
      "sizing.optimiser.expected.prior: market needs sizing.optimiser.expected.market beside it",
    ],
    [
      "objective: maximum-return, expected: { from: views, prior: held, market: { A: 1 } }",
      "sizing.optimiser.expected.market: does nothing without prior: market",
    ],
    ["objective: kelly, latency: 0s", 'sizing.optimiser.latency: found "0s"; must be above 0'],
  ])("%s is refused where it stands", (inner, said) => {
    expect(judged(inner)).toEqual([said]);
  });
  test("shorts need allowShort, and what follows a view does not go with it", () => {
    expect(
      judged("objective: kelly, least: -1, bounds: { A: { least: -1 } }", ", allowShort: false"),
    ).toEqual([
      "sizing.optimiser.least: below 0 needs sizing.allowShort: true",
      "sizing.optimiser.bounds.A.least: below 0 needs sizing.allowShort: true",
    ]);
    expect(judged("objective: kelly", ", rebalance: { maxTurnover: 1, drawdown: 0.1 }")).toEqual([
      "sizing.rebalance.maxTurnover: does nothing with method optimised: use sizing.optimiser.maxTurnover",
      "sizing.rebalance.drawdown: does nothing with method optimised: leave it out",
    ]);
    expect(
      findings(
        "tape: x\nportfolio: { rateMaxAge: 96h, convert: daily }\nsizing: { method: optimised, optimiser: { objective: kelly, window: 30 } }",
      ),
    ).toEqual(["f:2:40: portfolio.convert: daily does not go with sizing.method optimised"]);
  });
});

const quoted =
  "tape: x\nsource: ticks\nvenue: { fill: quote, limitFill: cross, queue: 2.5, acknowledge: true }";

/** What a portfolio may have beside its cash. */
const money =
  "tape: x\nportfolio: { lots: fifo, rateMaxAge: 96h, convert: on-trade, people: { Ann: [enable] } }";

describe("a portfolio's money", () => {
  test("is kept at average cost and in one currency, unless it says otherwise", () => {
    const plain = {
      name: "main",
      currency: "USD",
      currencyScale: 2,
      initialCashMinor: 100_000_000n,
    };
    expect(read("tape: x\nportfolio: { lots: average }").flow.portfolio).toEqual(plain);
    expect(read(money).flow.portfolio).toEqual({
      ...plain,
      lots: "FIFO",
      rateMaxAgeUs: 4 * 86_400_000_000,
      convert: "ON_TRADE",
      people: { ann: ["enable"] },
    });
    const told = { lots: "fifo", rateMaxAge: "4d", convert: "on-trade" };
    expect(read(money).canonical.portfolio).toMatchObject(told);
    expect(findings("tape: x\nportfolio: { convert: daily }")).toEqual([
      "f:2:23: portfolio.convert: daily needs portfolio.rateMaxAge beside it",
    ]);
    const off = "tape: x\nportfolio: { convert: none }";
    expect(read(off).canonical).toEqual(read("tape: x").canonical);
    // A run without them has the settings that it had before there were any.
    const bare = { name: "main", currency: "USD", cash: 1_000_000 };
    expect(read("tape: x\nportfolio: { lots: average }").canonical.portfolio).toEqual(bare);
  });
});

/** Every check of whole proposals; their machine units are in proposals.unit.spec.ts. */
const settled =
  "maxGrossExposure maxSector maxNetExposure maxLeverage maxWeight maxHerfindahl maxBeta maxValueAtRisk maxExpectedShortfall maxCorrelation maxDaysToExit maxDailyLoss maxWeeklyLoss maxTradesADay capitalStages"
    .split(" ")
    .map((name) => `${name}: scale`)
    .join(", ");
const ceilings = Object.keys(limitFields)
  .map((name) => `${name}: 1`)
  .join(", ");
const proposals = `tape: x
risk:
  { maxSector: 0.2, sectors: { A: tech }, maxNetExposure: 1, maxLeverage: 0.9, maxWeight: 0.25, maxHerfindahl: 0.2,
    maxBeta: 0.9, benchmark: SPY, maxValueAtRisk: 0.02, maxExpectedShortfall: 0.03, tailLevel: 0.99, maxCorrelation: 0.9,
    returnsWindow: 60, maxDaysToExit: 0.5, volumeShare: 0.05, volumeDays: 10, drawdownWarning: 0.1, drawdownClose: 0.2,
    maxDailyLoss: 0.03, maxWeeklyLoss: 0.06, dayStart: 12h, maxTradesADay: 1, maxPosition: 1, maxGrossExposure: 1, maxOrderValue: 1,
    capitalStages: [{ days: 0, capital: 1 }], returnsBy: day, tailHorizon: 10, maxPriceAge: 3m, drawdownReduceTo: 0.5, ceilings: { ${ceilings} },
    blackouts: [{ from: "19:50", until: "20:05" }], responses: { ${settled} } }`;

/** Every key of the execution algorithms, in two ways. */
const algorithms = [
  ["twap: { over: 1h, slices: 6 }, maxChildren: 9", "twap: { over: 2h, slices: 7 }"],
  [
    "vwap: { over: 1h, slices: 1, days: 3 }, leftover: leave",
    "vwap: { over: 2h, slices: 2, curve: [1, 2] }",
  ],
  ["pov: { over: 1h, rate: 0.1 }", "pov: { over: 2h, rate: 0.2 }"],
  [
    "implementationShortfall: { over: 1h, slices: 6, halfLife: 10m }",
    "implementationShortfall: { over: 2h, slices: 7, halfLife: 20m }",
  ],
].map((pair) => pair.map((text) => `tape: x\norders: { algorithm: { ${text} } }`));

describe("sizing", () => {
  test("comes out in machine units, by its method", () => {
    expect(sizings.map((text) => read(text).flow.sizing)).toEqual([
      {
        method: "VOLATILITY_TARGET",
        targetBps: 1_000,
        barsPerYear: 252,
        maxLeverageBps: 20_000,
        allowShort: true,
        covariance: { window: 9, shrinkage: 0.25 },
        rebalance: { ...noTriggers, drawdownBps: 1_000, drawdownScaleBps: 5_000 },
      },
      {
        method: "VOLATILITY_TARGET",
        targetBps: 1_000,
        barsPerYear: 252,
        maxLeverageBps: 20_000,
        allowShort: true,
        rebalance: {
          driftBps: 200,
          driftOfTargetBps: 2_500,
          targetChangeBps: 2_000,
          every: { count: 2, unit: "WEEK" },
          dayStartUs: 19_800_000_000,
          drawdownBps: 1_000,
          minimumValueMinor: 10_050,
          minimumQuantity: "0.25",
          maxTurnoverBps: 15_000,
          costPerMillion: 51,
          riskAversion: 2.5,
        },
      },
      {
        method: "FRACTIONAL_KELLY",
        fractionBps: 5_000,
        window: 60,
        maxLeverageBps: 15_000,
        allowShort: false,
        lots: "LEAST_CASH",
      },
      { method: "INTEGRATED", grossBps: 15_000, confidenceBps: 5_500, allowShort: true },
      {
        method: "INTEGRATED",
        grossBps: 10_000,
        confidenceBps: 5_000,
        regimes: { from: "features", band: 0.5, weights: { bull: 1, bear: 0.25 } },
        forecasts: true,
        toxicity: { bucketBars: 2.5, buckets: 10, window: 20 },
        allowShort: true,
      },
    ]);
  });

  test("reads back from its own document, in its one form", () => {
    for (const text of sizings) {
      const config = read(text);
      expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
    }
    const spelt = (inner: string) =>
      JSON.stringify(read(`tape: x\nsizing: { quantity: 1${inner} }`).canonical);
    expect(spelt(", rebalance: { every: 1 months, dayStart: 60m, drift: off }")).toBe(
      spelt(", rebalance: { every: 1 month, dayStart: 1h, drawdown: null }"),
    );
    expect(spelt(", rebalance: { every: off, drift: null }")).toBe(spelt(""));
    expect(spelt(", rebalance: {}")).toBe(spelt(""));
  });

  test("without rebalancing is what it was before there was any", () => {
    expect(read("tape: x").canonical.sizing).toEqual({
      allowShort: true,
      method: "fixed-quantity",
      quantity: 100,
    });
  });

  test("is taken as its page shows it", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/sizing.md"), "utf8");
    const [, example = ""] = /```yaml\n([^`]+)```/.exec(page) ?? [];
    expect(findings(example)).toEqual([]);
    expect(read(example).flow.sizing.rebalance?.every).toEqual({ count: 1, unit: "WEEK" });
    for (const key of dottedKeys().filter((name) => /^sizing\.(?!optimiser\.)/.test(name))) {
      const leaf = key.slice(key.lastIndexOf(".") + 1);
      expect(page, key).toMatch(new RegExp(`\\b${leaf}\\b`));
    }
  });

  test("can be set by flags, key by key", () => {
    const { sizing } = read("tape: x\nsizing: { quantity: 1 }", "sizing.rebalance.drift=0.05").flow;
    expect(sizing.rebalance?.driftBps).toBe(500);
  });

  const judged = (inner: string) => findings(`tape: x\nsizing: { ${inner} }`);

  test.each([
    [
      "method: volatility-target, target: 0.1",
      [
        "f:2:1: sizing.barsPerYear: missing: it is needed with method volatility-target, a whole number from 1 to 100000000",
        "f:2:1: sizing.maxLeverage: missing: it is needed with method volatility-target, a number above 0 and up to 100",
      ],
    ],
    [
      "method: integrated, gross: 1, confidence: 0.5, window: 9",
      ["f:2:58: sizing.window: does not go with method integrated: leave it out"],
    ],
    [
      "quantity: 1, lots: down",
      ["f:2:24: sizing.lots: does not go with method fixed-quantity: leave it out"],
    ],
    [
      "quantity: 1, rebalance: { every: month }",
      [
        'f:2:44: sizing.rebalance.every: found "month"; must be a number of bars, days, weeks or months, such as 1 month, or off',
      ],
    ],
    [
      "quantity: 1, rebalance: { drfit: 0.1 }",
      ["f:2:37: sizing.rebalance.drfit: unknown key; did you mean sizing.rebalance.drift?"],
    ],
    [
      "quantity: 1, rebalance: { every: 5 bars, dayStart: 1h }",
      [
        "f:2:62: sizing.rebalance.dayStart: does nothing without sizing.rebalance.every in days, weeks or months",
      ],
    ],
    [
      "quantity: 1, rebalance: { every: 5 days, dayStart: 24h }",
      ['f:2:62: sizing.rebalance.dayStart: found "24h"; must be less than 24h'],
    ],
    [
      "quantity: 1, rebalance: { riskAversion: 2 }",
      ["f:2:51: sizing.rebalance.riskAversion: does nothing without sizing.rebalance.costPerSide"],
    ],
    [
      "quantity: 1, rebalance: { maxTurnover: 0.00001 }",
      ["f:2:50: sizing.rebalance.maxTurnover: found 0.00001; must be in steps of 0.0001"],
    ],
    [
      "quantity: 1, rebalance: { minimumValue: 0.001 }",
      ["f:2:51: sizing.rebalance.minimumValue: found 0.001; USD has 2 decimals"],
    ],
  ])("%s", (inner, expected) => {
    expect(judged(inner)).toEqual(expected);
  });
});

describe("a whole configuration", () => {
  const config = read(whole);

  test("comes out in machine units, exactly", () => {
    expect(config.flow).toEqual({
      source: "ticks",
      bars: { intervalUs: 300_000_000, suspicious: "include" },
      features: { emaFast: 5, emaSlow: 8, atr: 3, volatility: 4 },
      portfolio: {
        name: "alpha",
        currency: "KWD",
        currencyScale: 3,
        initialCashMinor: 1_000_000_125n,
      },
      sizing: { method: "INVERSE_VOLATILITY", grossBps: 15_000, allowShort: false },
      risk: {
        maxPosition: "0.25",
        maxGrossExposureMinor: null,
        priceCollarBps: 1,
        maxOrderValueMinor: null,
        maxDrawdownBps: 10_000,
        onBreach: "deny",
      },
      orders: {
        type: "LIMIT",
        limitOffsetBps: -5,
        timeInForce: "GTD",
        goodForUs: 90_000_000,
        latencyUs: 1500,
        exits: { stopLossBps: 200, takeProfitBps: 5000, trailingStopBps: 1 },
      },
      venue: {
        fill: "next-tick",
        latencyUs: 1,
        slippageBps: 0,
        participationBps: 2500,
        feePerMillion: 1,
        minimumFeeMinor: 5,
      },
    });
    expect(config.range).toEqual({ fromUs: 1_381_152_600_000_000, toUs: 1_381_190_400_000_000 });
    expect(config).toMatchObject({ symbols: ["BAC", "IBM"], seed: 8, partitions: 4 });
  });

  test("has its commands in the order of time, then of the file", () => {
    expect(config.commands.map(({ value }) => [value.why, value.limit, value.value])).toEqual([
      ["first", "maxDrawdownBps", 1000],
      ["second", null, null],
      ["third", "maxOrderValueMinor", null],
    ]);
    expect(config.commands[0]).toMatchObject({
      timeUs: 1_381_154_400_000_000,
      value: { portfolio: "alpha", command: "SetLimit", who: "ops" },
    });
  });

  test("finds its files from its own folder, and those of a flag from the working folder", () => {
    expect(config.tape).toBe("/home/trader/tapes/demo");
    expect(config.modelName).toBe("/home/trader/runs/my-model.ts");
    const flagged = read(whole, "tape=tapes/x", "model=./other.ts");
    expect(flagged.tape).toBe(resolve("tapes/x"));
    expect(flagged.modelName).toBe(resolve("other.ts"));
  });

  test("names no place in its canonical form, and whole paths in its document", () => {
    expect(JSON.stringify(config.canonical)).not.toContain("/");
    expect(config.canonical.model).toBe("my-model.ts");
    const elsewhere = configFromText(config.document, "/tmp/x/config.yaml");
    expect(elsewhere).toEqual(config);
  });
});

describe("what is not given", () => {
  const bare = read("tape: demo");

  test("is what the commented default says", () => {
    expect(read(defaultYaml()).canonical).toEqual(bare.canonical);
    for (const key of dottedKeys()) {
      const leaf = key.slice(key.lastIndexOf(".") + 1);
      if (!key.startsWith("commands.")) expect(defaultYaml()).toMatch(new RegExp(`\\b${leaf}:`));
    }
  });

  test("reads back from its own document", () => {
    expect(configFromText(bare.document, PATH)).toEqual(bare);
  });

  test("can be set by a flag, in a group that the file does not have", () => {
    const { flow } = read("tape: demo", "risk.maxDrawdown=0.01", "sizing.quantity=1e2");
    expect(flow.risk).toEqual({ ...bare.flow.risk, maxDrawdownBps: 100 });
    expect(flow.sizing).toEqual(bare.flow.sizing);
    expect(read("", "tape=demo").canonical).toEqual(bare.canonical);
  });

  test("a later flag wins over an earlier one and over the file", () => {
    expect(read("tape: x\nseed: 1", "seed=2", "seed=3").seed).toBe(3);
    const sizing = read(whole, "sizing={ method: fixed-quantity, quantity: 7 }").flow.sizing;
    expect(sizing).toEqual({ method: "FIXED_QUANTITY", quantity: "7", allowShort: true });
  });
});

describe("the canonical form", () => {
  test("is one for all ways to write a value", () => {
    const pairs: readonly (readonly [string, string])[] = [
      ["bars: { interval: 60s }", "bars: { interval: 1m }"],
      ["orders: { latency: 0.05s }", "orders: { latency: 50000us }"],
      ["portfolio: { cash: 1e6 }", "portfolio: { cash: 1000000.00 }"],
      ["risk: { maxDrawdown: off }", "risk: { maxDrawdown: null }"],
      ["orders: { stopLoss: off }", "orders: { stopLoss: null }"],
      [
        "venue: { chance: { back: { distribution: constant, time: 0.001s } } }",
        "venue: { chance: { back: { distribution: constant, time: 1ms } } }",
      ],
      ["range: { from: 2013-10-07T15:30:00+02:00 }", "range: { from: '2013-10-07 13:30Z' }"],
      ["symbols: [B, A]", 'symbols: ["A", "B"]'],
      ["seed: 3\npartitions: 2", "partitions: +2\nseed: 3"],
    ];
    for (const [a, b] of pairs) {
      const left = JSON.stringify(read(`tape: x\n${a}`).canonical);
      expect(left).toBe(JSON.stringify(read(`${b}\ntape: y/z`).canonical));
    }
  });

  test("tells every setting of the whole example from its default", () => {
    const differing = new Set(
      [
        whole,
        shaped,
        waiting,
        gated,
        watched,
        money,
        ...sizings,
        ...optimisers,
        quoted,
        ...venues,
        proposals,
      ].flatMap((text) =>
        // A group that is left out differs as a whole: one with another key in it, key by key.
        [
          "tape: x",
          "tape: x\nsizing: { quantity: 1, rebalance: { drift: 0.5 } }\nrisk: { maxSector: 1, sectors: { B: b }, responses: { maxSector: deny }, ceilings: { maxSector: 2 } }",
          "tape: x\nsizing: { method: integrated, gross: 2, confidence: 1, toxicity: { buckets: 1 } }",
          optimisers[0] ?? "",
          optimisers[1] ?? "",
          optimisers[2] ?? "",
          "tape: x\nsizing: { method: optimised, optimiser: { objective: mean-cvar, riskAversion: 1, window: 10, expected: { from: forecasts, bar: 2d }, scenarios: { stress: [{ probability: 0.1, returns: { B: 1 } }] } } }",
          otherVenue,
          otherGate,
          "tape: x\nrisk: { orders: { maxValue: 1 } }",
          "tape: x\nrisk: { breakers: { maxAge: 9s } }",
        ].flatMap((other) =>
          diffConfigs(read(other).canonical, read(text).canonical).map(({ key }) => key),
        ),
      ),
    );
    for (const [a = "", b = ""] of algorithms) {
      for (const { key } of diffConfigs(read(a).canonical, read(b).canonical)) differing.add(key);
    }
    const reports = ["{ benchmark: SPY, trials: 2 }", "{ benchmark: IBM, trials: 3 }"];
    const [one, other] = reports.map((text) => read(`tape: x\nreport: ${text}`).canonical);
    for (const { key } of diffConfigs(one ?? {}, other ?? {})) differing.add(key);
    const same = ["source"];
    for (const key of dottedKeys()) {
      const isLeaf = !dottedKeys().some((other) => other.startsWith(`${key}.`));
      const isFile = key === "tape" || key.startsWith("commands");
      // A setting of one way of sizing is left out of the others, and so it differs too.
      if (isLeaf && !isFile && !same.includes(key)) expect(differing).toContain(key);
    }
    expect(differing).toContain("commands");
  });
});

describe("the order gate", () => {
  test("comes out in machine units", () => {
    expect(read(gated).flow.orderRisk).toEqual({
      priceCollarBps: 500,
      maxOrderValueMinor: 10_000_050,
      maxOrderQuantity: "0.25",
      volumeShare: { mostBps: 1_000, bars: 5 },
      orderRate: { most: 20, windowUs: 1_000_000 },
      messageRate: { most: 50, windowUs: 1_000_000 },
      repeats: { most: 5, windowUs: 10_000_000 },
      maxPriceAgeUs: 180_000_000,
      session: { openUs: 48_600_000_000, closeUs: 72_000_000_000 },
      approvedOnly: true,
      shortable: { IBM: "1000", "BTC-USD": "0.5" },
      buyingPower: true,
      denials: { most: 50, windowUs: 10_000_000 },
      duplicateUs: 1_000_000,
      requirement: { spotPerMillion: 500_000, contractPerMillion: 100_000 },
      reducing: {
        priceCollarBps: null,
        maxOrderValueMinor: 100_000_000,
        maxOrderQuantity: null,
        maxPriceAgeUs: 1_800_000_000,
        volumeShareBps: 20_000,
        mostRepeats: 100,
        session: true,
      },
      bySymbol: { "BTC-USD": { maxOrderQuantity: "0.5", maxPriceAgeUs: null } },
      byAssetClass: { FX: { maxOrderValueMinor: 100_000_000, priceCollarBps: 100 } },
    });
  });

  test("takes what contracts require from the venue's margin, where nothing else is told", () => {
    const margin = "venue: { margin: { initial: 0.5, maintenance: 0.25, leverage: 5 } }";
    const of = (orders: string) =>
      read(`tape: x\n${margin}\nrisk: { orders: { ${orders} } }`).flow.orderRisk?.requirement;
    expect(of("buyingPower: true")).toEqual({
      spotPerMillion: 1_000_000,
      contractPerMillion: 100_000,
    });
    expect(of("buyingPower: true, requirement: { contracts: 0.2 }")?.contractPerMillion).toBe(
      200_000,
    );
    expect(of("maxValue: 1")).toBeUndefined();
  });

  test("is not there where its section is left out, and checks nothing where that is empty", () => {
    expect(read("tape: x").flow.orderRisk).toBeUndefined();
    const empty = read("tape: x\nrisk: { orders: {} }").flow.orderRisk;
    const off = "orderRate: off, maxValue: off, maxPriceAge: off, session: off, buyingPower: false";
    expect(read(`tape: x\nrisk: { orders: { ${off} } }`).flow.orderRisk).toEqual(empty);
    expect(Object.values(empty ?? {}).filter((value) => value !== null && value !== false)).toEqual(
      [],
    );
  });

  test("is one form for all ways to write it", () => {
    const canonical = (text: string) => JSON.stringify(read(text).canonical);
    expect(canonical(gated)).toBe(canonical(gated.replace("180s", "3m").replace("1000ms", "1s")));
  });

  test.each([
    ["orderRate: 20", "found 20; must be a number and a time, such as 20 in 1s, or off"],
    ["orderRate: 20 in 0s", 'found "0s"; must be above 0'],
    [
      "session: 20:00-13:30",
      'found "20:00-13:30"; it must open before it closes, on one day in UTC',
    ],
    ["volumeBars: 5", "does nothing without risk.orders.volumeShare"],
    ["requirement: { spot: 0.5 }", "does nothing without risk.orders.buyingPower"],
    ["instruments: [{ maxValue: 1 }]", "names a symbol or a class: the one or the other"],
    ["instruments: [{ symbol: A, class: fx }]", "names a symbol or a class: the one or the other"],
    ["instruments: [{ class: fx }, { class: fx }]", "fx stands there before"],
    ["instruments: [{ class: gold }]", "one of equity, fx, crypto, future, index"],
    ["shortable: [A 1, A 2]", 'found "A 2"; A stands there before'],
    ["shortable: [A]", 'found "A"; must be a symbol and a quantity, such as IBM 1000'],
  ])("refuses %s", (text, message) => {
    const [found] = findings(`tape: x\nrisk: { orders: { ${text} } }`);
    expect(found).toContain(message);
  });

  test("an override names check and symbol, and nothing else does", () => {
    const commands = (text: string) =>
      read(`tape: x\ncommands: [{ at: 2013-10-07, who: a, why: b, ${text} }]`).commands;
    expect(commands("command: ConfirmOverride, check: PRICE_COLLAR, symbol: IBM")).toMatchObject([
      { value: { command: "ConfirmOverride", limit: "PRICE_COLLAR", symbol: "IBM", value: null } },
    ]);
    const wrong = (text: string) =>
      findings(`tape: x\ncommands: [{ at: 2013-10-07, who: a, why: b, ${text} }]`).join();
    expect(wrong("command: RequestOverride, check: PRICE_COLLAR")).toContain(
      "commands[0].symbol: missing: RequestOverride needs check and symbol",
    );
    const about = "check: PRICE_COLLAR, symbol: IBM";
    expect(commands(`command: RequestOverride, ${about}, ceiling: 800, until: 2013-10-08`)).toEqual(
      [
        expect.objectContaining({
          value: expect.objectContaining({ value: 800, untilUs: Date.UTC(2013, 9, 8) * 1_000 }),
        }),
      ],
    );
    for (const [rest, key] of [
      ["until: 2013-10-08", "ceiling"],
      ["ceiling: 800", "until"],
    ]) {
      expect(wrong(`command: RequestOverride, ${about}, ${rest}`)).toContain(
        `commands[0].${key}: missing: RequestOverride says`,
      );
    }
    expect(wrong(`command: RequestOverride, ${about}, ceiling: 8, until: 2013-10-07`)).toContain(
      "must be after the command",
    );
    expect(wrong("command: KillTrading, ceiling: 1")).toContain(
      "commands[0].ceiling: does not go with command KillTrading: leave it out",
    );
    expect(wrong("command: KillTrading, symbol: IBM")).toContain(
      "commands[0].symbol: does not go with command KillTrading: leave it out",
    );
  });
});

describe("what a venue costs", () => {
  test("comes out in machine units, exactly", () => {
    const [parts, schedule] = venues.map((text) => read(text).flow.venue);
    expect(parts?.price).toEqual({
      halfSpreadBps: 2,
      volumeSharePerMillion: 100_000,
      volatilityPerMillion: 50_000,
      temporaryPerMillion: 700_000,
      permanentPerMillion: 300_000,
      window: 30,
    });
    expect(parts?.fees?.tiers).toHaveLength(5);
    expect(schedule?.price).toBeUndefined();
    expect(schedule?.fees).toEqual({
      tiers: [
        {
          from: 0,
          maker: { valuePerBillion: -100_000, perUnitMicros: 0 },
          taker: { valuePerBillion: 1_000_000, perUnitMicros: 0 },
        },
        {
          from: 1000,
          maker: { valuePerBillion: 1, perUnitMicros: 5_000 },
          taker: { valuePerBillion: 1, perUnitMicros: 5_000 },
        },
      ],
      tierBy: "VALUE",
      perOrderMicros: 500_000,
      minimumMicros: 1_000_000,
      maximumPerMillion: 10_000,
      rounding: "UP",
    });
  });

  test("levies come out as presets say, or part by part, and fees in a currency of their own", () => {
    const { venue } = read(venues[2] as string).flow;
    expect(venue.fees?.currency).toEqual({ code: "JPY", scale: 0 });
    expect(venue.levies).toEqual([
      ...levyPresets["uk-sdrt"],
      {
        kind: "FEE",
        side: "SELL",
        currency: "USD",
        assetClass: "EQUITY",
        valuePerBillion: 5_100,
        perUnitMicros: 0,
        maximumMicros: 9_000_000,
        rounding: "UP",
      },
    ]);
    expect(read("tape: x\nvenue: { levies: [] }").canonical).toEqual(read("tape: x").canonical);
  });

  test("is taken as its page shows it, every key of which stands there", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/venue.md"), "utf8");
    const examples = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, text = ""]) => text);
    expect(examples.length).toBeGreaterThan(1);
    expect(examples.flatMap((text) => findings(text))).toEqual([]);
    for (const key of dottedKeys().filter((name) => /^venue\..+\./.test(name))) {
      const leaf = key.slice(key.lastIndexOf(".") + 1);
      expect(page, key).toMatch(new RegExp(`\\b${leaf}\\b`));
    }
  });

  test("what is otherwise for a class or a symbol, group by group; an empty group is none", () => {
    const text = `tape: x
symbols: [BTC-PERP, ES]
venue:
  carry: { financing: 0.05 }
  byAssetClass:
    future: { slippage: 0, carry: {}, margin: { initial: 0.1, maintenance: 0.05 }, hours: calendar }
  bySymbol:
    BTC-PERP: { carry: { funding: 0.0001, fundingEvery: 480m } }
`;
    const config = read(text);
    const { flow } = config;
    expect(flow.venue.byAssetClass).toEqual({
      FUTURE: {
        slippageBps: 0,
        carry: null,
        margin: { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 },
        hours: "CALENDAR",
      },
    });
    expect(flow.venue.bySymbol).toMatchObject({
      "BTC-PERP": { carry: { funding: { perMillion: 100, everyUs: 28_800_000_000 } } },
    });
    const again = configFromText(config.document, PATH);
    expect(again.canonical).toEqual(config.canonical);
    expect(again.flow.venue).toEqual(flow.venue);
  });

  test.each([
    [
      "bySymbol: { ES: { margin: { initial: 0.1, maintenance: 0.2 } } }",
      "venue.bySymbol.ES.margin.maintenance: found 0.2; must not be above venue.margin.initial",
    ],
    ["bySymbol: { ES: { slipage: 0 } }", "unknown key; did you mean venue.bySymbol.ES.slippage?"],
    [
      "byAssetClass: { futures: {} }",
      "venue.byAssetClass.futures: is no class of instruments: one of equity,",
    ],
    ["bySymbol: { NQ: {} }", "venue.bySymbol.NQ: is none of the run's symbols"],
    ["byAssetClass: { fx: { slippage: 0.00001 } }", "must be in steps of 0.0001"],
  ])("of its symbols and classes: %s", (inner, expected) => {
    const found = findings(`tape: x\nsymbols: [ES]\nvenue: { ${inner} }`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  test("what it leaves to chance and when it trades", () => {
    const [, whole, other, constant] = venues.map((text) => read(text, "seed=77").flow.venue);
    expect(whole?.chance).toEqual({
      seed: 77,
      toVenue: { kind: "LOGNORMAL", medianUs: 2_000, sigma: 0.5 },
      back: { kind: "UNIFORM", leastUs: 1_000, mostUs: 5_000 },
      rejectPerMillion: 1_000,
    });
    expect(whole?.trading).toEqual({
      hours: { openUs: 52_200_000_000, closeUs: 75_600_000_000 },
      status: true,
      closed: "REFUSE",
    });
    expect(whole?.carry).toEqual({
      atUs: 79_200_000_000,
      dayCount: 365,
      borrowPerMillion: 10_000,
      financingPerMillion: -20_000,
      funding: { perMillion: 100, everyUs: 14_400_000_000 },
    });
    expect(whole?.margin).toEqual({
      initialPerMillion: 100_000,
      maintenancePerMillion: 50_000,
      leverage: 2,
      callPerMillion: 80_000,
      liquidationFeePerMillion: 5_000,
    });
    expect(other?.carry).toBeUndefined();
    expect(read("tape: x\nvenue: { carry: { rates: true } }").flow.venue.carry).toMatchObject({
      rates: true,
      funding: null,
    });
    expect(other?.chance?.back).toEqual({ kind: "LOGNORMAL", medianUs: 3_000, sigma: 1 });
    expect(constant?.chance?.toVenue).toEqual({ kind: "CONSTANT", us: 3_000 });
    expect(constant?.trading).toBeUndefined();
  });

  test("reads back from its own document, and empty groups are none", () => {
    for (const text of venues) {
      const config = read(text);
      expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
    }
    const { canonical, flow } = read(
      "tape: x\nvenue: { price: {}, fees: {}, chance: {}, trading: {}, carry: {} }",
    );
    expect(canonical).toEqual(read("tape: x").canonical);
    expect(flow.venue).toEqual(read("tape: x").flow.venue);
  });

  test.each([
    [
      "fees: { preset: zero, minimum: 1 }",
      "f:2:41: venue.fees.minimum: does not go with preset zero: leave one of them out",
    ],
    [
      "chance: { back: { distribution: uniform } }",
      "f:2:42: venue.chance.back.distribution: uniform needs least and most",
    ],
    [
      "chance: { back: { distribution: uniform, least: 2ms, most: 1ms } }",
      'f:2:69: venue.chance.back.most: found "1ms"; must not be below least',
    ],
    [
      "trading: { closed: wait }",
      "f:2:29: venue.trading.closed: does nothing without venue.trading.hours or status",
    ],
    [
      "trading: { hours: { open: '21:00', close: '14:30' } }",
      'f:2:52: venue.trading.hours.close: found "14:30"; must be after venue.trading.hours.open',
    ],
    [
      "margin: { initial: 0.1, maintenance: 0.2 }",
      "f:2:47: venue.margin.maintenance: found 0.2; must not be above venue.margin.initial",
    ],
    [
      "margin: { initial: 0.1, maintenance: 0.05, call: 0.04 }",
      "f:2:59: venue.margin.call: found 0.04; must not be below venue.margin.maintenance",
    ],
    [
      "carry: { funding: 0.1, fundingEvery: 7h }",
      'f:2:47: venue.carry.fundingEvery: found "7h"; must go into a day without rest',
    ],
    [
      "carry: { borrow: 0.1, dayCount: 364 }",
      "f:2:42: venue.carry.dayCount: found 364; must be 360 or 365",
    ],
    ["fees: { minimum: 1 }", "f:2:27: venue.fees.minimum: needs venue.fees.tiers beside it"],
    ["fees: { tiers: [{ from: 5 }] }", "f:2:34: venue.fees.tiers[0].from: found 5; the first is 0"],
    [
      "fees: { tiers: [{ from: 0 }, { from: 0 }] }",
      "f:2:47: venue.fees.tiers[1].from: found 0; must be above 0, where the tier before it begins",
    ],
    [
      "fees: { currency: USD, tiers: [{ from: 0, taker: 0.1 }] }",
      "f:2:59: venue.fees.tiers[0].taker: is of the value, in the instrument's currency: leave it or venue.fees.currency out",
    ],
    [
      "levies: [{ preset: uk-sdrt, side: buy }]",
      "f:2:44: venue.levies[0].side: does not go with preset uk-sdrt: leave one of them out",
    ],
    ["levies: [{ side: buy }]", "f:2:19: venue.levies[0]: needs a preset, or kind and side"],
    ["levies: [{ kind: tax }]", "f:2:27: venue.levies[0].kind: needs side beside it"],
    [
      "levies: [{ kind: tax, side: buy }]",
      "f:2:27: venue.levies[0].kind: charges nothing: needs value or perUnit",
    ],
    [
      "price: { halfSpread: 0.00001 }",
      "f:2:31: venue.price.halfSpread: found 0.00001; must be in steps of 0.0001",
    ],
  ])("%s", (inner, expected) => {
    expect(findings(`tape: x\nvenue: { ${inner} }`)).toEqual([expected]);
  });
});

describe("findings", () => {
  test("draw their line where the rule does", () => {
    const features = (fast: number) => `tape: x\nfeatures: { emaFast: ${fast}, emaSlow: 8 }`;
    expect(findings(features(7))).toEqual([]);
    expect(findings(features(8))).toHaveLength(1);
    expect(findings(`${features(8)}\nmodel: ./own.ts`)).toEqual([]);
    const range = "tape: x\nrange: { from: 2013-10-07, to: 2013-10-07 }";
    expect(findings(range)).toHaveLength(1);
    const halt = (at: string) =>
      `tape: x\nrange: { to: 2013-10-07 }\ncommands: [{ at: ${at}, command: HaltTrading, who: a, why: b }]`;
    expect(findings(halt("2013-10-07"))).toHaveLength(1);
    expect(findings(halt("2013-10-06T23:59:59.999999Z"))).toEqual([]);
  });

  test("hold the terms of orders against each other", () => {
    const orders = (text: string) => findings(`tape: x\norders: { ${text} }`);
    expect(orders("timeInForce: GTD")).toEqual([
      "f:2:24: orders.timeInForce: found GTD; orders.goodFor must say for how long, such as 30m",
    ]);
    expect(orders("goodFor: 1m")).toEqual([
      'f:2:20: orders.goodFor: found "1m"; only for timeInForce: GTD, found GTC',
    ]);
    expect(orders("timeInForce: GTD, goodFor: 50ms")).toEqual([
      'f:2:38: orders.goodFor: found "50ms"; must be above orders.latency (50ms), or it is over before it arrives',
    ]);
    expect(orders("timeInForce: GTD, goodFor: 51ms")).toEqual([]);
    expect(orders("stopLoss: 0").join()).toMatch(/above 0 and below 1, or off/);
    expect(orders("takeProfit: 5%").join()).toMatch(/write 0\.05$/);
    expect(orders("trailingStop: 1").join()).toMatch(/orders\.trailingStop: found 1/);
    expect(orders("stopLoss: 0.00005").join()).toMatch(/must be in steps of 0\.0001/);
  });

  test("say nothing that follows from another finding", () => {
    expect(findings("tape: x\nsizing: { method: best, quantity: 1 }")).toHaveLength(1);
    expect(findings("tape: x\nmodel: 3\nfeatures: { emaFast: 9, emaSlow: 8 }")).toHaveLength(1);
    expect(findings("tape: x\nseed: 0x1F")).toHaveLength(1);
    expect(findings("tape: x\nbars: { interval: [] }")).toHaveLength(1);
    expect(findings("tape: x\nsymbols: [1, 1]")).toHaveLength(2);
    expect(findings("tape: x\nmodel: a: b: c")).toHaveLength(1);
    expect(findings("tape: x\nmodel: @a: b: c\nseed: @b")).toHaveLength(2);
  });

  test("name the place that a flag replaced by the flag", () => {
    const text = "tape: x\nsymbols: [A, B, C, D]\nrisk: { maxDrawdown: 7 }";
    expect(findings(text, "symbols=[A, A]", "risk={ maxDrawdown: 9 }")).toEqual([
      '--set symbols=[A, A]: symbols: lists "A" twice',
      "--set risk={ maxDrawdown: 9 }: risk.maxDrawdown: found 9; must be a number above 0 and up to 1, or off; 9 % is 0.09",
    ]);
    // The file's own places in what was replaced are forgotten: the finding is the flag's.
    expect(findings("tape: x\nrisk:\n  priceCollar: 3\n", "risk={ }")).toEqual([]);
    expect(findings("tape: x\nsizing:\n  gross: 3\n", "sizing={ method: equal-weight }")).toEqual([
      "--set sizing={ method: equal-weight }: sizing.gross: missing: it is needed with method equal-weight, a number above 0 and up to 100",
    ]);
  });

  test("guess per cent only where a fraction is meant", () => {
    const risk = (text: string) => findings(`tape: x\nrisk: { ${text} }`).join();
    expect(risk("priceCollar: 5%")).toMatch(/write 0\.05$/);
    expect(risk("maxOrderValue: 5%")).toMatch(/or off$/);
    expect(risk("maxOrderValue: 5_000.50")).toMatch(/write 5000\.50$/);
    expect(risk("maxOrderValue: none")).toMatch(/write off$/);
  });

  test("refuse an anchor on a key", () => {
    expect(findings("tape: x\n&a seed: 3")).toEqual(["f:2:4: a key is one word"]);
  });
});

describe("units", () => {
  test("basis points are exact for every fraction of four decimals", () => {
    for (let bps = 1; bps <= 10_000; bps += 7) {
      const text = `${Math.floor(bps / 10_000)}.${String(bps % 10_000).padStart(4, "0")}`;
      expect(read(`tape: x\nrisk: { maxDrawdown: ${text} }`).flow.risk.maxDrawdownBps).toBe(bps);
    }
  });

  test("amounts are exact for every number of cents", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 99_999_999_999_999 }), (cents) => {
        const text = `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`;
        const { flow } = read(`tape: x\nportfolio: { cash: ${text} }`);
        expect(flow.portfolio.initialCashMinor).toBe(BigInt(cents));
      }),
      { numRuns: 100 },
    );
  });

  test("durations come back as they were", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000_000_000_000_000 }), (us) => {
        expect(parseDurationUs(formatDurationUs(us))).toBe(us);
      }),
    );
    for (const [text, us] of [
      ["0.25s", 250_000],
      ["1.5d", 129_600_000_000],
      ["0.0015ms", null],
      ["36526d", null],
      ["1", null],
      ["-1s", null],
      ["1e3s", null],
    ] as const) {
      expect([text, parseDurationUs(text)]).toEqual([text, us]);
    }
  });
});

describe("the nearest word", () => {
  const words = dottedKeys().filter((key) => !key.includes("."));

  test("is found through one edit of any kind", () => {
    const letters = fc.constantFrom(..."abcxyzXYZ");
    fc.assert(
      fc.property(fc.constantFrom(...words), fc.nat(), letters, (word, place, letter) => {
        const i = place % word.length;
        const edits = [
          word,
          word.toUpperCase(),
          word.slice(0, i) + letter + word.slice(i),
          word.slice(0, i) + letter + word.slice(i + 1),
          word.slice(0, i) + word.slice(i + 1),
          word.slice(0, i) + (word[i + 1] ?? "") + word[i] + word.slice(i + 2),
        ];
        for (const edited of edits)
          expect([edited, nearest(edited, words)]).toEqual([edited, word]);
      }),
    );
  });

  test("is none where nothing is near", () => {
    expect(nearest("wibble", words)).toBeNull();
    expect(nearest("", words)).toBeNull();
    expect(nearest("s".repeat(1e6), words)).toBeNull();
  });
});

describe("the published schema", () => {
  test("says of every key what it is", () => {
    const silent: string[] = [];
    const visit = (node: SchemaNode, path: string): void => {
      for (const [name, child] of Object.entries(node.properties ?? {})) {
        const inner = resolved(child);
        if (inner.description === undefined) silent.push(path + name);
        visit(inner, `${path}${name}.`);
        if (inner.items !== undefined) visit(inner.items, `${path}${name}[].`);
      }
    };
    visit(schema, "");
    expect(silent).toEqual([]);
  });
});

describe("differences of two configurations", () => {
  test("are named by key, each side's value beside it", () => {
    const a = { risk: { maxDrawdown: 0.2, onBreach: "deny" }, list: [1, { at: 2 }], only: 1 };
    const b = { risk: { maxDrawdown: 0.1, onBreach: "deny" }, list: [1, { at: 3 }], new: null };
    expect(diffConfigs(a, b)).toEqual([
      { key: "risk.maxDrawdown", a: 0.2, b: 0.1 },
      { key: "list[1].at", a: 2, b: 3 },
      { key: "only", a: 1, b: null },
    ]);
    expect(diffConfigs({ list: [1] }, { list: [1, 2] })).toEqual([
      { key: "list", a: [1], b: [1, 2] },
    ]);
    expect(diffConfigs(a, structuredClone(a))).toEqual([]);
  });
});
