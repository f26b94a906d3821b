// For tests of the risk gate: a portfolio, and a gate with every check off.

import type { PortfolioConfig, RiskConfig } from "../../flow-config.ts";

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
