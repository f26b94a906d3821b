// When a venue trades: not in a halt, and by the clock: in the sessions of the instrument's own calendar, or one session a
// day, Monday to Friday, at fixed times of UTC. A price of the opening's instant belongs to the session, one of the
// close's does not.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { calendarOf, type MarketSession } from "../trading-calendar.ts";
import type { TradingConfig, VenueConfig } from "../venue-config.ts";
import type { Book } from "./book.ts";

export type Hours = NonNullable<TradingConfig["hours"]>;

type Listed = Pick<Instrument, "symbol" | "calendar">;

const DAY_US = 86_400_000_000;

/** 1970-01-01 was a Thursday: day 0 is 3 after a Monday. */
const isWeekday = (day: number): boolean => (((day + 3) % 7) + 7) % 7 < 5;

/** The session that the time lies in, or else the next one. Throws CALENDAR_UNKNOWN. */
export function sessionFrom(
  hours: Hours,
  instrument: Listed | null,
  timeUs: number,
): MarketSession {
  if (hours === "CALENDAR") {
    // Who trades what is not known yet is refused for that.
    const { calendar = "24x7", symbol = "" } = instrument ?? {};
    return calendarOf(calendar, symbol).sessionFrom(timeUs);
  }
  const { openUs, closeUs } = hours;
  let day = Math.floor(timeUs / DAY_US);
  while (!isWeekday(day) || timeUs >= day * DAY_US + closeUs) day++;
  return { day, openUs: day * DAY_US + openUs, closeUs: day * DAY_US + closeUs };
}

/** The date that a time belongs to, in days since 1970-01-01: the market's own by its calendar, else of UTC. */
export const dateOf = (book: Book, { trading }: VenueConfig, timeUs: number): number =>
  trading?.hours === "CALENDAR"
    ? sessionFrom("CALENDAR", book.instrument, timeUs).day
    : Math.floor(timeUs / DAY_US);

/** Why there is no trading at that time; null where there is. */
export function closedBy(book: Book, { trading }: VenueConfig, timeUs: number): ExecReason | null {
  if (trading === undefined) return null;
  if (book.halt !== null) return book.halt;
  const { hours } = trading;
  const isOpen = hours === null || sessionFrom(hours, book.instrument, timeUs).openUs <= timeUs;
  return isOpen ? null : "MarketClosed";
}

/** Whether orders may trade on what was printed from `startUs` to before `endUs`, or at that moment alone. */
export function mayTrade(
  book: Book,
  { trading }: VenueConfig,
  startUs: number,
  endUs: number,
): boolean {
  if (trading === undefined) return true;
  if (book.halt !== null) return false;
  const { hours } = trading;
  if (hours === null) return true;
  return sessionFrom(hours, book.instrument, startUs).openUs < Math.max(endUs, startUs + 1);
}
