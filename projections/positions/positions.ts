// What does each portfolio hold, at what cost, and what is it worth now? Folded from executions
// and corporate actions alone, marked at the last close: an answer that does not trust the portfolio's
// own snapshots.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import {
  actOn,
  bookReport,
  type Held,
  heldBy,
  noted,
  withHolding,
} from "../../schemas/values/booking.ts";
import { chargesIn } from "../../schemas/values/charges.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import {
  addHolding,
  averagePrice,
  emptied,
  flat,
  type Lot,
  type LotMethod,
} from "../../schemas/values/holding.ts";
import { keepAction, type PastAction } from "../../schemas/values/late-deal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Account, Answer, Row } from "../answer.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";

/** Amounts in minor units of the instrument's currency. */
interface PositionState {
  /** False while the venue has only told of its orders. */
  traded: boolean;
  held: Held;
  /** After fees and what it cost to carry. */
  realised: bigint;
  fees: bigint;
}

export interface PositionsState {
  readonly lots: LotMethod;
  readonly instruments: Map<string, Instrument>;
  /** Last close by symbol, or the last executed price before the first close. */
  readonly marks: Map<string, number>;
  /** By symbol, for who has not held it yet. */
  readonly past: Map<string, readonly PastAction[]>;
  /** By portfolio, then symbol, in the order of first fills. */
  readonly portfolios: Map<string, Map<string, PositionState>>;
}

export interface Position {
  readonly portfolio: string;
  readonly instrument: Instrument;
  readonly quantity: number;
  readonly cost: bigint;
  /** First in, first out: oldest first. By average cost there are none. */
  readonly lots: readonly Lot[];
  readonly mark: number;
  readonly marketValue: bigint;
  readonly unrealised: bigint;
  /** After fees and taxes. */
  readonly realised: bigint;
  /** Of trades, with their taxes, in the instrument's currency: what was charged in others is in the ledger alone. */
  readonly fees: bigint;
}

function evolve(state: PositionsState, event: EventOf<Input>): PositionsState {
  if (event.topic === "market.bars") state.marks.set(event.value.symbol, event.value.close);
  else if (event.topic === "market.instruments") {
    state.instruments.set(event.value.symbol, event.value);
  } else if (event.topic === "market.corporate-actions") act(state, event.value, event.timeUs);
  else fold(state, event.value);
  return state;
}

function fold(state: PositionsState, fill: ExecutionReport): void {
  const { symbol, portfolio, execType, orderId } = fill;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined && (execType === "FILLED" || execType === "CARRIED")) {
    throw new TapedeckError("PROJECTION_INSTRUMENT_UNKNOWN", `a fill of ${symbol} came first`, {
      symbol,
      orderId,
    });
  }
  let positions = state.portfolios.get(portfolio);
  if (positions === undefined) {
    positions = new Map();
    state.portfolios.set(portfolio, positions);
  }
  const position = positions.get(symbol) ?? untraded(state, symbol);
  positions.set(symbol, position);
  // What a conversion buys is cash.
  if (instrument === undefined || instrument.contract === "EXCHANGE") {
    position.held = noted(position.held, fill);
    return;
  }
  const { held, booking, instead } = bookReport(position.held, fill, instrument);
  position.held = held;
  if (instead !== undefined) fold(state, instead);
  if (booking === null) return;
  if (!position.traded) {
    // In the order of first fills, not of first reports.
    position.traded = true;
    positions.delete(symbol);
    positions.set(symbol, position);
  }
  const { fee, carry, charges } = booking;
  const cost = charges.length === 0 ? fee : fee + chargesIn(charges, instrument.currency);
  position.realised += booking.realised - cost - carry;
  position.fees += cost;
  if (execType !== "CARRIED" && (state.marks.get(symbol) ?? 0) === 0) {
    state.marks.set(symbol, fill.price);
  }
}

function act(state: PositionsState, action: CorporateAction, timeUs: number): void {
  const { symbol, newSymbol } = action;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) return;
  const mark = state.marks.get(symbol) ?? 0;
  const renames = action.action === "SYMBOL_CHANGE";
  for (const positions of state.portfolios.values()) {
    const position = positions.get(symbol);
    if (position === undefined) continue;
    const { held, result } = actOn(position.held, mark, action, instrument, timeUs);
    position.held = held;
    position.realised += result.realised;
    if (renames && held.holding.quantity !== 0) rename(state, positions, position, newSymbol);
  }
  state.past.set(symbol, keepAction(state.past.get(symbol) ?? [], timeUs, action, mark, 0));
  const after = applyAction(flat, mark, action, instrument).mark;
  state.marks.set(symbol, after);
  if (!renames) return;
  if (mark !== 0) state.marks.set(newSymbol, mark);
  if (!state.instruments.has(newSymbol)) {
    state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
}

const untraded = ({ lots, past }: PositionsState, symbol: string): PositionState => ({
  traded: false,
  held: heldBy(lots, past.get(symbol)),
  realised: 0n,
  fees: 0n,
});

/** Takes the holding along; what the old symbol has earned stays with it. */
function rename(
  state: PositionsState,
  positions: Map<string, PositionState>,
  position: PositionState,
  newSymbol: string,
): void {
  const { held } = position;
  const target = positions.get(newSymbol) ?? untraded(state, newSymbol);
  const change = addHolding(target.held.holding, held.holding);
  target.held = withHolding(target.held, change.holding);
  target.realised += change.realised;
  target.traded = true;
  position.held = withHolding(held, emptied(held.holding));
  positions.set(newSymbol, target);
}

/** Every symbol ever traded, flat ones included: their realised profit counts. */
export function positionsOf(state: PositionsState): readonly Position[] {
  return [...state.portfolios].flatMap(([portfolio, positions]) => {
    const traded = [...positions].filter(([, position]) => position.traded);
    return traded.map(
      ([
        symbol,
        {
          held: { holding },
          realised,
          fees,
        },
      ]) => {
        const instrument = state.instruments.get(symbol) as Instrument;
        const mark = state.marks.get(symbol) as number;
        const marketValue = notionalMinor(mark, holding.quantity, instrument);
        return {
          portfolio,
          instrument,
          quantity: holding.quantity,
          cost: holding.cost,
          lots: holding.lots ?? [],
          mark,
          marketValue,
          unrealised: marketValue - holding.cost,
          realised,
          fees,
        };
      },
    );
  });
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

export const positions = ({ lots = "AVERAGE" }: Account): Answer<PositionsState, Input> => ({
  question: "What is held, at what cost, and what is it worth?",
  projection: {
    name: "positions",
    version: 2,
    inputs: ["market.instruments", "market.bars", "market.corporate-actions", "fills"],
    initial: () => ({
      lots,
      instruments: new Map(),
      marks: new Map(),
      past: new Map(),
      portfolios: new Map(),
    }),
    evolve,
  },
  rows: (state) => positionsOf(state).map(row),
});
