import { describe, expect, test } from "vitest";
import type { Features } from "../../schemas/generated/features.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { PoolAnswer } from "../../schemas/generated/pool.answers.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, delisted, dividend, renamed, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { noTriggers } from "../no-triggers.spec.ts";
import type { OptimiserConfig } from "../optimiser-config.ts";
import { type AskedProblem, answerTo, inputHash, problemOf, returnsOf } from "../pool-work.ts";
import type { OptimisedSizing, RebalanceConfig } from "../sizing-config.ts";
import { portfolioOptimiser } from "./portfolio-optimiser.ts";

const DAY_US = 86_400_000_000;
/** 2013-10-07, a Monday. */
const START_US = 1_381_104_000_000_000;
const WINDOW = 3;

const portfolio = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};

const optimiser: OptimiserConfig = {
  objective: { kind: "MINIMUM_CVAR", tailMass: 0.05 },
  constraints: {},
  bounds: {},
  costs: {},
  scenarios: { kind: "HISTORICAL" },
  window: WINDOW,
  latencyUs: 1_000_000,
  limits: { maxGap: 1e-6, maxViolation: 1e-8, maxPriceMoveBps: null, maxPositionMoveBps: null },
};

const daily = { ...noTriggers, every: { count: 1, unit: "DAY" } } as const;

type Event = EventOf<
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "features"
  | "signals"
  | "regimes"
  | "pool.answers"
  | "portfolio.snapshots"
>;

/** A day's closes in cents by symbol; bars come first, as in the one order. */
type Day = Readonly<Record<string, number>>;

class Market {
  private readonly closes = new Map<string, number>();
  private day = 0;

  get nowUs(): number {
    return START_US + this.day * DAY_US;
  }

  /** Its bars, then its features; symbols in `mute` have no features. */
  next(closes: Day, { mute = [] as readonly string[], strengths = {} as Day } = {}) {
    this.day++;
    const timeUs = this.nowUs;
    const names = Object.keys(closes);
    const bars = names.map((symbol) =>
      at(timeUs, "market.bars", bar(symbol, timeUs, closes[symbol] as number)),
    );
    const features = names
      .filter((symbol) => !mute.includes(symbol))
      .map((symbol) => at(timeUs, "features", this.features(symbol, closes[symbol] as number)));
    const signals = Object.entries(strengths).map(([symbol, strength]) =>
      at(timeUs, "signals", {
        symbol,
        model: "m",
        strength,
        price: closes[symbol] as number,
        volatility: 0.01,
      }),
    );
    return [...bars, ...features, ...signals];
  }

  /** At the beginning of the next day. */
  act(action: CorporateAction) {
    const close = this.closes.get(action.symbol);
    if (close !== undefined && action.action === "SPLIT") {
      this.closes.set(action.symbol, (close * action.oldShares) / action.newShares);
    }
    return at(this.nowUs + 1, "market.corporate-actions", action);
  }

