// What other currencies' cash is to be converted, and when. Promises: a target of a pair is what is to be converted from
// now on, bought above 0, sold below: a pair is no position; in whole lots, rounded toward zero, so that no more is
// sold than there is; of each currency by the first pair with the portfolio's own, at its last close.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { isPair } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";

const DAY_US = 86_400_000_000;

export interface Conversions {
  /** Last closes of pairs. */
  readonly prices: Map<string, number>;
  /** UTC day that was swept last; -1 before the first. */
  day: number;
  /** When fills were heard last, and how many of that instant no snapshot has come of. */
  fillsUs: number;
  unbooked: number;
}

export const noConversions = (): Conversions => ({
  prices: new Map(),
  day: -1,
  fillsUs: -1,
  unbooked: 0,
});

/** Fills of an instant come before its snapshots: what is asked for must know of them all. */
export function takeFill(conversions: Conversions, { execType }: ExecutionReport, timeUs: number) {
  if (execType !== "FILLED" && execType !== "TRADE_CANCEL" && execType !== "CARRIED") return;
  conversions.unbooked = timeUs > conversions.fillsUs ? 1 : conversions.unbooked + 1;
  conversions.fillsUs = timeUs;
}

export function takePrice(
  { prices }: Conversions,
  instrument: Instrument | undefined,
  close: number,
): void {
  if (instrument !== undefined && isPair(instrument)) prices.set(instrument.symbol, close);
}

/** After each trade, or with the first snapshot of a UTC day; none where there is nothing to convert. */
export function conversionsDue(
  conversions: Conversions,
  instruments: ReadonlyMap<string, Instrument>,
  { cause, foreignCash }: PortfolioSnapshot,
  timeUs: number,
  { convert, currency: own }: PortfolioConfig,
): readonly Target[] {
  if (cause === "FILL" && conversions.unbooked > 0) conversions.unbooked--;
  // Of a balance that a conversion has changed since, it would be asked for twice.
  if (conversions.unbooked > 0 && timeUs === conversions.fillsUs) return [];
  const day = Math.floor(timeUs / DAY_US);
  const isDue = convert === "DAILY" ? day > conversions.day : cause === "FILL";
  conversions.day = day;
  if (!isDue || foreignCash.length === 0) return [];
  return foreignCash.flatMap(({ currency, amount }): readonly Target[] => {
    const pair = pairOf(instruments, currency, own);
    const referencePrice = pair === null ? 0 : (conversions.prices.get(pair.symbol) ?? 0);
    if (pair === null || referencePrice <= 0) return [];
    const quantity = quantityFor(pair, currency, amount, referencePrice);
    return quantity === 0 ? [] : [{ symbol: pair.symbol, weight: 0, quantity, referencePrice }];
  });
}

function pairOf(
  instruments: ReadonlyMap<string, Instrument>,
  currency: string,
  own: string,
): Instrument | null {
  for (const pair of instruments.values()) {
    if (!isPair(pair)) continue;
    const { currency: quote, baseCurrency: base } = pair;
    if ((base === currency && quote === own) || (base === own && quote === currency)) return pair;
  }
  return null;
}

function quantityFor(pair: Instrument, currency: string, amount: bigint, price: number): number {
  const { priceScale, quantityScale, currencyScale, baseScale } = pair;
  const multiplier = BigInt(pair.multiplier);
  const isBase = pair.baseCurrency === currency;
  // Of the base currency as much is sold as there is; of the quote currency as much is paid.
  const [shift, price1] = isBase
    ? [quantityScale - baseScale, 1n]
    : [priceScale + quantityScale - currencyScale, BigInt(price)];
  const up = amount * 10n ** BigInt(Math.max(shift, 0));
  const units = up / (multiplier * price1 * 10n ** BigInt(Math.max(-shift, 0)));
  const lot = BigInt(Math.max(pair.lotSize, 1));
  const whole = Number(units - (units % lot));
  return whole === 0 ? 0 : isBase ? -whole : whole;
}
