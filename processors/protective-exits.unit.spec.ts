// Router and venue together with protective exits, under random verdicts, bars and latencies. A notebook kept from
// the events alone, by the state machine of orders, sees that exits only ever reduce, that no race leads past what
// was approved, and that what is held is protected in the end. Once for orders of every shape that can be configured.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Facts } from "../schemas/generated/facts.ts";
import {
  advance,
  cancelRequested,
  type OrderProgress,
  replaceRequested,
  submitted,
} from "../schemas/values/order-progress.ts";
import { isEnd } from "../schemas/values/order-status.ts";
import type { EventOf } from "../streams/event.ts";
import { Task } from "../streams/task.ts";
import { bar, command, MINUTE_US, passed } from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { playInOrder } from "../streams/testing/play-in-order.ts";
import type { PortfolioConfig } from "./flow-config.ts";
import { orderRouter } from "./order-router/order-router.ts";
import type { OrdersConfig } from "./orders-config.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import type { VenueConfig } from "./venue-config.ts";

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 100_000_00n,
};
/** Topics in the order of their ranks in the flow. */
const ranked = [
  "market.instruments",
  "market.bars",
  "features",
  "orders",
  "fills",
  "control.commands",
  "risk.verdicts",
] as const;
type Topic = (typeof ranked)[number];

interface Settings {
  readonly orders: OrdersConfig;
  readonly venue: VenueConfig;
}

/** Runs router and venue over source events and shows `see` every event once, in the one order. */
function play(
  { orders, venue }: Settings,
  sources: readonly EventOf<Topic>[],
  see: (event: EventOf<Topic>, wrote: readonly EventOf<Topic>[]) => void,
): void {
  const tasks = [
    new Task(orderRouter(orders, portfolio), 0),
    new Task(paperVenue(venue, "bars"), 0),
  ];
  let events = 0;
  playInOrder(tasks, ranked, sources, (event, wrote) => {
    // Router and venue do not talk to each other for ever.
    expect(events++).toBeLessThan(3000);
    see(event, wrote);
  });
}

interface Noted {
  readonly order: Facts["orders"];
  progress: OrderProgress;
}

class Notebook {
  readonly orders = new Map<number, Noted>();
  position = 0;
  exited = 0;
  restated = 0;
  released = 0;
  amended = 0;
  /** All that was ever approved lies between. */
  least = 0;
  most = 0;

  hear(event: EventOf<Topic>): void {
    if (event.topic === "risk.verdicts") {
      for (const { quantity } of event.value.targets) {
        this.least = Math.min(this.least, quantity);
        this.most = Math.max(this.most, quantity);
      }
    } else if (event.topic === "fills") this.report(event.value);
  }

  /** As soon as it is written: a report may overtake the request on its way to the venue. */
  request(order: Facts["orders"]): void {
    const { orderId, action, quantity } = order;
    const known = this.orders.get(orderId);
    if (action === "NEW") this.orders.set(orderId, { order, progress: submitted(quantity) });
    else if (known === undefined) throw new Error(`${action} of an order that was never sent`);
    else if (action === "CANCEL") known.progress = cancelRequested(known.progress);
    else known.progress = replaceRequested(known.progress, quantity);
  }

  private report(report: Facts["fills"]): void {
    const noted = this.orders.get(report.orderId) as Noted;
    const { order } = noted;
    const { progress, illegal } = advance(noted.progress, report);
    expect(illegal).toBeNull();
    noted.progress = progress;
    if (report.execType === "RESTATED") this.restated++;
    if (report.execType === "TRIGGERED" && order.parentOrderId !== null) this.released++;
    if (report.execType === "REPLACED" && order.timeInForce !== "GTC") this.amended++;
    if (report.execType !== "FILLED") return;
    const signed = report.side === "BUY" ? report.quantity : -report.quantity;
    const next = this.position + signed;
    if (order.timeInForce === "GTC") this.exited++;
    if (order.reduceOnly) {
      expect(Math.abs(next)).toBeLessThan(Math.abs(this.position));
      expect(next * this.position).toBeGreaterThanOrEqual(0);
    }
    this.position = next;
    expect(next).toBeGreaterThanOrEqual(this.least);
    expect(next).toBeLessThanOrEqual(this.most);
  }

  /** What is open, by type: of the exits alone. */
  protection(): Record<string, number> {
    const open: Record<string, number> = {};
    for (const { order, progress } of this.orders.values()) {
      if (order.timeInForce !== "GTC" || isEnd(progress.status)) continue;
      open[order.type] = (open[order.type] ?? 0) + progress.leavesQuantity;
    }
    return open;
  }

