// What the order gate keeps: of each symbol, of each order that may still trade, and of the messages of its windows.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type {
  Order,
  OrderCheckName,
  OrderRiskReason,
  OrderVerdict,
  TradingState,
  UsedEvent,
} from "../../schemas/generated/risk.order-verdicts.ts";
import type { HeardReports } from "../../schemas/values/heard-reports.ts";
import { nothingHeard } from "../../schemas/values/heard-reports.ts";
import type { OrderProgress } from "../../schemas/values/order-progress.ts";

/** Why the gate is off until a named person enables trading. */
export type Latch = Extract<
  OrderRiskReason,
  "NONE" | "RepeatedExecution" | "DenialsExceeded" | "UnexplainedFill"
>;

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
  instrumentUs: number;
  /** Last close, 0 before the first. */
  price: number;
  priceUs: number;
  /** Of the last bars, oldest first; kept only where a check asks for them. */
  volumes: number[];
  /** By the last snapshot, and what it cost; and what has executed since, signed. */
  position: number;
  cost: bigint;
  positionUs: number;
  unbooked: number;
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
  /** Worst price at which it was ever allowed to execute; null: any. */
  worst: number | null;
}

/** A block that one order may pass, once two persons have said so: up to what is measured, and before when. */
export interface Override {
  readonly check: OrderCheckName;
  readonly symbol: string;
  readonly by: string;
  readonly ceiling: number;
  readonly untilUs: number;
}

/** What persons forbid (overlays.ts). */
export interface Ban {
  readonly overlay: "RESTRICTED_BUYS" | "RESTRICTED" | "BLACKOUT";
  /** Empty: every one. */
  readonly symbol: string;
  readonly fromUs: number;
  /** null: until it is lifted. */
  readonly untilUs: number | null;
  /** Of the command. */
  readonly setUs: number;
  /** What works was taken off the venue when it began. */
  hasBegun: boolean;
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
  readonly alike: Map<string, number[]>;
  /** Times of refusals. */
  denials: number[];
  /** Of the last request, whatever became of it; and of the last report. */
  requestUs: number;
  reportUs: number;
  cash: bigint;
  cashUs: number;
  trading: TradingState;
  /** What changed it last. */
  tradingBy: UsedEvent | null;
  /** Who ordered the flattening that holds; empty where none does, or nobody is named. */
  flattenedBy: string;
  latch: Latch;
  /** What set it. */
  latchedBy: UsedEvent | null;
  bans: Ban[];
  /** Blackouts that recur and hold now, by their place in the configuration. */
  blackedOut: number[];
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
  alike: new Map(),
  denials: [],
  requestUs: -1,
  reportUs: -1,
  cash,
  cashUs: -1,
  trading: "ACTIVE",
  tradingBy: null,
  flattenedBy: "",
  latch: "NONE",
  latchedBy: null,
  bans: [],
  blackedOut: [],
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
    instrumentUs: -1,
    price: 0,
    priceUs: -1,
    volumes: [],
    position: 0,
    cost: 0n,
    positionUs: -1,
    unbooked: 0,
    approved: null,
  };
  state.symbols.set(symbol, watch);
  return watch;
}
