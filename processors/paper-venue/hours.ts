// When a venue trades: not in a halt, and by the clock one session a day, Monday to Friday, at fixed times of UTC. A price of the opening's
// instant belongs to the session, one of the close's does not.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { TradingConfig, VenueConfig } from "../venue-config.ts";
import type { Book } from "./book.ts";

export type Hours = NonNullable<TradingConfig["hours"]>;

export interface Span {
  readonly openUs: number;
  readonly closeUs: number;
}

const DAY_US = 86_400_000_000;

/** 1970-01-01 was a Thursday: day 0 is 3 after a Monday. */
const isWeekday = (day: number): boolean => (((day + 3) % 7) + 7) % 7 < 5;

/** The session that the time lies in, or else the next one. */
export function sessionFrom({ openUs, closeUs }: Hours, timeUs: number): Span {
  let day = Math.floor(timeUs / DAY_US);
  while (!isWeekday(day) || timeUs >= day * DAY_US + closeUs) day++;
  return { openUs: day * DAY_US + openUs, closeUs: day * DAY_US + closeUs };
}

export const isInSession = (hours: Hours, timeUs: number): boolean =>
  sessionFrom(hours, timeUs).openUs <= timeUs;

/** Whether some of the time from `startUs` to before `endUs` (or that moment alone) lies in a session. */
export const overlapsSession = (hours: Hours, startUs: number, endUs: number): boolean =>
  sessionFrom(hours, startUs).openUs < Math.max(endUs, startUs + 1);

/** Why there is no trading at that time; null where there is. */
export function closedBy(book: Book, { trading }: VenueConfig, timeUs: number): ExecReason | null {
  if (trading === undefined) return null;
  if (book.halt !== null) return book.halt;
  const { hours } = trading;
  return hours === null || isInSession(hours, timeUs) ? null : "MarketClosed";
}

/** Whether orders may trade on what was printed from `startUs` to before `endUs`. */
export function mayTrade(
  book: Book,
  { trading }: VenueConfig,
  startUs: number,
  endUs: number,
): boolean {
  if (trading === undefined) return true;
  if (book.halt !== null) return false;
  return trading.hours === null || overlapsSession(trading.hours, startUs, endUs);
}
