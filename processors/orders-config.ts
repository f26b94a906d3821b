// How what is approved is sent, in machine units (flow-config.ts).

import type { OrderType, TimeInForce } from "../schemas/generated/orders.ts";
import type { DecimalText } from "../schemas/values/decimal.ts";

export interface OrdersConfig {
  readonly type: Exclude<OrderType, "UNKNOWN">;
  /**
   * Of a limit: how far from the reference price, of one with a trigger from the trigger, in basis points; positive is
   * passive.
   */
  readonly limitOffsetBps: number;
  /** The same in multiples of the ATR instead. */
  readonly limitOffsetAtrs?: number;
  /** Of a trigger: how far from the reference price; of a trailing stop: from the best one. Left out: none. */
  readonly trigger?: Distance;
  /** Limit orders that never take. */
  readonly postOnly?: true;
  /** Most that is shown of a limit order, in units of the instrument. */
  readonly display?: DecimalText;
  /** LIMIT: amended when the last close lies further than this from the price that it was put by. */
  readonly reprice?: Distance;
  /** Exits go with the order that opens a position, as its children. */
  readonly bracket?: true;
  readonly timeInForce: TimeInForce;
  /** GTD: from the decision to the last moment at which it may trade; null for the others. */
  readonly goodForUs: number | null;
  /** From the decision to the order's arrival at the venue. */
  readonly latencyUs: number;
  readonly exits: ExitsConfig;
  /** Left out: what is approved is sent as one order. */
  readonly algorithm?: AlgorithmConfig;
}

/** Cuts what a verdict asks of a symbol, the parent, into children over time. */
export interface AlgorithmConfig {
  readonly schedule: ScheduleConfig;
  /** No parent sends more, sweep and all. */
  readonly maxChildren: number;
  /** What is not done when its time is over: sent as one market order, or given up. */
  readonly leftover: "SWEEP" | "LEAVE";
}

export type ScheduleConfig = {
  /** From the verdict on. */
  readonly overUs: number;
} & (
  | { readonly method: "TWAP"; readonly slices: number }
  | {
      readonly method: "VWAP";
      readonly slices: number;
      /** Relative volume of each slice; null: that of the past days' bars at the same time of day. */
      readonly curve: readonly number[] | null;
      /** Days that the past volume is averaged over. */
      readonly days: number;
    }
  /** Of the volume of the bars since then. */
  | { readonly method: "POV"; readonly rateBps: number }
  /** Almgren and Chriss' schedule; the time in which a holding falls to 1/e where time is no limit. */
  | {
      readonly method: "IMPLEMENTATION_SHORTFALL";
      readonly slices: number;
      readonly halfLifeUs: number;
    }
);

/** Of a price, in basis points of it, or in multiples of the average true range. */
export type Distance = { readonly bps: number } | { readonly atrs: number };

/**
 * Protective orders, in basis points of the average entry price (trailing: of the best price); null: none, or in
 * multiples of the ATR at the entry instead.
 */
export interface ExitsConfig {
  readonly stopLossBps: number | null;
  readonly takeProfitBps: number | null;
  readonly trailingStopBps: number | null;
  readonly stopLossAtrs?: number;
  readonly takeProfitAtrs?: number;
  readonly trailingStopAtrs?: number;
}
