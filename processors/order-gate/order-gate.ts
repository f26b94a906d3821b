// Judges every order request between the router and the venue, in exact integers. Promises: the venue sees no
// request that was not let through here; one verdict for each request of its portfolio, with every check, its limit
// and what was measured; no order passes a limit at one more, and none is refused at the limit itself.
//
// It trusts neither the strategy nor the router: it counts orders, executions and approvals by itself.
//
// - Cancels always pass, and count as messages. A TRANSFER asks for nothing: it passes, and counts as none.
// - An order that only reduces a position, counting all that works on its side, passes every check but
//   those of message and id, the trading state KILLED, and the price collar (that too, where it is marked reduce-only).
// - A replace is judged like the order that it would make; what its order holds is not counted twice.
// - A refused request is answered by the venue's side as a rejection (DeniedByRisk), after its latency, so that the
//   router and the answers hear of it as of any other.
// - Operators' commands, latches and overrides: kill-switch.ts. docs/risk.md has the policy of each check.

import type { Order, OrderVerdict } from "../../schemas/generated/risk.order-verdicts.ts";
import {
  cancelRequested,
  replaceRequested,
  submitted,
} from "../../schemas/values/order-progress.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { act, approve } from "./approvals.ts";
import { checkBuyingPower } from "./buying-power.ts";
import { type GateState, initialState, watchOf } from "./gate-state.ts";
import { type Inquiry, inquiryOf, type Rules } from "./inquiry.ts";
import { obey, takeOverride, tripOnFill } from "./kill-switch.ts";
import {
  checkApproved,
  checkCollar,
  checkPriceAge,
  checkQuantity,
  checkShort,
  checkValue,
  checkVolumeShare,
} from "./market-checks.ts";
import {
  checkIdentity,
  checkRates,
  checkRepeats,
  checkSession,
  checkState,
} from "./message-checks.ts";
import { note } from "./order-rates.ts";
import { report } from "./working-orders.ts";

type Input =
  | "orders"
  | "fills"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "market.corporate-actions"
  | "control.commands";

/** Cost of a request: its checks, and a walk over the orders that work. */
export function orderGate(
  config: OrderRiskConfig,
  portfolio: PortfolioConfig,
): Processor<GateState, Input, "risk.order-verdicts"> {
  const rules: Rules = { config, portfolio };
  return {
    name: "order-gate",
    version: 1,
    scope: "portfolio",
    inputs: [
      "orders",
      "fills",
      "risk.verdicts",
      "portfolio.snapshots",
      "market.bars",
      "market.instruments",
      "market.corporate-actions",
      "control.commands",
    ],
    outputs: { "risk.order-verdicts": 0 },
    onFailure: "stop",
    initial: () => initialState(portfolio.initialCashMinor),
    evolve: (state, event) => {
      if (state.verdicts.length > 0) state.verdicts = [];
      evolve(state, event, rules);
      return state;
    },
    decide: ({ verdicts }) =>
      verdicts.length === 0
        ? nothing
        : verdicts.map((verdict) => emit("risk.order-verdicts", verdict)),
  };
}

function evolve(state: GateState, event: EventOf<Input>, rules: Rules): void {
  const { timeUs } = event;
  if (event.topic === "market.bars") {
    const watch = watchOf(state, event.value.symbol);
    watch.price = event.value.close;
    watch.priceUs = timeUs;
    const { volumeShare } = rules.config;
    if (volumeShare === null) return;
    watch.volumes.push(event.value.volume);
    if (watch.volumes.length > volumeShare.bars) watch.volumes.shift();
  } else if (event.topic === "market.instruments") {
    watchOf(state, event.value.symbol).instrument = event.value;
  } else if (event.topic === "market.corporate-actions") {
    act(state, event.value, timeUs);
  } else if (event.value.portfolio === rules.portfolio.name) ofPortfolio(state, event, rules);
}

type OfPortfolio = Exclude<
  Input,
  "market.bars" | "market.instruments" | "market.corporate-actions"
>;

function ofPortfolio(state: GateState, event: EventOf<OfPortfolio>, rules: Rules): void {
  const { timeUs } = event;
  if (event.topic === "orders") state.verdicts.push(judge(state, event.value, rules, timeUs));
  else if (event.topic === "fills") {
    if (!report(state, event.value)) tripOnFill(state, timeUs);
  } else if (event.topic === "risk.verdicts") approve(state, event.value, timeUs);
  else if (event.topic === "control.commands") obey(state, event.value, timeUs);
  else {
    const { symbol, quantity, cash } = event.value;
    state.cash = cash;
    state.cashUs = timeUs;
    if (symbol === "") return;
    const watch = watchOf(state, symbol);
    watch.position = quantity;
    watch.positionUs = timeUs;
  }
}

const checks: readonly ((inquiry: Inquiry) => void)[] = [
  checkState,
  checkIdentity,
  checkRates,
  checkRepeats,
  checkSession,
  checkPriceAge,
  checkCollar,
  checkQuantity,
  checkValue,
  checkVolumeShare,
  checkApproved,
  checkShort,
  checkBuyingPower,
];

function judge(state: GateState, order: Order, rules: Rules, nowUs: number): OrderVerdict {
  const inquiry = inquiryOf(rules, state, order, nowUs);
  const asks = order.action === "NEW" || order.action === "REPLACE";
  if (asks) for (const check of checks) check(inquiry);
  const override = takeOverride(inquiry);
  const denied = inquiry.failed.length > 0 && override === null;
  if (!denied) release(inquiry);
  return {
    portfolio: order.portfolio,
    symbol: order.symbol,
    outcome: denied ? "DENY" : "PASS",
    reason: denied ? (inquiry.failed[0]?.reason ?? "NONE") : "NONE",
    state: state.trading,
    latch: state.latch,
    overriddenBy: override?.by ?? "",
    checks: inquiry.checks,
    order,
  };
}

/** From now on it may trade: it counts for all that comes after. */
function release(inquiry: Inquiry): void {
  const { state, config, order, nowUs, opening, watch, quantity } = inquiry;
  if (order.action === "TRANSFER") return;
  if (config.messageRate !== null) note(state.messages, config.messageRate, nowUs);
  const known = state.orders.get(order.orderId);
  if (order.action === "CANCEL") {
    if (known !== undefined) known.progress = cancelRequested(known.progress);
    return;
  }
  if (config.orderRate !== null) note(state.requests, config.orderRate, nowUs);
  const { approved } = watch;
  const before = known?.charged ?? 0;
  if (approved !== null) approved.taken += opening - before;
  const approval = approved?.number ?? 0;
  if (known === undefined) {
    const progress = submitted(quantity);
    const fresh = { order, pending: null, progress, opening, approval, charged: opening };
    state.orders.set(order.orderId, fresh);
    return;
  }
  known.pending = order;
  known.progress = replaceRequested(known.progress, order.quantity);
  known.opening = Math.max(known.opening, opening);
  known.charged = opening;
  known.approval = approval;
}
