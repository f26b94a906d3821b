// The way to the venue and back, its doors, and trades that do not stand.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketStatus } from "../../schemas/generated/market.status.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, MINUTE_US, order, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import { free } from "../free-venue.spec.ts";
import type { ChanceConfig, Delay, TradingConfig, VenueConfig } from "../venue-config.ts";
import { bookOf } from "./book.ts";
import { delayOf, delayTo, isRefused } from "./chance.ts";
import { closedBy, mayTrade, sessionFrom } from "./hours.ts";
import { paperVenue } from "./paper-venue.ts";

const M = MINUTE_US;
const sure: ChanceConfig = { seed: 1, toVenue: null, back: null, rejectPerMillion: 0 };
const constant = (us: number): Delay => ({ kind: "CONSTANT", us });
const open: TradingConfig = { hours: null, status: true, closed: "WAIT" };

type Event = EventOf<
  "orders" | "market.bars" | "market.ticks" | "market.status" | "market.corporate-actions"
>;
const placed = (timeUs: number, one: Order) => at(timeUs, "orders", one);
const minute = (endUs: number, price: number) => at(endUs, "market.bars", bar("A", endUs, price));
const status = (timeUs: number, kind: MarketStatus["status"], fromUs = timeUs, toUs = timeUs) =>
  at(timeUs, "market.status", { symbol: "A", status: kind, fromUs, toUs, reason: "" });
const market = (decidedUs: number, changes: Partial<Order> = {}): Order =>
  order(1, "A", 100, { decidedUs, ...changes });
const cancelOf = (one: Order): Order => ({ ...one, action: "CANCEL" });

function reports(config: Partial<VenueConfig>, ...events: readonly Event[]) {
  const venue = paperVenue({ ...free, ...config }, "ticks");
  return given(venue, at(0, "market.instruments", equity("A")))
    .when(...events)
    .map(({ value }) => value);
}

/** Order, outcome, time of the price, and of the event that it was told with. */
function brief(config: Partial<VenueConfig>, ...events: readonly Event[]) {
  const counts = events.map((_, i) => reports(config, ...events.slice(0, i + 1)).length);
  return reports(config, ...events).map(({ orderId, execType, price, reason, tradeUs }, i) => [
    orderId,
    execType === "FILLED" ? price : reason,
    tradeUs,
    events[counts.findIndex((count) => count > i)]?.timeUs,
  ]);
}

describe("a request with a delay of its own", () => {
  const slow = { fill: "bar-close" as const, chance: { ...sure, toVenue: constant(M / 2) } };

  test("arrives when its time has come, and is told of with the next event", () => {
    const found = brief(slow, minute(M, 10), placed(M, market(M)), minute(2 * M, 20));
    expect(found).toEqual([[1, 10, M, 2 * M]]);
  });

  test("gets the price of its arrival, not of its sending", () => {
    const late = { ...slow, chance: { ...sure, toVenue: constant(M + 5) } };
    const found = brief(
      late,
      minute(M, 10),
      placed(M, market(M)),
      minute(2 * M, 20),
      minute(3 * M, 30),
    );
    expect(found).toEqual([[1, 20, 2 * M, 3 * M]]);
  });

  test("is not overtaken by what is sent after it", () => {
    const one = market(M);
    const chance: ChanceConfig = { ...sure, toVenue: { kind: "UNIFORM", leastUs: 1, mostUs: M } };
    for (let seed = 0; seed < 50; seed++) {
      const found = reports(
        { chance: { ...chance, seed } },
        ...[minute(M, 10), placed(M, one), placed(M + 1, cancelOf(one)), minute(3 * M, 20)],
      );
      expect(found.map(({ reason }) => reason)).toEqual(["CanceledByUser"]);
      const arrivedUs = M + delayTo({ ...chance, seed }, one);
      expect(found[0]?.tradeUs).toBeGreaterThanOrEqual(arrivedUs);
    }
  });

  test("comes with what it hangs on, where both were sent at once", () => {
    const guard = { type: "STOP", stopPrice: 5, reduceOnly: true, parentOrderId: 1 } as const;
    const child = order(2, "A", -100, { decidedUs: M, ...guard });
    const chance: ChanceConfig = { ...sure, toVenue: { kind: "UNIFORM", leastUs: 1, mostUs: M } };
    for (let seed = 0; seed < 50; seed++) {
      const found = reports(
        { fill: "bar-close", chance: { ...chance, seed } },
        ...[minute(M, 10), placed(M, market(M)), placed(M, child)],
        ...[minute(3 * M, 20), minute(4 * M, 4)],
      );
      // In force with the execution, which is that of the arrival.
      const told = found.map(({ orderId, execType }) => `${orderId} ${execType}`);
      expect(told).toEqual(["1 FILLED", "2 TRIGGERED", "2 FILLED"]);
    }
  });

  test("is refused at random, the same orders each time", () => {
    const chance: ChanceConfig = { ...sure, rejectPerMillion: 250_000 };
    const orders = Array.from({ length: 400 }, (_, i) => market(M, { orderId: i + 1 }));
    const refused = orders.filter((one) => isRefused(chance, one)).length;
    // Within four standard deviations of 100: √(400 × ¼ × ¾) = 8.7.
    expect(Math.abs(refused - 100)).toBeLessThan(35);
    const found = reports({ chance }, ...orders.map((one) => placed(M, one)));
    expect(found).toHaveLength(refused);
    expect(new Set(found.map(({ reason }) => reason))).toEqual(new Set(["RefusedByVenue"]));
  });
});

