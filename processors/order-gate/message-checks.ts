// The checks of a request as a message: may anything be sent, is it new, how many were sent before, and when.
// None looks at prices or positions, but for whether the order only reduces.

import type { OrderRiskReason, TradingState } from "../../schemas/generated/risk.order-verdicts.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import type { RateLimit } from "../risk-config.ts";
import { calendarOf } from "../trading-calendar.ts";
import type { Latch } from "./gate-state.ts";
import { hold, holdingsOf, type Inquiry, limitFor, termsOf, unknown, usedAt } from "./inquiry.ts";
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

const latchPlaces: { readonly [L in Latch]: number } = {
  NONE: 0,
  RepeatedExecution: 1,
  DenialsExceeded: 1,
  UnexplainedFill: 2,
};

/**
 * Limit and measured are places in ACTIVE, REDUCE_ONLY, HALTED, FLATTENED, KILLED: the last that lets it pass. What a named
 * person has ordered closed is closed though the books are in doubt: the position is, too.
 */
export function checkState(inquiry: Inquiry): void {
  const { state, opening, isOrdered } = inquiry;
  const finding = {
    check: "TRADING_STATE",
    limit: opening > 0 ? OPENS : REDUCES,
    measured: severities.indexOf(state.trading),
    unit: "STATE",
    used: state.tradingBy === null ? [] : [state.tradingBy],
  } as const;
  hold(inquiry, finding, stateReasons[state.trading]);
  if (state.latch === "NONE") return;
  const measured = latchPlaces[state.latch];
  const used = state.latchedBy === null ? [] : [state.latchedBy];
  const limit = isOrdered ? 2 : opening > 0 ? 0 : 1;
  hold(inquiry, { check: "LATCH", limit, measured, unit: "STATE", used }, state.latch);
}

/** Each id is taken once, whatever becomes of its order; a replace names an order that works. */
export function checkIdentity(inquiry: Inquiry): void {
  const { state, order } = inquiry;
  if (order.action === "REPLACE") {
    const measured = state.orders.has(order.orderId) ? 0 : 1;
    const used = holdingsOf(inquiry).filter(({ topic }) => topic !== "portfolio.snapshots");
    const finding = { check: "KNOWN_ORDER", limit: 0, measured, unit: "COUNT", used } as const;
    hold(inquiry, finding, "UnknownOrder");
    return;
  }
  const ids = withId(state.ids, order.orderId);
  const used = usedAt("orders", state.requestUs);
  const finding = { check: "DUPLICATE_ORDER", limit: 1, unit: "COUNT", used } as const;
  hold(inquiry, { ...finding, measured: ids === null ? 2 : 1 }, "DuplicateOrder");
  if (ids !== null) state.ids = ids;
}

/** A cancel is of an order that works (1: there is none), and asked for once (2: it was). */
export function checkCancel(inquiry: Inquiry): void {
  const { state, order } = inquiry;
  const known = state.orders.get(order.orderId);
  const works = known !== undefined && !isEnd(known.progress.status);
  const measured = works ? (known.progress.cancels > 0 ? 2 : 0) : 1;
  const used = holdingsOf(inquiry).filter(({ topic }) => topic !== "portfolio.snapshots");
  const finding = { check: "KNOWN_ORDER", limit: 0, measured, unit: "COUNT", used } as const;
  hold(inquiry, finding, "UnknownOrder");
}

/** What closes positions after a named person's FlattenPositions is not held up. */
export function checkRates(inquiry: Inquiry): void {
  const { state, config } = inquiry;
  const { messageRate, orderRate } = config;
  if (messageRate !== null)
    checkRate(inquiry, "MESSAGE_RATE", messageRate, state.messages, "MessageRateExceeded");
  if (orderRate !== null)
    checkRate(inquiry, "ORDER_RATE", orderRate, state.requests, "OrderRateExceeded");
}

function checkRate(
  inquiry: Inquiry,
  check: "MESSAGE_RATE" | "ORDER_RATE",
  rate: RateLimit,
  times: number[],
  reason: OrderRiskReason,
): void {
  const measured = countWithin(times, rate, inquiry.nowUs) + 1;
  const limit = limitFor(inquiry, rate.most, rate.most);
  const used = usedAt("orders", times.at(-1) ?? -1);
  hold(inquiry, { check, limit, measured, unit: "COUNT", used }, reason);
}

/**
 * Requests of a symbol and side count, replaces and the children of an algorithm too, not what became of them: a loop
 * that is refused each time, or that varies what it asks for, is a loop. What only reduces is counted apart.
 */
export function checkRepeats(inquiry: Inquiry): void {
  const { state, config, nowUs, order, opening } = inquiry;
  if (config.repeats === null) return;
  const { most, windowUs } = config.repeats;
  const key = `${order.symbol} ${order.side}${opening > 0 ? "" : " reducing"}`;
  const limit = limitFor(inquiry, most, config.reducing?.mostRepeats);
  const before = state.repeats.get(key)?.at(-1) ?? -1;
  const kept = Math.min(limit, MOST_KEPT);
  const measured = countLike(state.repeats, key, { most: kept, windowUs }, nowUs);
  const used = usedAt("orders", before);
  const finding = { check: "REPEATED_EXECUTION", limit, measured, unit: "COUNT", used } as const;
  hold(inquiry, finding, "RepeatedExecution");
}

/** Of what has no limit so many are counted. */
const MOST_KEPT = 1_000;

/** One like it in all that it asks for, but its id, within the window before it; refused ones count. */
export function checkAlike(inquiry: Inquiry): void {
  const { state, config, nowUs, order } = inquiry;
  if (config.duplicateUs === undefined || order.action !== "NEW") return;
  const { symbol, side, type, quantity, limitPrice, stopPrice, timeInForce, reduceOnly } = order;
  const terms = [symbol, side, type, quantity, limitPrice ?? "", stopPrice ?? "", timeInForce];
  const key = [...terms, reduceOnly].join(" ");
  const before = state.alike.get(key)?.at(-1) ?? -1;
  const window = { most: 1, windowUs: config.duplicateUs };
  const measured = countLike(state.alike, key, window, nowUs);
  const limit = inquiry.isOrdered ? 2 : 1;
  const used = usedAt("orders", before);
  const finding = { check: "DUPLICATE_CONTENT", limit, measured, unit: "COUNT", used } as const;
  hold(inquiry, finding, "DuplicateContent");
}

const DAY_US = 86_400_000_000;
/** Of 1 January 1970, a Thursday, counted from Monday. */
const FIRST_WEEKDAY = 3;

/**
 * Measured is how far from the session the request comes: by a calendar, how long until the next opening; else
 * on its own day, and a whole day at a weekend.
 */
export function checkSession(inquiry: Inquiry): void {
  const { config, watch } = inquiry;
  if (config.session === null) return;
  const isByCalendar = config.session === "CALENDAR";
  const measured = isByCalendar ? untilOpening(inquiry) : outside(inquiry);
  const limit = limitFor(inquiry, 0, config.reducing?.session === true ? 0 : null);
  // Beside the request's own time.
  const used = isByCalendar ? termsOf(watch) : [];
  const finding = { check: "SESSION", limit, measured, unit: "MICROSECONDS", used } as const;
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
