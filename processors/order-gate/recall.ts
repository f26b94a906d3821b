// The gate's own cancels. Promises: they go to the venue in the instant of what caused them, whether the router works
// or not; each says why.

import type { Order, OrderRiskReason } from "../../schemas/generated/risk.order-verdicts.ts";
import { cancelRequested } from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import type { GateOrder, GateState } from "./gate-state.ts";

/** `again`: those that are under way, too. */
export function recall(
  state: GateState,
  orders: readonly GateOrder[],
  reason: OrderRiskReason,
  nowUs: number,
  again: boolean,
): void {
  for (const one of orders) {
    const { order, progress } = one;
    if (isEnd(progress.status) || (progress.cancels > 0 && !again)) continue;
    one.progress = cancelRequested(progress);
    const quantity = progress.leavesQuantity;
    const cancel: Order = { ...order, action: "CANCEL", quantity, decidedUs: nowUs };
    state.verdicts.push({
      portfolio: order.portfolio,
      symbol: order.symbol,
      outcome: "PASS",
      reason,
      state: state.trading,
      latch: state.latch,
      overriddenBy: "",
      checks: [],
      order: cancel,
    });
  }
}
