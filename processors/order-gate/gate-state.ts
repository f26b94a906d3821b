// What the order gate keeps: of each symbol, of each order that may still trade, and of the messages of its windows.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type {
  Order,
  OrderCheckName,
  OrderRiskReason,
  OrderVerdict,
  TradingState,
} from "../../schemas/generated/risk.order-verdicts.ts";
import type { HeardReports } from "../../schemas/values/heard-reports.ts";
import { nothingHeard } from "../../schemas/values/heard-reports.ts";
import type { OrderProgress } from "../../schemas/values/order-progress.ts";

/** Why the gate is off until a named person enables trading. */
export type Latch = Extract<OrderRiskReason, "NONE" | "RepeatedExecution" | "UnexplainedFill">;

/** What the risk gate's last verdict leaves to be done. Times are -1 where nothing was seen yet. */
export interface Approved {
  readonly number: number;
  /** Target position, signed. */
  target: number;
  /** Position at the verdict, and what orders from before it have executed since. */
  from: number;
  /** From there to the target: 1 up, -1 down, 0 nothing. */
  direction: number;
  /** Quantity that may be opened, and what orders have taken of it. */
  budget: number;
  taken: number;
  readonly timeUs: number;
}

export interface SymbolWatch {
  instrument: Instrument | null;
  /** Last close, 0 before the first. */
  price: number;
  priceUs: number;
  /** Of the last bars, oldest first; kept only where a check asks for them. */
  volumes: number[];
  /** By the last snapshot. */
  position: number;
  positionUs: number;
  approved: Approved | null;
}

export interface GateOrder {
  order: Order;
  /** Terms that were asked for in its place, and not answered. */
  pending: Order | null;
  progress: OrderProgress;
  /** Of its quantity: what opened a position when it was let through. */
  opening: number;
  /** The approval that it was let through under, and what it took of the one in force. */
  approval: number;
  charged: number;
}

/** A block that one order may pass, once two persons have said so. */
export interface Override {
  readonly check: OrderCheckName;
  readonly symbol: string;
  readonly by: string;
}

export interface GateState {
  readonly symbols: Map<string, SymbolWatch>;
  /** Those that may still trade, or of which an execution is still to be told. */
  readonly orders: Map<number, GateOrder>;
  /** Reports by symbol, and order ids. */
  readonly heard: Map<string, HeardReports>;
  ids: HeardReports;
  /** Times of what was let through, oldest first, no more than each limit. */
  messages: number[];
  requests: number[];
  /** Times of like requests, by their terms; the key that was asked for last comes last. */
  readonly repeats: Map<string, number[]>;
  cash: bigint;
  cashUs: number;
  trading: TradingState;
  tradingUs: number;
  latch: Latch;
  approvals: number;
  /** By check and symbol: asked for by one, confirmed by another. */
  readonly requested: Map<string, ControlCommand>;
  readonly overrides: Map<string, Override>;
  /** Due to the last event. */
  verdicts: OrderVerdict[];
}

export const initialState = (cash: bigint): GateState => ({
  symbols: new Map(),
  orders: new Map(),
  heard: new Map(),
  ids: nothingHeard,
  messages: [],
  requests: [],
  repeats: new Map(),
  cash,
  cashUs: -1,
  trading: "ACTIVE",
  tradingUs: -1,
  latch: "NONE",
  approvals: 0,
  requested: new Map(),
  overrides: new Map(),
  verdicts: [],
});

export function watchOf(state: GateState, symbol: string): SymbolWatch {
  const found = state.symbols.get(symbol);
  if (found !== undefined) return found;
  const watch: SymbolWatch = {
    instrument: null,
    price: 0,
    priceUs: -1,
    volumes: [],
    position: 0,
    positionUs: -1,
    approved: null,
  };
  state.symbols.set(symbol, watch);
  return watch;
}
