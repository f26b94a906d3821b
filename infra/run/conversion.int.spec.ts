// A book in dollars that trades shares in pounds and yen, and converts: what it owes and what it gets, by the flow's
// own orders, through the risk gate.

import { describe, expect, test } from "vitest";
import { flowTopology } from "../../processors/topology.ts";
import { openLedger, postEvent, trialBalance } from "../../projections/ledger.ts";
import { statementOf } from "../../projections/statement.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { EventOf } from "../../streams/event.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { bar, MINUTE_US } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { eventsOf as factsOf, logOf } from "../../streams/testing/tape.ts";
import { configFromText } from "../config/load-config.ts";
import { eventsOf } from "../import/testing/imported.ts";

const START_US = 1_600_000_000_000_000;
const BARS = 3_000;

const pair = { contract: "EXCHANGE", baseScale: 2, assetClass: "FX" } as const;
const instruments = [
  equity("GBPUSD", { ...pair, priceScale: 4, quantityScale: 2, baseCurrency: "GBP" }),
  equity("USDJPY", {
    ...pair,
    ...{ currency: "JPY", currencyScale: 0, quantityScale: 2, baseCurrency: "USD" },
  }),
  equity("UK", { currency: "GBP" }),
  equity("JP", { currency: "JPY", currencyScale: 0 }),
];

/** Prices that move a little, every minute. */
const priceOf = (symbol: string, i: number): number => {
  const base = { GBPUSD: 1_3000, USDJPY: 110_00, UK: 25_00, JP: 2_500_00 }[symbol] ?? 1;
  return base + Math.round((base / 50) * Math.sin(i / 7 + symbol.length * base));
};

const tape = () =>
  logOf(
    factsOf([
      ...instruments.map(
        (value) => ({ topic: "market.instruments", value, timeUs: START_US - 1 }) as const,
      ),
      ...Array.from({ length: BARS }, (_, i) => START_US + (i + 1) * MINUTE_US).flatMap(
        (endUs, i) =>
          instruments.map(({ symbol }) => {
            const value = bar(symbol, endUs, priceOf(symbol, i));
            return { topic: "market.bars", value, timeUs: endUs } as const;
          }),
      ),
    ]),
  );

const yaml = (convert: string, more = "") => `
tape: x
source: bars
portfolio: { cash: 1000000, rateMaxAge: 1d, convert: ${convert} }
bars: { interval: 1m }
features: { emaFast: 3, emaSlow: 9 }
sizing: { method: equal-weight, gross: 0.9, allowShort: true${more} }
risk: { maxPosition: 40000, maxGrossExposure: 1200000, priceCollar: 0.05, maxOrderValue: 3000000, maxDrawdown: off }
venue: { fill: next-open, slippage: 0, fee: 0.0001, carry: { financing: 0.05 } }
`;

/** In turn long and short for a hundred bars. */
const turning = {
  name: "turning",
  version: 1,
  initial: () => null,
  evolve: (state: null) => state,
  signal: (_: null, { barEndUs }: { readonly barEndUs: number }) =>
    Math.floor((barEndUs - START_US) / MINUTE_US / 100) % 2 === 0 ? 1 : -1,
};

async function run(text: string, partitions = 1) {
  const source = await tape();
  const { flow } = configFromText(text, "run.yaml");
  const target = createMemoryLog();
  await runClosed({
    topology: flowTopology({ ...flow, model: turning }),
    partitions,
    sourceOf: () => source,
    target,
  });
  const events = await eventsOf(target);
  const of = <T extends TopicName>(topic: T): EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.topic === topic);
  const ledger = openLedger(flow.portfolio);
  const inOrder = [...(await eventsOf(source)), ...events].filter(({ topic }) =>
    ["market.instruments", "market.bars", "fills"].includes(topic),
  ) as EventOf<"market.instruments" | "market.bars" | "fills">[];
  const rank = (topic: string): number => (topic === "fills" ? 1 : 0);
  inOrder.sort((a, b) => a.timeUs - b.timeUs || rank(a.topic) - rank(b.topic));
  for (const event of inOrder) {
    postEvent(ledger, event);
    expect(trialBalance(ledger)).toBe(0n);
  }
  const statement = statementOf(flow.portfolio, new Map(), [], ledger);
  return { of, statement };
}

