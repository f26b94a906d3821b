import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import {
  bar,
  command,
  filled,
  MINUTE_US,
  passed,
  split,
  type TargetLine,
} from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { marketOrders } from "../market-orders.spec.ts";
import type { AlgorithmConfig, OrdersConfig } from "../orders-config.ts";
import { orderRouter } from "./order-router.ts";
import { parentSteps } from "./parent-order.ts";
import { learn, noCurve, sliceVolumes } from "./volume-curve.ts";

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
const twap: AlgorithmConfig = {
  schedule: { method: "TWAP", overUs: 4 * MINUTE_US, slices: 4 },
  maxChildren: 100,
  leftover: "SWEEP",
};
const pov: AlgorithmConfig = {
  ...twap,
  schedule: { method: "POV", overUs: 10 * MINUTE_US, rateBps: 1_000 },
};

type Event = EventOf<
  | "risk.verdicts"
  | "fills"
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "control.commands"
>;
const approved = (...lines: readonly TargetLine[]) => at(0, "risk.verdicts", passed(...lines));
/** A bar that ends at that minute. */
const minute = (end: number, changes: Partial<MarketBar> = {}) =>
  at(end * MINUTE_US, "market.bars", bar("A", end * MINUTE_US, 100, changes));
const reported = (orderId: number, quantity: number, changes: Partial<ExecutionReport> = {}) =>
  at(0, "fills", filled(orderId, "A", quantity, 100, changes));
const canceled = (orderId: number) =>
  reported(orderId, 1, { execType: "CANCELED", quantity: 0, reason: "CanceledByUser" });
const afterUs = (us: number, event: Event): Event => ({ ...event, timeUs: us });

/** What the router asks for; an event without a time of its own happens at that of the one before it. */
function orders(
  algorithm: AlgorithmConfig,
  events: readonly Event[],
  config: Partial<OrdersConfig> = {},
): Order[] {
  let nowUs = 0;
  const timed = events.map((event) => {
    nowUs = Math.max(nowUs, event.timeUs);
    return { ...event, timeUs: nowUs };
  });
  return given(orderRouter({ ...marketOrders, ...config, algorithm }, portfolio))
    .when(...timed)
    .map(({ value }) => value);
}
const brief = (found: readonly Order[]) =>
  found.map(
    ({ action, type, side, quantity, orderId, sliceParentId, sliceNumber }) =>
      `${action} ${type === "MARKET" ? "" : `${type} `}${side === "BUY" ? "+" : "-"}${quantity} #${orderId} of ${sliceParentId}/${sliceNumber}`,
  );

