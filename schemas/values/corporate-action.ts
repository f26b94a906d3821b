// What a corporate action does to a holding, a price and a quantity: the one rule for all who keep
// them. Promises: exact integers; no value appears or vanishes: what a holding loses at a split or a
// dividend is paid in cash, to the minor unit, and all of its cost stays with it or leaves with that.

import { TapedeckError } from "../errors.ts";
import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { isMargined } from "./contract-terms.ts";
import { divideRounded } from "./decimal.ts";
import { emptied, type Holding, restateLots } from "./holding.ts";
import { notionalMinor } from "./money.ts";

/** Amounts in minor units of the instrument's currency, signed: a short position pays. */
export interface ActionResult {
  readonly holding: Holding;
  /** Scaled by the instrument's priceScale: what the holding is marked at until a price is printed. */
  readonly mark: number;
  /** Paid to the holder. */
  readonly cash: bigint;
  /** Profit that the payment makes final, after tax. */
  readonly realised: bigint;
  /** Taken from the payment before it was made; never negative. */
  readonly tax: bigint;
}

/** Throws VALUE_SPLIT_INVALID where an action has no ratio of two positive whole numbers. */
export function checkRatio({ symbol, newShares, oldShares }: CorporateAction): void {
  if (newShares > 0 && oldShares > 0) return;
  throw new TapedeckError(
    "VALUE_SPLIT_INVALID",
    `${symbol} splits ${newShares} for ${oldShares}: both must be positive`,
    { symbol, newShares, oldShares },
  );
}

/** A quantity in new shares, rounded toward zero: what is below one unit of it is paid in cash. */
export function splitQuantity(quantity: number, { newShares, oldShares }: CorporateAction): number {
  return Number((BigInt(quantity) * BigInt(newShares)) / BigInt(oldShares));
}

/** A price of one new share, half to even, at least one unit; 0 (none is known) stays 0. */
export function splitPrice(price: number, { newShares, oldShares }: CorporateAction): number {
  const rounded = Number(divideRounded(BigInt(price) * BigInt(oldShares), BigInt(newShares)));
  return price > 0 ? Math.max(rounded, 1) : rounded;
}

/** True for what ends every order of a symbol: its shares are no longer what the order named. */
export const endsOrders = ({ action }: CorporateAction): boolean => action !== "CASH_DIVIDEND";

/**
 * The holding after the action, given its mark before it (the last close). A SYMBOL_CHANGE changes
 * nothing but the name, which is the caller's. A contract that expires is delisted at its settlement price.
 * Throws VALUE_SPLIT_INVALID, VALUE_PRICE_INVALID, VALUE_ACTION_UNSUPPORTED.
 */
export function applyAction(
  holding: Holding,
  mark: number,
  action: CorporateAction,
  instrument: Instrument,
): ActionResult {
  switch (action.action) {
    case "SPLIT":
      return split(holding, mark, action, instrument);
    case "CASH_DIVIDEND": {
      checkHeld(action, instrument);
      const gross = dividend(holding.quantity, action, instrument);
      const tax = withheld(gross, action);
      const cash = gross - tax;
      return { holding, mark: exDividend(mark, action, instrument), cash, realised: cash, tax };
    }
    case "DELISTING": {
      const price = finalPriceOf(action, instrument);
      const value = notionalMinor(price, holding.quantity, instrument);
      const realised = value - holding.cost;
      // A contract against margin never paid its cost: its profit is all that is settled.
      const cash = isMargined(instrument) ? realised : value;
      return { holding: emptied(holding), mark: price, cash, realised, tax: 0n };
    }
    case "SYMBOL_CHANGE":
      return { holding, mark, cash: 0n, realised: 0n, tax: 0n };
  }
}

/** A contract that expires settles at a price: without one its profit is not known. */
function finalPriceOf({ symbol, finalPrice }: CorporateAction, instrument: Instrument): number {
  if (finalPrice !== null || !isMargined(instrument)) return finalPrice ?? 0;
  throw new TapedeckError(
    "VALUE_PRICE_INVALID",
    `${symbol} is a contract that settles in cash, and it ends without a final price`,
    { symbol },
  );
}

/** Throws VALUE_ACTION_UNSUPPORTED for what would be paid for a share, where none is held. */
function checkHeld({ symbol, action }: CorporateAction, instrument: Instrument): void {
  if (!isMargined(instrument)) return;
  throw new TapedeckError(
    "VALUE_ACTION_UNSUPPORTED",
    `a ${action} of ${symbol} would pay for shares, and it is a contract against margin`,
    { symbol, action },
  );
}

/**
 * quantity × new ÷ old in whole units; the fraction that is left is sold at the mark in new shares,
 * mark × old ÷ new, and takes its part of the cost with it. One rounding each, half to even.
 */
function split(
  held: Holding,
  mark: number,
  action: CorporateAction,
  instrument: Instrument,
): ActionResult {
  checkRatio(action);
  const { quantity, cost } = held;
  const shares = BigInt(quantity) * BigInt(action.newShares);
  const fraction = shares % BigInt(action.oldShares);
  const whole = splitQuantity(quantity, action);
  const price = splitPrice(mark, action);
  if (fraction === 0n) {
    return { holding: restated(held, cost, action), mark: price, cash: 0n, realised: 0n, tax: 0n };
  }
  checkHeld(action, instrument);
  // fraction ÷ old new shares at mark × old ÷ new: the old shares cancel.
  const { priceScale, quantityScale, currencyScale, multiplier } = instrument;
  const excess = priceScale + quantityScale - currencyScale;
  const worth = fraction * BigInt(mark) * BigInt(multiplier) * 10n ** BigInt(Math.max(-excess, 0));
  const cash = divideRounded(worth, BigInt(action.newShares) * 10n ** BigInt(Math.max(excess, 0)));
  const soldCost = whole === 0 ? cost : divideRounded(cost * fraction, shares);
  return {
    holding: restated(held, cost - soldCost, action),
    mark: price,
    cash,
    realised: cash - soldCost,
    tax: 0n,
  };
}

function restated({ quantity, lots }: Holding, cost: bigint, action: CorporateAction): Holding {
  const sums = { quantity: splitQuantity(quantity, action), cost };
  if (lots === undefined) return sums;
  return { ...sums, lots: restateLots(lots, (running) => splitQuantity(running, action), cost) };
}

/** amount × quantity × multiplier, half to even. */
const dividend = (quantity: number, action: CorporateAction, instrument: Instrument): bigint =>
  notionalMinor(action.amount, quantity, { ...instrument, priceScale: action.amountScale });

/** The part of a dividend that a holder is not paid, half to even; a short position pays the whole. */
const withheld = (gross: bigint, { withheldPerMillion }: CorporateAction): bigint =>
  gross <= 0n || withheldPerMillion === 0
    ? 0n
    : divideRounded(gross * BigInt(withheldPerMillion), 1_000_000n);

/** The last close less the dividend, half to even, at least one unit. */
function exDividend(mark: number, action: CorporateAction, { priceScale }: Instrument): number {
  if (mark <= 0) return mark;
  const excess = action.amountScale - priceScale;
  const amount =
    excess > 0
      ? divideRounded(BigInt(action.amount), 10n ** BigInt(excess))
      : BigInt(action.amount) * 10n ** BigInt(-excess);
  return Math.max(mark - Number(amount), 1);
}