const isPairs = (symbol: string): boolean => symbol === "GBPUSD" || symbol === "USDJPY";

describe.each([
  ["on each turn", ""],
  ["a book that is reviewed", ", rebalance: { every: 1 day }"],
])("a book of pounds and yen, sized %s", (_, more) => {
  test("converts after each trade what is not in dollars, and owes and keeps next to nothing", async () => {
    const { of, statement } = await run(yaml("on-trade", more));
    const conversions = of("fills").filter(
      ({ value }) => value.execType === "FILLED" && isPairs(value.symbol),
    );
    expect(conversions.length).toBeGreaterThan(20);
    expect(new Set(conversions.map(({ value }) => `${value.symbol} ${value.side}`)).size).toBe(4);
    const verdicts = of("risk.verdicts").filter(({ value }) =>
      value.targets.some(({ symbol }) => isPairs(symbol)),
    );
    // Worth more than a position may be: a conversion is none. Its price and its value are looked at.
    expect(verdicts.every(({ value }) => value.outcome === "PASS")).toBe(true);
    // Nor does it take room from what is.
    expect(of("risk.verdicts").filter(({ value }) => value.outcome !== "PASS")).toEqual([]);
    const checked = new Set(
      verdicts.flatMap(({ value }) => value.checks.map(({ check }) => check)),
    );
    expect([...checked].sort()).toEqual(["MAX_ORDER_VALUE", "PRICE_COLLAR", "TRADING_STATE"]);
    const last = of("portfolio.snapshots").at(-1)?.value;
    expect(statement.total).toBe(formatScaled(last?.equity ?? 0n, 2));
    for (const { currency, amount } of last?.foreignCash ?? []) {
      // A price has moved between the decision and the execution; in a currency of a pair's quantity it cannot.
      const most = currency === "GBP" ? 2_000n : 400_000n;
      expect([currency, amount < most && amount > -most]).toEqual([currency, true]);
    }
    // Cancelled in the instant that it was sent in, it was asked for by a balance of before another execution.
    const orders = of("orders").filter(({ value }) => isPairs(value.symbol));
    const sent = new Map(
      orders
        .filter(({ value }) => value.action === "NEW")
        .map(({ timeUs, value }) => [value.orderId, timeUs]),
    );
    const vain = orders.filter(
      ({ timeUs, value }) => value.action === "CANCEL" && sent.get(value.orderId) === timeUs,
    );
    expect(vain).toEqual([]);
    // No pair is ever held, or costs to hold.
    expect(of("fills").some(({ value }) => value.execType === "CARRIED")).toBe(true);
    const carried = of("fills").filter(({ value }) => value.execType === "CARRIED");
    expect(carried.filter(({ value }) => isPairs(value.symbol))).toEqual([]);
    expect(statement.positions.filter(({ symbol }) => isPairs(symbol))).toEqual([]);
  });

  test("the same on any number of partitions", async () => {
    const [one, three] = [await run(yaml("on-trade", more)), await run(yaml("on-trade", more), 3)];
    for (const topic of ["orders", "fills", "portfolio.snapshots"] as const) {
      const told = (of: typeof one.of) => of(topic).map(({ timeUs, value }) => [timeUs, value]);
      expect(told(three.of)).toEqual(told(one.of));
    }
  });

  test("daily: once a day, what has come together", async () => {
    const { of } = await run(yaml("daily", more));
    const orders = of("orders").filter(({ value }) => isPairs(value.symbol));
    const days = orders.map(({ timeUs }) => Math.floor(timeUs / 86_400_000_000));
    expect(orders.length).toBeGreaterThan(1);
    expect(orders.length).toBeLessThanOrEqual(2 * new Set(days).size);
  });

  test("none: no pair is traded, and snapshots say nothing of other cash", async () => {
    const { of } = await run(yaml("none", more));
    expect(of("orders").some(({ value }) => isPairs(value.symbol))).toBe(false);
    expect(of("portfolio.snapshots").every(({ value }) => value.foreignCash.length === 0)).toBe(
      true,
    );
  });
});
