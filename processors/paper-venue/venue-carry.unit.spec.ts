// What holding costs, against figures by hand, and a day at a time against many at once.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MarketRate } from "../../schemas/generated/market.rates.ts";
import { marginState } from "../../schemas/values/margin.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { bar, MINUTE_US, order, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { CarryConfig, VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

const carry: CarryConfig = {
  atUs: 0,
  dayCount: 360,
  borrowPerMillion: 0,
  financingPerMillion: 0,
  funding: null,
};
const venueOf = (changes: Partial<CarryConfig>): VenueConfig => ({
  ...free,
  carry: { ...carry, ...changes },
});
const us = (text: string): number => parseIsoUs(text) as number;
const noon = us("2020-06-05T12:00:00Z");
const minute = (endUs: number, price: number) => at(endUs, "market.bars", bar("A", endUs, price));
type Event = ReturnType<typeof minute> | ReturnType<typeof splits>;
const splits = (timeUs: number) => at(timeUs, "market.corporate-actions", split("A", 2, 1));

/** What is told after a trade of so many shares at 100.00 at noon, a Friday. */
function charges(changes: Partial<CarryConfig>, quantity: number, ...events: readonly Event[]) {
  const found = given(
    paperVenue(venueOf(changes), "bars"),
    at(0, "market.instruments", equity("A")),
  ).when(
    at(noon, "orders", order(1, "A", quantity, { decidedUs: noon })),
    minute(noon + MINUTE_US, 100_00),
    ...events,
  );
  return found
    .map(({ value }) => value)
    .filter(({ execType }) => execType === "CARRIED")
    .map(({ reason, fee, tradeUs, side, quantity: held, price }) => ({
      reason,
      fee,
      tradeUs,
      held: side === "BUY" ? held : -held,
      price,
    }));
}

describe("carry", () => {
  const monday = us("2020-06-08T12:00:00Z");

  test("charges a short what it borrows, each night, weekends too, at the last price", () => {
    // 100 × 100.00 × 3.6 % / 360 = 1.00 a day.
    expect(charges({ borrowPerMillion: 36_000 }, -100, minute(monday, 999_99))).toEqual([
      { reason: "BorrowFee", fee: 3_00n, tradeUs: us("2020-06-08"), held: -100, price: 100_00 },
    ]);
    expect(charges({ borrowPerMillion: 36_000 }, 100, minute(monday, 100_00))).toEqual([]);
  });

  test("charges a long its financing, or pays it", () => {
    const cost = charges({ financingPerMillion: 36_000, dayCount: 365 }, 100, minute(monday, 1));
    // 10,000 × 3.6 % × 3 / 365 = 2.9589.
    expect(cost.map(({ reason, fee }) => [reason, fee])).toEqual([["Financing", 2_96n]]);
    const paid = charges({ financingPerMillion: -36_000 }, 100, minute(monday, 1));
    expect(paid.map(({ fee }) => fee)).toEqual([-3_00n]);
  });

  test("a funding time takes from longs what it gives to shorts", () => {
    const funding = { perMillion: 100, everyUs: 8 * 60 * MINUTE_US };
    const tonight = minute(us("2020-06-05T16:00:00Z"), 100_00);
    // 10,000 × 0.01 %, at 16:00.
    expect(charges({ funding }, 100, tonight).map(({ fee }) => fee)).toEqual([1_00n]);
    expect(charges({ funding }, -100, tonight).map(({ fee }) => fee)).toEqual([-1_00n]);
    expect(charges({ funding }, 100, minute(us("2020-06-05T15:59:00Z"), 100_00))).toEqual([]);
  });

  test("values new shares at a new price after a split", () => {
    const found = charges(
      { borrowPerMillion: 36_000 },
      -100,
      splits(noon + 9e7),
      minute(monday, 50_00),
    );
    expect(found).toMatchObject([{ fee: 3_00n, held: -200, price: 50_00 }]);
  });

  test("is the same however often one looks, but for rounding each time", () => {
    const offsets = fc.array(fc.integer({ min: 1, max: 5 * 24 * 60 - 1 }), { maxLength: 12 });
    fc.assert(
      fc.property(offsets, fc.integer({ min: 1, max: 900_000 }), (minutes, borrowPerMillion) => {
        const end = minute(noon + 5 * 24 * 60 * MINUTE_US, 100_00);
        const times = [...new Set(minutes)].sort((a, b) => a - b);
        const looks = times.map((each) => minute(noon + each * MINUTE_US + 1, 100_00));
        const [whole] = charges({ borrowPerMillion }, -100, end);
        const parts = charges({ borrowPerMillion }, -100, ...looks, end);
        const sum = parts.reduce((all, { fee }) => all + fee, 0n);
        const difference = sum - (whole?.fee ?? 0n);
        expect(difference < 0n ? -difference : difference).toBeLessThanOrEqual(3n);
      }),
    );
  });
});

