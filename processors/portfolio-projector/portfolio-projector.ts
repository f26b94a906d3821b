// What the portfolio is worth, after each fill and each new price of something held. Promises: exact
// minor units; equity = initial cash + realised + unrealised at every event; totals do not depend on
// the order of symbols. Conventions: average cost (schemas/values/holding.ts); realised P&L is after
// fees; a position is marked at the last close, or at its first fill before any close is known.
// A fill that comes before its instrument is booked when that comes: live, the instrument's input may be
// behind, though its event is earlier; the venue knew it. No fill is lost, and none is valued wrongly.
// Corporate actions follow schemas/values/corporate-action.ts; what they pay counts as realised.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type {
  PortfolioSnapshot,
  SnapshotCause,
} from "../../schemas/generated/portfolio.snapshots.ts";
import { dealOf } from "../../schemas/values/deal.ts";
import { changeHolding } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { type EmitOf, type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { requireCurrency } from "../currency.ts";
import { drawdownBps } from "../drawdown.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { act } from "./actions.ts";
import { type PortfolioState, type Position, positionOf, revalue } from "./positions.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";
type Output = "portfolio.snapshots";

export function portfolioProjector(
  config: PortfolioConfig,
): Processor<PortfolioState, Input, Output> {
  return {
    name: "portfolio-projector",
    version: 1,
    scope: "portfolio",
    inputs: ["fills", "market.bars", "market.corporate-actions", "market.instruments"],
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
      renamed: null,
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
  if (state.renamed !== null) state.renamed = null;
  if (event.topic === "market.bars") {
    const { symbol, close } = event.value;
    const position = positionOf(state, symbol);
    position.mark = close;
    if (position.holding.quantity !== 0) revalue(state, symbol, position);
    else state.changed = null;
  } else if (event.topic === "fills") {
    const fill = event.value.portfolio === config.name ? dealOf(event.value) : null;
    if (fill !== null) book(state, fill, config);
    else state.changed = null;
  } else if (event.topic === "market.corporate-actions") {
    state.changed = null;
    act(state, event.value);
  } else {
    state.changed = null;
    describe(state, event.value, config);
  }
  return state;
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

function decide(
  state: PortfolioState,
  event: EventOf<Input>,
  config: PortfolioConfig,
): readonly EmitOf<Output>[] {
  if (state.changed === null) return nothing;
  const cause = causeOf[event.topic];
  const snapshot = emit("portfolio.snapshots", snapshotOf(state, state.changed, cause, config));
  if (state.renamed === null) return [snapshot];
  const renamed = snapshotOf(state, state.renamed, cause, config);
  return [snapshot, emit("portfolio.snapshots", renamed)];
}

/** A fill that waited is booked when its instrument comes. */
const causeOf: { readonly [T in Input]: SnapshotCause } = {
  "market.bars": "MARK",
  "market.corporate-actions": "ACTION",
  "market.instruments": "FILL",
  fills: "FILL",
};

function snapshotOf(
  state: PortfolioState,
  symbol: string,
  cause: SnapshotCause,
  config: PortfolioConfig,
): PortfolioSnapshot {
  const { holding, mark } = state.positions.get(symbol) as Position;
  const net = BigInt(state.net);
  return {
    portfolio: config.name,
    currency: config.currency,
    cause,
    cash: state.cash,
    equity: state.equity,
    peakEquity: state.peak,
    grossExposure: state.gross === state.net ? net : BigInt(state.gross),
    netExposure: net,
    realisedPnl: state.realised,
    fees: state.fees,
    drawdownBps: drawdownBps(state.equity, state.peak),
    symbol,
    quantity: holding.quantity,
    cost: holding.cost,
    mark,
  };
}
