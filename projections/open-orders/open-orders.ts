// Which orders are working? The state machine of schemas/values/order-progress.ts over orders and what the venue
// says of them, so that reports that come late, twice or out of order give the same answer: an order is working
// from its submission until it is filled, canceled, expired or rejected; then only counted.

import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { isVenuesOwn } from "../../schemas/values/deal.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { type HeardReports, hear, nothingHeard } from "../../schemas/values/heard-reports.ts";
import {
  advance,
  cancelRequested,
  isDone,
  type OrderProgress,
  replaceRequested,
  statusOf,
  submitted,
} from "../../schemas/values/order-progress.ts";
import { isEnd, type VenueStatus } from "../../schemas/values/order-status.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Answer, Row } from "../answer.ts";

type Input = "market.instruments" | "orders" | "fills";

export interface WorkingOrder {
  /** With the terms of its last replace that the venue took. */
  readonly order: Order;
  /** Asked for in its place, and not answered. */
  readonly replacement: Order | null;
  readonly submittedUs: number;
  readonly progress: OrderProgress;
}

export interface OpenOrdersState {
  readonly instruments: Map<string, Instrument>;
  /** By order id, in the order of submission; an order that ended, too, until each execution is told of. */
  readonly working: Map<number, WorkingOrder>;
  /** By portfolio and symbol. */
  readonly heard: Map<string, HeardReports>;
  submitted: number;
  filled: number;
  canceled: number;
  expired: number;
  rejected: number;
  /** Orders and reports that were heard before, and reports such as their order cannot have: both without effect. */
  repeated: number;
  illegal: number;
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
  const { orderId, action, quantity } = order;
  if (action === "TRANSFER") return;
  const known = state.working.get(orderId);
  if (action === "NEW" && known !== undefined) {
    state.repeated++;
  } else if (action === "NEW") {
    state.submitted++;
    state.working.set(orderId, {
      order,
      replacement: null,
      submittedUs: timeUs,
      progress: submitted(quantity),
    });
  } else if (known === undefined || isEnd(known.progress.status)) {
    state.unmatched++;
  } else if (action === "CANCEL") {
    state.working.set(orderId, { ...known, progress: cancelRequested(known.progress) });
  } else {
    const progress = replaceRequested(known.progress, quantity);
    state.working.set(orderId, { ...known, replacement: order, progress });
  }
}

const counters = {
  FILLED: "filled",
  CANCELED: "canceled",
  EXPIRED: "expired",
  REJECTED: "rejected",
} as const satisfies { readonly [Status in VenueStatus]?: keyof OpenOrdersState };

const ofPositions: ReadonlySet<ExecutionReport["execType"]> = new Set([
  "TRADE_CANCEL",
  "CARRIED",
  "MARGIN_CALL",
]);

function report(state: OpenOrdersState, value: ExecutionReport): void {
  const book = `${value.portfolio}/${value.symbol}`;
  const heard = hear(state.heard.get(book) ?? nothingHeard, value.execId);
  if (heard === null) {
    state.repeated++;
    return;
  }
  state.heard.set(book, heard);
  // Of a trade that is undone and of a position, not of an order.
  if (ofPositions.has(value.execType) || isVenuesOwn(value)) return;
  const known = state.working.get(value.orderId);
  if (known === undefined) {
    state.unmatched++;
    return;
  }
  const { progress, illegal } = advance(known.progress, value);
  if (illegal !== null) state.illegal++;
  const { status } = progress;
  if (isEnd(status) && !isEnd(known.progress.status)) {
    state[counters[status as keyof typeof counters]]++;
  }
  if (isDone(progress)) state.working.delete(value.orderId);
  else state.working.set(value.orderId, { ...termsAfter(known, value), progress });
}

function termsAfter(known: WorkingOrder, { execType }: ExecutionReport): WorkingOrder {
  if (execType === "REPLACE_REJECTED") return { ...known, replacement: null };
  if (execType !== "REPLACED" || known.replacement === null) return known;
  return { ...known, order: known.replacement, replacement: null };
}

function row({ order, submittedUs, progress }: WorkingOrder, of?: Instrument): Row {
  const quantityScale = of?.quantityScale ?? 0;
  const price = (value: number | null): string | null =>
    value === null ? null : formatScaled(value, of?.priceScale ?? 0);
  return {
    orderId: order.orderId,
    portfolio: order.portfolio,
    symbol: order.symbol,
    side: order.side,
    type: order.type,
    quantity: formatScaled(order.quantity, quantityScale),
    leaves: formatScaled(progress.leavesQuantity, quantityScale),
    limitPrice: price(order.limitPrice),
    stopPrice: price(order.stopPrice),
    timeInForce: order.timeInForce,
    status: statusOf(progress),
    submitted: formatIsoUs(submittedUs),
  };
}

export const openOrders = (): Answer<OpenOrdersState, Input> => ({
  question: "Which orders are working?",
  projection: {
    name: "open-orders",
    version: 2,
    inputs: ["market.instruments", "orders", "fills"],
    initial: () => ({
      instruments: new Map(),
      working: new Map(),
      heard: new Map(),
      submitted: 0,
      filled: 0,
      canceled: 0,
      expired: 0,
      rejected: 0,
      repeated: 0,
      illegal: 0,
      unmatched: 0,
    }),
    evolve,
  },
  rows: (state) =>
    [...state.working.values()]
      .filter(({ progress }) => !isEnd(progress.status))
      .map((working) => row(working, state.instruments.get(working.order.symbol))),
});
