// What a run may set, in machine units: the one type between the configuration file and the
// processors. Scaled values that need an instrument's scale stay decimal text until it is known.

import type { TimeInForce } from "../schemas/generated/orders.ts";
import type { SignalModel } from "./signal-model.ts";

/** A non-negative decimal number as text: "100", "0.25". */
export type DecimalText = string;

export interface FlowConfig {
  /** ticks: bars are built here; bars: the tape holds them already. */
  readonly source: "ticks" | "bars";
  readonly bars: BarsConfig;
  readonly features: FeaturesConfig;
  readonly model: SignalModel;
  readonly portfolio: PortfolioConfig;
  readonly sizing: SizingConfig;
  readonly risk: RiskConfig;
  readonly orders: OrdersConfig;
  readonly venue: VenueConfig;
}

export interface BarsConfig {
  readonly intervalUs: number;
  /** Prints flagged suspicious: left out of bars, or used like any other. */
  readonly suspicious: "exclude" | "include";
}

/** Window lengths, in bars. */
export interface FeaturesConfig {
  readonly emaFast: number;
  readonly emaSlow: number;
  readonly atr: number;
  readonly volatility: number;
}

export interface PortfolioConfig {
  readonly name: string;
  readonly currency: string;
  readonly currencyScale: number;
  readonly initialCashMinor: bigint;
}

export type SizingConfig =
  | {
      readonly method: "FIXED_QUANTITY";
      readonly quantity: DecimalText;
      readonly allowShort: boolean;
    }
  | {
      readonly method: "EQUAL_WEIGHT" | "INVERSE_VOLATILITY";
      /** Gross exposure to aim at, in basis points of equity. */
      readonly grossBps: number;
      readonly allowShort: boolean;
    };

/** null: the check is off. */
export interface RiskConfig {
  readonly maxPosition: DecimalText | null;
  readonly maxGrossExposureMinor: number | null;
  readonly priceCollarBps: number | null;
  readonly maxOrderValueMinor: number | null;
  readonly maxDrawdownBps: number | null;
  /** reduce: a position too large is cut to the limit; deny: the whole proposal is refused. */
  readonly onBreach: "reduce" | "deny";
}

export interface OrdersConfig {
  readonly type: "MARKET" | "LIMIT";
  /** LIMIT: how far from the reference price, in basis points; positive is passive. */
  readonly limitOffsetBps: number;
  readonly timeInForce: TimeInForce;
  /** GTD: from the decision to the last moment at which it may trade; null for the others. */
  readonly goodForUs: number | null;
  /** From the decision to the order's arrival at the venue. */
  readonly latencyUs: number;
  readonly exits: ExitsConfig;
}

/** Protective orders, in basis points of the average entry price (trailing: of the best price); null: none. */
export interface ExitsConfig {
  readonly stopLossBps: number | null;
  readonly takeProfitBps: number | null;
  readonly trailingStopBps: number | null;
}

export interface VenueConfig {
  readonly fill: "bar-close" | "next-open" | "next-tick";
  /** From the execution to our hearing of it: at least 1, the flow's cycle needs it. */
  readonly latencyUs: number;
  readonly slippageBps: number;
  /** Most of a bar's or tick's volume that our orders of a symbol execute, in basis points; null: all there is to ask. */
  readonly participationBps: number | null;
  /** Of the executed value, in hundredths of a basis point (1 = 0.0001 %). */
  readonly feePerMillion: number;
  /** Least fee of an execution, in minor units. */
  readonly minimumFeeMinor: number;
}