describe("a parent order", () => {
  test("TWAP: the first slice with the verdict, the others with the first bar at or after their time", () => {
    const found = orders(twap, [
      approved(["A", 10, 99]),
      afterUs(MINUTE_US - 1, minute(0)),
      minute(1),
      minute(2),
      minute(3),
      minute(4),
    ]);
    expect(brief(found)).toEqual([
      "NEW +3 #1 of 1/1",
      "NEW +2 #2 of 1/2",
      "NEW +3 #3 of 1/3",
      "NEW +2 #4 of 1/4",
    ]);
    expect(found.map(({ decidedUs }) => decidedUs / MINUTE_US)).toEqual([0, 1, 2, 3]);
    expect(found.every(({ referencePrice }) => referencePrice === 99)).toBe(true);
  });

  test("slices that were missed are due together", () => {
    const found = orders(twap, [approved(["A", 10, 99]), minute(3)]);
    expect(brief(found)).toEqual(["NEW +3 #1 of 1/1", "NEW +7 #2 of 1/2"]);
  });

  test("is cut in whole lots, what is no whole lot with the last", () => {
    const found = orders(twap, [
      at(0, "market.instruments", equity("A", { lotSize: 10 })),
      approved(["A", -75, 99]),
      ...[1, 2, 3].map((end) => minute(end)),
    ]);
    expect(found.map(({ quantity }) => quantity)).toEqual([20, 20, 10, 25]);
  });

  test("POV: a tenth of the volume of the bars that begin after the verdict", () => {
    const found = orders(pov, [
      afterUs(MINUTE_US / 2, approved(["A", 120, 99])),
      minute(1, { volume: 10_000 }),
      minute(2, { volume: 509 }),
      minute(3, { volume: 1 }),
      minute(4, { volume: 10_000 }),
    ]);
    expect(brief(found)).toEqual(["NEW +50 #1 of 1/1", "NEW +1 #2 of 1/2", "NEW +69 #3 of 1/3"]);
  });

  test("VWAP: by a configured curve", () => {
    const schedule = { ...twap.schedule, method: "VWAP", slices: 4, days: 1 } as const;
    const algorithm = { ...twap, schedule: { ...schedule, curve: [1, 2, 3, 4] } };
    const found = orders(algorithm, [approved(["A", 100, 9]), ...[1, 2, 3].map((m) => minute(m))]);
    expect(found.map(({ quantity }) => quantity)).toEqual([10, 20, 30, 40]);
  });

  test("VWAP: by the volume of the same minutes of the day before", () => {
    const schedule = { ...twap.schedule, method: "VWAP", slices: 4, days: 5, curve: null } as const;
    const day = 1440;
    const found = orders({ ...twap, schedule }, [
      ...[1, 2, 3, 4].map((m) => minute(m, { volume: m * 100 })),
      // Of today, which says nothing yet.
      minute(day, { volume: 0 }),
      minute(day + 1, { volume: 5_000 }),
      afterUs(day * MINUTE_US + 2 * MINUTE_US, approved(["A", 70, 9])),
      ...[3, 4, 5].map((m) => minute(day + m)),
    ]);
    // The slices lie in minutes 3 to 6 of the day: 300, 400, 0, 0.
    expect(found.map(({ quantity }) => quantity)).toEqual([30, 40]);
  });

  test("implementation shortfall: more at the start", () => {
    const schedule = {
      method: "IMPLEMENTATION_SHORTFALL",
      overUs: 4 * MINUTE_US,
      slices: 4,
      halfLifeUs: MINUTE_US,
    } as const;
    const found = orders({ ...twap, schedule }, [
      approved(["A", 1000, 9]),
      ...[1, 2, 3].map((m) => minute(m)),
    ]);
    const held = (k: number) => Math.sinh(4 - k) / Math.sinh(4);
    let due = 0;
    const expected = [1, 2, 3, 4].map((k) => {
      const before = due;
      due = k === 4 ? 1000 : Math.round(1000 * (1 - held(k)));
      return due - before;
    });
    expect(found.map(({ quantity }) => quantity)).toEqual(expected);
    expect(expected[0]).toBeGreaterThan(600);
  });

  test("another target cancels what works and begins anew when that has ended", () => {
    const found = orders(twap, [
      approved(["A", 8, 9]),
      minute(1),
      reported(1, 2),
      approved(["A", -4, 9]),
      minute(2),
      canceled(2),
      minute(3),
    ]);
    expect(brief(found)).toEqual([
      "NEW +2 #1 of 1/1",
      "NEW +2 #2 of 1/2",
      "CANCEL +2 #2 of 1/2",
      // From +2 to -4; it counts from its verdict at minute 1: two of its slices are due.
      "NEW -3 #3 of 3/1",
      "NEW -2 #4 of 3/2",
    ]);
  });

  test("a cancel that loses its race is counted in before anything is cut", () => {
    const found = orders(twap, [
      approved(["A", 8, 9]),
      approved(["A", -4, 9]),
      reported(1, 2),
      reported(1, 1, { execType: "CANCEL_REJECTED", quantity: 0, reason: "UnknownOrder" }),
      ...[1, 2, 3].map((m) => minute(m)),
    ]);
    const sold = found.filter(({ side }) => side === "SELL").map(({ quantity }) => quantity);
    expect(sold).toEqual([2, 1, 2, 1]);
  });

  test("the same target again changes nothing", () => {
    const verdict = approved(["A", 8, 9]);
    expect(orders(twap, [verdict, verdict, minute(1), verdict])).toHaveLength(2);
  });

  test("a slice that the venue ends leaves its rest to the next", () => {
    const ioc = { timeInForce: "IOC" } as const;
    const ended = reported(1, 1, {
      execType: "CANCELED",
      quantity: 0,
      reason: "ImmediateOrCancel",
      cumQuantity: 1,
    });
    const events = [approved(["A", 8, 9]), reported(1, 1, { leavesQuantity: 1 }), ended, minute(1)];
    expect(brief(orders(twap, events, ioc))).toEqual(["NEW +2 #1 of 1/1", "NEW +3 #2 of 1/2"]);
  });

  test("a slice that is rejected ends it", () => {
    const rejected = reported(1, 1, { execType: "REJECTED", quantity: 0, reason: "InvalidPrice" });
    expect(orders(twap, [approved(["A", 8, 9]), rejected, minute(1), minute(9)])).toHaveLength(1);
  });

  test.each(["HaltTrading", "ReduceOnly", "KillTrading"] as const)("%s ends it", (name) => {
    const found = orders(twap, [
      approved(["A", 8, 9]),
      at(0, "control.commands", command(name)),
      canceled(1),
      ...[1, 2, 3, 4].map((m) => minute(m)),
    ]);
    expect(found.map(({ action }) => action)).toEqual(["NEW", "CANCEL"]);
  });

  test("a split ends it", () => {
    const gone = reported(1, 1, { execType: "CANCELED", quantity: 0, reason: "CorporateAction" });
    const found = orders(twap, [
      approved(["A", 8, 9]),
      at(0, "market.corporate-actions", split("A", 2, 1)),
      gone,
      ...[1, 2, 3, 4].map((m) => minute(m)),
    ]);
    expect(found).toHaveLength(1);
  });

  const limits = { type: "LIMIT" } as const;

  test("sweeps: limit orders make room for one market order", () => {
    const events = [
      approved(["A", 8, 100]),
      ...[1, 2, 3, 4].map((m) => minute(m, { close: 100 + m })),
      ...[1, 2, 3, 4].map(canceled),
    ];
    const found = orders(twap, events, limits);
    expect(brief(found).slice(4)).toEqual([
      "CANCEL LIMIT +2 #1 of 1/1",
      "CANCEL LIMIT +2 #2 of 1/2",
      "CANCEL LIMIT +2 #3 of 1/3",
      "CANCEL LIMIT +2 #4 of 1/4",
      "NEW +8 #5 of 1/5",
    ]);
    // Each child at the price of its time, measured against that of the decision.
    expect(found.slice(0, 4).map(({ limitPrice }) => limitPrice)).toEqual([100, 101, 102, 103]);
    expect(found.every(({ referencePrice }) => referencePrice === 100)).toBe(true);
  });

  test("leaves: what works is cancelled, nothing is sent after it", () => {
    const algorithm = { ...twap, leftover: "LEAVE" } as const;
    const events = [approved(["A", 8, 100]), minute(4), canceled(1), canceled(2), minute(5)];
    expect(brief(orders(algorithm, events, limits))).toEqual([
      "NEW LIMIT +2 #1 of 1/1",
      "CANCEL LIMIT +2 #1 of 1/1",
    ]);
  });

  test("whose time is over when the market has closed is not carried into another date", () => {
    const day = 1440;
    // Half an hour before midnight, for an hour; the market closes before that.
    const late = afterUs((day - 30) * MINUTE_US, approved(["A", 120, 99]));
    const schedule = { ...pov.schedule, overUs: 25 * MINUTE_US };
    const first = minute(day - 20, { volume: 200, startUs: (day - 25) * MINUTE_US });
    const next = minute(day + 570, { startUs: (day + 569) * MINUTE_US });
    const events = [late, first, next, minute(day + 571, { startUs: (day + 570) * MINUTE_US })];
    const lines = ["NEW +20 #1 of 1/1", "CANCEL +20 #1 of 1/1"];
    expect(brief(orders({ ...pov, schedule }, events))).toEqual(lines);
    const executed = [late, first, reported(1, 20), ...events.slice(2)];
    expect(brief(orders({ ...pov, schedule }, executed))).toEqual(lines.slice(0, 1));
    const held = { type: "LIMIT", limitOffsetBps: 0 } as const;
    expect(brief(orders({ ...pov, schedule }, events, held))).toEqual([
      "NEW LIMIT +20 #1 of 1/1",
      "CANCEL LIMIT +20 #1 of 1/1",
    ]);
    // On the same date it is swept, however long nothing traded; and so it is where trading never stopped.
    const soon = minute(day - 1, { startUs: (day - 2) * MINUTE_US });
    expect(brief(orders({ ...pov, schedule }, [late, first, soon]))).toHaveLength(2);
    const whole = { ...pov.schedule, overUs: 35 * MINUTE_US };
    const through = minute(day + 6, { startUs: (day + 5) * MINUTE_US, volume: 0 });
    expect(brief(orders({ ...pov, schedule: whole }, [late, first, through]))).toEqual([
      "NEW +20 #1 of 1/1",
      "NEW +100 #2 of 1/2",
    ]);
  });

  test("beside exits closes before it opens, and an exit that executes ends it", () => {
    const exits = { stopLossBps: 500, takeProfitBps: null, trailingStopBps: null };
    const listed = at(0, "market.instruments", equity("A"));
    const found = orders(
      twap,
      [
        listed,
        approved(["A", 3, 100]),
        ...[1, 2, 3].map((m) => minute(m)),
        ...[1, 2, 3].map((orderId) => reported(orderId, 1)),
        approved(["A", -5, 100]),
        minute(4),
        reported(5, -2),
        minute(5),
        reported(6, -1),
        minute(6),
      ],
      { exits },
    );
    const sold = found.filter(({ action, type }) => action === "NEW" && type === "MARKET").slice(3);
    expect(sold.map(({ quantity, reduceOnly }) => [quantity, reduceOnly])).toEqual([
      [2, true],
      [1, true],
      // Two that waited for the position to close, and one that came due.
      [3, false],
      [2, false],
    ]);
    const stopped = orders(
      twap,
      [
        listed,
        approved(["A", 8, 100]),
        reported(1, 2),
        reported(2, -2, { reason: "NONE" }),
        ...[1, 2, 3].map((m) => minute(m)),
      ],
      { exits },
    );
    expect(stopped.map(({ type }) => type)).toEqual(["MARKET", "STOP"]);
  });

  test("sends no more children than it may, sweep and all", () => {
    const algorithm = { ...twap, maxChildren: 2 };
    const events = [approved(["A", 8, 100]), ...[1, 2, 3, 4, 5].map((m) => minute(m))];
    expect(orders(algorithm, events)).toHaveLength(2);
  });

  test("a fork without the algorithm sends what its parent leaves as one order", () => {
    const sliced = orderRouter({ ...marketOrders, algorithm: twap }, portfolio);
    const plain = orderRouter(marketOrders, portfolio);
    const verdict = approved(["A", 8, 100]);
    const before = sliced.evolve(sliced.initial(), verdict as Parameters<typeof sliced.evolve>[1]);
    const fill = reported(1, 2) as Parameters<typeof plain.evolve>[1];
    const { orders: sent } = plain.evolve(before, fill);
    expect(brief(sent)).toEqual(["NEW +6 #2 of null/0"]);
  });

  test("has no way out of a state in which it has ended", () => {
    const { DONE, LEFT, CANCELED } = parentSteps;
    expect([DONE, LEFT, CANCELED]).toEqual([{}, {}, {}]);
  });
});