describe("at the edge of an interval", () => {
  const hour = 60 * MINUTE_US;
  const funding = { perMillion: 100, everyUs: 8 * hour };
  const config = { ...venueOf({ funding }), fill: "next-open" } as const;
  const eight = us("2020-06-05T08:00:00Z");
  const sent = (timeUs: number, id: number, quantity: number) =>
    at(timeUs, "orders", order(id, "A", quantity, { decidedUs: timeUs }));
  const paid = (...events: readonly (Event | ReturnType<typeof sent>)[]) =>
    given(paperVenue(config, "bars"), at(0, "market.instruments", equity("A")))
      .when(...events)
      .filter(({ value }) => value.execType === "CARRIED")
      .map(({ value: { tradeUs, fee } }) => [tradeUs, fee]);
  const wide = (startUs: number, endUs: number, price: number) =>
    at(endUs, "market.bars", { ...bar("A", endUs, price), startUs });

  test("what is bought in the bar before is charged, what is sold in it is not", () => {
    const bought = [sent(eight - MINUTE_US, 1, 100), minute(eight, 100_00)];
    expect(paid(...bought)).toEqual([[eight, 1_00n]]);
    const sold: readonly (Event | ReturnType<typeof sent>)[] = [
      sent(eight - 9 * MINUTE_US, 1, 100),
      minute(eight - 8 * MINUTE_US, 100_00),
      sent(eight - MINUTE_US, 2, -100),
      minute(eight, 100_00),
    ];
    expect(paid(...sold)).toEqual([]);
  });

  test("a bar of a day charges what was bought at its open, each time in it, at the open and at its end at the close", () => {
    const midnight = us("2020-06-05");
    const day = { ...bar("A", midnight + 24 * hour, 110_00, { open: 100_00 }), startUs: midnight };
    const events = [sent(midnight, 1, 100), at(midnight + 24 * hour, "market.bars", day)];
    expect(paid(...events)).toEqual([
      [midnight + 16 * hour, 2_00n],
      [midnight + 24 * hour, 1_10n],
    ]);
    const flat = wide(midnight, midnight + 24 * hour, 100_00);
    expect(paid(sent(midnight, 1, 100), flat).length).toBe(2);
  });
});