  /** Held, and with a bracket on its way to be held in the same direction; signed. */
  toCover(isBracket: boolean): number {
    let coming = 0;
    for (const { order, progress } of this.orders.values()) {
      if (order.reduceOnly || isEnd(progress.status)) continue;
      coming += order.side === "BUY" ? progress.leavesQuantity : -progress.leavesQuantity;
    }
    const isSame = this.position === 0 || coming > 0 === this.position > 0;
    return this.position + (isBracket && isSame ? coming : 0);
  }
}

const bps = fc.option(fc.integer({ min: 20, max: 400 }), { freq: 3 });
const plainOrders = fc.record({
  type: fc.constantFrom("MARKET", "LIMIT"),
  limitOffsetBps: fc.integer({ min: -50, max: 200 }),
  // Never GTC: that is how an exit is told from other orders here.
  timeInForce: fc.constantFrom("DAY", "IOC"),
  goodForUs: fc.constant(null),
  latencyUs: fc.constantFrom(0, 2, 50_000, MINUTE_US),
  exits: fc.record({ stopLossBps: bps, takeProfitBps: bps, trailingStopBps: bps }),
});

const distance = fc.oneof(
  fc.record({ bps: fc.integer({ min: 1, max: 200 }) }),
  fc.record({ atrs: fc.constantFrom(0.1, 0.5, 1, 2) }),
);
const sizeInAtrs = fc.constantFrom(0.2, 1, 2);
/** What any type may have beside it, as far as the settings take it. */
const shapedOrders = fc
  .record({
    orders: plainOrders,
    type: fc.constantFrom(
      "MARKET",
      "LIMIT",
      "LIMIT",
      "STOP",
      "STOP_LIMIT",
      "MARKET_IF_TOUCHED",
      "LIMIT_IF_TOUCHED",
      "TRAILING_STOP",
    ),
    auction: fc.constantFrom(null, null, null, "AT_THE_OPENING", "AT_THE_CLOSE"),
    trigger: distance,
    limitOffsetAtrs: fc.option(fc.constantFrom(-0.5, 0.2, 1), { nil: undefined }),
    reprice: fc.option(distance, { nil: undefined }),
    postOnly: fc.boolean(),
    display: fc.constantFrom(undefined, "3"),
    bracket: fc.boolean(),
    ranges: fc.option(fc.record({ stopLossAtrs: sizeInAtrs, takeProfitAtrs: sizeInAtrs })),
  })
  .map(({ orders, type, auction, trigger, reprice, postOnly, display, ...rest }): OrdersConfig => {
    const { bracket, ranges, limitOffsetAtrs } = rest;
    const isTimed = auction !== null && (type === "MARKET" || type === "LIMIT");
    const timeInForce = isTimed ? auction : orders.timeInForce;
    const rests = type === "LIMIT" && timeInForce === "DAY";
    const isWaiting = type !== "MARKET" && type !== "LIMIT";
    const isLimited = type === "LIMIT" || type === "STOP_LIMIT" || type === "LIMIT_IF_TOUCHED";
    return {
      ...{ ...orders, type, timeInForce, exits: { ...orders.exits, ...ranges } },
      ...(isWaiting ? { trigger } : {}),
      ...(limitOffsetAtrs === undefined ? {} : { limitOffsetAtrs }),
      ...(rests && reprice !== undefined ? { reprice } : {}),
      ...(rests && postOnly ? { postOnly } : {}),
      ...(isLimited && display !== undefined ? { display } : {}),
      ...(bracket ? { bracket } : {}),
    };
  });

const settingsWith = (orders: fc.Arbitrary<OrdersConfig>): fc.Arbitrary<Settings> =>
  fc.record({
    orders,
    venue: fc.record({
      fill: fc.constantFrom("bar-close", "next-open"),
      latencyUs: fc.constantFrom(1, 5, 1_000, MINUTE_US),
      slippageBps: fc.nat(10),
      // Of bars of 1000.
      participationBps: fc.constantFrom(null, 20, 100),
      feePerMillion: fc.constant(0),
      minimumFeeMinor: fc.constant(0),
    }),
  });

