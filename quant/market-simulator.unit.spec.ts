// The simulated market against the stylised facts that it promises, on fixed seeds with the tolerance
// that the sample's size gives (about four standard errors; wider where returns cluster, as said).

import { describe, expect, test } from "vitest";
import { EfficientPrices } from "./efficient-prices.ts";
import { defaultMarketModel, type MarketModel, type SimulatedInstrument } from "./market-model.ts";
import { type Session, type SimulatedTick, simulateMarket } from "./market-simulator.ts";
import { Random } from "./random.ts";

const DAY_US = 86_400_000_000;
const SESSION_US = 23_400_000_000;
const MINUTE_US = 60_000_000;
/** 2023-11-14 14:30 UTC: no session passes midnight. */
const OPEN_US = Date.UTC(2023, 10, 14, 14, 30) * 1000;

const instrument: SimulatedInstrument = {
  startPrice: 100_00,
  tickSize: 1,
  lotSize: 100,
  annualVolatility: 0.25,
  marketLoading: 0.7,
  ticksPerSession: 2000,
};
const sessions = (count: number): Session[] =>
  Array.from({ length: count }, (_, day) => {
    const openUs = OPEN_US + day * DAY_US;
    return { openUs, closeUs: openUs + SESSION_US };
  });

/** Nothing but the diffusion: no regimes, seasons, jumps, nights or data gaps. */
const plain: MarketModel = {
  ...defaultMarketModel,
  regimes: [{ annualDrift: 0, volatility: 1, activity: 1, meanSessions: 1 }],
  varianceFeedback: 0,
  jumpsPerSession: 0,
  jumpShare: 0,
  overnightShare: 0,
  varianceSmile: 0,
  activitySmile: 0,
  gapsPerSession: 0,
  suspiciousShare: 0,
};

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const moment = (values: readonly number[], power: number): number => {
  const centre = mean(values);
  return mean(values.map((value) => (value - centre) ** power));
};
const kurtosis = (values: readonly number[]): number => moment(values, 4) / moment(values, 2) ** 2;
function correlation(a: readonly number[], b: readonly number[]): number {
  const meanA = mean(a);
  const meanB = mean(b);
  const covariance = mean(a.map((value, i) => (value - meanA) * ((b[i] as number) - meanB)));
  return covariance / Math.sqrt(moment(a, 2) * moment(b, 2));
}
const autocorrelation = (values: readonly number[], lag: number): number =>
  correlation(values.slice(0, -lag), values.slice(lag));

/** Log returns over `length` microseconds within sessions, by instrument; the last print counts. */
function returnsOf(ticks: Iterable<SimulatedTick>, instruments: number, length: number) {
  const returns = Array.from({ length: instruments }, () => [] as number[]);
  const last = new Float64Array(instruments);
  const before = new Float64Array(instruments);
  let bucket = -1;
  let day = -1;
  for (const { instrument: index, timeUs, price, suspicious } of ticks) {
    const now = Math.floor(timeUs / length);
    if (now !== bucket) {
      const isNewDay = Math.floor(timeUs / DAY_US) !== day;
      const complete = before.every((value) => value > 0);
      for (let i = 0; i < instruments; i++) {
        if (complete) returns[i]?.push(Math.log((last[i] as number) / (before[i] as number)));
        before[i] = isNewDay ? 0 : (last[i] as number);
      }
      if (isNewDay) last.fill(0);
      day = Math.floor(timeUs / DAY_US);
      bucket = now;
    }
    if (!suspicious) last[index] = price;
  }
  return returns;
}

/** Efficient prices alone: `visit` is called after each step and after each night. */
function walk(
  seed: number,
  model: MarketModel,
  count: number,
  steps: number,
  visit: (market: EfficientPrices, step: number) => void,
): void {
  const market = new EfficientPrices(new Random(seed), [{ ...instrument, tickSize: 1e-9 }], model);
  for (let session = 0; session < count; session++) {
    if (session > 0) {
      market.passNight();
      visit(market, -1);
    }
    for (let step = 0; step < steps; step++) {
      market.step((step + 0.5) / steps, 1 / steps, SESSION_US / steps);
      visit(market, step);
    }
  }
}

