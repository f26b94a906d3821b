// For tests: a share that trades in cents and whole units, and its split.

import type { CorporateAction } from "../../generated/market.corporate-actions.ts";
import type { Instrument } from "../../generated/market.instruments.ts";
import { spotTerms } from "../contract-terms.ts";

export const shareOf = (symbol: string): Instrument => ({
  symbol,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: 2,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "XNYS",
  timeZone: "America/New_York",
  ...spotTerms,
});

export const splitOf = (
  symbol: string,
  newShares: number,
  oldShares: number,
  changes: Partial<CorporateAction> = {},
): CorporateAction => ({
  symbol,
  action: "SPLIT",
  newShares,
  oldShares,
  amount: 0,
  amountScale: 0,
  currency: "",
  newSymbol: "",
  finalPrice: null,
  withheldPerMillion: 0,
  ...changes,
});
