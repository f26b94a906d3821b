// Which money a portfolio takes: its own currency's, and where conversion is switched on any other. What is
// refused is refused before it is added to anything.

import { TapedeckError } from "../schemas/errors.ts";
import type { Charge } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import { type Converted, type Rate, rateOf } from "../schemas/values/conversion.ts";
import type { PortfolioConfig } from "./flow-config.ts";

/** Throws PROCESSOR_CURRENCY_UNSUPPORTED where an instrument's money is not taken. */
export function requireCurrency(instrument: Instrument, portfolio: PortfolioConfig): void {
  const { symbol, currency, currencyScale } = instrument;
  if (currency === portfolio.currency && currencyScale === portfolio.currencyScale) return;
  if (currency !== portfolio.currency && portfolio.rateMaxAgeUs !== undefined) return;
  throw new TapedeckError(
    "PROCESSOR_CURRENCY_UNSUPPORTED",
    `${symbol} settles in ${currency} (scale ${currencyScale}), portfolio ${portfolio.name} in ${portfolio.currency} (scale ${portfolio.currencyScale})`,
    { symbol, currency, currencyScale, portfolio: portfolio.name },
  );
}

/** Throws PROCESSOR_CURRENCY_UNSUPPORTED where a charge is in money that is not taken. */
export function requireChargeCurrency(
  { currency, scale }: Charge,
  symbol: string,
  portfolio: PortfolioConfig,
): void {
  const isOwn = currency === portfolio.currency;
  if (isOwn ? scale === portfolio.currencyScale : portfolio.rateMaxAgeUs !== undefined) return;
  throw new TapedeckError(
    "PROCESSOR_CURRENCY_UNSUPPORTED",
    `a trade of ${symbol} is charged in ${currency} (scale ${scale}), portfolio ${portfolio.name} keeps ${portfolio.currency} (scale ${portfolio.currencyScale})`,
    { symbol, currency, scale, portfolio: portfolio.name },
  );
}

/**
 * For those who value in the portfolio's money: throws as requireCurrency, and PROCESSOR_RATE_UNKNOWN where an
 * instrument of another currency has no rate yet.
 */
export function requireValue(instrument: Converted, portfolio: PortfolioConfig): void {
  requireCurrency(instrument, portfolio);
  const { symbol, currency, into } = instrument;
  if (currency === portfolio.currency || into !== undefined) return;
  throw new TapedeckError(
    "PROCESSOR_RATE_UNKNOWN",
    `${symbol} settles in ${currency}, and no rate to ${portfolio.currency} was recorded before it`,
    { symbol, currency, into: portfolio.currency },
  );
}

/** A pair of currencies is there to convert: it is no position to be sized. */
export const isPair = ({ contract }: Instrument): boolean => contract === "EXCHANGE";

/** The rate that a pair's price gives, and the currency that it converts; null where it is none. */
export function rateTold(
  pair: Instrument,
  price: number,
  { currency: own, rateMaxAgeUs }: PortfolioConfig,
): { readonly currency: string; readonly rate: Rate } | null {
  if (!isPair(pair) || rateMaxAgeUs === undefined) return null;
  const currency = pair.currency === own ? pair.baseCurrency : pair.currency;
  const rate = rateOf(pair, price, currency, own);
  return rate === null ? null : { currency, rate };
}

/** Gives every instrument of its currency the rate that a pair's price tells. */
export function takeRate(
  instruments: Map<string, Converted>,
  symbol: string,
  price: number,
  portfolio: PortfolioConfig,
): void {
  const pair = instruments.get(symbol);
  const told = pair === undefined ? null : rateTold(pair, price, portfolio);
  if (told === null) return;
  for (const [name, instrument] of instruments) {
    if (instrument.currency !== told.currency || isPair(instrument)) continue;
    instruments.set(name, { ...instrument, into: told.rate });
  }
}

/** An instrument that is told of anew keeps the rate that it had. */
export const keepRate = (fresh: Instrument, old: Converted | null | undefined): Converted =>
  old?.into === undefined ? fresh : { ...fresh, into: old.into };

/** Instruments that equity is shared out over: those of the portfolio's currency, or of any that it converts. */
export const isSized = (instrument: Instrument, portfolio: PortfolioConfig): boolean =>
  !isPair(instrument) &&
  (instrument.currency === portfolio.currency || portfolio.rateMaxAgeUs !== undefined);

/** Throws PROCESSOR_CURRENCY_UNSUPPORTED where a dividend is paid in another currency than its share's. */
export function requireDividendCurrency(action: CorporateAction, instrument: Instrument): void {
  const { symbol, currency } = action;
  if (action.action !== "CASH_DIVIDEND" || currency === instrument.currency) return;
  throw new TapedeckError(
    "PROCESSOR_CURRENCY_UNSUPPORTED",
    `a dividend of ${symbol} is paid in ${currency}, and the share settles in ${instrument.currency}`,
    { symbol, currency },
  );
}
