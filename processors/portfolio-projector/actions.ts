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
  if (holding.quantity === 0) return;
  position.holding = result.holding;
  state.cash += result.cash;
  state.realised += result.realised;
  if (action.action === "DELISTING") revalue(state, symbol, position);
  else if (action.action === "SYMBOL_CHANGE") rename(state, position, instrument, action);
  else setValue(state, position, add(value, negated(exact(result.cash))));
  state.changed = symbol;
}

/** Puts the holding with what the new symbol holds already, which is nothing as a rule. */
function rename(
  state: PortfolioState,
  position: Position,
  instrument: Instrument,
  { newSymbol }: CorporateAction,
): void {
  const { holding, value, mark } = position;
  const target = positionOf(state, newSymbol);
  target.instrument ??= { ...instrument, symbol: newSymbol };
  target.mark = mark;
  const change = changeHolding(target.holding, holding.quantity, holding.cost);
  target.holding = change.holding;
  state.realised += change.realised;
  position.holding = flat;
  setValue(state, position, 0);
  setValue(state, target, add(target.value, value));
  state.renamed = newSymbol;
}

const exact = (value: bigint): Exact => add(0, value);
