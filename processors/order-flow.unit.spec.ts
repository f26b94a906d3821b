// Risk gate, order router, paper venue and portfolio projector together, driven by random proposals, bars
// and commands in the one order. A model of the books, kept from the events alone, sees every order.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Facts } from "../schemas/generated/facts.ts";
import type { EventOf } from "../streams/event.ts";
import { Task } from "../streams/task.ts";
import { bar, command, MINUTE_US, proposal } from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { playInOrder } from "../streams/testing/play-in-order.ts";
import type { PortfolioConfig } from "./flow-config.ts";
import { orderRouter } from "./order-router/order-router.ts";
import type { OrdersConfig } from "./orders-config.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import type { RiskConfig } from "./risk-config.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
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
  "portfolio.snapshots",
  "weights.proposals",
  "risk.verdicts",
] as const;
type Topic = (typeof ranked)[number];

interface Settings {
  readonly risk: RiskConfig;
  readonly orders: OrdersConfig;
  readonly venue: VenueConfig;
}

/** Runs the flow over source events and shows `see` every event once, in the one order. */
function play(
  { risk, orders, venue }: Settings,
  sources: readonly EventOf<Topic>[],
  see: (event: EventOf<Topic>, wrote: readonly EventOf<Topic>[]) => void,
): void {
  const tasks = [
    new Task(portfolioProjector(portfolio), 0),
    new Task(riskGate(risk, portfolio), 0),
    new Task(orderRouter(orders, portfolio), 0),
    new Task(paperVenue(venue, "bars"), 0),
  ];
  playInOrder(tasks, ranked, sources, see);
}

interface ModelBook {
  position: number;
  /** After each fill whose snapshot is still to come. */
  readonly unseen: number[];
  /** Signed quantity by order id. */
  readonly open: Map<number, number>;
  /** What the last verdict let through and nothing has ended since. */
  target: number | null;
  /** Largest order that may follow from it. */
  largest: number;
}

/** What a desk with a notebook would know, and object to. */
class Model {
  readonly books = new Map<string, ModelBook>();
  readonly settings: Settings;
  killed = false;
  stopped = false;
  orders = 0;
  /** Of the last snapshot. */
  markedUs = -1;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  book(symbol: string): ModelBook {
    const found = this.books.get(symbol) ?? {
      position: 0,
      unseen: [],
      open: new Map(),
      target: null,
      largest: 0,
    };
    this.books.set(symbol, found);
    return found;
  }

  openOf({ open }: ModelBook): number {
    return [...open.values()].reduce((a, b) => a + b, 0);
  }

  hear(event: EventOf<Topic>): void {
    if (event.topic === "fills") this.report(event.value);
    else if (event.topic === "control.commands") this.obey(event.value.command);
    else if (event.topic === "risk.verdicts") {
      if (this.stopped) expect(event.value.targets).toEqual([]);
      for (const { symbol, quantity, referencePrice } of event.value.targets) {
        const book = this.book(symbol);
        const trade = Math.abs(quantity - book.position);
        const { maxOrderValueMinor } = this.settings.risk;
        // A breach that a snapshot shows ends approvals: what is left of them is no new trade.
        const isBreach =
          this.markedUs === event.timeUs && this.settings.risk.maxDrawdownBps !== null;
        if (maxOrderValueMinor !== null && !isBreach) {
          expect(trade * referencePrice).toBeLessThanOrEqual(maxOrderValueMinor);
        }
        book.target = quantity;
        book.largest = Math.max(trade, Math.abs(this.openOf(book)));
      }
    } else if (event.topic === "portfolio.snapshots") {
      this.markedUs = event.timeUs;
      if (event.value.cause !== "FILL") return;
      expect(event.value.quantity).toBe(this.book(event.value.symbol).unseen.shift());
    }
  }

  report(report: Facts["fills"]): void {
    const { orderId, execType, side, quantity, symbol } = report;
    const book = this.book(symbol);
    expect(execType === "CANCEL_REJECTED" || book.open.has(orderId)).toBe(true);
    if (execType === "FILLED") {
      const signed = side === "BUY" ? quantity : -quantity;
      expect(signed).toBe(book.open.get(orderId));
      book.position += signed;
      book.unseen.push(book.position);
      const { maxPosition } = this.settings.risk;
      if (maxPosition !== null) {
        expect(Math.abs(book.position)).toBeLessThanOrEqual(Number(maxPosition));
      }
    } else if (execType === "CANCEL_REJECTED") {
      expect(report.reason).toBe("UnknownOrder"); // of a cancel that lost its race
    }
    book.open.delete(orderId);
  }

  obey(name: Facts["control.commands"]["command"]): void {
    if (name === "KillTrading") this.killed = true;
    if (name === "EnableTrading") this.killed = false;
    this.stopped = this.killed || name === "HaltTrading";
    if (name !== "EnableTrading") for (const book of this.books.values()) book.target = null;
  }

  allow(order: Facts["orders"], nowUs: number): void {
    expect(order.decidedUs).toBe(nowUs);
    const book = this.book(order.symbol);
    if (order.action === "CANCEL") {
      expect(book.open.has(order.orderId)).toBe(true);
      return;
    }
    expect(order.orderId).toBe(++this.orders);
    expect(this.stopped).toBe(false);
    const { target } = book;
    expect(target).not.toBeNull();
    const signed = order.side === "BUY" ? order.quantity : -order.quantity;
    for (const other of book.open.values()) expect(Math.sign(other)).toBe(Math.sign(signed));
    const worst = book.position + this.openOf(book) + signed;
    if (signed > 0) expect(worst).toBeLessThanOrEqual(target as number);
    else expect(worst).toBeGreaterThanOrEqual(target as number);
    expect(order.quantity).toBeLessThanOrEqual(book.largest);
    book.open.set(order.orderId, signed);
  }
}

