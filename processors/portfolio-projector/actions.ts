// What corporate actions do to the positions. Promises: at a split, a dividend and a change of symbol the
// equity stays what it was, to the minor unit, whatever the new mark is rounded to.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { changeHolding, flat } from "../../schemas/values/holding.ts";
import { requireDividendCurrency } from "../currency.ts";
import { add, type Exact, negated } from "./exact.ts";
import { type PortfolioState, type Position, positionOf, revalue, setValue } from "./positions.ts";

/** Throws VALUE_SPLIT_INVALID, PROCESSOR_CURRENCY_UNSUPPORTED. */
export function act(state: PortfolioState, action: CorporateAction): void {
  const { symbol } = action;
  const position = state.positions.get(symbol);
  // Without an instrument nothing was booked.
  if (position === undefined || position.instrument === null) return;
  const { instrument, holding, value } = position;
  requireDividendCurrency(action, instrument);
  const result = applyAction(holding, position.mark, action, instrument);
  position.mark = result.mark;
  if (action.action === "SYMBOL_CHANGE") know(state, position, instrument, action.newSymbol);
  if (holding.quantity === 0) return;
  position.holding = result.holding;
  state.cash += result.cash;
  state.realised += result.realised;
  if (action.action === "DELISTING") revalue(state, symbol, position);
  else if (action.action === "SYMBOL_CHANGE") rename(state, position, action);
  else setValue(state, position, add(value, negated(exact(result.cash))));
  state.changed = symbol;
}

/** What the new symbol is, and what it is marked at, is what the old one was. */
function know(
  state: PortfolioState,
  { mark }: Position,
  instrument: Instrument,
  symbol: string,
): void {
  const target = positionOf(state, symbol);
  target.instrument ??= { ...instrument, symbol };
  if (mark !== 0) target.mark = mark;
}

/** Puts the holding with what the new symbol holds already, which is nothing as a rule. */
function rename(state: PortfolioState, position: Position, { newSymbol }: CorporateAction): void {
  const { holding, value } = position;
  const target = positionOf(state, newSymbol);
  const change = changeHolding(target.holding, holding.quantity, holding.cost);
  target.holding = change.holding;
  state.realised += change.realised;
  position.holding = flat;
  setValue(state, position, 0);
  setValue(state, target, add(target.value, value));
  state.renamed = newSymbol;
}

const exact = (value: bigint): Exact => add(0, value);
