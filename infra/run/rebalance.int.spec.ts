// Each way to rebalance, in backtests of a simulated market with the settings that a file would give.
// What should have happened is worked out here from the run's own features and snapshots, not by the
// builder's code.

import { describe, expect, test } from "vitest";
import type { SignalModel } from "../../processors/signal-model.ts";
import { flowTopology } from "../../processors/topology.ts";
import { Random } from "../../quant/random.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { runClosed } from "../../streams/closed-run.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { equity as share } from "../../streams/testing/given.ts";
import {
  bar,
  eventsOf,
  logOf,
  MINUTE_US,
  START_US,
  type Told,
} from "../../streams/testing/tape.ts";
import { configFromText } from "../config/load-config.ts";

const DAY_US = 86_400_000_000;
const MINUTES = 3_000;
const SYMBOLS = ["AAA", "BBB", "CCC"];

/** Always long, as soon as it can be. */
const long: SignalModel<null> = {
  name: "long",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { warm }) => (warm ? 1 : null),
};

/** A minute's bar of each symbol, for 3,000 minutes: seeded random walks. */
function market(): readonly Told<"market.bars" | "market.instruments">[] {
  const random = new Random(11);
  const prices = SYMBOLS.map(() => 10_000);
  const facts: Told<"market.bars" | "market.instruments">[] = SYMBOLS.map((symbol) => ({
    topic: "market.instruments",
    value: share(symbol),
    timeUs: START_US,
  }));
  for (let minute = 1; minute <= MINUTES; minute++) {
    const timeUs = START_US + minute * MINUTE_US;
    SYMBOLS.forEach((symbol, i) => {
      const price = Math.round((prices[i] as number) * (1 + 0.002 * random.normal()));
      prices[i] = price;
      facts.push({ topic: "market.bars", value: bar(symbol, timeUs, price), timeUs });
    });
  }
  return facts;
}

/** The book as the builder found it at one instant, and what it proposed. */
interface Instant {
  readonly timeUs: number;
  readonly equity: number;
  readonly drawdownBps: number;
  readonly prices: ReadonlyMap<string, number>;
  readonly held: ReadonlyMap<string, number>;
  readonly targets: Target[];
}

/** A backtest with this sizing, instant by instant from the first at which the model speaks. */
async function backtest(sizing: string): Promise<readonly Instant[]> {
  const off = "maxPosition: off, maxGrossExposure: off, maxOrderValue: off, maxDrawdown: off";
  const text = `tape: x\nsource: bars\nrisk: { ${off} }\nvenue: { fill: bar-close }\nsizing: ${sizing}\n`;
  const { flow } = configFromText(text, "run.yaml");
  const tape = await logOf(eventsOf(market()));
  const target = createMemoryLog();
  const topology = flowTopology({ ...flow, model: long });
  await runClosed({ topology, partitions: 1, sourceOf: () => tape, target });
  const instants: Instant[] = [];
  const prices = new Map<string, number>();
  const held = new Map<string, number>(SYMBOLS.map((symbol) => [symbol, 0]));
  let equity = 100_000_000;
  let drawdownBps = 0;
  // In the order of their ranks, which is the builder's own.
  for await (const chunk of mergeTopics(target, topology.topics)) {
    for (const { topic, timeUs, value } of chunk) {
      if (topic === "features") prices.set(value.symbol, value.price);
      else if (topic === "portfolio.snapshots") {
        equity = Number(value.equity);
        drawdownBps = value.drawdownBps;
        held.set(value.symbol, value.quantity);
      } else if (topic === "weights.proposals") instants.at(-1)?.targets.push(...value.targets);
      else if (topic === "signals" && instants.at(-1)?.timeUs !== timeUs) {
        const copies = { prices: new Map(prices), held: new Map(held) };
        instants.push({ timeUs, equity, drawdownBps, targets: [], ...copies });
      }
    }
  }
  return instants;
}

const proposals = (instants: readonly Instant[]) => instants.filter((i) => i.targets.length > 0);
const weightOf = ({ equity, prices, held }: Instant, symbol: string): number =>
  ((held.get(symbol) ?? 0) * (prices.get(symbol) ?? 0)) / equity;
const turnover = ({ equity, prices, held, targets }: Instant): number =>
  targets.reduce(
    (sum, { symbol, quantity }) =>
      sum + Math.abs(quantity - (held.get(symbol) ?? 0)) * (prices.get(symbol) ?? 0),
    0,
  ) / equity;

