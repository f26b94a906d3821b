// Fills from quotes and from the queue, by hand; then against any market.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { order, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { VenueConfig } from "../venue-config.ts";
import { paperVenue } from "./paper-venue.ts";

const free: VenueConfig = {
  fill: "quote",
  latencyUs: 1,
  slippageBps: 0,
  participationBps: null,
  feePerMillion: 0,
  minimumFeeMinor: 0,
};
const queued = { queueBps: 10_000 } as const;
type Event = EventOf<
  "orders" | "market.instruments" | "market.corporate-actions" | "market.ticks" | "market.quotes"
>;
type Side = readonly [price: number, quantity: number] | null;

const DAY = 86_400_000_000;
const listed = at(0, "market.instruments", equity("A"));
const quote = (timeUs: number, bid: Side, ask: Side, suspicious = false) =>
  at(timeUs, "market.quotes", {
    symbol: "A",
    bidPrice: bid?.[0] ?? null,
    bidQuantity: bid?.[1] ?? 0,
    askPrice: ask?.[0] ?? null,
    askQuantity: ask?.[1] ?? 0,
    venue: "",
    suspicious,
  });
const trade = (timeUs: number, price: number, quantity: number, suspicious = false) =>
  at(timeUs, "market.ticks", { symbol: "A", price, quantity, venue: "", suspicious });
const placed = (timeUs: number, one: Order) => at(timeUs, "orders", { ...one, decidedUs: timeUs });
const market = (quantity: number, changes: Partial<Order> = {}) => order(1, "A", quantity, changes);
const limit = (quantity: number, limitPrice: number, changes: Partial<Order> = {}) =>
  market(quantity, { type: "LIMIT", limitPrice, ...changes });

/** Everything that the venue says; the times of the events rise by 1 where they are left at 0. */
function reports(config: Partial<VenueConfig>, ...events: readonly Event[]): ExecutionReport[] {
  const timed = events.map((event, i) => ({ ...event, timeUs: event.timeUs || i + 1 }));
  return given(paperVenue({ ...free, ...config }, "ticks"), listed)
    .when(...timed)
    .map(({ value }) => value);
}
/** "#1 100 at 18.50" and the like. */
const brief = (found: readonly ExecutionReport[]) =>
  found.map(({ orderId, execType, reason, price, quantity }) =>
    execType === "FILLED" ? `#${orderId} ${quantity} at ${price}` : `#${orderId} ${reason}`,
  );

describe("who takes", () => {
  test("gets the other side's price, at once, as far as its size goes, then from the next quote", () => {
    const found = reports(
      {},
      quote(0, [99, 500], [101, 300]),
      placed(0, market(700)),
      quote(0, [99, 500], null),
      quote(0, null, [102, 100]),
      quote(0, null, [103, 900]),
    );
    expect(brief(found)).toEqual(["#1 300 at 101", "#1 100 at 102", "#1 300 at 103"]);
    expect(found.map(({ tradeUs }) => tradeUs)).toEqual([2, 4, 5]);
  });

  test("sells at the bid", () => {
    expect(brief(reports({}, quote(0, [99, 500], [101, 1]), placed(0, market(-200))))).toEqual([
      "#1 200 at 99",
    ]);
  });

  test("shares one size with who took before, until it is quoted anew", () => {
    const found = reports(
      {},
      quote(0, null, [101, 300]),
      placed(0, market(200)),
      placed(0, market(200, { orderId: 2 })),
      placed(0, market(200, { orderId: 3 })),
      quote(0, null, [101, 300]),
    );
    expect(brief(found)).toEqual([
      "#1 200 at 101",
      "#2 100 at 101",
      "#2 100 at 101",
      "#3 200 at 101",
    ]);
  });

  test("waits for the first quote of the other side, and leaves suspicious ones", () => {
    const found = reports(
      {},
      placed(0, market(10)),
      trade(0, 100, 50),
      quote(0, [99, 10], null),
      quote(0, null, [50, 10], true),
      quote(0, null, [101, 10]),
    );
    expect(brief(found)).toEqual(["#1 10 at 101"]);
  });

  test("takes no more than the participation cap of a size, in whole lots", () => {
    const found = given(
      paperVenue({ ...free, participationBps: 2_500 }, "ticks"),
      at(0, "market.instruments", equity("A", { lotSize: 10 })),
    ).when(quote(1, null, [101, 300]), placed(2, market(200)), quote(3, null, [101, 300]));
    expect(brief(found.map(({ value }) => value))).toEqual(["#1 70 at 101", "#1 70 at 101"]);
  });

  test("IOC and FOK end at the first quote: in part, or whole", () => {
    const stands = quote(0, null, [101, 300]);
    const ioc = { timeInForce: "IOC" } as const;
    const fok = { timeInForce: "FOK" } as const;
    expect(brief(reports({}, stands, placed(0, market(400, ioc))))).toEqual([
      "#1 300 at 101",
      "#1 ImmediateOrCancel",
    ]);
    expect(brief(reports({}, stands, placed(0, market(400, fok))))).toEqual(["#1 FillOrKill"]);
    expect(brief(reports({}, stands, placed(0, market(300, fok))))).toEqual(["#1 300 at 101"]);
    expect(brief(reports({}, stands, placed(0, limit(10, 100, ioc))))).toEqual([
      "#1 ImmediateOrCancel",
    ]);
  });

  test("pays its slippage on top, never beyond its limit", () => {
    const found = reports(
      { slippageBps: 100 },
      quote(0, null, [1000, 300]),
      placed(0, market(10)),
      placed(0, limit(10, 1004, { orderId: 2 })),
    );
    expect(brief(found)).toEqual(["#1 10 at 1010", "#2 10 at 1004"]);
  });
});

