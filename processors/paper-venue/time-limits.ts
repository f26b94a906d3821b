// Orders whose time is over. Promises: none trades at a price from after its last moment, or its date.

import { isAuction } from "./order-check.ts";
import type { RestingOrder } from "./resting-order.ts";
import type { Session } from "./session.ts";

/** Orders whose last moment has passed. */
export function expire(session: Session, afterUs: number): void {
  const isOver = ({ order: { expireUs } }: RestingOrder): boolean =>
    expireUs !== null && expireUs < afterUs;
  for (const resting of session.book.resting.filter(isOver)) {
    if (session.isResting(resting)) session.end(resting, "EXPIRED", "GoodTillDate");
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
