// For tests of what a venue makes of orders: a flow with every limit, cost and delay but the least off, that
// decides at once.

import type { FlowConfig } from "../../../processors/flow-config.ts";
import type { SignalModel } from "../../../processors/signal-model.ts";

/** Long from the first bar that ends at or after a time. */
export const longFrom = (timeUs: number): SignalModel<null> => ({
  name: "hold-from",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { barEndUs }) => (barEndUs >= timeUs ? 1 : null),
});

export const bareFlow: Omit<FlowConfig, "model" | "sizing"> = {
  source: "bars",
  bars: { intervalUs: 60_000_000, suspicious: "include" },
  features: { emaFast: 2, emaSlow: 3, atr: 2, volatility: 2 },
  portfolio: { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_000n },
  risk: {
    maxPosition: null,
    maxGrossExposureMinor: null,
    priceCollarBps: null,
    maxOrderValueMinor: null,
    maxDrawdownBps: null,
    onBreach: "deny",
  },
  orders: {
    type: "MARKET",
    limitOffsetBps: 0,
    timeInForce: "GTC",
    goodForUs: null,
    exits: { stopLossBps: null, takeProfitBps: null, trailingStopBps: null },
    latencyUs: 1000,
  },
  venue: {
    fill: "next-open",
    latencyUs: 1000,
    slippageBps: 0,
    participationBps: null,
    feePerMillion: 0,
    minimumFeeMinor: 0,
  },
};
