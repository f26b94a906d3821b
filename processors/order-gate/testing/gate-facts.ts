// An order gate of a test, every check off but those that it is about, and what it says in one line.

import type { PortfolioSnapshot } from "../../../schemas/generated/portfolio.snapshots.ts";
import type { OrderVerdict } from "../../../schemas/generated/risk.order-verdicts.ts";
import type { PortfolioConfig } from "../../flow-config.ts";
import type { OrderRiskConfig } from "../../risk-config.ts";
import { orderGate } from "../order-gate.ts";

export const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};

export const allOff: OrderRiskConfig = {
  priceCollarBps: null,
  maxOrderValueMinor: null,
  maxOrderQuantity: null,
  volumeShare: null,
  orderRate: null,
  messageRate: null,
  repeats: null,
  maxPriceAgeUs: null,
  session: null,
  approvedOnly: false,
  shortable: null,
  buyingPower: false,
};

export const gateWith = (config: Partial<OrderRiskConfig> = {}) =>
  orderGate({ ...allOff, ...config }, portfolio);

/** After a fill; no figure of it is looked at but position and cash. */
export const snapshot = (symbol: string, quantity: number, cash: bigint): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause: "FILL",
  cash,
  equity: cash,
  peakEquity: cash,
  grossExposure: 0n,
  netExposure: 0n,
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol,
  quantity,
  cost: 0n,
  mark: 0,
});

/** PASS #1, DENY #2 StalePrice, PASS CANCEL #1 KillSwitch. */
export function brief({ outcome, reason, order: { action, orderId } }: OrderVerdict): string {
  const words = [outcome, action === "NEW" ? "" : action, `#${orderId}`];
  return [...words, reason === "NONE" ? "" : reason].filter((word) => word !== "").join(" ");
}