const symbols = ["A", "B", "C"] as const;
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("bar" as const),
      symbol: fc.constantFrom(...symbols),
      open: fc.integer({ min: 90_00, max: 110_00 }),
      close: fc.integer({ min: 90_00, max: 110_00 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("proposal" as const),
      symbol: fc.constantFrom(...symbols),
      quantity: fc.integer({ min: -30, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      name: fc.constantFrom(
        "HaltTrading" as const,
        "ReduceOnly" as const,
        "KillTrading" as const,
        "EnableTrading" as const,
        "EnableTrading" as const,
        "EnableTrading" as const,
      ),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The script as source events: bars end on the minute, what lies between comes between. */
function eventsOf(script: readonly Step[]): EventOf<Topic>[] {
  const closes = new Map<string, number>(symbols.map((symbol) => [symbol, 100_00]));
  const events: EventOf<Topic>[] = symbols.flatMap((symbol) => [
    at(0, "market.instruments", equity(symbol)),
    at(0, "market.bars", bar(symbol, 0, 100_00)),
  ]);
  let nowUs = 0;
  for (const one of script) {
    if (one.kind === "bar") {
      nowUs = (Math.floor(nowUs / MINUTE_US) + 1) * MINUTE_US;
      closes.set(one.symbol, one.close);
      const high = Math.max(one.open, one.close);
      const low = Math.min(one.open, one.close);
      const value = bar(one.symbol, nowUs, one.close, { open: one.open, high, low });
      events.push(at(nowUs, "market.bars", value));
    } else if (one.kind === "proposal") {
      nowUs += 7;
      const line = [one.symbol, one.quantity, closes.get(one.symbol) as number] as const;
      events.push(at(nowUs, "weights.proposals", proposal(line)));
    } else {
      nowUs += 3;
      events.push(at(nowUs, "control.commands", command(one.name)));
    }
  }
  return events;
}

const limit = (min: number, max: number) => fc.option(fc.integer({ min, max }), { freq: 2 });
const settings = fc.record<Settings>({
  risk: fc.record({
    maxPosition: limit(5, 30).map((value) => (value === null ? null : String(value))),
    maxGrossExposureMinor: limit(1_000_00, 6_000_00),
    priceCollarBps: fc.constant(null),
    maxOrderValueMinor: limit(500_00, 3_000_00),
    maxDrawdownBps: limit(1, 300),
    onBreach: fc.constantFrom("reduce", "deny"),
  }),
  orders: fc.record({
    type: fc.constantFrom("MARKET", "LIMIT"),
    limitOffsetBps: fc.integer({ min: -50, max: 300 }),
    timeInForce: fc.constantFrom("GTC", "DAY", "IOC"),
    goodForUs: fc.constant(null),
    latencyUs: fc.constantFrom(0, 2, 10, 50_000, MINUTE_US),
    exits: fc.constant({ stopLossBps: null, takeProfitBps: null, trailingStopBps: null }),
  }),
  venue: fc.record({
    fill: fc.constantFrom("bar-close", "next-open"),
    latencyUs: fc.constantFrom(1, 5, 1_000, MINUTE_US),
    slippageBps: fc.nat(10),
    participationBps: fc.constant(null),
    feePerMillion: fc.nat(100),
    minimumFeeMinor: fc.nat(3),
  }),
});

describe("proposals to fills", () => {
  test("no order leads past what was approved, and no position past its limit", () => {
    let orders = 0;
    let fills = 0;
    let cancels = 0;
    let lostRaces = 0;
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 60, size: "max" }), (config, script) => {
        const model = new Model(config);
        play(config, eventsOf(script), (event, wrote) => {
          model.hear(event);
          for (const next of wrote) {
            if (next.topic !== "orders") continue;
            model.allow(next.value, event.timeUs);
            if (next.value.action === "NEW") orders++;
            else cancels++;
          }
          if (event.topic === "fills" && event.value.execType === "FILLED") fills++;
          if (event.topic === "fills" && event.value.reason === "UnknownOrder") lostRaces++;
        });
      }),
      { numRuns: 2000 },
    );
    // The sequences were rich enough to mean something.
    expect(Math.min(orders, fills, cancels) > 1000 && lostRaces > 100).toBe(true);
  });

  test("market orders bring every position to its approved target in the end", () => {
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 40, size: "max" }), (config, script) => {
        const market: Settings = {
          ...config,
          orders: { ...config.orders, type: "MARKET", limitOffsetBps: 0 },
        };
        const model = new Model(market);
        const quiet: Step[] = Array.from({ length: 30 }, (_, i) => ({
          kind: "bar",
          symbol: symbols[i % 3] as "A",
          open: 100_00,
          close: 100_00,
        }));
        play(market, eventsOf([...script, ...quiet]), (event, wrote) => {
          model.hear(event);
          for (const next of wrote) {
            if (next.topic === "orders") model.allow(next.value, event.timeUs);
          }
        });
        for (const { position, target, open } of model.books.values()) {
          expect(open.size).toBe(0);
          if (target !== null) expect(position).toBe(target);
        }
      }),
      { numRuns: 300 },
    );
  });
});