test("a report with a delay of its own is heard with the first event after it, in order", () => {
  const chance = { ...sure, back: constant(M) };
  const found = brief(
    { chance },
    placed(M, market(M)),
    placed(M, market(M, { orderId: 2 })),
    ...[minute(2 * M, 20), minute(3 * M - 1, 21), minute(3 * M, 22)],
  );
  expect(found).toEqual([
    [1, 20, M, 3 * M],
    [2, 20, M, 3 * M],
  ]);
});

describe("delays", () => {
  const draws = (delay: Delay) => {
    const random = new Random(7);
    return Array.from({ length: 4_000 }, () => delayOf(delay, () => random));
  };

  test("are drawn from what they say", () => {
    const uniform = draws({ kind: "UNIFORM", leastUs: 10, mostUs: 12 });
    for (const us of [10, 11, 12]) {
      expect(uniform.filter((each) => each === us).length / 4_000).toBeCloseTo(1 / 3, 1);
    }
    expect(new Set(uniform).size).toBe(3);
    const logs = draws({ kind: "LOGNORMAL", medianUs: 1_000_000, sigma: 0.5 }).map((us) =>
      Math.log(us / 1_000_000),
    );
    const mean = logs.reduce((sum, each) => sum + each, 0) / logs.length;
    const deviation = Math.sqrt(logs.reduce((sum, each) => sum + each * each, 0) / logs.length);
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(deviation).toBeCloseTo(0.5, 1);
    expect(Math.min(...draws({ kind: "LOGNORMAL", medianUs: 1, sigma: 9 }))).toBe(1);
  });

  test("depend on the seed and the order, not on what else there is", () => {
    const toVenue: Delay = { kind: "UNIFORM", leastUs: 1, mostUs: 1_000_000_000 };
    const one = delayTo({ ...sure, toVenue }, market(M));
    expect(delayTo({ ...sure, toVenue }, market(M))).toBe(one);
    expect(delayTo({ ...sure, toVenue, seed: 2 }, market(M))).not.toBe(one);
    expect(delayTo({ ...sure, toVenue }, market(M, { orderId: 2 }))).not.toBe(one);
    expect(delayTo({ ...sure, toVenue }, market(M, { action: "CANCEL" }))).not.toBe(one);
  });
});

const us = (text: string): number => parseIsoUs(text) as number;
const hours = { openUs: 14.5 * 60 * M, closeUs: 21 * 60 * M };

