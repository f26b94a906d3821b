// The checks of a request as a message: may anything be sent, is it new, how many were sent before, and when.
// None looks at prices or positions, but for whether the order only reduces.

import type { OrderRiskReason, TradingState } from "../../schemas/generated/risk.order-verdicts.ts";
import { calendarOf } from "../trading-calendar.ts";
import { hold, type Inquiry, unknown, usedAt } from "./inquiry.ts";
import { countLike, countWithin, withId } from "./order-rates.ts";

/** From the mildest to the hardest. */
const severities: readonly TradingState[] = [
  "ACTIVE",
  "REDUCE_ONLY",
  "HALTED",
  "FLATTENED",
  "KILLED",
];
const OPENS = 0;
const REDUCES = 3;

const stateReasons: { readonly [S in TradingState]: OrderRiskReason } = {
  ACTIVE: "NONE",
  REDUCE_ONLY: "ReduceOnly",
  HALTED: "TradingHalted",
  FLATTENED: "TradingFlattened",
  KILLED: "TradingKilled",
};

/** Limit and measured are places in ACTIVE, REDUCE_ONLY, HALTED, FLATTENED, KILLED: the last that lets it pass. */
export function checkState(inquiry: Inquiry): void {
  const { state, opening } = inquiry;
  const finding = {
    check: "TRADING_STATE",
    limit: opening > 0 ? OPENS : REDUCES,
    measured: severities.indexOf(state.trading),
    unit: "STATE",
    used: usedAt("control.commands", state.tradingUs),
  } as const;
  hold(inquiry, finding, stateReasons[state.trading]);
  if (state.latch === "NONE") return;
  const measured = state.latch === "UnexplainedFill" ? 2 : 1;
  const limit = opening > 0 ? 0 : 1;
  hold(inquiry, { check: "LATCH", limit, measured, unit: "STATE", used: [] }, state.latch);
}

/** Each id is taken once, whatever becomes of its order; a replace names an order that works. */
export function checkIdentity(inquiry: Inquiry): void {
  const { state, order } = inquiry;
  if (order.action === "REPLACE") {
    const measured = state.orders.has(order.orderId) ? 0 : 1;
    const finding = { check: "KNOWN_ORDER", limit: 0, measured, unit: "COUNT", used: [] } as const;
    hold(inquiry, finding, "UnknownOrder");
    return;
  }
  const ids = withId(state.ids, order.orderId);
  const finding = { check: "DUPLICATE_ORDER", limit: 1, unit: "COUNT", used: [] } as const;
  hold(inquiry, { ...finding, measured: ids === null ? 2 : 1 }, "DuplicateOrder");
  if (ids !== null) state.ids = ids;
}

/** What closes positions after FlattenPositions is not held up. */
export function checkRates(inquiry: Inquiry): void {
  const { state, config, nowUs, opening } = inquiry;
  if (state.trading === "FLATTENED" && opening === 0) return;
  const { messageRate, orderRate } = config;
  if (messageRate !== null) {
    const measured = countWithin(state.messages, messageRate, nowUs) + 1;
    const finding = { check: "MESSAGE_RATE", unit: "COUNT", used: [] } as const;
    hold(inquiry, { ...finding, limit: messageRate.most, measured }, "MessageRateExceeded");
  }
  if (orderRate !== null) {
    const measured = countWithin(state.requests, orderRate, nowUs) + 1;
    const finding = { check: "ORDER_RATE", unit: "COUNT", used: [] } as const;
    hold(inquiry, { ...finding, limit: orderRate.most, measured }, "OrderRateExceeded");
  }
}

/** Requests count, not what became of them: a loop that is refused each time is a loop. One too many latches. */
export function checkRepeats(inquiry: Inquiry): void {
  const { state, config, nowUs, order, opening } = inquiry;
  if (config.repeats === null || opening === 0 || order.action !== "NEW") return;
  const { symbol, side, quantity, limitPrice, stopPrice } = order;
  const key = [symbol, side, quantity, limitPrice ?? "", stopPrice ?? ""].join(" ");
  const measured = countLike(state.repeats, key, config.repeats, nowUs);
  const { most: limit } = config.repeats;
  const finding = {
    check: "REPEATED_EXECUTION",
    limit,
    measured,
    unit: "COUNT",
    used: [],
  } as const;
  hold(inquiry, finding, "RepeatedExecution");
  if (measured > limit && state.latch === "NONE") state.latch = "RepeatedExecution";
}

const DAY_US = 86_400_000_000;
/** Of 1 January 1970, a Thursday, counted from Monday. */
const FIRST_WEEKDAY = 3;

/**
 * Measured is how far from the session the request comes: by a calendar, how long until the next opening; else
 * on its own day, and a whole day at a weekend.
 */
export function checkSession(inquiry: Inquiry): void {
  const { config, opening } = inquiry;
  if (config.session === null || opening === 0) return;
  const measured = config.session === "CALENDAR" ? untilOpening(inquiry) : outside(inquiry);
  const finding = { check: "SESSION", limit: 0, measured, unit: "MICROSECONDS", used: [] } as const;
  hold(inquiry, finding, "OutsideSession");
}

function untilOpening({ watch: { instrument }, nowUs }: Inquiry): number {
  if (instrument === null) return unknown;
  const { openUs } = calendarOf(instrument.calendar, instrument.symbol).sessionFrom(nowUs);
  return Math.max(0, openUs - nowUs);
}

function outside({ config: { session }, nowUs }: Inquiry): number {
  const { openUs, closeUs } = session as Exclude<typeof session, "CALENDAR" | null>;
  const dayUs = nowUs % DAY_US;
  const weekday = (Math.floor(nowUs / DAY_US) + FIRST_WEEKDAY) % 7;
  return weekday > 4 ? DAY_US : Math.max(0, openUs - dayUs, dayUs - closeUs);
}