describe("a volume curve", () => {
  test("is of days that are over, averaged, then forgetting", () => {
    const curve = noCurve();
    const minuteOf = (day: number) => sliceVolumes(curve, day * 1440 * MINUTE_US, MINUTE_US, 1)[0];
    const volumes = [100, 200, 600, 0];
    const seen = volumes.map((volume, day) => {
      learn(curve, bar("A", (day * 1440 + 1) * MINUTE_US, 9, { volume }), 2);
      return minuteOf(day);
    });
    expect(seen).toEqual([0, 100, 150, 375]);
  });

  test("spreads long bars, and cuts slices anywhere, across midnight too", () => {
    const curve = noCurve();
    const long = { startUs: 1436 * MINUTE_US, volume: 400 };
    learn(curve, bar("A", 1440 * MINUTE_US, 9, long), 5);
    learn(curve, bar("A", 1441 * MINUTE_US, 9), 5);
    const fromUs = (1440 + 1439) * MINUTE_US - MINUTE_US / 2;
    expect(sliceVolumes(curve, fromUs, 3 * MINUTE_US, 2)).toEqual([150, 0]);
  });
});

/** A venue of chance: takes, executes, ends, refuses to cancel. */
class ChanceVenue {
  readonly open = new Map<number, { left: number; sign: number; done: number }>();
  readonly late: Event[] = [];
  private readonly pick: (n: number) => number;