describe("who rests", () => {
  const stands = quote(0, [99, 500], [101, 300]);

  test("fills at the limit when the other side touches it, as far as its size goes", () => {
    const found = reports(
      {},
      stands,
      placed(0, limit(400, 100)),
      trade(0, 100, 1_000),
      quote(0, null, [100, 150]),
      quote(0, null, [98, 900]),
    );
    // Without a queue trades say nothing; beyond its limit it is not filled better.
    expect(brief(found)).toEqual(["#1 150 at 100", "#1 250 at 100"]);
  });

  test("with limitFill: cross only when the other side goes beyond it", () => {
    const events = [stands, placed(0, limit(100, 100)), quote(0, null, [100, 150])];
    expect(reports({ limitFill: "CROSS" }, ...events)).toEqual([]);
    const beyond = quote(0, null, [99, 150]);
    expect(brief(reports({ limitFill: "CROSS" }, ...events, beyond))).toEqual(["#1 100 at 100"]);
  });

  test("what is left of a taker goes on taking until it rests", () => {
    const found = reports(
      {},
      stands,
      placed(0, limit(500, 102)),
      quote(0, null, [102, 100]),
      quote(0, null, [103, 100]),
      quote(0, null, [101, 900]),
    );
    expect(brief(found)).toEqual(["#1 300 at 101", "#1 100 at 102", "#1 100 at 102"]);
  });

  test("post-only is refused where it would take the quote", () => {
    const one = { postOnly: true };
    expect(brief(reports({}, stands, placed(0, limit(10, 101, one))))).toEqual([
      "#1 PostOnlyWouldTake",
    ]);
    expect(reports({}, stands, trade(0, 90, 5), placed(0, limit(10, 100, one)))).toEqual([]);
  });

  test("a replace to a price that takes, takes at once", () => {
    const one = limit(10, 100);
    const found = reports(
      {},
      stands,
      placed(0, one),
      placed(0, { ...one, action: "REPLACE", limitPrice: 101 }),
    );
    expect(brief(found)).toEqual(["#1 NONE", "#1 10 at 101"]);
  });

  test("a DAY order ends with the first quote of the next date, GTD with its time", () => {
    const day = limit(10, 100, { timeInForce: "DAY" });
    const gtd = limit(10, 100, { orderId: 2, timeInForce: "GTD", expireUs: 50 });
    const found = reports(
      {},
      stands,
      placed(2, day),
      placed(3, gtd),
      quote(4, [99, 1], null),
      quote(DAY + 5, null, [100, 500]),
    );
    expect(brief(found)).toEqual(["#2 GoodTillDate", "#1 DayEnded"]);
  });

  test("a split ends it, and the quotes of the old shares", () => {
    const found = reports(
      {},
      stands,
      placed(0, limit(10, 100)),
      at(0, "market.corporate-actions", split("A", 2, 1)),
      placed(5, market(5, { orderId: 2 })),
      quote(0, null, [50, 5]),
    );
    expect(brief(found)).toEqual(["#1 CorporateAction", "#2 5 at 50"]);
  });
});

