// The round trips that are open as executions, bars and corporate actions go by. Promises: what closes is
// heard of once, with the profit, the fees and the excursions that `inspect trades` shows for it; memory is
// one trip, one price and some corporate actions a symbol.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { costIn } from "../../schemas/values/charges.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { flat } from "../../schemas/values/holding.ts";
import { keepAction, lateDeal, type PastAction } from "../../schemas/values/late-deal.ts";
import {
  advanceTrip,
  joinTrips,
  lateTrip,
  markTrip,
  type RoundTrip,
  restateTrip,
} from "../../schemas/values/round-trip.ts";

export type SeeTrip = (trip: RoundTrip, instrument: Instrument) => void;

export class OpenTrips {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly seeClosed: SeeTrip;
  private readonly open = new Map<string, RoundTrip>();
  private readonly past = new Map<string, readonly PastAction[]>();
  /** Last close, or the first executed price before there is one: what a split pays a fraction at. */
  private readonly closes = new Map<string, number>();

  constructor(instruments: ReadonlyMap<string, Instrument>, seeClosed: SeeTrip) {
    this.instruments = instruments;
    this.seeClosed = seeClosed;
  }

  /** A bar that began before the entry does not widen a trip. All in the one order. */
  bar({ symbol, startUs, low, high, close }: MarketBar): void {
    this.closes.set(symbol, close);
    const trip = this.open.get(symbol);
    const instrument = this.instruments.get(symbol);
    if (trip === undefined || instrument === undefined || startUs < trip.entryUs) return;
    const marked = markTrip(trip, low, high, instrument);
    if (marked !== trip) this.open.set(symbol, marked);
  }

  /** `value`: of the report's quantity, signed, as `quantity` is. */
  deal(report: ExecutionReport, quantity: number, value: bigint, instrument: Instrument): void {
    // A conversion is no trip.
    if (instrument.contract === "EXCHANGE") return;
    const { symbol, price, tradeUs: timeUs } = report;
    const fee = costIn(report, instrument.currency);
    if ((this.closes.get(symbol) ?? 0) === 0) this.closes.set(symbol, price);
    const dealt = { timeUs, quantity, price, value, fee };
    const past = this.past.get(symbol);
    const late = past === undefined ? null : lateDeal(past, dealt, instrument);
    if (late !== null) this.past.set(symbol, late.past);
    const named = late?.renamed?.symbol ?? symbol;
    const paid = late?.price ?? price;
    const held = this.open.get(named);
    const before = held === undefined ? null : markTrip(held, paid, paid, instrument);
    const step = late === null ? advanceTrip(before, dealt) : lateTrip(before, dealt, late);
    if (step.closed !== null) this.seeClosed(step.closed, instrument);
    this.keep(named, step.open);
  }

  /** What holding costs is a fee, of the open trip. */
  carry(symbol: string, cost: bigint): void {
    const trip = this.open.get(symbol);
    if (trip !== undefined) this.open.set(symbol, { ...trip, fees: trip.fees + cost });
  }

  /** Returns the tax that was withheld of what the action paid for the open trip. */
  act(action: CorporateAction, timeUs: number): bigint {
    const { symbol, newSymbol } = action;
    const instrument = this.instruments.get(symbol);
    if (instrument === undefined) return 0n;
    const mark = this.closes.get(symbol) ?? 0;
    const named = action.action === "SYMBOL_CHANGE" ? newSymbol : symbol;
    const { mark: after } = applyAction(flat, mark, action, instrument);
    this.closes.set(symbol, after);
    if (after !== 0) this.closes.set(named, after);
    const trip = this.open.get(symbol);
    const held = trip?.holding.quantity ?? 0;
    this.past.set(symbol, keepAction(this.past.get(symbol) ?? [], timeUs, action, mark, held));
    if (trip === undefined) return 0n;
    const { tax } = applyAction(trip.holding, mark, action, instrument);
    const { open, closed } = restateTrip(trip, mark, timeUs, action, instrument);
    if (closed !== null) this.seeClosed(closed, instrument);
    this.keep(symbol, open);
    if (named === symbol || open === null) return tax;
    this.keep(symbol, null);
    const other = this.open.get(named);
    const joined = other === undefined ? null : joinTrips(open, other, timeUs, mark);
    if (joined !== null) this.seeClosed(joined.ended, instrument);
    if (joined !== null && joined.closed !== null) this.seeClosed(joined.closed, instrument);
    this.keep(named, joined === null ? open : joined.open);
    return tax;
  }

  private keep(symbol: string, open: RoundTrip | null): void {
    if (open === null) this.open.delete(symbol);
    else this.open.set(symbol, open);
  }
}
