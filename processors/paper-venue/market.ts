// A bar or a tick comes: whose time is up ends, the rest meets its prices. Promises: no order trades at a price
// that was printed before it was decided, or after its time; what an auction leaves ends with it.

import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import type { VenueConfig } from "../flow-config.ts";
import { jumpTo, pathOf, type Step } from "./bar-path.ts";
import { dayOf, isWholeDay } from "./book.ts";
import { isAuction } from "./order-check.ts";
import type { RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";
import { type Takes, walk } from "./walk.ts";

export function onBar(session: Session, bar: MarketBar): void {
  const { book, config } = session;
  const { startUs, endUs, close } = bar;
  const day = dayOf(endUs - 1);
  if (book.resting.length > 0) {
    const opens = dayOf(startUs) > book.lastDay;
    const whole = isWholeDay(startUs, endUs);
    const takes: Takes = ({ order, arrivedUs }, { phase, timeUs }) => {
      if (order.expireUs !== null && timeUs > order.expireUs) return false;
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
    meet(session, steps, takes, { day, opens, volume: bar.volume });
  } else book.volumeLeft = shareOf(bar.volume, config);
  book.last = close;
  book.lastUs = endUs;
  book.lastDay = day;
}

export function onTick(session: Session, { price, quantity }: MarketTick): void {
  const { book, nowUs } = session;
  const day = dayOf(nowUs);
  if (book.resting.length > 0) {
    const opens = day > book.lastDay;
    const takes: Takes = ({ order }) => {
      if (order.expireUs !== null && nowUs > order.expireUs) return false;
      if (order.timeInForce === "AT_THE_OPENING") return opens;
      return order.timeInForce !== "AT_THE_CLOSE";
    };
    const step = jumpTo(price, nowUs, opens ? "open" : "path");
    meet(session, [step], takes, { day, opens, volume: quantity });
  } else book.volumeLeft = shareOf(quantity, session.config);
  book.last = price;
  book.lastUs = nowUs;
  book.lastDay = day;
}

/** Rounded down. */
const shareOf = (volume: number, { participationBps: bps }: VenueConfig): number | null =>
  bps === null ? null : Number((BigInt(volume) * BigInt(bps)) / 10_000n);

/** Orders whose last moment has passed. */
export function expire(session: Session, afterUs: number): void {
  for (const resting of [...session.book.resting]) {
    const { expireUs } = resting.order;
    if (expireUs !== null && expireUs < afterUs && session.isResting(resting)) {
      session.end(resting, "EXPIRED", "GoodTillDate");
    }
  }
}

interface When {
  readonly day: number;
  /** First price of a date: the date before has closed. */
  readonly opens: boolean;
  readonly volume: number;
}

function meet(session: Session, steps: readonly Step[], takes: Takes, when: When): void {
  const { day, opens, volume } = when;
  expire(session, (steps[0] as Step).timeUs);
  if (opens) closeDay(session);
  session.book.volumeLeft = shareOf(volume, session.config);
  const touched: RestingOrder[] = [];
  for (const resting of [...session.book.resting]) {
    if (!session.isResting(resting) || !steps.some((step) => takes(resting, step))) continue;
    resting.day ??= day;
    if (resting.order.timeInForce === "DAY" && day > resting.day) {
      session.end(resting, "EXPIRED", "DayEnded");
    } else touched.push(resting);
  }
  walk(session, steps, takes);
  for (const resting of touched) if (isAuction(resting.order)) endAuction(session, resting);
  expire(session, session.nowUs);
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
