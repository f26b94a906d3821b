// When a market is open, by its calendar's name, which every instrument carries (ISO 10383 MIC, 24x7, 24x5). Promises:
// sessions follow one another without overlap, each of one date of the market; local hours, summer time, holidays and early
// closes are the market's own; the same answer on every machine. A price of the opening's instant belongs to the
// session, one of the close's does not.
// Cost: a division and two map lookups; a session that was asked for last is remembered.

import { TapedeckError } from "../schemas/errors.ts";
import { civilFromDays } from "../schemas/values/time.ts";
import {
  behindUtcUs,
  earlyClosesOf,
  isTradingDay,
  isWeekday,
  newYorkUs,
} from "./new-york-exchange.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

export interface Span {
  readonly openUs: number;
  readonly closeUs: number;
}

export interface MarketSession extends Span {
  /** The market's own date, in days since 1970-01-01: of a session over midnight, that of its close. */
  readonly day: number;
}

export interface TradingCalendar {
  readonly name: string;
  /** The session that the time lies in, or else the next one. */
  sessionFrom(timeUs: number): MarketSession;
}

/** Remembers the last session: most questions are of the same one, or of the time before it. */
function calendar(name: string, find: (timeUs: number) => MarketSession): TradingCalendar {
  let last: MarketSession = { day: 0, openUs: 0, closeUs: 0 };
  return {
    name,
    sessionFrom(timeUs) {
      if (timeUs < last.openUs || timeUs >= last.closeUs) last = find(timeUs);
      return last;
    },
  };
}

const always = calendar("24x7", (timeUs) => {
  const day = Math.floor(timeUs / DAY_US);
  return { day, openUs: day * DAY_US, closeUs: (day + 1) * DAY_US };
});

/** A local time of New York's, in UTC. */
const utcOf = (localUs: number): number => localUs + behindUtcUs(localUs);

/** Foreign exchange: each working day from 17:00 of the day before to 17:00 in New York. */
const workingDays = calendar("24x5", (timeUs) => {
  let day = Math.floor((newYorkUs(timeUs) + 7 * HOUR_US) / DAY_US);
  while (!isWeekday(day)) day++;
  const closeUs = day * DAY_US + 17 * HOUR_US;
  return { day, openUs: utcOf(closeUs - DAY_US), closeUs: utcOf(closeUs) };
});

const newYorkSession = (day: number): MarketSession => {
  const closeHour = earlyClosesOf(civilFromDays(day).year).get(day) ?? 16;
  return {
    day,
    openUs: utcOf(day * DAY_US + 9.5 * HOUR_US),
    closeUs: utcOf(day * DAY_US + closeHour * HOUR_US),
  };
};

const newYork = (name: string): TradingCalendar =>
  calendar(name, (timeUs) => {
    for (let day = Math.floor(newYorkUs(timeUs) / DAY_US); ; day++) {
      if (!isTradingDay(day)) continue;
      const session = newYorkSession(day);
      if (timeUs < session.closeUs) return session;
    }
  });

const calendars: ReadonlyMap<string, TradingCalendar> = new Map(
  [always, workingDays, ...["XNYS", "XNAS", "XASE", "ARCX", "BATS"].map(newYork)].map((one) => [
    one.name,
    one,
  ]),
);

export const calendarNames: readonly string[] = [...calendars.keys()];

/** `symbol`: what is to trade by it, if anything. Throws CALENDAR_UNKNOWN. */
export function calendarOf(name: string, symbol: string | null = null): TradingCalendar {
  const found = calendars.get(name);
  if (found !== undefined) return found;
  const known = calendarNames.join(", ");
  const message = `the calendar ${name} is not known; known are ${known}`;
  throw new TapedeckError("CALENDAR_UNKNOWN", symbol === null ? message : `${symbol}: ${message}`, {
    symbol,
    calendar: name,
    known,
  });
}