describe("a book of three, always long, for 3,000 minutes", () => {
  test("buys once where nothing triggers", async () => {
    const found = proposals(
      await backtest("{ method: equal-weight, gross: 0.9, rebalance: { maxTurnover: 2 } }"),
    );
    expect(found.map(({ targets }) => targets.length)).toEqual([3]);
  });

  test("calendar: at the first instant of each day", async () => {
    const found = proposals(
      await backtest("{ method: equal-weight, gross: 0.9, rebalance: { every: 1 day } }"),
    );
    const midnight = (day: number) => (Math.floor(START_US / DAY_US) + day) * DAY_US;
    const [first, ...rest] = found.map(({ timeUs }) => timeUs);
    expect(first).toBeLessThan(midnight(1));
    expect(rest).toEqual([midnight(1), midnight(2)]);
    // To a third of 90 % each, cut to whole shares.
    for (const { targets, equity, prices } of found) {
      for (const { symbol, quantity } of targets) {
        expect(quantity).toBe(Math.floor((equity * 0.3) / (prices.get(symbol) as number)));
      }
    }
  });

  test("drift: when and only when a position has left its band, and then the whole book", async () => {
    const [first, ...rest] = await backtest(
      "{ method: equal-weight, gross: 0.9, rebalance: { drift: 0.01 } }",
    );
    expect(first?.targets).toHaveLength(3);
    let strayed = 0;
    for (const instant of rest) {
      const { equity, prices, held, targets } = instant;
      const isOut = SYMBOLS.some((symbol) => Math.abs(weightOf(instant, symbol) - 0.3) > 0.01);
      const wanted = SYMBOLS.map((symbol) => ({
        symbol,
        quantity: Math.floor((equity * 0.3) / (prices.get(symbol) as number)),
      })).filter(({ symbol, quantity }) => quantity !== held.get(symbol));
      const sent = targets.map(({ symbol, quantity }) => ({ symbol, quantity }));
      expect(sent).toEqual(isOut ? wanted : []);
      if (isOut) strayed++;
    }
    expect(strayed).toBeGreaterThan(5);
  });

  test("change of target: when volatility asks for another size", async () => {
    const [first, ...rest] = await backtest(
      "{ method: volatility-target, target: 0.3, barsPerYear: 98280, maxLeverage: 2, rebalance: { targetChange: 0.5 } }",
    );
    const aimed = new Map(first?.targets.map(({ symbol, weight }) => [symbol, weight]));
    const found = proposals(rest);
    expect(found.length).toBeGreaterThan(5);
    for (const { targets } of found) {
      let strayed = false;
      for (const { symbol, weight } of targets) {
        const before = aimed.get(symbol) as number;
        strayed ||= Math.abs(weight - before) > 0.5 * before;
      }
      expect(strayed).toBe(true);
      for (const { symbol, weight } of targets) aimed.set(symbol, weight);
      expect([...aimed.values()].reduce((sum, weight) => sum + weight, 0)).toBeLessThanOrEqual(2);
    }
  });

  test("drawdown: once each time that equity falls below the mark", async () => {
    const [first, ...rest] = await backtest(
      "{ method: equal-weight, gross: 0.9, rebalance: { drawdown: 0.02 } }",
    );
    expect(first?.targets).toHaveLength(3);
    let below = false;
    let falls = 0;
    for (const instant of rest) {
      const isBelow = instant.drawdownBps > 200;
      expect(instant.targets.length > 0).toBe(isBelow && !below);
      if (isBelow && !below) falls++;
      below = isBelow;
    }
    expect(falls).toBeGreaterThan(0);
  });

  test("turnover limit and least trade: every proposal within the one, no purchase below the other", async () => {
    const found = proposals(
      await backtest(
        "{ method: equal-weight, gross: 0.9, rebalance: { every: 60 bars, maxTurnover: 0.25, minimumValue: 2500 } }",
      ),
    );
    expect(found.length).toBeGreaterThan(20);
    // 90 % of equity takes four steps of a quarter.
    expect(found.slice(0, 4).map((i) => turnover(i) > 0.14)).toEqual([true, true, true, true]);
    expect(found[4] === undefined || turnover(found[4]) < 0.05).toBe(true);
    for (const instant of found) {
      expect(turnover(instant)).toBeLessThanOrEqual(0.25);
      for (const { symbol, quantity } of instant.targets) {
        const change = Math.abs(quantity - (instant.held.get(symbol) as number));
        expect(change * (instant.prices.get(symbol) as number)).toBeGreaterThanOrEqual(250_000);
      }
    }
  });

  test("no-trade band: trades end at its edge, and inside it there are none", async () => {
    const [, ...rest] = await backtest(
      "{ method: integrated, gross: 2, confidence: 0.45, rebalance: { every: 1 bar, costPerSide: 0.00001 } }",
    );
    const halfWidth = Math.cbrt(1.5 * 0.00001 * (0.3 * 0.7) ** 2);
    let traded = 0;
    for (const instant of rest) {
      const out = SYMBOLS.filter((symbol) => Math.abs(weightOf(instant, symbol) - 0.3) > halfWidth);
      const sent = instant.targets.map(({ symbol }) => symbol);
      // A position just beyond the edge may be less than a share from it.
      expect(out).toEqual(expect.arrayContaining(sent));
      for (const { symbol, quantity } of instant.targets) {
        const share = (instant.prices.get(symbol) as number) / instant.equity;
        const off = Math.abs(Math.abs(quantity * share - 0.3) - halfWidth);
        expect(off).toBeLessThanOrEqual(share);
        traded++;
      }
    }
    expect(traded).toBeGreaterThan(5);
  });

  test("whole lots with the least cash left: less than cut lots leave, never less than none", async () => {
    const left = async (lots: string): Promise<number> => {
      const sizing = `{ method: equal-weight, gross: 0.9, lots: ${lots}, rebalance: { every: 1 day } }`;
      const [first] = proposals(await backtest(sizing));
      return (
        0.9 * (first?.equity as number) - turnover(first as Instant) * (first?.equity as number)
      );
    };
    const [down, least] = [await left("down"), await left("least-cash")];
    expect(least).toBeGreaterThanOrEqual(-1e-6);
    expect(least).toBeLessThan(down);
  });
});