  held(symbol: string, quantity: number, equityMinor = portfolio.initialCashMinor) {
    return at(this.nowUs + 1, "portfolio.snapshots", {
      portfolio: "main",
      currency: "USD",
      cause: "FILL",
      cash: 0n,
      equity: equityMinor,
      peakEquity: equityMinor,
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
  }

  private features(symbol: string, close: number): Features {
    const before = this.closes.get(symbol) ?? close;
    this.closes.set(symbol, close);
    return {
      symbol,
      barEndUs: this.nowUs,
      price: close,
      logReturn: Math.log(close / before),
      emaFast: close,
      emaSlow: close,
      atr: 0,
      volatility: 0.01,
      warm: true,
    };
  }
}

const listed = ["A", "B"].map((symbol) => at(START_US, "market.instruments", equity(symbol)));

function task(changes: Partial<OptimiserConfig> = {}, rebalance?: RebalanceConfig) {
  const sizing: OptimisedSizing = {
    method: "OPTIMISED",
    allowShort: false,
    optimiser: { ...optimiser, ...changes },
    ...(rebalance === undefined ? {} : { rebalance }),
  };
  const subject = given(portfolioOptimiser(sizing, portfolio, "bars"), ...listed);
  const market = new Market();
  /** Each request is answered at once, unless the answers are held back. */
  const held = { answers: false };
  const asked = (...events: readonly Event[]): PoolRequest[] =>
    events.flatMap((event) => {
      const requests = subject.when(event).map(({ value }) => value);
      const [request] = requests;
      if (request !== undefined && !held.answers) subject.when(answer(event.timeUs, request));
      return requests;
    });
  /** Days until the window is full, and nothing asked before. */
  const warm = (): PoolRequest[] => {
    const early = [
      { A: 100, B: 200 },
      { A: 110, B: 200 },
      { A: 99, B: 210 },
    ].flatMap((day) => asked(...market.next(day)));
    expect(early).toEqual([]);
    return asked(...market.next({ A: 99, B: 210 }));
  };
  return { market, asked, warm, held };
}

const answer = (timeUs: number, request: PoolRequest, changes: Partial<PoolAnswer> = {}) =>
  at(timeUs, "pool.answers", { ...answerTo(request, 1), ...changes });

const problem = (request: PoolRequest | undefined): AskedProblem =>
  JSON.parse(request?.problem ?? "{}") as AskedProblem;
const rounded = (request: PoolRequest | undefined): number[] =>
  [...returnsOf(request?.returns ?? new Uint8Array())].map(
    (value) => Math.round(value * 1e9) / 1e9,
  );

describe("portfolio-optimiser", () => {
  test("asks once the window is full, with simple returns asset by asset, oldest first", () => {
    const [request, ...others] = task().warm();
    expect(others).toEqual([]);
    expect(request).toMatchObject({ portfolio: "main", number: 1, assets: ["A", "B"], periods: 3 });
    expect(rounded(request)).toEqual([0.1, -0.1, 0, 0, 0.05, 0]);
    expect(problem(request)).toEqual({
      objective: optimiser.objective,
      constraints: {},
      current: [0, 0],
      costs: {},
    });
  });

  test("says all that the answer follows from, and its hash", () => {
    const [request] = task().warm();
    if (request === undefined) throw new Error("nothing was asked");
    expect(request.inputHash).toBe(inputHash(request));
    const { scenarios, current } = problemOf(request);
    expect([scenarios.count, scenarios.assets, current]).toEqual([3, ["A", "B"], [0, 0]]);
    const other = Uint8Array.from(request.returns, (byte, i) => (i === 5 ? byte ^ 1 : byte));
    expect(inputHash({ ...request, returns: other })).not.toBe(request.inputHash);
    expect(inputHash({ ...request, recipe: "{}" })).not.toBe(request.inputHash);
  });

  test("without a schedule asks once; with one, once a period", () => {
    const day = { A: 99, B: 210 };
    const once = task();
    once.warm();
    expect(once.asked(...once.market.next(day), ...once.market.next(day))).toEqual([]);
    const each = task({}, daily);
    each.warm();
    const two = each.asked(...each.market.next(day), ...each.market.next(day));
    expect(two.map(({ number }) => number)).toEqual([2, 3]);
    // Monday's window is full on Friday; a week begins with the Monday after it.
    const weekly = task({}, { ...noTriggers, every: { count: 1, unit: "WEEK" } });
    weekly.warm();
    const days = Array.from({ length: 7 }, () => weekly.asked(...weekly.market.next(day)).length);
    expect(days).toEqual([0, 0, 1, 0, 0, 0, 0]);
    const bars = task({}, { ...noTriggers, every: { count: 2, unit: "BAR" } });
    bars.warm();
    const every = Array.from({ length: 4 }, () => bars.asked(...bars.market.next(day)).length);
    expect(every).toEqual([1, 0, 1, 0]);
  });

  test("asks when a weight has moved from where the last answer left it, not before it was traded", () => {
    const { market, asked, warm } = task({}, { ...noTriggers, driftBps: 500 });
    warm();
    // 2,000 × 2.10 and 40,000 × 0.99 of 1,000,000 are bought.
    expect(asked(market.held("A", 400_000), market.held("B", 200_000))).toEqual([]);
    expect(asked(...market.next({ A: 99, B: 210 }))).toEqual([]);
    expect(asked(...market.next({ A: 99, B: 210 }))).toEqual([]);
    expect(asked(...market.next({ A: 110, B: 210 }))).toEqual([]);
    expect(asked(...market.next({ A: 112, B: 210 })).map(({ number }) => number)).toEqual([2]);
  });

  test("does not ask before the last request is answered, and then at once if it is due", () => {
    const day = { A: 99, B: 210 };
    const { market, asked, warm, held } = task({}, daily);
    held.answers = true;
    const [first] = warm();
    expect(asked(...market.next(day), ...market.next(day))).toEqual([]);
    if (first === undefined) throw new Error("nothing was asked");
    const other = answer(market.nowUs, first, { request: 9 });
    expect(asked(other, ...market.next(day))).toEqual([]);
    const own = answer(market.nowUs, first);
    expect(asked(own, ...market.next(day)).map(({ number }) => number)).toEqual([2]);
  });

  test("tells what is held, and lets turnover bind once something is", () => {
    const { market, asked, warm } = task({ constraints: { maximumTurnover: 0.2 } }, daily);
    expect(problem(warm()[0]).constraints).toEqual({});
    asked(market.held("B", 100_000));
    const [request] = asked(...market.next({ A: 99, B: 210 }));
    expect(problem(request)).toMatchObject({
      current: [0, 0.21],
      constraints: { maximumTurnover: 0.2 },
    });
  });

  test("adds the number of the request to the seed", () => {
    const scenarios = { kind: "BOOTSTRAP", count: 50, seed: 9 } as const;
    const { market, asked, warm } = task({ scenarios }, daily);
    const requests = [...warm(), ...asked(...market.next({ A: 99, B: 210 }))];
    expect(requests.map(({ recipe }) => JSON.parse(recipe).seed)).toEqual([10, 11]);
  });

  test("names bounds, exposures and restrictions only of what has a full window", () => {
    const { warm } = task({
      bounds: { upper: 0.8, bySymbol: { B: { lower: 0.1 }, Z: { lower: 1 } } },
      constraints: {
        exposures: [{ name: "Tech", coefficients: { A: 1, Z: 1 }, upper: 0.5 }],
        restrictions: { B: "NO_SELL", Z: "NO_BUY" },
      },
    });
    expect(problem(warm()[0]).constraints).toEqual({
      lower: [0, 0.1],
      upper: 0.8,
      exposures: [{ name: "Tech", coefficients: { A: 1 }, upper: 0.5 }],
      restrictions: { B: "NO_SELL" },
    });
  });

  test("expects of each symbol what its signal of the instant says, where it is to", () => {
    const { market, asked } = task({
      expected: { from: { kind: "SIGNALS", atOne: 0.01, confidence: 0.5 } },
    });
    const days = [
      { A: 100, B: 200 },
      { A: 110, B: 200 },
      { A: 99, B: 210 },
      { A: 99, B: 210 },
    ];
    const found = days.flatMap((day, i) =>
      asked(...market.next(day, { strengths: { A: 0.1 * i, B: -0.2 * i } })),
    );
    expect(found).toHaveLength(1);
    const [a = 0, b = 0] = problem(found[0]).expectedReturns ?? [];
    expect([a, b].map((value) => value.toFixed(6))).toEqual(["0.003000", "-0.006000"]);
  });
});

describe("the radius of a robust problem", () => {
  const radii = {
    from: "features",
    band: 1,
    factors: { bull: 1, bear: 2 },
    transition: { factor: 5, bars: 2 },
  } as const;
  const robust = {
    objective: { kind: "ROBUST_CVAR", tailMass: 0.05, radius: 0.01 },
    scenarios: { kind: "HISTORICAL" },
    radii,
  } as const;
  const day = { A: 99, B: 210 };
  const strengths = { A: 1, B: 1 };

  test("goes with the mean of its symbols' regimes, and with a change for some bars", () => {
    const { market, asked } = task(robust, daily);
    const regime = (symbol: string, name: string) =>
      at(market.nowUs, "regimes", { symbol, model: "trend", regime: name, probability: 1 });
    /** A day with regimes before its signals, as in the one order. */
    const radius = (...regimes: readonly (readonly [string, string])[]): number | undefined => {
      const events = market.next(day, { strengths });
      const told = regimes.map(([symbol, name]) => regime(symbol, name));
      const before = events.filter(({ topic }) => topic !== "signals");
      const after = events.filter(({ topic }) => topic === "signals");
      const [request] = asked(...before, ...told, ...after);
      const { objective } = problem(request);
      return objective?.kind === "ROBUST_CVAR"
        ? Math.round(objective.radius * 1e6) / 1e6
        : undefined;
    };
    expect([radius(), radius(), radius()]).toEqual([undefined, undefined, undefined]);
    expect(radius()).toBe(0.01);
    // The first regime is no change: bull 1 and none 1, then bear 2.
    expect(radius(["A", "bull"])).toBe(0.01);
    expect(radius(["B", "bear"])).toBe(0.015);
    expect(radius(["A", "bear"])).toBe(0.035);
    expect(radius()).toBe(0.035);
    expect(radius()).toBe(0.02);
    expect(radius(["A", "sideways"])).toBe(0.035);
    expect([radius(), radius()]).toEqual([0.035, 0.015]);
  });

  test("is the configured one where no regimes are", () => {
    const { radii: _, ...plain } = robust;
    const [request] = task(plain).warm();
    expect(problem(request).objective).toEqual(robust.objective);
  });
});

describe("an instant", () => {
  test("that lacks a symbol is not asked about, the next one is, and it is not waited for again", () => {
    const { market, asked, warm } = task({}, daily);
    warm();
    const day = { A: 99, B: 210 };
    expect(asked(...market.next(day, { mute: ["B"] }))).toEqual([]);
    expect(asked(...market.next(day, { mute: ["B"] }))).toHaveLength(1);
  });
});

describe("corporate actions", () => {
  test("a split moves no return, and what is held is of new shares", () => {
    const { market, asked, warm } = task({}, daily);
    warm();
    asked(market.held("A", 100_000), market.act(split("A", 3, 1)));
    const [request] = asked(...market.next({ A: 33, B: 210 }));
    expect(rounded(request).slice(0, 3)).toEqual([-0.1, 0, 0]);
    expect(problem(request).current).toEqual([0.099, 0]);
  });

  test("a dividend counts in the return of the bar after it", () => {
    const { market, asked, warm } = task({}, daily);
    warm();
    asked(market.act(dividend("B", 21)));
    const [request] = asked(...market.next({ A: 99, B: 189 }));
    expect(rounded(request).slice(3)).toEqual([0.05, 0, 0]);
  });

  test("a new symbol takes returns and position along; a delisted one is forgotten", () => {
    const { market, asked, warm } = task({}, daily);
    warm();
    asked(
      market.held("A", 100_000),
      market.act(renamed("A", "C")),
      market.act(delisted("B", null)),
    );
    const [request] = asked(...market.next({ C: 99 }));
    expect(request?.assets).toEqual(["C"]);
    expect(rounded(request)).toEqual([-0.1, 0, 0]);
    expect(problem(request).current).toEqual([0.099]);
  });
});