const price = fc.integer({ min: 95_00, max: 105_00 });
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("bar" as const),
      open: price,
      close: price,
      reach: fc.nat(2_00),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("target" as const),
      quantity: fc.integer({ min: -30, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      name: fc.constantFrom(
        "HaltTrading" as const,
        "KillTrading" as const,
        "EnableTrading" as const,
        "EnableTrading" as const,
      ),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function eventsOf(script: readonly Step[]): EventOf<Topic>[] {
  let close = 100_00;
  let nowUs = 0;
  const events: EventOf<Topic>[] = [
    at(0, "market.instruments", equity("A")),
    at(0, "market.bars", bar("A", 0, close)),
  ];
  for (const one of script) {
    if (one.kind === "bar") {
      nowUs = (Math.floor(nowUs / MINUTE_US) + 1) * MINUTE_US;
      const { open, reach } = one;
      close = one.close;
      const high = Math.max(open, close) + reach;
      const low = Math.min(open, close) - reach;
      events.push(at(nowUs, "market.bars", bar("A", nowUs, close, { open, high, low })));
      events.push(at(nowUs, "features", features(nowUs, close, high - low)));
    } else if (one.kind === "target") {
      nowUs += 7;
      events.push(at(nowUs, "risk.verdicts", passed(["A", one.quantity, close])));
    } else {
      nowUs += 3;
      events.push(at(nowUs, "control.commands", command(one.name)));
    }
  }
  return events;
}

const features = (barEndUs: number, price: number, atr: number): Facts["features"] => ({
  ...{ symbol: "A", barEndUs, price, logReturn: 0, emaFast: price, emaSlow: price },
  ...{ atr, volatility: 0, warm: true },
});

/** Plays random scripts, and counts what happened in all of them. */
function holdFor(settings: fc.Arbitrary<Settings>, numRuns: number) {
  const seen = { exited: 0, restated: 0, covered: 0, released: 0, amended: 0 };
  const scripts = fc.array(step, { maxLength: 40, size: "max" });
  const property = fc.property(settings, scripts, (config, script) => {
    const notebook = new Notebook();
    const enabled: Step = { kind: "command", name: "EnableTrading" };
    // Quiet minutes without a range: everything on its way arrives, then nothing trades.
    const quiet: Step[] = Array.from({ length: 60 }, () => ({
      kind: "bar",
      open: 100_00,
      close: 100_00,
      reach: 0,
    }));
    play(config, eventsOf([...script, enabled, ...quiet]), (event, wrote) => {
      notebook.hear(event);
      for (const next of wrote) if (next.topic === "orders") notebook.request(next.value);
    });
    const { exits, bracket } = config.orders;
    const size = Math.abs(notebook.toCover(bracket === true));
    const has = (bps: number | null, atrs?: number) => size > 0 && (bps ?? atrs ?? null) !== null;
    const expected = {
      ...(has(exits.stopLossBps, exits.stopLossAtrs) ? { STOP: size } : {}),
      ...(has(exits.takeProfitBps, exits.takeProfitAtrs) ? { LIMIT: size } : {}),
      ...(has(exits.trailingStopBps, exits.trailingStopAtrs) ? { TRAILING_STOP: size } : {}),
    };
    expect(notebook.protection()).toEqual(expected);
    for (const key of ["exited", "restated", "released", "amended"] as const) {
      seen[key] += notebook[key];
    }
    if (Object.keys(expected).length > 0) seen.covered++;
  });
  fc.assert(property, { numRuns });
  return seen;
}

describe("the bar that a position is opened in", () => {
  const exits = { stopLossBps: 100, takeProfitBps: null, trailingStopBps: null };
  const orders: OrdersConfig = {
    ...{ type: "MARKET", limitOffsetBps: 0, timeInForce: "DAY", goodForUs: null, exits },
    latencyUs: 50_000,
  };
  const venue: VenueConfig = {
    ...{ fill: "next-open", latencyUs: 1_000, slippageBps: 0, participationBps: null },
    ...{ feePerMillion: 0, minimumFeeMinor: 0 },
  };
  const target: Step = { kind: "target", quantity: 10 };
  const flat: Step = { kind: "bar", open: 100_00, close: 100_00, reach: 0 };
  const crash: Step = { kind: "bar", open: 100_00, close: 95_00, reach: 0 };
  const after: Step = { kind: "bar", open: 95_00, close: 95_00, reach: 0 };

  // Decided just after a minute has begun: the first open after it is that of the crash.
  const script = [flat, target, flat, crash, after, after];

  const executions = (config: OrdersConfig): string[] => {
    const found: string[] = [];
    play({ orders: config, venue }, eventsOf(script), (event) => {
      if (event.topic !== "fills" || event.value.execType !== "FILLED") return;
      found.push(`${event.value.side} ${event.value.quantity}@${event.value.price}`);
    });
    return found;
  };

  test("is one without exits where they are sent when it is heard of, and not with a bracket", () => {
    // A fall of 5 % within the bar: the stop at 99 comes too late for it, and takes the next price.
    expect(executions(orders)).toEqual(["BUY 10@10000", "SELL 10@9500"]);
    expect(executions({ ...orders, bracket: true })).toEqual(["BUY 10@10000", "SELL 10@9900"]);
  });
});

describe("protective exits", () => {
  test("only reduce, whatever races with them, and cover the position in the end", () => {
    const { exited, restated, covered } = holdFor(settingsWith(plainOrders), 2000);
    // The sequences were rich enough to mean something.
    expect(Math.min(exited, restated, covered)).toBeGreaterThan(200);
  });

  test("so they do beside orders of every shape, with a bracket and with amendments", () => {
    const seen = holdFor(settingsWith(shapedOrders), 3000);
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(100);
  });
});
