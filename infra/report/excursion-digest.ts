// How far the market went against and for each round trip. Promises: one pass over bars and fills in the
// one order, memory for the open trips alone; each price is compared with the average price of what was held
// when it was printed; a bar that began before the entry does not count.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { carryOf, dealOf } from "../../schemas/values/deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";
import { OpenTrips, type SeeTrip } from "./open-trips.ts";

/** Parts of the average entry price held at the time; null where no trip was closed. */
export interface ExcursionMeans {
  /** At most 0, as is largestAdverse. */
  readonly averageAdverse: number | null;
  readonly averageFavourable: number | null;
  readonly largestAdverse: number | null;
}

export class ExcursionDigest {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly trips: OpenTrips;
  private readonly seeClosed: SeeTrip;
  private closed = 0;
  private adverse = 0;
  private favourable = 0;
  private largest = 0;

  /** `seeClosed` hears of every round trip as it closes. */
  constructor(instruments: ReadonlyMap<string, Instrument>, seeClosed: SeeTrip = () => undefined) {
    this.instruments = instruments;
    this.seeClosed = seeClosed;
    this.trips = new OpenTrips(instruments, (trip, instrument) => this.close(trip, instrument));
  }

  bar(bar: MarketBar): void {
    this.trips.bar(bar);
  }

  fill(report: ExecutionReport): void {
    const carried = carryOf(report);
    if (carried !== null) this.trips.carry(report.symbol, carried);
    const deal = dealOf(report);
    const instrument = this.instruments.get(report.symbol);
    if (deal === null || instrument === undefined) return;
    const quantity = deal.side === "BUY" ? deal.quantity : -deal.quantity;
    const value = notionalMinor(deal.price, quantity, instrument);
    this.trips.deal(deal, quantity, value, instrument);
  }

  act(action: CorporateAction, timeUs: number): void {
    this.trips.act(action, timeUs);
  }

  private close(trip: RoundTrip, instrument: Instrument): void {
    this.closed++;
    this.adverse += trip.adverse;
    this.favourable += trip.favourable;
    this.largest = Math.min(this.largest, trip.adverse);
    this.seeClosed(trip, instrument);
  }

  means(): ExcursionMeans {
    const over = (sum: number): number | null => (this.closed > 0 ? sum / this.closed : null);
    return {
      averageAdverse: over(this.adverse),
      averageFavourable: over(this.favourable),
      largestAdverse: this.closed > 0 ? this.largest : null,
    };
  }
}
