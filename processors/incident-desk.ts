// A desk of a simulation where nobody but the order gate stands between whoever sends orders and the venue: gate,
// venue and books, driven by hand, fast enough for a hundred thousand orders a second of event time.

import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import type { Order } from "../schemas/generated/orders.ts";
import type { PortfolioSnapshot } from "../schemas/generated/portfolio.snapshots.ts";
import type { OrderVerdict } from "../schemas/generated/risk.order-verdicts.ts";
import type { EventOf } from "../streams/event.ts";
import { bar, passed, type TargetLine } from "../streams/testing/facts.ts";
import { at } from "../streams/testing/given.ts";
import type { PortfolioConfig } from "./flow-config.ts";
import { orderGate } from "./order-gate/order-gate.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import type { OrderRiskConfig } from "./risk-config.ts";

const LATENCY_US = 500;

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_000_00n,
};

type GateEvent = Parameters<ReturnType<typeof orderGate>["evolve"]>[1];
type BookEvent = Parameters<ReturnType<typeof portfolioProjector>["evolve"]>[1];

export interface Released {
  readonly timeUs: number;
  readonly order: Order;
  readonly held: number;
  /** What had switched the gate off then. */
  readonly latch: OrderVerdict["latch"];
}

/** Times must not fall from call to call. */
export class IncidentDesk {
  /** What was let through, and what was held then. */
  readonly released: Released[] = [];
  readonly fills: ExecutionReport[] = [];
  denied = 0;
  /** The gate's own cancels. */
  canceled = 0;
  latch: OrderVerdict["latch"] = "NONE";
  equity = portfolio.initialCashMinor;
  private readonly held = new Map<string, number>();
  private readonly gate: ReturnType<typeof orderGate>;
  private readonly venue: ReturnType<typeof paperVenue>;
  private readonly books = portfolioProjector(portfolio);
  private gateState;
  private venueState;
  private bookState = this.books.initial();
  private due: EventOf<"fills">[] = [];

  constructor(config: OrderRiskConfig, slippageBps: number) {
    this.gate = orderGate(config, portfolio);
    const cost = { participationBps: null, feePerMillion: 0, minimumFeeMinor: 0 };
    const venue = { fill: "bar-close", latencyUs: LATENCY_US, slippageBps, ...cost } as const;
    this.venue = paperVenue(venue, "bars", true);
    this.gateState = this.gate.initial();
    this.venueState = this.venue.initial();
  }

  list(timeUs: number, instrument: Instrument): void {
    const event = at(timeUs, "market.instruments", instrument);
    this.toGate(event);
    this.venueState = this.venue.evolve(this.venueState, event);
    this.toBooks(event);
  }

  print(timeUs: number, symbol: string, price: number): void {
    this.deliver(timeUs);
    const event = at(timeUs, "market.bars", bar(symbol, timeUs, price));
    this.toGate(event);
    this.toVenue(event);
    this.toBooks(event);
  }

  approve(timeUs: number, ...lines: readonly TargetLine[]): void {
    this.deliver(timeUs);
    this.toGate(at(timeUs, "risk.verdicts", passed(...lines)));
  }

  command(event: EventOf<"control.commands">): void {
    this.deliver(event.timeUs);
    this.toGate(event);
  }

  /** True where it was let through. */
  send(timeUs: number, order: Order): boolean {
    this.deliver(timeUs);
    const before = this.released.length;
    this.toGate(at(timeUs, "orders", order));
    return this.released.length > before;
  }

  /** All that the venue has said is heard of. */
  settle(timeUs: number): void {
    this.deliver(timeUs + 2 * LATENCY_US);
  }

  positionOf(symbol: string): number {
    return this.held.get(symbol) ?? 0;
  }

  private deliver(untilUs: number): void {
    while (this.due[0] !== undefined && this.due[0].timeUs <= untilUs) {
      const event = this.due.shift() as EventOf<"fills">;
      if (event.value.execType === "FILLED") this.fills.push(event.value);
      this.toGate(event);
      this.toBooks(event);
    }
  }

  private toGate(event: GateEvent): void {
    this.gateState = this.gate.evolve(this.gateState, event);
    for (const { value } of this.gate.decide(this.gateState, event)) {
      this.latch = value.latch;
      const { outcome, order } = value;
      if (outcome === "DENY") this.denied++;
      else if (order.action === "CANCEL") this.canceled++;
      else {
        const held = this.positionOf(order.symbol);
        this.released.push({ timeUs: event.timeUs, order, held, latch: value.latch });
      }
      this.toVenue(at(event.timeUs, "risk.order-verdicts", value));
    }
    this.latch = this.gateState.latch;
  }

  private toVenue(event: Parameters<typeof this.venue.evolve>[1]): void {
    this.venueState = this.venue.evolve(this.venueState, event);
    for (const { value } of this.venue.decide(this.venueState, event)) {
      this.due.push(at(event.timeUs + LATENCY_US, "fills", value));
    }
  }

  private toBooks(event: BookEvent): void {
    this.bookState = this.books.evolve(this.bookState, event);
    for (const { value } of this.books.decide(this.bookState, event)) {
      const snapshot: PortfolioSnapshot = value;
      this.equity = snapshot.equity;
      this.held.set(snapshot.symbol, snapshot.quantity);
      this.toGate(at(event.timeUs, "portfolio.snapshots", snapshot));
    }
  }
}