const clock = { ...free, trading: { hours, status: false, closed: "WAIT" } } as const;
const aBook = bookOf({ books: new Map(), reports: [] }, "A");
const isInSession = (timeUs: number): boolean => closedBy(aBook, clock, timeUs) === null;

describe("hours", () => {
  test("are Monday to Friday, from the opening to before the close", () => {
    expect(isInSession(us("2020-06-05T14:30:00Z"))).toBe(true);
    expect(isInSession(us("2020-06-05T20:59:59Z"))).toBe(true);
    expect(isInSession(us("2020-06-05T21:00:00Z"))).toBe(false);
    expect(isInSession(us("2020-06-06T15:00:00Z"))).toBe(false);
    expect(sessionFrom(hours, null, us("2020-06-05T21:00:00Z")).openUs).toBe(
      us("2020-06-08T14:30:00Z"),
    );
    expect(mayTrade(aBook, clock, us("2020-06-05"), us("2020-06-06"))).toBe(true);
    expect(mayTrade(aBook, clock, us("2020-06-06"), us("2020-06-08"))).toBe(false);
  });

  test("a session from any time is the first that is not over", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), (timeUs) => {
        const session = sessionFrom(hours, null, timeUs);
        expect(session.closeUs).toBeGreaterThan(timeUs);
        expect(session.openUs - timeUs).toBeLessThanOrEqual(3 * 24 * 60 * M);
        expect(isInSession(session.openUs)).toBe(true);
        expect(isInSession(timeUs)).toBe(session.openUs <= timeUs);
      }),
    );
  });

  const night = us("2020-06-05T21:00:05Z");
  const morning = us("2020-06-08T14:30:00Z");
  const trading = { hours, status: false, closed: "WAIT" as const };

  test("an order after the close waits for the next opening, past prices of the night", () => {
    const found = brief(
      { trading },
      placed(night, market(night)),
      ...[minute(morning - M, 90), minute(morning, 91), minute(morning + M, 100)],
    );
    expect(found).toEqual([[1, 100, morning, morning + M]]);
  });

  test("on bar-close it gets no price from before the opening", () => {
    const close = us("2020-06-05T21:00:00Z");
    const found = brief(
      { trading, fill: "bar-close" },
      ...[minute(close, 80), placed(close + 5, market(close)), minute(morning + M, 100)],
    );
    expect(found).toEqual([[1, 100, morning + M, morning + M]]);
  });

  test("or it is refused; what waits can be cancelled", () => {
    const one = market(night);
    const refuse = { trading: { ...trading, closed: "REFUSE" as const } };
    expect(brief(refuse, placed(night, one))).toEqual([[1, "MarketClosed", night, night]]);
    const again = { ...one, action: "REPLACE" as const };
    expect(reports(refuse, placed(night, again))[0]?.execType).toBe("REPLACE_REJECTED");
    const cancelled = brief({ trading }, placed(night, one), placed(night + 9, cancelOf(one)));
    expect(cancelled).toEqual([[1, "CanceledByUser", night + 9, night + 9]]);
  });

  test("by the calendar of the instrument they follow its summer time and its holidays", () => {
    const calendar = { hours: "CALENDAR", status: false, closed: "WAIT" } as const;
    const listed = at(0, "market.instruments", equity("A", { calendar: "XNYS" }));
    const trades = (sentAt: string, ...opens: readonly string[]) => {
      const sent = us(sentAt);
      const bars = opens.flatMap((open) => [minute(us(open), 1), minute(us(open) + M, 2)]);
      const venue = paperVenue({ ...free, trading: calendar }, "ticks");
      const said = given(venue, listed).when(placed(sent, market(sent)), ...bars);
      return said.map(({ value: { execType, tradeUs } }) => [execType, formatIsoUs(tradeUs)]);
    };
    const winter = trades("2021-03-12T21:00:00Z", "2021-03-15T13:29:00Z", "2021-03-15T13:30:00Z");
    expect(winter).toEqual([["FILLED", "2021-03-15T13:30:00Z"]]);
    const holiday = trades("2021-07-02T20:00:00Z", "2021-07-05T13:30:00Z", "2021-07-06T13:30:00Z");
    expect(holiday).toEqual([["FILLED", "2021-07-06T13:30:00Z"]]);
  });

  test("a DAY order of currencies ends at five in New York, not at midnight UTC", () => {
    const calendar = { hours: "CALENDAR", status: false, closed: "WAIT" } as const;
    const listed = at(0, "market.instruments", equity("A", { calendar: "24x5" }));
    const sent = us("2021-06-08T20:00:00Z");
    const limit = market(sent, { type: "LIMIT", limitPrice: 50, timeInForce: "DAY" });
    const venue = paperVenue({ ...free, trading: calendar }, "ticks");
    const hourly = [1, 2].map((hour) => minute(sent + hour * 60 * M - M, 90));
    const night = minute(us("2021-06-09T00:30:00Z"), 90);
    const said = given(venue, listed).when(placed(sent, limit), ...hourly, night);
    expect(said.map(({ value: { execType, reason } }) => [execType, reason])).toEqual([
      ["EXPIRED", "DayEnded"],
    ]);
    const kept = given(paperVenue(free, "ticks"), listed).when(placed(sent, limit), ...hourly);
    expect(kept).toEqual([]);
  });

  test("a split ends what waits", () => {
    const found = reports(
      { trading },
      placed(night, market(night)),
      at(night + M, "market.corporate-actions", split("A", 2, 1)),
    );
    expect(found[0]).toMatchObject({ execType: "CANCELED", reason: "CorporateAction" });
  });
});