describe("hours on quotes", () => {
  const hours = { openUs: 100, closeUs: 200 };
  const config = { trading: { hours, status: false, closed: "WAIT" } } as const;

  test("outside of them nothing fills; who waited for the opening gets no quote from before it", () => {
    const found = reports(
      config,
      quote(50, [99, 500], [101, 300]),
      placed(60, market(100)),
      quote(70, null, [102, 300]),
      trade(110, 101, 10),
      quote(120, null, [103, 300]),
      placed(130, limit(10, 100, { orderId: 2 })),
      quote(200, null, [100, 300]),
    );
    expect(brief(found)).toEqual(["#1 100 at 103"]);
    expect(found[0]?.tradeUs).toBe(120);
  });
});

describe("stops and auctions on quotes", () => {
  test("a stop is set off by a trade, and takes the quote that stands", () => {
    const stop = market(-50, { type: "STOP", stopPrice: 95 });
    const found = reports(
      {},
      quote(0, [99, 500], [101, 300]),
      placed(0, stop),
      quote(0, [94, 30], [101, 300]),
      trade(0, 95, 10),
      quote(0, [93, 30], null),
    );
    expect(brief(found)).toEqual(["#1 NONE", "#1 30 at 94", "#1 20 at 93"]);
    expect(found[0]?.execType).toBe("TRIGGERED");
  });

  test("on open: the first trade of a date, whatever is quoted before it", () => {
    const found = reports(
      {},
      trade(1, 100, 10),
      placed(2, market(5, { timeInForce: "AT_THE_OPENING" })),
      quote(DAY + 1, null, [101, 300]),
      trade(DAY + 2, 102, 10),
    );
    expect(brief(found)).toEqual(["#1 5 at 102"]);
  });
});

