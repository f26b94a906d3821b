// Orders whose time is over. Promises: none trades at a price from after its last moment, or its date.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { isAuction } from "./order-check.ts";
import type { RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

/** Why an order may not trade at that time any more; null where it may. */
export function overBy(
  { expireUs }: Order,
  instrument: Instrument | null,
  timeUs: number,
): Extract<ExecReason, "GoodTillDate" | "InstrumentExpired"> | null {
  if (expireUs !== null && expireUs < timeUs) return "GoodTillDate";
  const expiryUs = instrument?.expiryUs ?? null;
  return expiryUs !== null && expiryUs < timeUs ? "InstrumentExpired" : null;
}

/** Orders whose last moment has passed. */
export function expire(session: Session, afterUs: number): void {
  const { resting, instrument } = session.book;
  const over = resting.filter(({ order }) => overBy(order, instrument, afterUs) !== null);
  for (const one of over) {
    const reason = overBy(one.order, instrument, afterUs);
    if (reason !== null && session.isResting(one)) session.end(one, "EXPIRED", reason);
  }
}

/** Ends the DAY orders of a date before; gives those orders of a date that `isDue` finds to have a price now. */
export function endDays(
  session: Session,
  day: number,
  isDue: (resting: RestingOrder) => boolean,
): readonly RestingOrder[] {
  const due: RestingOrder[] = [];
  const dated = session.book.resting.filter(
    ({ order }) => order.timeInForce === "DAY" || isAuction(order),
  );
  for (const resting of dated) {
    if (!session.isResting(resting) || !isDue(resting)) continue;
    resting.day ??= day;
    due.push(resting);
    if (!isAuction(resting.order) && day > resting.day) {
      session.end(resting, "EXPIRED", "DayEnded");
    }
  }
  return due;
}
