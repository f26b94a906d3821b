// What an order or a position is worth in the portfolio's money. Exact integers. Promises: an order is valued at the
// dearest price that it is sure not to exceed, or that is known; what cannot be valued is null; what was measured with
// is told.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order, UsedEvent } from "../../schemas/generated/risk.order-verdicts.ts";
import { convertMinor, type Rate, rateOf } from "../../schemas/values/conversion.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { SymbolWatch } from "./gate-state.ts";
import { type Inquiry, pricesOf } from "./inquiry.ts";

/**
 * What a purchase with a limit costs at most. Else the dearest of what it was decided at, the last close, and the price
 * that sets it off: a stop trades there or beyond.
 */
export function priceOf(order: Order, last: number, of: Instrument): number {
  const { side, limitPrice, referencePrice } = order;
  const isInverse = of.contract === "INVERSE";
  if (limitPrice !== null && side === "BUY" && !isInverse) return limitPrice;
  const trigger = triggerOf(order, last);
  const own = limitPrice === null ? [referencePrice, trigger] : [limitPrice];
  const known = [...own, last].filter((price) => price > 0);
  if (known.length === 0) return 0;
  // A contract that is worth so much of another currency is worth more where its price is lower.
  return isInverse ? Math.min(...known) : Math.max(...known);
}

function triggerOf({ side, type, stopPrice, trailOffset, trailBps }: Order, last: number): number {
  if (stopPrice !== null) return stopPrice;
  if (type !== "TRAILING_STOP" || last <= 0) return 0;
  const away = trailOffset ?? Math.ceil((last * (trailBps ?? 0)) / 10_000);
  return side === "BUY" ? last + away : last - away;
}

/** Of one inquiry: each rate is looked up, and each price named, once. */
export class Valuer {
  /** Bars that were measured with. */
  readonly used: UsedEvent[] = [];
  private readonly inquiry: Inquiry;
  private readonly rates = new Map<string, Rate | null>();

  constructor(inquiry: Inquiry) {
    this.inquiry = inquiry;
  }

  /** Signed as the quantity (of an inverse contract the other way); null where a price or a rate is not known. */
  value(watch: SymbolWatch, quantity: number, price = watch.price): bigint | null {
    if (watch.instrument === null || price <= 0) return null;
    this.note(watch);
    return this.converted(notionalMinor(price, quantity, watch.instrument), watch.instrument);
  }

  /** An amount of the instrument's currency. */
  converted(amount: bigint, { currency }: Instrument): bigint | null {
    if (currency === this.inquiry.portfolio.currency || amount === 0n) return amount;
    const found = this.rates.get(currency);
    const rate = found === undefined ? this.look(currency) : found;
    return rate === null ? null : convertMinor(amount, rate);
  }

  /** By the last close of a pair of the two that is not too old. Cost: a walk over the symbols. */
  private look(from: string): Rate | null {
    const { state, portfolio, config, nowUs } = this.inquiry;
    const oldestUs = portfolio.rateMaxAgeUs ?? config.maxPriceAgeUs;
    let found: Rate | null = null;
    for (const watch of state.symbols.values()) {
      const { instrument, price, priceUs } = watch;
      if (instrument === null || (oldestUs !== null && nowUs - priceUs > oldestUs)) continue;
      const rate = rateOf(instrument, price, from, portfolio.currency);
      if (rate === null) continue;
      this.note(watch);
      found = rate;
      break;
    }
    this.rates.set(from, found);
    return found;
  }

  private note(watch: SymbolWatch): void {
    for (const one of pricesOf(watch)) {
      if (this.used.every(({ timeUs }) => timeUs !== one.timeUs)) this.used.push(one);
    }
  }
}