describe("a queue, by hand", () => {
  const stands = quote(0, [100, 500], [101, 300]);
  const ours = placed(0, limit(100, 100));

  test("500 before us: 300 trade, then 250: 50 are ours, then the rest", () => {
    const found = reports(
      queued,
      stands,
      ours,
      trade(0, 100, 300),
      trade(0, 100, 250),
      trade(0, 101, 900),
      trade(0, 100, 10),
      trade(0, 100, 900),
    );
    expect(brief(found)).toEqual(["#1 50 at 100", "#1 10 at 100", "#1 40 at 100"]);
    expect(found.map(({ tradeUs }) => tradeUs)).toEqual([4, 6, 7]);
  });

  test("who betters the price is the first", () => {
    const better = placed(0, limit(100, 100));
    const found = reports(queued, quote(0, [99, 500], [101, 300]), better, trade(0, 100, 30));
    expect(brief(found)).toEqual(["#1 30 at 100"]);
  });

  test("behind the best price: an average trade times the number, at most what is displayed then", () => {
    const behind = [
      trade(0, 101, 100),
      trade(0, 101, 51),
      stands,
      placed(0, limit(100, 99)),
      trade(0, 99, 150),
    ];
    // 2 × 75.5, rounded up.
    const config = { queueBps: 20_000 };
    expect(brief(reports(config, ...behind))).toEqual([]);
    expect(brief(reports(config, ...behind, trade(0, 99, 3)))).toEqual(["#1 2 at 99"]);
    const shown = quote(0, [99, 40], null);
    const [before, trades] = [behind.slice(0, 4), behind.slice(4)];
    expect(brief(reports(config, ...before, shown, ...trades))).toEqual(["#1 100 at 99"]);
  });

  test("those before us who cancel let us forward; a best price behind ours leaves us first", () => {
    const fewer = [stands, ours, quote(0, [100, 80], null), trade(0, 100, 100)];
    expect(brief(reports(queued, ...fewer))).toEqual(["#1 20 at 100"]);
    const more = [stands, ours, quote(0, [100, 900], null), trade(0, 100, 510)];
    expect(brief(reports(queued, ...more))).toEqual(["#1 10 at 100"]);
    const none = [stands, ours, quote(0, [99, 900], null), trade(0, 100, 30)];
    expect(brief(reports(queued, ...none))).toEqual(["#1 30 at 100"]);
  });

  test("of our own the better price comes first, then who came first", () => {
    const found = reports(
      queued,
      quote(0, [98, 10], [105, 300]),
      placed(0, limit(40, 99)),
      placed(0, limit(40, 99, { orderId: 2 })),
      placed(0, limit(40, 100, { orderId: 3 })),
      trade(0, 99, 100),
      trade(0, 99, 15),
    );
    expect(brief(found)).toEqual(["#3 40 at 100", "#1 40 at 99", "#2 20 at 99", "#2 15 at 99"]);
  });

  test("an iceberg goes to the back with each part that it shows", () => {
    const iceberg = placed(0, limit(100, 100, { displayQuantity: 30 }));
    const found = reports(
      queued,
      stands,
      iceberg,
      trade(0, 100, 520),
      trade(0, 100, 900),
      quote(0, [100, 50], null),
      trade(0, 100, 60),
      trade(0, 100, 900),
    );
    // 20 of the first 30; its other 10; 50 are displayed before the next 30, of which 60 leave 10.
    expect(brief(found)).toEqual(["#1 20 at 100", "#1 10 at 100", "#1 10 at 100", "#1 20 at 100"]);
  });

  test("keeps its place where it shrinks, loses it where it grows", () => {
    const one = limit(100, 100);
    const replaced = (quantity: number) =>
      placed(0, { ...one, action: "REPLACE", quantity, decidedUs: 1 });
    const found = (quantity: number) =>
      brief(
        reports(
          queued,
          stands,
          placed(0, one),
          trade(0, 100, 500),
          replaced(quantity),
          trade(0, 100, 40),
        ),
      );
    expect(found(90)).toEqual(["#1 NONE", "#1 40 at 100"]);
    expect(found(110)).toEqual(["#1 NONE"]);
  });

  test("holds to the participation cap of each trade", () => {
    const config = { ...queued, participationBps: 1_000 };
    const found = reports(config, stands, ours, trade(0, 100, 500), trade(0, 100, 200));
    expect(brief(found)).toEqual(["#1 20 at 100"]);
  });

  test("a locked quote comes to who is before us first, a crossed one to us", () => {
    const locked = quote(0, null, [100, 560]);
    expect(brief(reports(queued, stands, ours, locked))).toEqual(["#1 60 at 100"]);
    const capped = { ...queued, participationBps: 1_000 };
    expect(brief(reports(capped, stands, ours, locked))).toEqual(["#1 56 at 100"]);
    const crossed = quote(0, null, [99, 560]);
    expect(brief(reports(queued, stands, ours, crossed))).toEqual(["#1 100 at 100"]);
  });

  test("on ticks alone: takes the first trade that it can, else rests behind average trades", () => {
    const ticks = { fill: "next-tick", queueBps: 10_000 } as const;
    const rests = [trade(0, 101, 60), placed(0, limit(100, 100)), trade(0, 101, 100)];
    const found = reports(ticks, ...rests, trade(0, 100, 90), trade(0, 100, 20));
    // An average of 60 was known when it came to rest.
    expect(brief(found)).toEqual(["#1 30 at 100", "#1 20 at 100"]);
    expect(brief(reports(ticks, placed(0, limit(100, 100)), trade(0, 99, 5)))).toEqual([
      "#1 100 at 99",
    ]);
  });

  test("without it ticks fill as they always did", () => {
    const ticks = { fill: "next-tick" } as const;
    const events = [trade(0, 101, 60), ours, trade(0, 101, 100), trade(0, 100, 1)];
    expect(brief(reports(ticks, ...events))).toEqual(["#1 100 at 100"]);
  });
});

const prices = fc.integer({ min: 95, max: 105 });
const sizes = fc.integer({ min: 1, max: 400 });
const happenings = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("trade" as const), price: prices, size: sizes }),
    fc.record({
      kind: fc.constant("bid" as const),
      price: fc.integer({ min: 93, max: 99 }),
      size: sizes,
    }),
    fc.record({
      kind: fc.constant("order" as const),
      price: prices,
      size: sizes,
      buys: fc.boolean(),
      shows: fc.option(sizes),
    }),
  ),
  { maxLength: 60 },
);
const settings = fc.record({
  participationBps: fc.option(fc.integer({ min: 500, max: 10_000 })),
  limitFill: fc.constantFrom("TOUCH" as const, "CROSS" as const),
  queueBps: fc.integer({ min: 0, max: 50_000 }),
});

