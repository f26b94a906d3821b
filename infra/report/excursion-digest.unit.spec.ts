import fc from "fast-check";
import { expect, test } from "vitest";
import { answersOf } from "../../projections/answers.ts";
import { tradeStatistics } from "../../quant/trades.ts";
import type { AnyEvent } from "../../streams/event.ts";
import { emit } from "../../streams/event.ts";
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
      const facts = closed.map((row) => {
        const entry = Number(row.entryPrice);
        const way = row.direction === "LONG" ? 1 : -1;
        const against = way * (Number(row.worstPrice) / entry - 1);
        const along = way * (Number(row.bestPrice) / entry - 1);
        return {
          profit: Number(row.profit),
          openedUs: 0,
          closedUs: 0,
          excursions: { adverse: Math.min(against, 0), favourable: Math.max(along, 0) },
        };
      });
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