describe("recorded rates", () => {
  const hour = 60 * MINUTE_US;
  const eight = us("2020-06-05T08:00:00Z");
  const config = venueOf({ rates: true, financingPerMillion: 36_000 });
  const rate = (
    timeUs: number,
    kind: MarketRate["kind"],
    value: number,
    mark: number | null = null,
  ) => at(timeUs, "market.rates", { symbol: "A", kind, ratePerBillion: value, markPrice: mark });
  const sent = (timeUs: number, id: number, quantity: number) =>
    at(timeUs, "orders", order(id, "A", quantity, { decidedUs: timeUs }));
  type Any = Event | ReturnType<typeof sent> | ReturnType<typeof rate>;
  const paid = (...events: readonly Any[]) =>
    given(paperVenue(config, "bars"), at(0, "market.instruments", equity("A")))
      .when(...events)
      .filter(({ value }) => value.execType === "CARRIED")
      .map(({ value: { tradeUs, fee, reason, price } }) => [reason, tradeUs, fee, price]);

  test("are charged at their time, with their sign, at their mark or the last price", () => {
    expect(
      paid(
        sent(eight - 9 * MINUTE_US, 1, 100),
        minute(eight - 8 * MINUTE_US, 100_00),
        rate(eight, "FUNDING", 100_000),
        minute(eight + MINUTE_US, 100_00),
        rate(eight + 8 * hour, "FUNDING", -50_000, 120_00),
        minute(eight + 9 * hour, 100_00),
      ),
    ).toEqual([
      ["Funding", eight, 1_00n, 100_00],
      ["Funding", eight + 8 * hour, -60n, 120_00],
    ]);
  });

  test("within a bar see what had traded in it up to their time", () => {
    const midnight = us("2020-06-05");
    const day = { ...bar("A", midnight + 24 * hour, 100_00), startUs: midnight };
    const found = paid(
      at(midnight, "market.bars", bar("A", midnight, 100_00)),
      sent(midnight, 1, 100),
      rate(eight, "FUNDING", 100_000),
      at(midnight + 24 * hour, "market.bars", day),
    );
    expect(found).toEqual([
      ["Funding", eight, 1_00n, 100_00],
      ["Financing", midnight + 24 * hour, 1_00n, 100_00],
    ]);
  });

  test("of a year hold from their time on, in place of the constant", () => {
    const found = paid(
      sent(eight, 1, 100),
      minute(eight + MINUTE_US, 100_00),
      minute(eight + 24 * hour, 100_00),
      rate(eight + 24 * hour, "FINANCING", 72_000_000),
      minute(eight + 48 * hour, 100_00),
      rate(eight + 48 * hour, "FINANCING", 0),
      minute(eight + 96 * hour, 100_00),
    );
    expect(found.map(([, , fee]) => fee)).toEqual([1_00n, 2_00n]);
  });
});