describe("any market", () => {
  test("fills no more than trades at the price, better prices first, at the limit, within all caps", () => {
    let filledInQueue = 0;
    fc.assert(
      fc.property(happenings, settings, (happened, config) => {
        const venue = given(paperVenue({ ...free, ...config }, "ticks"), listed);
        const orders = new Map<number, Order>();
        /** Traded at or beyond the limit since the order came. */
        const beyond = new Map<number, number>();
        const done = new Map<number, number>();
        // Asks stay above all limits: buys fill from trades alone.
        venue.when(quote(1, null, [110, 1_000]));
        happened.forEach((event, i) => {
          const timeUs = i + 2;
          let told: readonly { value: ExecutionReport }[] = [];
          let most = Number.POSITIVE_INFINITY;
          if (event.kind === "bid") {
            told = venue.when(quote(timeUs, [event.price, event.size], null));
          } else if (event.kind === "trade") {
            for (const [orderId, { limitPrice }] of orders) {
              if (event.price > (limitPrice as number)) continue;
              beyond.set(orderId, (beyond.get(orderId) as number) + event.size);
            }
            most = Math.floor((event.size * (config.participationBps ?? 10_000)) / 10_000);
            told = venue.when(trade(timeUs, event.price, event.size));
          } else if (event.buys) {
            const { size, price, shows } = event;
            const displayQuantity = shows === null ? null : Math.min(shows, size);
            const one = limit(size, price, { orderId: timeUs, displayQuantity });
            orders.set(timeUs, one);
            beyond.set(timeUs, 0);
            told = venue.when(placed(timeUs, one));
          }
          let total = 0;
          const priced: number[] = [];
          for (const { value } of told.filter(({ value: one }) => one.execType === "FILLED")) {
            const one = orders.get(value.orderId) as Order;
            expect(event.kind).toBe("trade");
            expect(value.price).toBe(one.limitPrice);
            expect(value.quantity).toBeLessThanOrEqual(one.displayQuantity ?? one.quantity);
            total += value.quantity;
            done.set(value.orderId, (done.get(value.orderId) ?? 0) + value.quantity);
            expect(done.get(value.orderId)).toBeLessThanOrEqual(
              beyond.get(value.orderId) as number,
            );
            expect(done.get(value.orderId)).toBeLessThanOrEqual(one.quantity);
            priced.push(-(one.limitPrice as number));
          }
          expect(total).toBeLessThanOrEqual(most);
          expect(priced).toEqual([...priced].sort((a, b) => a - b));
          filledInQueue += total;
        });
      }),
      { numRuns: 400 },
    );
    expect(filledInQueue).toBeGreaterThan(1_000);
  });

  test("at a quote that does not change, just what trades after the queue", () => {
    fc.assert(
      fc.property(sizes, fc.array(sizes, { maxLength: 20 }), sizes, (queue, traded, size) => {
        const events = [
          quote(1, [100, queue], [101, 1]),
          placed(2, limit(size, 100)),
          ...traded.map((volume, i) => trade(i + 3, 100, volume)),
        ];
        const executed = reports(queued, ...events).reduce((sum, one) => sum + one.quantity, 0);
        const volume = traded.reduce((a, b) => a + b, 0);
        expect(executed).toBe(Math.min(size, Math.max(0, volume - queue)));
      }),
    );
  });

  test("takers together take no more than each size that was displayed, never beyond their limit", () => {
    const takers = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("ask" as const), price: prices, size: sizes }),
        fc.record({ kind: fc.constant("order" as const), price: fc.option(prices), size: sizes }),
      ),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(takers, (happened) => {
        const venue = given(paperVenue(free, "ticks"), listed);
        let displayed = 0;
        happened.forEach(({ kind, price, size }, i) => {
          const timeUs = i + 1;
          if (kind === "ask") displayed = size;
          const one =
            price === null
              ? market(size, { orderId: timeUs })
              : limit(size, price, { orderId: timeUs });
          const told = venue.when(
            kind === "ask" ? quote(timeUs, null, [price ?? 0, size]) : placed(timeUs, one),
          );
          for (const { value } of told) displayed -= value.quantity;
          expect(displayed).toBeGreaterThanOrEqual(0);
        });
      }),
    );
  });
});
