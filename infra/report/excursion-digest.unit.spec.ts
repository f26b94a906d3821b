import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { answersOf } from "../../projections/answers.ts";
import { tradeStatistics } from "../../quant/trades.ts";
import type { AnyEvent } from "../../streams/event.ts";
import { emit } from "../../streams/event.ts";
import { split } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, eventsOf, fill, fold, MINUTE_US, START_US } from "../../streams/testing/tape.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { TradeDigest } from "./trade-digest.ts";

const instruments = [
  equity("IBM"),
  equity("ES", { multiplier: 50 }),
  equity("BTC", { priceScale: 3, quantityScale: 5 }),
];
const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 1_000_000n };
const known = new Map(instruments.map((one) => [one.symbol, one]));

const happenings = fc.array(
  fc.record({
    which: fc.integer({ min: 0, max: instruments.length - 1 }),
    isBar: fc.boolean(),
    quantity: fc.integer({ min: -3, max: 3 }).filter((quantity) => quantity !== 0),
    price: fc.integer({ min: 1000, max: 2000 }),
    reach: fc.integer({ min: 0, max: 300 }),
    fee: fc.bigInt({ min: 0n, max: 90n }),
  }),
  { maxLength: 80 },
);

type Happening = typeof happenings extends fc.Arbitrary<readonly (infer One)[]> ? One : never;

const eventsFor = (list: readonly Happening[]): readonly AnyEvent[] =>
  eventsOf([
    ...instruments.map((one) => emit("market.instruments", one)),
    ...list.map(({ which, isBar, quantity, price, reach, fee }, i) => {
      const symbol = instruments[which]?.symbol as string;
      const atUs = START_US + i * MINUTE_US;
      const wide = { ...bar(symbol, atUs, price), low: price - reach, high: price + reach };
      // Thousands of the smallest unit, so that rounded money still tells the price.
      const size = 100_000 * quantity;
      return isBar
        ? emit("market.bars", wide)
        : emit("fills", fill(size, price, { symbol, fee, tradeUs: atUs }));
    }),
  ]) as readonly AnyEvent[];

test("excursions and trade statistics are those of the trades that the projection lists", () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const events = eventsFor(list);
      const excursions = new ExcursionDigest(known);
      const digest = new TradeDigest(known, { currency: "USD", currencyScale: 2 });
      for (const event of events) {
        if (event.topic === "market.bars") excursions.bar(event.value);
        if (event.topic !== "fills") continue;
        excursions.fill(event.value);
        digest.add(event.value);
      }
      const answer = answersOf(account).find(({ projection }) => projection.name === "trades");
      // Its slice may be deleted: then there is nothing to agree with.
      if (answer === undefined) return;
      const closed = answer
        .rows(fold(answer.projection, events as never))
        .filter(({ exit }) => exit !== null);
      const facts = closed.map(({ profit, adverse, favourable }) => ({
        profit: Number(profit),
        openedUs: 0,
        closedUs: 0,
        excursions: { adverse: Number(adverse), favourable: Number(favourable) },
      }));
      const expected = tradeStatistics(facts);
      const means = excursions.means();
      const near = (value: number | null, other: number | null): void => {
        if (other === null) expect(value).toBeNull();
        else expect(value).toBeCloseTo(other, 5);
      };
      near(means.averageAdverse, expected.excursions.averageAdverse);
      near(means.averageFavourable, expected.excursions.averageFavourable);
      near(means.largestAdverse, expected.excursions.largestAdverse);
      near(digest.systemQuality(), expected.systemQuality);
    }),
  );
});

test("a bar that had begun before the entry does not widen a trip", () => {
  const digest = new ExcursionDigest(known);
  const begun = { ...bar("IBM", START_US + MINUTE_US, 18_000), startUs: START_US - 1, low: 1 };
  digest.fill(fill(100, 18_000, { tradeUs: START_US }));
  digest.bar(begun);
  digest.bar({ ...bar("IBM", START_US + 2 * MINUTE_US, 18_000), low: 17_820, high: 18_360 });
  digest.fill(fill(-100, 18_000, { tradeUs: START_US + 3 * MINUTE_US }));
  const { averageAdverse, averageFavourable, largestAdverse } = digest.means();
  expect(averageAdverse).toBeCloseTo(-0.01, 12);
  expect(averageFavourable).toBeCloseTo(0.02, 12);
  expect(largestAdverse).toBe(averageAdverse);
});

describe("a trip that is added to far from its first price", () => {
  const sold = (quantity: number, price: number, minute: number) =>
    fill(-quantity, price, { tradeUs: START_US + minute * MINUTE_US });
  const seen = (minute: number, low: number, high: number) => ({
    ...bar("IBM", START_US + minute * MINUTE_US, low),
    low,
    high,
  });

  test("is measured by what was held when the price was printed, through a split as well", () => {
    const digest = new ExcursionDigest(known);
    // Short 100 at 65.00; the market goes from 1.40 to 66.30, 2 % against it.
    digest.fill(sold(100, 6500, 0));
    digest.bar(seen(2, 140, 6630));
    // Ten times as much at 1.40: the average is 7.18, of which 1.80 is 75 % for it.
    digest.fill(sold(1000, 140, 3));
    digest.bar(seen(5, 180, 260));
    digest.act(split("IBM", 1, 20), START_US + 6 * MINUTE_US);
    digest.bar(seen(8, 2800, 4000));
    digest.fill(sold(-55, 3000, 9));
    const { averageAdverse, averageFavourable, largestAdverse } = digest.means();
    expect(averageAdverse).toBeCloseTo(-0.02, 10);
    expect(largestAdverse).toBeCloseTo(-0.02, 10);
    expect(averageFavourable).toBeCloseTo(1 - 140 / 6500, 10);
  });

  test("is not measured at all by a bar of before its entry", () => {
    const digest = new ExcursionDigest(known);
    digest.bar(seen(1, 1, 99_999));
    digest.fill(sold(100, 6500, 2));
    digest.fill(sold(-100, 6500, 3));
    expect(digest.means().largestAdverse).toBe(0);
  });
});

test("what a fraction is paid for at a split is of the last close, not of the highest price", () => {
  const closed: bigint[] = [];
  const digest = new ExcursionDigest(known, ({ realised, fees }) => closed.push(realised - fees));
  digest.fill(fill(30, 100, { tradeUs: START_US }));
  digest.bar({ ...bar("IBM", START_US + 2 * MINUTE_US, 110), high: 900 });
  // 30 shares are one and a half new ones: half a one is paid 10 old ones at 1.10, a gain of 1.00.
  digest.act(split("IBM", 1, 20), START_US + 3 * MINUTE_US);
  digest.fill(fill(-1, 2000, { tradeUs: START_US + 4 * MINUTE_US }));
  expect(closed).toEqual([100n]);
});