describe("the tape of prints", () => {
  const digest = (seed: number): string => {
    let text = "";
    let hash = 0;
    for (const tick of simulateMarket(seed, [instrument, instrument], sessions(2))) {
      text = `${tick.instrument},${tick.timeUs},${tick.price},${tick.quantity},${tick.suspicious}`;
      for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
    }
    return `${hash} ${text}`;
  };

  test("is the same for the same seed and another for any other", () => {
    const digests = [7, 8, 9, -7, 2 ** 40].map(digest);
    expect(new Set(digests).size).toBe(digests.length);
    expect([7, 8, 9, -7, 2 ** 40].map(digest)).toEqual(digests);
  });

  test("does not depend on the engine's Math.log, exp, sin, cos or pow", () => {
    const before = digest(7);
    const names = ["log", "exp", "sin", "cos", "pow"] as const;
    const originals = names.map((name) => Math[name]);
    try {
      for (const name of names) Math[name] = () => Number.NaN;
      expect(digest(7)).toBe(before);
    } finally {
      for (const [i, name] of names.entries()) Math[name] = originals[i] as never;
    }
  });

  test("is in order of time, within sessions, on ticks and lots, of the length asked for", () => {
    const odd = { ...instrument, startPrice: 5000, tickSize: 5, lotSize: 10, ticksPerSession: 500 };
    const open = sessions(30);
    const counts = [0, 0];
    let before = 0;
    for (const tick of simulateMarket(1, [instrument, odd], open)) {
      const { tickSize, lotSize } = tick.instrument === 0 ? instrument : odd;
      const inSession = open.some((s) => tick.timeUs >= s.openUs && tick.timeUs < s.closeUs);
      const sound =
        inSession &&
        tick.timeUs >= before &&
        Number.isSafeInteger(tick.price) &&
        tick.price > 0 &&
        tick.price % tickSize === 0 &&
        tick.quantity > 0 &&
        tick.quantity % lotSize === 0;
      if (!sound) throw new Error(JSON.stringify(tick));
      before = tick.timeUs;
      (counts[tick.instrument] as number)++;
    }
    // Regimes change the activity of single weeks by half: a month is within 35 % of its mean.
    expect(Math.abs((counts[0] as number) / 60_000 - 1)).toBeLessThan(0.35);
    expect(Math.abs((counts[1] as number) / (counts[0] as number) / 0.25 - 1)).toBeLessThan(0.05);
  });

  test("is a Poisson process where nothing else is asked for", () => {
    const waits: number[] = [];
    let before: number | null = null;
    for (const { timeUs } of simulateMarket(2, [instrument], sessions(10), plain)) {
      if (before !== null && timeUs - before < SESSION_US / 4) waits.push(timeUs - before);
      before = timeUs;
    }
    expect(Math.abs(mean(waits) / (SESSION_US / 2000) - 1)).toBeLessThan(0.03);
    // Mean and standard deviation of an exponential are equal.
    expect(Math.abs(Math.sqrt(moment(waits, 2)) / mean(waits) - 1)).toBeLessThan(0.03);
  });

  test("is busiest at the open and the close", () => {
    const counts = new Array<number>(13).fill(0);
    for (const { timeUs } of simulateMarket(3, [instrument], sessions(60))) {
      const part = Math.floor((((timeUs - OPEN_US) % DAY_US) / SESSION_US) * 13);
      (counts[part] as number)++;
    }
    const middle = counts[6] as number;
    // By the model 1 + 3 × (12/13)², over the first half hour: 3.55 times the middle.
    for (const edge of [counts[0], counts[12]] as number[]) {
      expect(edge / middle).toBeGreaterThan(3.2);
      expect(edge / middle).toBeLessThan(3.9);
    }
    expect(counts[3] as number).toBeLessThan(counts[1] as number);
    expect(counts[3] as number).toBeGreaterThan(middle);
  });

  test("has data gaps of the length asked for, of one instrument at a time", () => {
    const gappy = { ...plain, gapsPerSession: 2, meanGapUs: 1_200_000_000 };
    const longest = (model: MarketModel): number[] => {
      const before = [0, 0];
      const gaps: number[] = [];
      for (const { instrument: index, timeUs } of simulateMarket(
        4,
        [instrument, instrument],
        sessions(40),
        model,
      )) {
        const wait = timeUs - (before[index] as number);
        if (wait > 200_000_000 && wait < SESSION_US / 2) gaps.push(wait);
        before[index] = timeUs;
      }
      return gaps;
    };
    expect(longest(plain)).toEqual([]);
    const gaps = longest(gappy);
    // 160 are expected; those shorter than 200 s or cut by the close are not seen.
    expect(gaps.length).toBeGreaterThan(90);
    expect(gaps.length).toBeLessThan(170);
    // Memoryless: beyond 200 s the mean is still 1200 s, less what the session's end cuts off.
    expect(mean(gaps) - 200_000_000).toBeGreaterThan(900_000_000);
    expect(mean(gaps) - 200_000_000).toBeLessThan(1_400_000_000);
  });

  test("flags its off-market prints, and only those", () => {
    const model = { ...plain, suspiciousShare: 0.01 };
    let flagged = 0;
    let all = 0;
    let before = 0;
    for (const { price, suspicious } of simulateMarket(5, [instrument], sessions(20), model)) {
      all++;
      const distance = Math.abs(price / before - 1);
      if (before > 0) expect(distance > 0.025).toBe(suspicious);
      if (suspicious) flagged++;
      else before = price;
    }
    expect(Math.abs(flagged / all / 0.01 - 1)).toBeLessThan(0.25);
  });

  test("prints half a spread on either side, as often on each", () => {
    const still = { ...instrument, annualVolatility: 1e-9 };
    const counts = new Map<number, number>();
    const model = { ...plain, spreadBps: 10 };
    for (const { price } of simulateMarket(7, [still], sessions(5), model)) {
      counts.set(price, (counts.get(price) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([100_05, 99_95]);
    const total = (counts.get(100_05) ?? 0) + (counts.get(99_95) ?? 0);
    expect(Math.abs((counts.get(100_05) ?? 0) / total - 0.5)).toBeLessThan(2 / Math.sqrt(total));
  });

  test("opens away from where it closed", () => {
    const gaps: number[] = [];
    let day = -1;
    let before = 0;
    const model = { ...plain, overnightShare: 0.9999 };
    for (const { price, timeUs } of simulateMarket(11, [instrument], sessions(300), model)) {
      const now = Math.floor(timeUs / DAY_US);
      if (now !== day && day >= 0) gaps.push(price / before - 1);
      day = now;
      before = price;
    }
    const annual = Math.sqrt(moment(gaps, 2) * 252);
    expect(Math.abs(annual / 0.25 - 1)).toBeLessThan(4 / Math.sqrt(2 * gaps.length));
  });

  test("has the mean size asked for", () => {
    const sizes: number[] = [];
    const model = { ...plain, meanLots: 4 };
    for (const { quantity } of simulateMarket(6, [instrument], sessions(20), model)) {
      sizes.push(quantity / 100);
    }
    // One in a hundred is ten times as large: 1.09 times the mean.
    expect(Math.abs(mean(sizes) / (4 * 1.09) - 1)).toBeLessThan(0.05);
    expect(Math.min(...sizes)).toBe(1);
  });

  test("instruments move together as their loadings say", () => {
    const pair = [
      { ...instrument, marketLoading: 0.9, ticksPerSession: 4000 },
      { ...instrument, marketLoading: 0.6, ticksPerSession: 4000, annualVolatility: 0.4 },
      { ...instrument, marketLoading: 0, ticksPerSession: 4000 },
    ];
    const [a = [], b = [], c = []] = returnsOf(
      simulateMarket(8, pair, sessions(80), { ...defaultMarketModel, suspiciousShare: 0 }),
      3,
      10 * MINUTE_US,
    );
    // Clustering variances are not the same: a few hundredths below the product of the loadings.
    expect(Math.abs(correlation(a, b) - 0.54)).toBeLessThan(0.08);
    expect(Math.abs(correlation(a, c))).toBeLessThan(0.08);
  });

  test("minute returns: fat tails, no autocorrelation, long memory of their size", () => {
    const [returns = []] = returnsOf(simulateMarket(9, [instrument], sessions(150)), 1, MINUTE_US);
    expect(returns.length).toBeGreaterThan(55_000);
    expect(kurtosis(returns)).toBeGreaterThan(5);
    // The bounce between bid and ask makes the first slightly negative (R. Roll, 1984).
    expect(autocorrelation(returns, 1)).toBeLessThan(0.02);
    expect(autocorrelation(returns, 1)).toBeGreaterThan(-0.08);
    for (const lag of [2, 3, 5, 10, 30]) {
      expect(Math.abs(autocorrelation(returns, lag))).toBeLessThan(0.025);
    }
    const sizes = returns.map(Math.abs);
    for (const [lag, least] of [
      [1, 0.15],
      [10, 0.12],
      [60, 0.08],
    ] as const) {
      expect(autocorrelation(sizes, lag)).toBeGreaterThan(least);
    }
  });
});

describe("efficient prices", () => {
  /** Returns of each step; nights left out. */
  function stepReturns(seed: number, model: MarketModel, count: number, steps: number): number[] {
    const returns: number[] = [];
    let before = instrument.startPrice;
    walk(seed, model, count, steps, ({ prices }, step) => {
      const price = prices[0] as number;
      if (step >= 0) returns.push(price / before - 1);
      before = price;
    });
    return returns;
  }

  test("without anything else are a random walk of the volatility asked for", () => {
    const returns = stepReturns(1, plain, 500, 100);
    const annual = Math.sqrt(moment(returns, 2) * 100 * 252);
    expect(Math.abs(annual / 0.25 - 1)).toBeLessThan(4 / Math.sqrt(2 * returns.length));
    expect(Math.abs(kurtosis(returns) - 3)).toBeLessThan(4 * Math.sqrt(24 / returns.length));
  });

  test.each([0.2, 0.35, 0.5])(
    "clustering by %f gives its kurtosis, and no drift of variance",
    (feedback) => {
      const returns = stepReturns(2, { ...plain, varianceFeedback: feedback }, 20_000, 60);
      const target = 3 / (1 - feedback);
      // Fourth moments of clustered returns converge slowly: 15 %.
      expect(Math.abs(kurtosis(returns) / target - 1)).toBeLessThan(0.15);
      const annual = Math.sqrt(moment(returns, 2) * 60 * 252);
      expect(Math.abs(annual / 0.25 - 1)).toBeLessThan(0.03);
      // A quarter of the variance's memory later, what is left of its autocorrelation is e^(-1/4).
      const squares = returns.map((value) => value * value);
      const ratio = autocorrelation(squares, 5) / autocorrelation(squares, 1);
      const expected = (1 - SESSION_US / 60 / defaultMarketModel.varianceMemoryUs) ** 4;
      expect(Math.abs(ratio - expected)).toBeLessThan(0.1);
    },
  );

  test("with everything have the yearly volatility asked for, a fifth of it by night", () => {
    const days: number[] = [];
    const nights: number[] = [];
    let close = instrument.startPrice;
    let before = close;
    walk(3, defaultMarketModel, 30_000, 30, ({ prices }, step) => {
      const price = prices[0] as number;
      if (step < 0) nights.push(price / close - 1);
      if (step === 29) {
        days.push(price / before - 1);
        before = price;
        close = price;
      }
    });
    expect(Math.abs(Math.sqrt(moment(days, 2) * 252) / 0.25 - 1)).toBeLessThan(0.05);
    const share = moment(nights, 2) / moment(days, 2);
    expect(Math.abs(share - defaultMarketModel.overnightShare)).toBeLessThan(0.03);
  });

  test("move most at the open and the close", () => {
    const model = { ...plain, varianceSmile: 3 };
    const returns = stepReturns(4, model, 4000, 13);
    const at = (part: number) =>
      moment(
        returns.filter((_, i) => i % 13 === part),
        2,
      );
    for (const edge of [0, 12]) expect(Math.abs(at(edge) / at(6) / 3.556 - 1)).toBeLessThan(0.2);
    expect(Math.abs((at(3) + at(9)) / 2 / at(6) / 1.639 - 1)).toBeLessThan(0.15);
  });

  test("jump as often and as far as asked for", () => {
    const model = { ...plain, jumpsPerSession: 0.4, jumpShare: 0.6 };
    const steps = 390;
    const returns = stepReturns(5, model, 2000, steps);
    const diffusive = 0.25 * Math.sqrt(0.4 / 252 / steps);
    const jumps = returns.filter((value) => Math.abs(value) > 6 * diffusive);
    // A market's and an own jump, 0.4 each per session; the smaller ones are not told from the rest.
    expect(jumps.length / 2000).toBeGreaterThan(0.5);
    expect(jumps.length / 2000).toBeLessThan(0.8);
    expect(Math.abs(Math.sqrt(moment(returns, 2) * steps * 252) / 0.25 - 1)).toBeLessThan(0.08);
    const none = stepReturns(5, { ...model, jumpsPerSession: 0 }, 500, steps);
    expect(none.filter((value) => Math.abs(value) > 6 * diffusive)).toEqual([]);
  });

  test("jumps of their own fall on each instrument alike, the market's on all at once", () => {
    const model = { ...plain, jumpsPerSession: 1, jumpShare: 0.9 };
    const three = [0.5, 0.5, 0.5].map((marketLoading) => ({
      ...instrument,
      marketLoading,
      tickSize: 1e-9,
    }));
    const market = new EfficientPrices(new Random(10), three, model);
    const large = 6 * 0.25 * Math.sqrt(0.1 / 252 / 390);
    const alone = [0, 0, 0];
    let together = 0;
    let before = [...market.prices];
    for (let step = 0; step < 390 * 600; step++) {
      market.step(0.5, 1 / 390, MINUTE_US);
      const jumped = before.map(
        (price, i) => Math.abs((market.prices[i] ?? 0) / price - 1) > large,
      );
      const count = jumped.filter(Boolean).length;
      if (count > 1) together++;
      if (count === 1) (alone[jumped.indexOf(true)] as number)++;
      before = [...market.prices];
    }
    for (const count of alone) {
      expect(count).toBeGreaterThan(400);
      expect(count).toBeLessThan(600);
    }
    expect(together).toBeGreaterThan(300);
    expect(together).toBeLessThan(600);
  });

  test("regimes stay as long, drift as far and swing as wide as asked for", () => {
    const regimes = [
      { annualDrift: 1.5, volatility: 0.5, activity: 1, meanSessions: 6 },
      { annualDrift: -2, volatility: 1.5, activity: 1, meanSessions: 2 },
    ];
    const steps = 20;
    const byRegime = new Map<number, number[]>();
    let before = instrument.startPrice;
    let switches = 0;
    let last = -1;
    walk(6, { ...plain, regimes }, 20_000, steps, ({ prices, regime }, step) => {
      const price = prices[0] as number;
      const drift = regime.annualDrift;
      if (step >= 0) {
        const returns = byRegime.get(drift) ?? [];
        byRegime.set(drift, returns);
        returns.push(price / before - 1);
        if (drift !== last) switches++;
        last = drift;
      }
      before = price;
    });
    const [calm = [], wild = []] = [byRegime.get(1.5), byRegime.get(-2)];
    for (const [returns, drift] of [
      [calm, 1.5],
      [wild, -2],
    ] as const) {
      const error = Math.sqrt(moment(returns, 2) / returns.length);
      expect(Math.abs(mean(returns) - drift / 252 / steps)).toBeLessThan(4 * error);
      // The sample is long enough to tell the drift from none.
      expect(Math.abs(mean(returns))).toBeGreaterThan(2 * error);
    }
    expect(Math.abs(calm.length / wild.length / 3 - 1)).toBeLessThan(0.1);
    expect(Math.abs(20_000 / switches / 4 - 1)).toBeLessThan(0.08);
    expect(Math.abs(Math.sqrt(moment(wild, 2) / moment(calm, 2)) / 3 - 1)).toBeLessThan(0.03);
    const annual = Math.sqrt(moment([...calm, ...wild], 2) * steps * 252);
    expect(Math.abs(annual / 0.25 - 1)).toBeLessThan(0.05);
  });

  test("never reach zero, whatever the volatility", () => {
    const wild = { ...instrument, startPrice: 3, annualVolatility: 20 };
    for (const { price } of simulateMarket(7, [wild], sessions(20))) {
      if (!(price >= 1 && Number.isFinite(price))) throw new Error(`price ${price}`);
    }
  });
});
