// What does each portfolio hold, at what cost, and what is it worth now? Folded from executions
// and corporate actions alone, marked at the last close: an answer that does not trust the portfolio's
// own snapshots.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { dealOf } from "../../schemas/values/deal.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice, changeHolding, flat, type Holding } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Answer, Row } from "../answer.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";

/** Amounts in minor units of the instrument's currency. */
interface PositionState {
  holding: Holding;
  /** After fees. */
  realised: bigint;
  fees: bigint;
}

export interface PositionsState {
  readonly instruments: Map<string, Instrument>;
  /** Last close by symbol, or the last executed price before the first close. */
  readonly marks: Map<string, number>;
  /** By portfolio, then symbol, in the order of first fills. */
  readonly portfolios: Map<string, Map<string, PositionState>>;
}

export interface Position {
  readonly portfolio: string;
  readonly instrument: Instrument;
  readonly quantity: number;
  readonly cost: bigint;
  readonly mark: number;
  readonly marketValue: bigint;
  readonly unrealised: bigint;
  /** After fees. */
  readonly realised: bigint;
  readonly fees: bigint;
}

function evolve(state: PositionsState, event: EventOf<Input>): PositionsState {
  if (event.topic === "market.bars") state.marks.set(event.value.symbol, event.value.close);
  else if (event.topic === "market.instruments") {
    state.instruments.set(event.value.symbol, event.value);
  } else if (event.topic === "market.corporate-actions") act(state, event.value);
  else {
    const deal = dealOf(event.value);
    if (deal !== null) fold(state, deal);
  }
  return state;
}

function fold(state: PositionsState, fill: ExecutionReport): void {
  const { symbol, portfolio } = fill;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) {
    throw new TapedeckError("PROJECTION_INSTRUMENT_UNKNOWN", `a fill of ${symbol} came first`, {
      symbol,
      orderId: fill.orderId,
    });
  }
  let positions = state.portfolios.get(portfolio);
  if (positions === undefined) {
    positions = new Map();
    state.portfolios.set(portfolio, positions);
  }
  let position = positions.get(symbol);
  if (position === undefined) {
    position = { holding: flat, realised: 0n, fees: 0n };
    positions.set(symbol, position);
  }
  const quantity = fill.side === "BUY" ? fill.quantity : -fill.quantity;
  const value = notionalMinor(fill.price, quantity, instrument);
  const change = changeHolding(position.holding, quantity, value);
  position.holding = change.holding;
  position.realised += change.realised - fill.fee;
  position.fees += fill.fee;
  if ((state.marks.get(symbol) ?? 0) === 0) state.marks.set(symbol, fill.price);
}

function act(state: PositionsState, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) return;
  const mark = state.marks.get(symbol) ?? 0;
  const renames = action.action === "SYMBOL_CHANGE";
  for (const positions of state.portfolios.values()) {
    const position = positions.get(symbol);
    if (position === undefined) continue;
    const result = applyAction(position.holding, mark, action, instrument);
    position.holding = result.holding;
    position.realised += result.realised;
    if (renames && position.holding.quantity !== 0) rename(positions, position, newSymbol);
  }
  const after = applyAction(flat, mark, action, instrument).mark;
  state.marks.set(symbol, after);
  if (!renames) return;
  if (mark !== 0) state.marks.set(newSymbol, mark);
  if (!state.instruments.has(newSymbol)) {
    state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
}

/** Takes the holding along; what the old symbol has earned stays with it. */
function rename(
  positions: Map<string, PositionState>,
  position: PositionState,
  newSymbol: string,
): void {
  const { quantity, cost } = position.holding;
  const target = positions.get(newSymbol) ?? { holding: flat, realised: 0n, fees: 0n };
  const change = changeHolding(target.holding, quantity, cost);
  target.holding = change.holding;
  target.realised += change.realised;
  position.holding = flat;
  positions.set(newSymbol, target);
}

/** Every symbol ever traded, flat ones included: their realised profit counts. */
export function positionsOf(state: PositionsState): readonly Position[] {
  return [...state.portfolios].flatMap(([portfolio, positions]) =>
    [...positions].map(([symbol, { holding, realised, fees }]) => {
      const instrument = state.instruments.get(symbol) as Instrument;
      const mark = state.marks.get(symbol) as number;
      const marketValue = notionalMinor(mark, holding.quantity, instrument);
      return {
        portfolio,
        instrument,
        quantity: holding.quantity,
        cost: holding.cost,
        mark,
        marketValue,
        unrealised: marketValue - holding.cost,
        realised,
        fees,
      };
    }),
  );
}

function row(position: Position): Row {
  const { instrument, quantity, cost } = position;
  const money = (amount: bigint): string => formatScaled(amount, instrument.currencyScale);
  return {
    portfolio: position.portfolio,
    symbol: instrument.symbol,
    quantity: formatScaled(quantity, instrument.quantityScale),
    averagePrice: averagePrice(cost, quantity, instrument),
    mark: formatScaled(position.mark, instrument.priceScale),
    marketValue: money(position.marketValue),
    unrealised: money(position.unrealised),
    realised: money(position.realised),
    fees: money(position.fees),
    currency: instrument.currency,
  };
}

export const positions = (): Answer<PositionsState, Input> => ({
  question: "What is held, at what cost, and what is it worth?",
  projection: {
    name: "positions",
    version: 1,
    inputs: ["market.instruments", "market.bars", "market.corporate-actions", "fills"],
    initial: () => ({ instruments: new Map(), marks: new Map(), portfolios: new Map() }),
    evolve,
  },
  rows: (state) => positionsOf(state).map(row),
});
