// Which money a portfolio takes: its own currency's, and where conversion is switched on any other. What is
// refused is refused before it is added to anything.

import { TapedeckError } from "../schemas/errors.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import type { PortfolioConfig } from "./flow-config.ts";

/** Throws PROCESSOR_CURRENCY_UNSUPPORTED where the minor units would not be the portfolio's. */
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
