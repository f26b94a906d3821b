import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import { emit } from "../../streams/event.ts";
import { at, given } from "../../streams/testing/given.ts";
import { barBuilder } from "./bar-builder.ts";

const builder = barBuilder({ intervalUs: 60, suspicious: "exclude" });
const tick = (timeUs: number, price: number, quantity = 1, changes: Partial<MarketTick> = {}) =>
  at(timeUs, "market.ticks", {
    symbol: "AAA",
    price,
    quantity,
    venue: "",
    suspicious: false,
    ...changes,
  });
const bar = (changes: Partial<MarketBar>) =>
  emit("market.bars", {
    symbol: "AAA",
    startUs: 60,
    endUs: 120,
    open: 100,
    high: 100,
    low: 100,
    close: 100,
    volume: 1,
    trades: 1,
    ...changes,
  });

describe("bar-builder", () => {
  test("writes open, high, low, close, volume and trades when the next interval's print comes", () => {
    expect(
      given(builder, tick(61, 100, 5), tick(70, 130, 1), tick(80, 90, 2), tick(119, 110, 3)).when(
        tick(120, 500),
      ),
    ).toEqual([bar({ high: 130, low: 90, close: 110, volume: 11, trades: 4 })]);
  });

  test("keeps a print at the very end for the next bar", () => {
    expect(
      given(builder, tick(60, 100)).when(tick(119, 101), tick(120, 102), tick(180, 1)),
    ).toEqual([
      bar({ high: 101, close: 101, volume: 2, trades: 2 }),
      bar({ startUs: 120, endUs: 180, open: 102, high: 102, low: 102, close: 102 }),
    ]);
  });

  test("aligns bars to the epoch, not to the first print", () => {
    expect(given(builder, tick(119, 100)).when(tick(121, 100))).toEqual([bar({})]);
  });

  test("writes no bar for an interval without prints", () => {
    expect(given(builder, tick(60, 100)).when(tick(1_000, 100), tick(1_020, 100))).toEqual([
      bar({}),
      bar({ startUs: 960, endUs: 1_020 }),
    ]);
  });

  test("does not close a bar by another symbol's print", () => {
    const other = { symbol: "BBB" };
    expect(
      given(builder, tick(60, 100), tick(60, 7, 1, other)).when(tick(130, 8, 1, other)),
    ).toEqual([bar({ symbol: "BBB", open: 7, high: 7, low: 7, close: 7 })]);
  });

  test("takes prints of one instant one by one", () => {
    expect(given(builder, tick(60, 100), tick(60, 105)).when(tick(120, 1))).toEqual([
      bar({ high: 105, close: 105, volume: 2, trades: 2 }),
    ]);
  });

  test("closes an open bar at its own end after the interval has changed", () => {
    const first = tick(61, 100);
    const state = builder.evolve(builder.initial(), first);
    const task = given({
      ...barBuilder({ intervalUs: 600, suspicious: "exclude" }),
      initial: () => structuredClone(state),
    });
    expect(task.when(tick(130, 1), tick(600, 1))).toEqual([
      bar({}),
      bar({ startUs: 0, endUs: 600, open: 1, high: 1, low: 1, close: 1 }),
    ]);
  });

  test("counts a print without volume", () => {
    expect(given(builder, tick(60, 100, 0)).when(tick(120, 1))).toEqual([bar({ volume: 0 })]);
  });

  test("leaves a suspicious print out as if it had never been, or takes it in if told so", () => {
    const suspicious = { suspicious: true };
    const odd = tick(90, 1, 1, suspicious);
    const late = tick(300, 1, 1, suspicious);
    expect(given(builder, tick(60, 100), odd).when(late, tick(310, 1))).toEqual([bar({})]);
    expect(
      given(barBuilder({ intervalUs: 60, suspicious: "include" }), tick(60, 100), odd).when(late),
    ).toEqual([bar({ low: 1, close: 1, volume: 2, trades: 2 })]);
  });

  test.each([
    ["a price of zero", tick(60, 0), "VALUE_PRICE_INVALID"],
    ["a negative price", tick(60, -1), "VALUE_PRICE_INVALID"],
    ["a negative quantity", tick(60, 100, -1), "VALUE_QUANTITY_INVALID"],
    ["a volume beyond 2^53", tick(60, 100, Number.MAX_SAFE_INTEGER), "VALUE_QUANTITY_INVALID"],
  ])("refuses %s and goes on with the bar as it was", (_, bad, code) => {
    const task = given(builder, tick(60, 100));
    expect(() => task.when(bad)).toThrow(expect.objectContaining({ code }));
    expect(task.when(tick(120, 1))).toEqual([bar({})]);
  });

  test("gives the bars of a slow grouping, whatever the prints", () => {
    const prints = fc.array(
      fc.record({
        gap: fc.nat(90),
        price: fc.integer({ min: 1, max: 9 }),
        quantity: fc.nat(5),
        symbol: fc.constantFrom("AAA", "BBB"),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(prints, (list) => {
        let now = 0;
        const events = list.map(({ gap, price, quantity, symbol }) => {
          now += gap;
          return tick(now, price, quantity, { symbol });
        });
        const groups = new Map<string, typeof events>();
        for (const event of events) {
          const key = `${event.value.symbol} ${Math.floor(event.timeUs / 60)}`;
          groups.set(key, [...(groups.get(key) ?? []), event]);
        }
        const slow = [...groups].map(([key, group]) => {
          const [symbol, minute] = key.split(" ") as [string, string];
          const prices = group.map(({ value }) => value.price);
          return {
            symbol,
            startUs: Number(minute) * 60,
            endUs: Number(minute) * 60 + 60,
            open: prices[0],
            high: Math.max(...prices),
            low: Math.min(...prices),
            close: prices.at(-1),
            volume: group.reduce((sum, { value }) => sum + value.quantity, 0),
            trades: group.length,
          };
        });
        const fast = given(builder)
          .when(...events)
          .map(({ value }) => value);
        for (const symbol of ["AAA", "BBB"]) {
          const of = (all: readonly { symbol: string }[]) =>
            all.filter((each) => each.symbol === symbol);
          expect(of(fast)).toEqual(of(slow).slice(0, -1));
        }
      }),
    );
  });
});