  constructor(pick: (n: number) => number) {
    this.pick = pick;
  }

  take(order: Order): void {
    const sign = order.side === "BUY" ? 1 : -1;
    if (order.action === "NEW") {
      this.open.set(order.orderId, { left: order.quantity, sign, done: 0 });
      return;
    }
    const found = this.open.get(order.orderId);
    this.open.delete(order.orderId);
    const report = { quantity: 0, cumQuantity: found?.done ?? 0 };
    this.late.push(
      found === undefined
        ? reported(order.orderId, sign, { ...report, execType: "CANCEL_REJECTED" })
        : reported(order.orderId, sign, { ...report, execType: "CANCELED" }),
    );
  }

  act(): void {
    for (const [orderId, one] of [...this.open]) {
      const what = this.pick(4);
      if (what > 1) continue;
      const quantity = what === 0 ? one.left : 1 + this.pick(one.left);
      one.left -= quantity;
      one.done += quantity;
      if (one.left === 0) this.open.delete(orderId);
      this.late.push(reported(orderId, one.sign * quantity, { leavesQuantity: one.left }));
      if (one.left > 0 && this.pick(5) === 0) {
        this.open.delete(orderId);
        this.late.push(reported(orderId, one.sign, { execType: "EXPIRED", quantity: 0 }));
      }
    }
  }
}

