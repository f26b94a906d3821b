// Facts of a test, with every field that the test does not care about filled in.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import type { WeightsProposal } from "../../schemas/generated/weights.proposals.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import { splitOf } from "../../schemas/values/testing/share.ts";

export const MINUTE_US = 60_000_000;

/** A minute that ends at `endUs` with all its prices at `close`. */
export const bar = (
  symbol: string,
  endUs: number,
  close: number,
  changes: Partial<MarketBar> = {},
): MarketBar => ({
  symbol,
  startUs: endUs - MINUTE_US,
  endUs,
  open: close,
  high: close,
  low: close,
  close,
  volume: 1000,
  trades: 10,
  ...changes,
});

/** `newShares` for `oldShares`; `changes` to make it another action. */
export const split = splitOf;

/** In US dollars, scaled by 2. */
export const dividend = (symbol: string, amount: number): CorporateAction =>
  split(symbol, 1, 1, { action: "CASH_DIVIDEND", amount, amountScale: 2, currency: "USD" });

export const renamed = (symbol: string, newSymbol: string): CorporateAction =>
  split(symbol, 1, 1, { action: "SYMBOL_CHANGE", newSymbol });

export const delisted = (symbol: string, finalPrice: number | null): CorporateAction =>
  split(symbol, 1, 1, { action: "DELISTING", finalPrice });

/** A purchase (or a sale, by a negative quantity) for portfolio main, without a fee. */
export const filled = (
  orderId: number,
  symbol: string,
  quantity: number,
  price: number,
  changes: Partial<ExecutionReport> = {},
): ExecutionReport => ({
  orderId,
  execType: "FILLED",
  portfolio: "main",
  symbol,
  side: quantity > 0 ? "BUY" : "SELL",
  quantity: Math.abs(quantity),
  price,
  leavesQuantity: 0,
  fee: 0n,
  slippage: 0,
  reason: "NONE",
  tradeUs: 0,
  execId: 0,
  cumQuantity: 0,
  parts: [],
  refExecId: 0,
  charges: [],
  ...changes,
});

/** A market order to buy (or sell, by a negative quantity), good till cancelled. */
export const order = (
  orderId: number,
  symbol: string,
  quantity: number,
  changes: Partial<Order> = {},
): Order => ({
  orderId,
  action: "NEW",
  portfolio: "main",
  symbol,
  side: quantity > 0 ? "BUY" : "SELL",
  type: "MARKET",
  quantity: Math.abs(quantity),
  limitPrice: null,
  timeInForce: "GTC",
  referencePrice: 100,
  decidedUs: 0,
  ...plainTerms,
  ...changes,
});

export const command = (
  name: ControlCommand["command"],
  changes: Partial<ControlCommand> = {},
): ControlCommand => ({
  portfolio: "main",
  command: name,
  who: "ann",
  why: "test",
  limit: null,
  value: null,
  overlay: null,
  symbol: "",
  fromUs: null,
  untilUs: null,
  confidenceBps: null,
  ...changes,
});

/** Symbol, quantity, reference price. */
export type TargetLine = readonly [symbol: string, quantity: number, referencePrice: number];

export const proposal = (...lines: readonly TargetLine[]): WeightsProposal => ({
  portfolio: "main",
  method: "FIXED_QUANTITY",
  equity: 100_000_000n,
  targets: lines.map(([symbol, quantity, referencePrice]) => ({
    symbol,
    weight: 0.5 * Math.sign(quantity),
    quantity,
    referencePrice,
  })),
  certificate: null,
});

/** What the risk gate lets through whole. */
export const passed = (...lines: readonly TargetLine[]): RiskVerdict => ({
  portfolio: "main",
  outcome: "PASS",
  reason: "NONE",
  state: "ACTIVE",
  targets: lines.map(([symbol, quantity, referencePrice]) => ({
    symbol,
    weight: 0,
    quantity,
    referencePrice,
  })),
  checks: [],
  scalePpm: 1_000_000,
  overlays: [],
  events: [],
  answer: "",
});
