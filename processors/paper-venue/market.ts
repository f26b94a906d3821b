// A bar or a tick comes: whose time is up ends, the rest meets its prices. Promises: no order trades at a price
// that was printed before it was decided, or after its time; what an auction leaves ends with it.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import { jumpTo, pathOf, type Step } from "./bar-path.ts";
import { isWholeDay } from "./book.ts";
import { dateOf, mayTrade } from "./hours.ts";
import { holdMargins, mayLiquidate } from "./liquidation.ts";
import { beginVolume, observe, shareOf } from "./liquidity.ts";
import { isAuction } from "./order-check.ts";
import { tradeAtQueue } from "./queue.ts";
import { restUnless } from "./queue-place.ts";
import { meetQuotes } from "./quotes.ts";
import { mayAct, type RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";
import { endDays, expire, overBy } from "./time-limits.ts";
import { type Takes, walk } from "./walk.ts";

export function onBar(session: Session, bar: MarketBar): void {
  const { book, config } = session;
  const { startUs, endUs, close } = bar;
  const day = dateOf(book, config, endUs - 1);
  if (!mayTrade(book, config, startUs, endUs)) {
    learn(session, bar);
    return;
  }
  if (book.resting.length > 0 || mayLiquidate(session, bar.low, bar.high)) {
    const opens = dateOf(book, config, startUs) > book.lastDay;
    const whole = isWholeDay(startUs, endUs);
    const takes: Takes = ({ order, arrivedUs }, { phase, timeUs }) => {
      if (overBy(order, book.instrument, timeUs) !== null) return false;
      if (config.fill === "bar-close" && order.type === "MARKET" && !isAuction(order)) {
        return phase === "close" && endUs >= order.decidedUs;
      }
      // A bar that lies whole after the decision and ends after the order arrived.
      if (startUs < order.decidedUs || endUs <= arrivedUs) return false;
      if (order.timeInForce === "AT_THE_OPENING") return phase === "open" && opens;
      if (order.timeInForce === "AT_THE_CLOSE") return phase === "close" && whole;
      return phase !== "close";
    };
    const steps = [...pathOf(bar), jumpTo(close, endUs, "close")];
    const { volume, low, high } = bar;
    meet(session, steps, takes, { day, opens, volume, low, high });
  } else begin(session, bar.volume);
  learn(session, bar);
  book.last = close;
  book.lastUs = endUs;
  book.lastDay = day;
  holdMargins(session);
}

export function onTick(session: Session, { price, quantity }: MarketTick): void {
  const { book, config, nowUs } = session;
  const day = dateOf(book, config, nowUs);
  if (!mayTrade(book, config, nowUs, nowUs)) return;
  const { queueBps } = config;
  const byQuotes = config.fill === "quote";
  if (book.resting.length > 0) {
    const opens = day > book.lastDay;
    const takes: Takes = ({ order }) => {
      if (overBy(order, book.instrument, nowUs) !== null) return false;
      if (order.timeInForce === "AT_THE_OPENING") return opens;
      return order.timeInForce !== "AT_THE_CLOSE";
    };
    // Of others' trades an order that waits in a queue has its own share; on quotes they only set orders off.
    const walks: Takes = (resting, step) =>
      takes(resting, step) &&
      !resting.rests &&
      !(byQuotes && resting.isSetOff && !isAuction(resting.order));
    const step = jumpTo(price, nowUs, opens ? "open" : "path");
    const when = { day, opens, volume: quantity, low: price, high: price };
    meet(session, [step], takes, when, byQuotes || queueBps !== undefined ? walks : takes);
    if (queueBps !== undefined) tradeAtQueue(session, price, quantity);
    if (byQuotes) meetQuotes(session, ({ rests }) => !rests);
    else if (queueBps !== undefined) {
      for (const resting of book.resting) restUnless(book, resting, price, config);
    }
  } else begin(session, quantity);
  if (queueBps !== undefined) {
    const { count, volume } = book.trades;
    book.trades = { count: count + 1, volume: volume + quantity };
  }
  book.last = price;
  book.lastUs = nowUs;
  book.lastDay = day;
  holdMargins(session);
}

/** Keeps what parts of a price are made from; on ticks it is all that a bar is for. */
export function learn({ book, config }: Session, bar: MarketBar): void {
  if (book.liquidity !== null && config.price !== undefined) {
    observe(book.liquidity, bar, config.price.window);
  }
}

/** A bar's or a tick's volume is there to trade on. */
function begin({ book, config }: Session, volume: number): void {
  book.volumeLeft = shareOf(volume, config);
  if (book.liquidity !== null) beginVolume(book.liquidity, volume);
}

interface When {
  readonly day: number;
  /** First price of a date: the date before has closed. */
  readonly opens: boolean;
  readonly volume: number;
  readonly low: number;
  readonly high: number;
}

/** `takes` says who has his time; `walks` who of them trades by these prices. */
function meet(
  session: Session,
  steps: readonly Step[],
  takes: Takes,
  when: When,
  walks: Takes = takes,
): void {
  const { book } = session;
  expire(session, (steps[0] as Step).timeUs);
  if (when.opens) closeDay(session);
  begin(session, when.volume);
  const auctions = endDay(session, steps, takes, when.day);
  // Most bars meet nobody: a look at their range is all they cost.
  const { low, high } = when;
  if (
    book.resting.some((resting) => mayAct(resting, low, high)) ||
    mayLiquidate(session, low, high)
  ) {
    walk(session, steps, walks, true);
  }
  for (const resting of auctions) endAuction(session, resting);
  expire(session, session.nowUs);
}

/** Ends the orders of a date before; gives those that have their auction in these steps. */
function endDay(session: Session, steps: readonly Step[], takes: Takes, day: number) {
  const isDue = (one: RestingOrder): boolean => steps.some((step) => takes(one, step));
  return endDays(session, day, isDue).filter(({ order }) => isAuction(order));
}

/** What was to trade at the close of the date before trades at its last price, now that it is known. */
function closeDay(session: Session): void {
  const { resting, last, lastUs } = session.book;
  const due = resting.filter(
    ({ order, arrivedUs }) =>
      order.timeInForce === "AT_THE_CLOSE" && lastUs >= Math.max(order.decidedUs, arrivedUs),
  );
  if (due.length === 0) return;
  walk(session, [jumpTo(last, lastUs, "close")], (one) => due.includes(one));
  for (const one of due) endAuction(session, one);
}

function endAuction(session: Session, resting: RestingOrder): void {
  const isWaiting = resting.idle === resting.leaves;
  if (session.isResting(resting) && !isWaiting) session.end(resting, "EXPIRED", "AuctionMissed");
}
