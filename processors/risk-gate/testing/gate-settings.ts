// For tests of the risk gate: a portfolio, a gate with every check off, and what a position is marked at.

import { at } from "../../../streams/testing/given.ts";
import type { PortfolioConfig } from "../../flow-config.ts";
import type { RiskConfig } from "../../risk-config.ts";

export const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};

export const off: RiskConfig = {
  maxPosition: null,
  maxGrossExposureMinor: null,
  priceCollarBps: null,
  maxOrderValueMinor: null,
  maxDrawdownBps: null,
  onBreach: "deny",
};

/** No figure of it is looked at but equity, drawdown and the symbol's quantity. */
export const marked = (
  timeUs: number,
  symbol: string,
  quantity: number,
  equityMinor: bigint,
  drawdownBps = 0,
) =>
  at(timeUs, "portfolio.snapshots", {
    portfolio: "main",
    currency: "USD",
    cause: "MARK",
    cash: 0n,
    equity: equityMinor,
    peakEquity: equityMinor,
    grossExposure: 0n,
    netExposure: 0n,
    realisedPnl: 0n,
    fees: 0n,
    taxes: 0n,
    foreignCash: [],
    drawdownBps,
    symbol,
    quantity,
    cost: 0n,
    mark: 0,
  });
