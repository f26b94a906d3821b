// For tests of values: a share that trades in cents and whole units.

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
