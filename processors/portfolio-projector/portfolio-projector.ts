// What the portfolio is worth, after each fill and each new price of something held. Promises: exact
// minor units; equity = initial cash + realised + unrealised at every event; totals do not depend on
// the order of symbols. Conventions: average cost (schemas/values/holding.ts); realised P&L is after
// fees; a position is marked at the last close, or at its first fill before any close is known.
// A fill that comes before its instrument is booked when that comes: live, the instrument's input may be
// behind, though its event is earlier; the venue knew it. No fill is lost, and none is valued wrongly.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { changeHolding, flat, type Holding } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { type EmitOf, type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { requireCurrency } from "../currency.ts";
import { drawdownBps } from "../drawdown.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { add, type Exact, magnitude, marketValue, negated } from "./exact.ts";

type Input = "market.instruments" | "market.bars" | "fills";
type Output = "portfolio.snapshots";

interface Position {
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
  /** After fees. */
  realised: bigint;
  fees: bigint;
  /** Sum of the positions' values, and of their sizes. */
  net: Exact;
  gross: Exact;
  equity: bigint;
  peak: bigint;
  /** The position that the last event changed; null when it asks for no snapshot. */
  changed: string | null;
}

export function portfolioProjector(
  config: PortfolioConfig,
): Processor<PortfolioState, Input, Output> {
  return {
    name: "portfolio-projector",
    version: 1,
    scope: "portfolio",
    inputs: ["fills", "market.bars", "market.instruments"],
    outputs: { "portfolio.snapshots": 0 },
    onFailure: "stop",
    initial: () => ({
      positions: new Map(),
      cash: config.initialCashMinor,
      realised: 0n,
      fees: 0n,
      net: 0,
      gross: 0,
      equity: config.initialCashMinor,
      peak: config.initialCashMinor,
      changed: null,
    }),
    evolve: (state, event) => evolve(state, event, config),
    decide: (state, event) => decide(state, event, config),
  };
}

function evolve(
  state: PortfolioState,
  event: EventOf<Input>,
  config: PortfolioConfig,
): PortfolioState {
  if (event.topic === "market.bars") {
    const { symbol, close } = event.value;
    const position = positionOf(state, symbol);
    position.mark = close;
    if (position.holding.quantity !== 0) revalue(state, symbol, position);
    else state.changed = null;
  } else if (event.topic === "fills") {
    const fill = event.value;
    if (fill.execType === "FILLED" && fill.portfolio === config.name) book(state, fill, config);
    else state.changed = null;
  } else {
    state.changed = null;
    describe(state, event.value, config);
  }
  return state;
}

function positionOf(state: PortfolioState, symbol: string): Position {
  const found = state.positions.get(symbol);
  if (found !== undefined) return found;
  const position: Position = { instrument: null, holding: flat, mark: 0, value: 0, unbooked: [] };
  state.positions.set(symbol, position);
  return position;
}

function describe(state: PortfolioState, instrument: Instrument, config: PortfolioConfig): void {
  const position = positionOf(state, instrument.symbol);
  position.instrument = instrument;
  if (position.unbooked.length === 0) return;
  const { unbooked } = position;
  const { peak } = state;
  position.unbooked = [];
  for (const fill of unbooked) book(state, fill, config);
  // An equity between two of them was never seen.
  state.peak = state.equity > peak ? state.equity : peak;
}

function book(state: PortfolioState, fill: ExecutionReport, config: PortfolioConfig): void {
  const position = positionOf(state, fill.symbol);
  const { instrument } = position;
  if (instrument === null) {
    position.unbooked.push(fill);
    state.changed = null;
    return;
  }
  requireCurrency(instrument, config);
  const quantity = fill.side === "BUY" ? fill.quantity : -fill.quantity;
  const value = notionalMinor(fill.price, quantity, instrument);
  const change = changeHolding(position.holding, quantity, value);
  position.holding = change.holding;
  if (position.mark === 0) position.mark = fill.price;
  state.cash -= value + fill.fee;
  state.realised += change.realised - fill.fee;
  state.fees += fill.fee;
  revalue(state, fill.symbol, position);
}

/** Puts the position's new value into the totals in place of its old one. */
function revalue(state: PortfolioState, symbol: string, position: Position): void {
  const { value: old, holding, mark, instrument } = position;
  const value = marketValue(mark, holding.quantity, instrument as Instrument);
  const change = add(value, negated(old));
  position.value = value;
  state.net = add(state.net, change);
  state.gross = add(state.gross, add(magnitude(value), negated(magnitude(old))));
  state.equity = state.cash + BigInt(state.net);
  if (state.equity > state.peak) state.peak = state.equity;
  state.changed = symbol;
}

function decide(
  state: PortfolioState,
  event: EventOf<Input>,
  config: PortfolioConfig,
): readonly EmitOf<Output>[] {
  if (state.changed === null) return nothing;
  const position = state.positions.get(state.changed) as Position;
  const { holding, mark } = position;
  const net = BigInt(state.net);
  const snapshot: PortfolioSnapshot = {
    portfolio: config.name,
    currency: config.currency,
    cause: event.topic === "market.bars" ? "MARK" : "FILL",
    cash: state.cash,
    equity: state.equity,
    peakEquity: state.peak,
    grossExposure: state.gross === state.net ? net : BigInt(state.gross),
    netExposure: net,
    realisedPnl: state.realised,
    fees: state.fees,
    drawdownBps: drawdownBps(state.equity, state.peak),
    symbol: state.changed,
    quantity: holding.quantity,
    cost: holding.cost,
    mark,
  };
  return [emit("portfolio.snapshots", snapshot)];
}
