// A deal that is heard of after a corporate action it came before. Promises: a report's quantity and price are of the
// shares of its tradeUs; whoever books it later books what has become of them, so that quantity and money, fractions
// and dividends included, are what they had been had it been heard in time. Exact integers.

import type { ExecutionReport } from "../generated/fills.ts";
import type { CorporateAction } from "../generated/market.corporate-actions.ts";
import type { Instrument } from "../generated/market.instruments.ts";
import { applyAction, splitPrice, splitQuantity } from "./corporate-action.ts";
import { notionalMinor } from "./money.ts";

/** An action, with what one holder held when it came, as far as it was known; `mark`: the last price before it. */
export interface PastAction {
  readonly timeUs: number;
  readonly action: CorporateAction;
  readonly mark: number;
  readonly quantity: number;
}

/** What a deal is on this side of the actions that came after it. */
export interface LateDeal {
  /** Signed, in today's shares; 0 where nothing of it is left. */
  readonly quantity: number;
  readonly price: number;
  /** What actions have paid for it, in minor units; 0n where no instrument was given. */
  readonly income: bigint;
  /** It goes by another name from that time on; null: it does not. */
  readonly renamed: { readonly symbol: string; readonly timeUs: number } | null;
  readonly past: readonly PastAction[];
}

/** More come together in no market, and no report is on its way for longer. */
const KEPT_ACTIONS = 8;

/** `quantity`: what was held when it came. */
export function keepAction(
  past: readonly PastAction[],
  timeUs: number,
  action: CorporateAction,
  mark: number,
  quantity: number,
): readonly PastAction[] {
  return [...past.slice(1 - KEPT_ACTIONS), { timeUs, action, mark, quantity }];
}

/**
 * `quantity` (signed) at `price`, dealt at `timeUs`; null where nothing has come since. A price of the instant of an
 * action is of what the action made. Cost: nothing to speak of unless it is late.
 */
export function lateDeal(
  past: readonly PastAction[],
  deal: { readonly quantity: number; readonly price: number; readonly timeUs: number },
  instrument: Instrument | null,
): LateDeal | null {
  const last = past.at(-1);
  if (last === undefined || deal.timeUs >= last.timeUs) return null;
  let { quantity, price } = deal;
  let income = 0n;
  let renamed: LateDeal["renamed"] = null;
  const now = past.map((each): PastAction => {
    if (deal.timeUs >= each.timeUs || renamed !== null || quantity === 0) return each;
    const { action, timeUs } = each;
    const whole = each.quantity + quantity;
    if (instrument !== null) income += paidBy(each, quantity, instrument);
    if (action.action === "SPLIT") {
      quantity = splitQuantity(whole, action) - splitQuantity(each.quantity, action);
      price = splitPrice(price, action);
    } else if (action.action === "DELISTING") quantity = 0;
    else if (action.action === "SYMBOL_CHANGE") renamed = { symbol: action.newSymbol, timeUs };
    return { ...each, quantity: whole };
  });
  return { quantity, price, income, renamed, past: now };
}

/**
 * The report as of its new name. It has no number: there it can neither be told twice nor be referred to.
 */
export function underNewName(
  report: ExecutionReport,
  { quantity, price }: LateDeal,
  { symbol, timeUs: tradeUs }: NonNullable<LateDeal["renamed"]>,
): ExecutionReport {
  const size = Math.abs(quantity);
  return { ...report, symbol, quantity: size, price, tradeUs, execId: 0, refExecId: 0 };
}

/** What the action pays for that much more. */
function paidBy(
  { action, mark, quantity: held }: PastAction,
  quantity: number,
  instrument: Instrument,
): bigint {
  if (action.action === "DELISTING") {
    return notionalMinor(action.finalPrice ?? 0, quantity, instrument);
  }
  const paid = (size: number): bigint =>
    applyAction({ quantity: size, cost: 0n }, mark, action, instrument).cash;
  return paid(held + quantity) - paid(held);
}