describe("margin", () => {
  const margin = { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 };
  const config: VenueConfig = { ...venueOf({}), margin };
  const told = (...events: readonly Event[]) =>
    given(paperVenue(config, "bars"), at(0, "market.instruments", equity("A")))
      .when(
        at(noon, "orders", order(1, "A", 100, { decidedUs: noon })),
        at(noon, "orders", order(2, "A", 50, { type: "LIMIT", limitPrice: 1_00, decidedUs: noon })),
        minute(noon + MINUTE_US, 100_00),
        ...events,
      )
      .map(({ value }) => value);

  test("leaves a position that has enough behind it", () => {
    // 1,000.00 behind 10,000.00; at 94.74 there are 474.00 behind 9,474.00, 5 % of which are 473.70.
    expect(told(minute(noon + 2 * MINUTE_US, 94_74))).toHaveLength(1);
  });

  test("closes one that has not, after the orders of its symbol", () => {
    const found = told(minute(noon + 2 * MINUTE_US, 94_73), minute(noon + 3 * MINUTE_US, 50_00));
    expect(found.slice(1)).toMatchObject([
      { orderId: 2, execType: "CANCELED", reason: "MarginCall" },
      {
        orderId: 0,
        execType: "FILLED",
        reason: "MarginCall",
        side: "SELL",
        quantity: 100,
        price: 94_73,
      },
    ]);
    expect(found).toHaveLength(3);
  });

  const wide = (endUs: number, low: number, close: number, open = 100_00) =>
    at(endUs, "market.bars", bar("A", endUs, close, { open, low, high: 101_00 }));

  test("closes it on the way through a bar, at the first price with too little behind", () => {
    const found = told(wide(noon + 2 * MINUTE_US, 50_00, 99_00));
    // As above: 94.74 is enough, 94.73 is not.
    expect(found.at(-1)).toMatchObject({ execType: "FILLED", reason: "MarginCall", price: 94_73 });
    const gap = told(wide(noon + 2 * MINUTE_US, 50_00, 99_00, 60_00));
    expect(gap.at(-1)).toMatchObject({ reason: "MarginCall", price: 60_00 });
  });

  test("lets an order that lies nearer on the way act first", () => {
    const stop = order(3, "A", -100, { type: "STOP", stopPrice: 96_00, decidedUs: noon });
    const found = told(
      at(noon + MINUTE_US, "orders", stop) as never,
      wide(noon + 2 * MINUTE_US, 50_00, 99_00),
    );
    expect(found.slice(1)).toMatchObject([
      { orderId: 3, execType: "TRIGGERED" },
      { orderId: 3, execType: "FILLED", price: 96_00 },
    ]);
  });

  test("is where a search of every price finds it, of longs and shorts", () => {
    const price = fc.integer({ min: 50_00, max: 150_00 });
    fc.assert(
      fc.property(price, price, fc.boolean(), (worst, close, isLong) => {
        const low = Math.min(worst, close, 100_00);
        const high = Math.max(worst, close, 100_00);
        const entry = at(noon, "orders", order(1, "A", isLong ? 7 : -7, { decidedUs: noon }));
        const next = at(
          noon + 2 * MINUTE_US,
          "market.bars",
          bar("A", noon + 2 * MINUTE_US, close, { open: 100_00, low, high }),
        );
        const [, closing] = given(
          paperVenue(config, "bars"),
          at(0, "market.instruments", equity("A")),
        )
          .when(entry, minute(noon + MINUTE_US, 100_00), next)
          .map(({ value }) => value);
        const cost = BigInt(isLong ? 700_00 : -700_00);
        const fails = (at: number): boolean =>
          marginState(cost, BigInt((isLong ? 7 : -7) * at), margin) === "LIQUIDATION";
        let first: number | null = null;
        const [from, to, step] = isLong ? [100_00, low, -1] : [100_00, high, 1];
        for (let p = from; isLong ? p >= to : p <= to; p += step) {
          if (fails(p)) {
            first = p;
            break;
          }
        }
        expect(closing?.price ?? null).toBe(first);
      }),
    );
  });

  test("warns before it closes, once, and again after there was enough", () => {
    const warning = { ...config, margin: { ...margin, callPerMillion: 80_000 } };
    const at_ = (n: number, price: number) => minute(noon + n * MINUTE_US, price);
    const found = given(paperVenue(warning, "bars"), at(0, "market.instruments", equity("A")))
      .when(
        at(noon, "orders", order(1, "A", 100, { decidedUs: noon })),
        ...[at_(1, 100_00), at_(2, 97_82), at_(3, 97_00), at_(4, 99_00), at_(5, 97_00)],
      )
      .map(({ value }) => value);
    // 1,000 less 218 are 782 behind 9,782, 8 % of which are 782.56.
    expect(found.slice(1)).toMatchObject([
      { execType: "MARGIN_CALL", orderId: 0, quantity: 100, price: 97_82, fee: 0n },
      { execType: "MARGIN_CALL", price: 97_00 },
    ]);
    expect(found).toHaveLength(3);
  });

  test("charges for closing, on top of what an execution costs", () => {
    const dear = { ...config, margin: { ...margin, liquidationFeePerMillion: 5_000 } };
    const found = given(paperVenue(dear, "bars"), at(0, "market.instruments", equity("A"))).when(
      at(noon, "orders", order(1, "A", 100, { decidedUs: noon })),
      minute(noon + MINUTE_US, 100_00),
      minute(noon + 2 * MINUTE_US, 90_00),
    );
    // Half a percent of 9,000.00.
    expect(found.at(-1)?.value).toMatchObject({ reason: "MarginCall", fee: 45_00n });
    expect(found[0]?.value.fee).toBe(0n);
  });

  test("takes a split for what it is", () => {
    const found = told(splits(noon + 9e7), minute(noon + 2 * MINUTE_US, 50_00));
    expect(found.filter(({ execType }) => execType === "FILLED")).toHaveLength(1);
  });
});
