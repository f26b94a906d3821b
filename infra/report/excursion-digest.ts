// How far the market went against and for each round trip. Promises: one pass over bars and fills in the
// one order, memory for the open trips alone; a bar that began before the entry does not count.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { costIn } from "../../schemas/values/charges.ts";
import { carryOf, dealOf } from "../../schemas/values/deal.ts";
import { averagePrice } from "../../schemas/values/holding.ts";
import { keepAction, lateDeal, type PastAction } from "../../schemas/values/late-deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import {
  advanceTrip,
  joinTrips,
  lateTrip,
  type RoundTrip,
  restateTrip,
} from "../../schemas/values/round-trip.ts";

/** Parts of the average entry price; null where no trip was closed. */
export interface ExcursionMeans {
  /** At most 0, as is largestAdverse. */
  readonly averageAdverse: number | null;
  readonly averageFavourable: number | null;
  readonly largestAdverse: number | null;
}

/** Excursions are parts of the average entry price; null where that is not above 0. */
type SeeTrip = (
  trip: RoundTrip,
  instrument: Instrument,
  adverse: number | null,
  favourable: number | null,
) => void;

export class ExcursionDigest {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly open = new Map<string, RoundTrip>();
  private readonly past = new Map<string, readonly PastAction[]>();
  private trips = 0;
  private adverse = 0;
  private favourable = 0;
  private largest = 0;

  private readonly seeClosed: SeeTrip;

  /** `seeClosed` hears of every round trip as it closes. */
  constructor(instruments: ReadonlyMap<string, Instrument>, seeClosed: SeeTrip = () => undefined) {
    this.instruments = instruments;
    this.seeClosed = seeClosed;
  }

  bar({ symbol, startUs, low, high }: MarketBar): void {
    const trip = this.open.get(symbol);
    if (trip === undefined || startUs < trip.entryUs) return;
    if (low >= trip.lowPrice && high <= trip.highPrice) return;
    const lowPrice = Math.min(trip.lowPrice, low);
    this.open.set(symbol, { ...trip, lowPrice, highPrice: Math.max(trip.highPrice, high) });
  }

  fill(report: ExecutionReport): void {
    const deal = dealOf(report);
    const instrument = this.instruments.get(report.symbol);
    const carried = carryOf(report);
    if (carried !== null) this.carry(report.symbol, carried);
    // A conversion is no trip.
    if (deal === null || instrument === undefined || instrument.contract === "EXCHANGE") return;
    const { symbol, side, price, tradeUs } = deal;
    const fee = costIn(deal, instrument.currency);
    const quantity = side === "BUY" ? deal.quantity : -deal.quantity;
    const value = notionalMinor(price, quantity, instrument);
    const dealt = { timeUs: tradeUs, quantity, price, value, fee };
    const past = this.past.get(symbol);
    const late = past === undefined ? null : lateDeal(past, dealt, instrument);
    if (late !== null) this.past.set(symbol, late.past);
    const named = late?.renamed?.symbol ?? symbol;
    const before = this.open.get(named) ?? null;
    const step = late === null ? advanceTrip(before, dealt) : lateTrip(before, dealt, late);
    if (step.closed !== null) this.close(step.closed, instrument);
    if (step.open === null) this.open.delete(named);
    else this.open.set(named, step.open);
  }

  private carry(symbol: string, cost: bigint): void {
    const trip = this.open.get(symbol);
    if (trip !== undefined) this.open.set(symbol, { ...trip, fees: trip.fees + cost });
  }

  act(action: CorporateAction, timeUs: number): void {
    const { symbol, newSymbol } = action;
    const instrument = this.instruments.get(symbol);
    const trip = this.open.get(symbol);
    const held = trip?.holding.quantity ?? 0;
    const past = this.past.get(symbol) ?? [];
    this.past.set(symbol, keepAction(past, timeUs, action, trip?.highPrice ?? 1, held));
    if (instrument === undefined || trip === undefined) return;
    // What a fraction is paid at moves profit, not prices: any price serves.
    const mark = trip.highPrice;
    const step = restateTrip(trip, mark, timeUs, action, instrument);
    if (step.closed !== null) this.close(step.closed, instrument);
    this.open.delete(symbol);
    if (step.open === null) return;
    const named = action.action === "SYMBOL_CHANGE" ? newSymbol : symbol;
    const other = this.open.get(named);
    const joined = other === undefined ? null : joinTrips(step.open, other, timeUs, mark);
    if (joined !== null) this.close(joined.ended, instrument);
    if (joined !== null && joined.closed !== null) this.close(joined.closed, instrument);
    const open = joined === null ? step.open : joined.open;
    if (open === null) this.open.delete(named);
    else this.open.set(named, open);
  }

  private close(trip: RoundTrip, instrument: Instrument): void {
    const entry = Number(averagePrice(trip.entryValue, trip.entryQuantity, instrument));
    if (!(entry > 0)) {
      this.seeClosed(trip, instrument, null, null);
      return;
    }
    const low = trip.lowPrice / 10 ** instrument.priceScale / entry - 1;
    const high = trip.highPrice / 10 ** instrument.priceScale / entry - 1;
    const [worst, best] = trip.direction === "LONG" ? [low, high] : [-high, -low];
    this.trips++;
    // Amounts of money are rounded: the entry may seem to lie outside of the prices it was made at.
    this.adverse += Math.min(worst, 0);
    this.favourable += Math.max(best, 0);
    this.largest = Math.min(this.largest, worst);
    this.seeClosed(trip, instrument, Math.min(worst, 0), Math.max(best, 0));
  }

  means(): ExcursionMeans {
    const over = (sum: number): number | null => (this.trips > 0 ? sum / this.trips : null);
    return {
      averageAdverse: over(this.adverse),
      averageFavourable: over(this.favourable),
      largestAdverse: this.trips > 0 ? this.largest : null,
    };
  }
}
