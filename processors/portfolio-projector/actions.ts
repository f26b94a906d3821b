// What corporate actions do to the positions. Promises: at a split, a dividend and a change of symbol the
// equity stays what it was, to the minor unit, whatever the new mark is rounded to.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { actOn, withHolding } from "../../schemas/values/booking.ts";
import { isMargined } from "../../schemas/values/contract-terms.ts";
import { addHolding, emptied } from "../../schemas/values/holding.ts";
import { requireDividendCurrency } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { add, negated } from "./exact.ts";
import {
  checkRates,
  type PortfolioState,
  type Position,
  type Purse,
  positionOf,
  purseOf,
  revalue,
  setValue,
  weigh,
} from "./positions.ts";

/** Throws VALUE_SPLIT_INVALID, PROCESSOR_CURRENCY_UNSUPPORTED and what weighing throws. */
export function act(
  state: PortfolioState,
  action: CorporateAction,
  timeUs: number,
  config: PortfolioConfig,
): void {
  const { symbol } = action;
  const position = state.positions.get(symbol);
  // Without an instrument nothing was booked.
  if (position === undefined || position.instrument === null) return;
  const { instrument, value, carried } = position;
  const { quantity } = position.held.holding;
  requireDividendCurrency(action, instrument);
  if (quantity !== 0) checkRates(state, timeUs, config);
  const { held, result } = actOn(position.held, position.mark, action, instrument, timeUs);
  position.mark = result.mark;
  position.held = held;
  if (action.action === "SYMBOL_CHANGE") know(state, position, instrument, action, config);
  if (quantity === 0) return;
  const purse = purseOf(state, instrument.currency, config);
  purse.cash += result.cash;
  purse.realised += result.realised;
  purse.taxes += result.tax;
  if (action.action === "DELISTING") revalue(purse, position);
  else if (action.action === "SYMBOL_CHANGE") rename(state, purse, position, action, config);
  else setValue(purse, position, add(value, negated(add(0, result.cash + result.tax))), carried);
  weigh(state, timeUs, config);
  state.changed = symbol;
}

/** What the new symbol is, and what it is marked at, is what the old one was. */
function know(
  state: PortfolioState,
  { mark }: Position,
  instrument: Instrument,
  { newSymbol }: CorporateAction,
  config: PortfolioConfig,
): void {
  const target = positionOf(state, newSymbol, config);
  target.instrument ??= { ...instrument, symbol: newSymbol };
  if (mark !== 0) target.mark = mark;
}

/** Puts the holding with what the new symbol holds already, which is nothing as a rule. */
function rename(
  state: PortfolioState,
  purse: Purse,
  position: Position,
  { newSymbol }: CorporateAction,
  config: PortfolioConfig,
): void {
  const { held, value, carried } = position;
  const target = positionOf(state, newSymbol, config);
  const { holding, realised } = addHolding(target.held.holding, held.holding);
  target.held = withHolding(target.held, holding);
  purse.realised += realised;
  if (isMargined(position.instrument as Instrument)) purse.cash += realised;
  position.held = withHolding(held, emptied(held.holding));
  setValue(purse, position, 0);
  setValue(purse, target, add(target.value, value), add(target.carried, carried));
  if (carried !== 0) revalue(purse, target);
  state.renamed = newSymbol;
}