describe("a halt", () => {
  const limit = market(M, { type: "LIMIT", limitPrice: 50 });

  test("stops what rests and what comes, until trading goes on", () => {
    const found = brief(
      { trading: open },
      placed(M, limit),
      status(M + 1, "HALTED"),
      placed(M + 2, market(M + 2, { orderId: 2 })),
      ...[minute(2 * M, 40), minute(3 * M, 41), status(3 * M, "TRADING"), minute(4 * M, 42)],
    );
    expect(found).toEqual([
      [1, 42, 3 * M, 4 * M],
      [2, 42, 3 * M, 4 * M],
    ]);
  });

  test("refuses where orders are to be refused, and takes cancels", () => {
    const found = reports(
      { trading: { ...open, closed: "REFUSE" } },
      ...[placed(M, limit), status(M + 1, "HALTED"), placed(M + 2, market(M, { orderId: 2 }))],
      ...[placed(M + 3, cancelOf(limit)), status(M + 4, "CLOSED")],
      placed(M + 5, market(M, { orderId: 3 })),
    );
    expect(found.map(({ orderId, reason }) => [orderId, reason])).toEqual([
      [2, "MarketHalted"],
      [1, "CanceledByUser"],
      [3, "MarketClosed"],
    ]);
  });
});

describe("a busted trade", () => {
  const trade = [placed(M, market(M)), minute(2 * M, 20)];
  const told = (...events: readonly Event[]): readonly ExecutionReport[] =>
    reports({ trading: open, feePerMillion: 1_000 }, ...trade, ...events);

  test("is undone once, by a report that names it", () => {
    const [deal, undone, ...more] = told(
      status(3 * M, "BUSTED", M, M),
      status(4 * M, "BUSTED", 0, 4 * M),
    );
    expect(more).toEqual([]);
    const { execId, fee, price, quantity, side } = deal as ExecutionReport;
    expect(undone).toMatchObject({
      execType: "TRADE_CANCEL",
      reason: "TradeBusted",
      refExecId: execId,
      execId: execId + 1,
      ...{ fee, price, quantity, side, cumQuantity: 100 },
    });
  });

  test("leaves trades of other times, and what is held as if it had not been", () => {
    expect(told(status(3 * M, "BUSTED", M + 1, 3 * M))).toHaveLength(1);
    const sell = order(2, "A", -100, { decidedUs: 3 * M, reduceOnly: true });
    const found = told(status(3 * M, "BUSTED", M, M), placed(3 * M, sell));
    expect(found.at(-1)?.reason).toBe("NothingToReduce");
  });
});
