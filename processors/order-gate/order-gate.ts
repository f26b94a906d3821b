// Judges every order request between the router and the venue, in exact integers. Promises: the venue sees no
// request that was not let through here; one verdict for each request of its portfolio, with every check, its limit
// and what was measured; no order passes a limit at one more, and none is refused at the limit itself.
//
// It trusts neither the strategy nor the router: it counts orders, executions and approvals by itself.
//
// - A cancel of an order that works passes, once, and counts as a message.
// - An order that only reduces a position, counting all that works on its side, is held to limits of its own; what closes
//   by a named person's FlattenPositions to none of size, age or rate.
// - A TRANSFER asks for nothing: it passes, and counts as none.
// - A replace is judged like the order that it would make; what its order holds is not counted twice.
// - A refused request is answered by the venue's side as a rejection (DeniedByRisk), after its latency, so that the
//   router and the answers hear of it as of any other.
// - Operators' commands, latches: kill-switch.ts; overrides.ts; overlays.ts. docs/risk.md has the policy of each check.

import type { Order } from "../../schemas/generated/risk.order-verdicts.ts";
import {
  cancelRequested,
  replaceRequested,
  submitted,
} from "../../schemas/values/order-progress.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { isAllowed } from "../people.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { act, approve } from "./approvals.ts";
import { checkBuyingPower } from "./buying-power.ts";
import { type GateState, initialState, watchOf } from "./gate-state.ts";
import { type Inquiry, inquiryOf, type Rules } from "./inquiry.ts";
import { heed, obey, trip } from "./kill-switch.ts";
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
  checkAlike,
  checkCancel,
  checkIdentity,
  checkRates,
  checkRepeats,
  checkSession,
  checkState,
} from "./message-checks.ts";
import { countWithin, note } from "./order-rates.ts";
import { beginBans, beginBlackouts, checkOverlays } from "./overlays.ts";
import { takeOverride } from "./overrides.ts";
import { report, worseOf } from "./working-orders.ts";

type Input =
  | "orders"
  | "fills"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "market.corporate-actions"
  | "control.commands"
  | "risk.breakers";

/** What else of the flow it heeds. */
interface Neighbours {
  /** There is a processor that writes risk.breakers. */
  readonly hasBreakers?: boolean;
  readonly blackouts?: Rules["blackouts"];
}

/** Cost of a request: its checks, and a walk over the orders that work. */
export function orderGate(
  config: OrderRiskConfig,
  portfolio: PortfolioConfig,
  { hasBreakers = false, blackouts = [] }: Neighbours = {},
): Processor<GateState, Input, "risk.order-verdicts"> {
  const rules: Rules = { config, portfolio, blackouts };
  return {
    name: "order-gate",
    version: 2,
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
      ...(hasBreakers ? (["risk.breakers"] as const) : []),
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
  if (state.bans.length > 0) beginBans(state, timeUs);
  if (rules.blackouts.length > 0) beginBlackouts(state, rules.blackouts, timeUs);
  if (event.topic === "market.bars") {
    const watch = watchOf(state, event.value.symbol);
    watch.price = event.value.close;
    watch.priceUs = timeUs;
    const { volumeShare } = rules.config;
    if (volumeShare === null) return;
    watch.volumes.push(event.value.volume);
    if (watch.volumes.length > volumeShare.bars) watch.volumes.shift();
  } else if (event.topic === "market.instruments") {
    const watch = watchOf(state, event.value.symbol);
    watch.instrument = event.value;
    watch.instrumentUs = timeUs;
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
  if (event.topic === "orders") {
    answer(state, event.value, rules, timeUs);
    state.requestUs = timeUs;
  } else if (event.topic === "fills") {
    if (!report(state, event.value)) trip(state, "UnexplainedFill", "fills", timeUs);
    state.reportUs = timeUs;
  } else if (event.topic === "risk.verdicts") approve(state, event.value, timeUs);
  else if (event.topic === "control.commands") {
    const { people } = rules.portfolio;
    if (isAllowed(event.value, people)) obey(state, event.value, timeUs, people);
  } else if (event.topic === "risk.breakers") heed(state, event.value, timeUs);
  else {
    const { symbol, quantity, cash, cost } = event.value;
    state.cash = cash;
    state.cashUs = timeUs;
    if (symbol === "") return;
    const watch = watchOf(state, symbol);
    watch.position = quantity;
    watch.cost = cost;
    watch.positionUs = timeUs;
    watch.unbooked = 0;
  }
}

const checks: readonly ((inquiry: Inquiry) => void)[] = [
  checkState,
  checkOverlays,
  checkIdentity,
  checkRates,
  checkRepeats,
  checkAlike,
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

/** The verdict, and what it sets off. */
function answer(state: GateState, order: Order, rules: Rules, nowUs: number): void {
  const inquiry = inquiryOf(rules, state, order, nowUs);
  const asks = order.action === "NEW" || order.action === "REPLACE";
  const made = asks ? checks : order.action === "CANCEL" ? [checkCancel] : [];
  for (const check of made) check(inquiry);
  const override = asks ? takeOverride(inquiry) : null;
  const [first] = inquiry.failed;
  const denied = first !== undefined && override === null;
  if (!denied) release(inquiry);
  state.verdicts.push({
    portfolio: order.portfolio,
    symbol: order.symbol,
    outcome: denied ? "DENY" : "PASS",
    reason: denied ? first.reason : "NONE",
    state: state.trading,
    latch: state.latch,
    overriddenBy: override?.by ?? "",
    checks: inquiry.checks,
    order,
  });
  if (denied && asks) countDenial(inquiry);
}

/** A loop shows in what is refused. What the switch itself refuses tells nothing new. */
function countDenial({ state, config, nowUs, failed }: Inquiry): void {
  if (failed.some(({ check }) => check === "REPEATED_EXECUTION")) {
    trip(state, "RepeatedExecution", "orders", nowUs);
  }
  const { denials } = config;
  const bySwitch = failed[0]?.check === "TRADING_STATE" || failed[0]?.check === "LATCH";
  if (denials === undefined || bySwitch) return;
  const before = countWithin(state.denials, denials, nowUs);
  note(state.denials, denials, nowUs);
  if (before >= denials.most) trip(state, "DenialsExceeded", "orders", nowUs);
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
    const worst = order.limitPrice;
    const fresh = { order, pending: null, progress, opening, approval, charged: opening, worst };
    state.orders.set(order.orderId, fresh);
    return;
  }
  known.pending = order;
  known.progress = replaceRequested(known.progress, order.quantity);
  known.opening = Math.max(known.opening, opening);
  known.charged = opening;
  known.approval = approval;
  known.worst = worseOf(order.side, known.worst, order.limitPrice);
}