const methods: readonly AlgorithmConfig["schedule"][] = [
  twap.schedule,
  pov.schedule,
  { method: "VWAP", overUs: 5 * MINUTE_US, slices: 3, curve: null, days: 2 },
  { method: "IMPLEMENTATION_SHORTFALL", overUs: 6 * MINUTE_US, slices: 6, halfLifeUs: MINUTE_US },
];

describe("children of random markets and venues", () => {
  test("number at most the cap, sum to at most the parent, lead to the target", () => {
    const draws = fc.array(fc.integer({ min: 0, max: 2 ** 30 }), {
      minLength: 200,
      maxLength: 200,
    });
    const swept: number[] = [];
    fc.assert(
      fc.property(draws, fc.integer({ min: 0, max: 3 }), (numbers, method) => {
        let next = 0;
        const pick = (n: number): number => (numbers[next++ % numbers.length] as number) % n;
        const algorithm: AlgorithmConfig = {
          schedule: methods[method] as AlgorithmConfig["schedule"],
          maxChildren: 2 + pick(8),
          leftover: pick(2) === 0 ? "SWEEP" : "LEAVE",
        };
        const type = pick(2) === 0 ? "LIMIT" : "MARKET";
        const router = given(orderRouter({ ...marketOrders, type, algorithm }, portfolio));
        const venue = new ChanceVenue(pick);
        let position = 0;
        let target: number | null = null;
        /** By parent: its children, and what is open or executed of them, signed. */
        const parents = new Map<number, { children: number; sum: number; most: number }>();
        const tell = (event: Event): void => {
          if (event.topic === "fills" && event.value.execType === "FILLED") {
            position += (event.value.side === "BUY" ? 1 : -1) * event.value.quantity;
          }
          for (const { value } of router.when(event)) {
            const parent = parents.get(value.sliceParentId as number);
            if (value.action === "NEW") {
              expect(target).not.toBeNull();
              const missing = Math.abs((target as number) - position);
              const all = parent ?? { children: 0, sum: 0, most: missing };
              parents.set(value.sliceParentId as number, all);
              if (parent === undefined) expect(value.sliceParentId).toBe(value.orderId);
              expect(value.sliceNumber).toBe(++all.children);
              expect(all.children).toBeLessThanOrEqual(algorithm.maxChildren);
              const open = [...venue.open.values()].reduce((a, one) => a + one.left, 0);
              expect(value.quantity + open).toBeLessThanOrEqual(missing);
              expect(Math.sign((target as number) - position)).toBe(value.side === "BUY" ? 1 : -1);
            }
            venue.take(value);
          }
        };
        for (let end = 1; end <= 20; end++) {
          const nowUs = end * MINUTE_US;
          tell(minute(end, { volume: pick(900) }));
          if (pick(5) === 0) {
            target = pick(200) - 100;
            tell(afterUs(nowUs, approved(["A", target, 100])));
          }
          if (pick(25) === 0) {
            target = null;
            tell(afterUs(nowUs, at(0, "control.commands", command("KillTrading"))));
            tell(afterUs(nowUs, at(0, "control.commands", command("EnableTrading"))));
          }
          venue.act();
          for (const event of venue.late.splice(0)) tell(afterUs(nowUs, event));
        }
        if (algorithm.leftover === "SWEEP" && target === position) swept.push(1);
      }),
      { numRuns: 300 },
    );
    expect(swept.length).toBeGreaterThan(10);
  });
});
