// Router and venue together with protective exits, under random verdicts, bars and latencies. A notebook kept from
// the events alone, by the state machine of orders, sees that exits only ever reduce, that no race leads past what
// was approved, and that what is held is protected in the end.

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
}

const bps = fc.option(fc.integer({ min: 20, max: 400 }), { freq: 3 });
const settings = fc.record<Settings>({
  orders: fc.record({
    type: fc.constantFrom("MARKET", "LIMIT"),
    limitOffsetBps: fc.integer({ min: -50, max: 200 }),
    // Never GTC: that is how an exit is told from other orders here.
    timeInForce: fc.constantFrom("DAY", "IOC"),
    goodForUs: fc.constant(null),
    latencyUs: fc.constantFrom(0, 2, 50_000, MINUTE_US),
    exits: fc.record({ stopLossBps: bps, takeProfitBps: bps, trailingStopBps: bps }),
  }),
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

describe("protective exits", () => {
  test("only reduce, whatever races with them, and cover the position in the end", () => {
    let exited = 0;
    let restated = 0;
    let covered = 0;
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 40, size: "max" }), (config, script) => {
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
        const { stopLossBps, takeProfitBps, trailingStopBps } = config.orders.exits;
        const size = Math.abs(notebook.position);
        const expected = {
          ...(stopLossBps !== null && size > 0 ? { STOP: size } : {}),
          ...(takeProfitBps !== null && size > 0 ? { LIMIT: size } : {}),
          ...(trailingStopBps !== null && size > 0 ? { TRAILING_STOP: size } : {}),
        };
        expect(notebook.protection()).toEqual(expected);
        exited += notebook.exited;
        restated += notebook.restated;
        if (Object.keys(expected).length > 0) covered++;
      }),
      { numRuns: 2000 },
    );
    // The sequences were rich enough to mean something.
    expect(Math.min(exited, restated, covered)).toBeGreaterThan(200);
  });
});
