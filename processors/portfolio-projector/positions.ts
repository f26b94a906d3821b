// The positions and their totals. Promises: the totals are exact sums of the positions' values, whatever
// the order in which they change.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { flat, type Holding } from "../../schemas/values/holding.ts";
import { add, type Exact, magnitude, marketValue, negated } from "./exact.ts";

export interface Position {
  instrument: Instrument | null;
  holding: Holding;
  /** 0 until a price is known. */
  mark: number;
  /** Of the holding at the mark, in minor units. */
  value: Exact;
  /** Fills that wait for the instrument, in their order. */
  unbooked: ExecutionReport[];
}

export interface PortfolioState {
  readonly positions: Map<string, Position>;
  cash: bigint;
  /** After fees; dividends and what was paid for fractions of shares included. */
  realised: bigint;
  fees: bigint;
  /** Sum of the positions' values, and of their sizes. */
  net: Exact;
  gross: Exact;
  equity: bigint;
  peak: bigint;
  /** The position that the last event changed; null when it asks for no snapshot. */
  changed: string | null;
  /** What it is called from now on, where that event renamed it. */
  renamed: string | null;
}

export function positionOf(state: PortfolioState, symbol: string): Position {
  const found = state.positions.get(symbol);
  if (found !== undefined) return found;
  const position: Position = { instrument: null, holding: flat, mark: 0, value: 0, unbooked: [] };
  state.positions.set(symbol, position);
  return position;
}

/** Puts a position's value at its mark into the totals in place of its old one. */
export function revalue(state: PortfolioState, symbol: string, position: Position): void {
  const { holding, mark, instrument } = position;
  setValue(state, position, marketValue(mark, holding.quantity, instrument as Instrument));
  state.changed = symbol;
}

export function setValue(state: PortfolioState, position: Position, value: Exact): void {
  const { value: old } = position;
  position.value = value;
  state.net = add(state.net, add(value, negated(old)));
  state.gross = add(state.gross, add(magnitude(value), negated(magnitude(old))));
  state.equity = state.cash + BigInt(state.net);
  if (state.equity > state.peak) state.peak = state.equity;
}
