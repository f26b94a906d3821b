// What the risk gate's verdicts let orders do. Promises: however many orders follow from a verdict, together they
// never lead past its target, and never open more than lay between the position and the target when it came.

import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { RiskVerdict } from "../../schemas/generated/risk.verdicts.ts";
import {
  checkRatio,
  endsOrders,
  splitPrice,
  splitQuantity,
} from "../../schemas/values/corporate-action.ts";
import { type GateState, watchOf } from "./gate-state.ts";
import { renameBans } from "./overlays.ts";
import { charge } from "./working-orders.ts";

/** Orders that work already count: they were approved before, and are of what is approved now. */
export function approve(state: GateState, verdict: RiskVerdict, nowUs: number): void {
  for (const { symbol, quantity } of verdict.targets) aim(state, symbol, quantity, nowUs);
}

function aim(state: GateState, symbol: string, target: number, nowUs: number): void {
  const watch = watchOf(state, symbol);
  const { position: from } = watch;
  const direction = Math.sign(target - from);
  const taken = charge(state, symbol, direction);
  const budget = Math.abs(target - from);
  const number = ++state.approvals;
  watch.approved = { number, target, from, direction, budget, taken, timeUs: nowUs };
}

/** The venue cancels what works; what is missing comes anew, in new shares. Throws VALUE_SPLIT_INVALID. */
export function act(state: GateState, action: CorporateAction, nowUs: number): void {
  const watch = state.symbols.get(action.symbol);
  if (watch === undefined || !endsOrders(action)) return;
  for (const one of state.orders.values()) if (one.order.symbol === action.symbol) one.charged = 0;
  const { approved } = watch;
  watch.approved = null;
  if (action.action === "SPLIT") {
    checkRatio(action);
    watch.price = splitPrice(watch.price, action);
    watch.position = splitQuantity(watch.position, action);
    watch.unbooked = 0;
    watch.volumes = watch.volumes.map((volume) => splitQuantity(volume, action));
    if (approved !== null)
      aimAnew(state, action.symbol, splitQuantity(approved.target, action), nowUs);
  } else if (action.action === "SYMBOL_CHANGE") {
    const { newSymbol: symbol } = action;
    const renamed = watchOf(state, symbol);
    renamed.instrument ??= watch.instrument === null ? null : { ...watch.instrument, symbol };
    if (renamed.priceUs < watch.priceUs) {
      renamed.price = watch.price;
      renamed.priceUs = watch.priceUs;
      renamed.volumes = [...watch.volumes];
    }
    watch.price = 0;
    renameBans(state, action);
  } else if (action.action === "DELISTING") watch.price = 0;
}

function aimAnew(state: GateState, symbol: string, target: number, nowUs: number): void {
  aim(state, symbol, target, nowUs);
  const { approved } = watchOf(state, symbol);
  for (const one of state.orders.values()) if (one.order.symbol === symbol) one.charged = 0;
  if (approved !== null) approved.taken = 0;
}
