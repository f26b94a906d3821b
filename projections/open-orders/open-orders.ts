// Which orders are working? A state machine over orders and what the venue says of them: an order
// is working from its submission until it is filled, canceled or rejected; then only counted.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Answer, Row } from "../answer.ts";

type Input = "market.instruments" | "orders" | "fills";

export type OrderStatus = "SUBMITTED" | "PARTIALLY_FILLED" | "CANCEL_REQUESTED";

export interface WorkingOrder {
  readonly order: Order;
  readonly submittedUs: number;
  readonly status: OrderStatus;
  readonly leavesQuantity: number;
}

export interface OpenOrdersState {
  readonly instruments: Map<string, Instrument>;
  /** By order id, in the order of submission. */
  readonly working: Map<number, WorkingOrder>;
  submitted: number;
  filled: number;
  canceled: number;
  rejected: number;
  /** Reports and cancels of orders that are not working: a cancel that came too late, for one. */
  unmatched: number;
}

function evolve(state: OpenOrdersState, event: EventOf<Input>): OpenOrdersState {
  if (event.topic === "orders") submit(state, event.value, event.timeUs);
  else if (event.topic === "fills") report(state, event.value);
  else state.instruments.set(event.value.symbol, event.value);
  return state;
}

function submit(state: OpenOrdersState, order: Order, timeUs: number): void {
  const known = state.working.get(order.orderId);
  if (order.action === "CANCEL") {
    if (known === undefined) state.unmatched++;
    else state.working.set(order.orderId, { ...known, status: "CANCEL_REQUESTED" });
    return;
  }
  state.submitted++;
  state.working.set(order.orderId, {
    order,
    submittedUs: timeUs,
    status: "SUBMITTED",
    leavesQuantity: order.quantity,
  });
}

function report(state: OpenOrdersState, { orderId, execType, leavesQuantity }: ExecutionReport) {
  const known = state.working.get(orderId);
  if (known === undefined) {
    state.unmatched++;
    return;
  }
  if (execType === "FILLED" && leavesQuantity > 0) {
    const status = known.status === "CANCEL_REQUESTED" ? known.status : "PARTIALLY_FILLED";
    state.working.set(orderId, { ...known, status, leavesQuantity });
    return;
  }
  state.working.delete(orderId);
  if (execType === "FILLED") state.filled++;
  else if (execType === "CANCELED") state.canceled++;
  else state.rejected++;
}

function row({ order, submittedUs, status, leavesQuantity }: WorkingOrder, of?: Instrument): Row {
  const quantityScale = of?.quantityScale ?? 0;
  const limit = order.limitPrice;
  return {
    orderId: order.orderId,
    portfolio: order.portfolio,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    quantity: formatScaled(order.quantity, quantityScale),
    leaves: formatScaled(leavesQuantity, quantityScale),
    limitPrice: limit === null ? null : formatScaled(limit, of?.priceScale ?? 0),
    timeInForce: order.timeInForce,
    status,
    submitted: formatIsoUs(submittedUs),
  };
}

export const openOrders = (): Answer<OpenOrdersState, Input> => ({
  question: "Which orders are working?",
  projection: {
    name: "open-orders",
    version: 1,
    inputs: ["market.instruments", "orders", "fills"],
    initial: () => ({
      instruments: new Map(),
      working: new Map(),
      submitted: 0,
      filled: 0,
      canceled: 0,
      rejected: 0,
      unmatched: 0,
    }),
    evolve,
  },
  rows: (state) =>
    [...state.working.values()].map((working) =>
      row(working, state.instruments.get(working.order.symbol)),
    ),
});
