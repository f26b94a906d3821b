// The days on which the exchanges of New York trade, and when its clocks change. Promises: rules of law and of the
// exchange, computed, so that no time zone data of a machine has a say; right from 1971 to what is announced today. Earlier
// years follow the rules of 1971. Days are numbers since 1970-01-01.
//
// Sources. Clocks: Uniform Time Act of 1966, Emergency Daylight Saving Time Act of 1973, and the acts of 1986 and 2005 (15 U.S.C.
// § 260a). Holidays and early closes: NYSE Rule 7.2 and the exchange's list of special closings, as kept by the project
// exchange_calendars (calendar XNYS). Checked against 8,313 days of the S&P 500 (trading-calendar.int.spec.ts).

import { civilFromDays, daysFromCivil } from "../schemas/values/time.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;

const SUNDAY = 0;
const MONDAY = 1;
const TUESDAY = 2;
const WEDNESDAY = 3;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;

/** 0: Sunday. 1970-01-01 was a Thursday. */
const weekdayOf = (day: number): number => (((day + 4) % 7) + 7) % 7;

/** The n-th of a weekday from a date on; counted from 1. */
function nth(count: number, weekday: number, year: number, month: number, from = 1): number {
  const first = daysFromCivil(year, month, from);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (count - 1);
}

const lastSunday = (year: number, month: number, days: number): number =>
  nth(1, SUNDAY, year, month, days - 6);

/** First and last day of summer time; clocks change at 2 in the morning, standard and summer time. */
function summerOf(year: number): readonly [number, number] {
  if (year >= 2007) return [nth(2, SUNDAY, year, 3), nth(1, SUNDAY, year, 11)];
  const end = lastSunday(year, 10, 31);
  if (year >= 1987) return [nth(1, SUNDAY, year, 4), end];
  if (year === 1974) return [daysFromCivil(1974, 1, 6), end];
  if (year === 1975) return [daysFromCivil(1975, 2, 23), end];
  return [lastSunday(year, 4, 30), end];
}

/** What the years of a calendar are made of, each once. */
function yearly<T>(make: (year: number) => T): (year: number) => T {
  const made = new Map<number, T>();
  return (year) => {
    const found = made.get(year);
    if (found !== undefined) return found;
    const one = make(year);
    made.set(year, one);
    return one;
  };
}

/** From and until when New York has summer time, in UTC. */
const summer = yearly((year) => {
  const [first, last] = summerOf(year);
  return { fromUs: first * DAY_US + 7 * HOUR_US, untilUs: last * DAY_US + 6 * HOUR_US };
});

/** What UTC is ahead of New York at a time of its own clock; of an hour that comes twice, the first. */
export function behindUtcUs(localUs: number): number {
  const { fromUs, untilUs } = summer(civilFromDays(Math.floor(localUs / DAY_US)).year);
  const summerUs = localUs + 4 * HOUR_US;
  return summerUs >= fromUs && summerUs < untilUs ? 4 * HOUR_US : 5 * HOUR_US;
}

/** The clock of New York, as if it were UTC. */
export function newYorkUs(timeUs: number): number {
  const { fromUs, untilUs } = summer(civilFromDays(Math.floor(timeUs / DAY_US)).year);
  return timeUs - (timeUs >= fromUs && timeUs < untilUs ? 4 : 5) * HOUR_US;
}

/** Sunday after Good Friday (Meeus, Astronomical Algorithms, 2nd ed., chapter 8: Gregorian Easter). */
function easter(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d =
    (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const e = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - d - (c % 4)) % 7;
  const month = d + e - 7 * Math.floor((a + 11 * d + 22 * e) / 451) + 114;
  return daysFromCivil(year, Math.floor(month / 31), (month % 31) + 1);
}

/** A holiday on a Saturday is kept on Friday, on a Sunday on Monday. */
function observed(year: number, month: number, day: number): number {
  const date = daysFromCivil(year, month, day);
  const weekday = weekdayOf(date);
  return weekday === SATURDAY ? date - 1 : weekday === SUNDAY ? date + 1 : date;
}

/** Closed for what nobody could plan: mourning, attacks, storms, a blackout. */
const SPECIAL: readonly (readonly [number, number, number, string])[] = [
  [1972, 12, 28, "Mourning for Harry S. Truman"],
  [1973, 1, 25, "Mourning for Lyndon B. Johnson"],
  [1977, 7, 14, "Blackout in New York"],
  [1985, 9, 27, "Hurricane Gloria"],
  [1994, 4, 27, "Mourning for Richard Nixon"],
  [2001, 9, 11, "Attacks of September 11"],
  [2001, 9, 12, "Attacks of September 11"],
  [2001, 9, 13, "Attacks of September 11"],
  [2001, 9, 14, "Attacks of September 11"],
  [2004, 6, 11, "Mourning for Ronald Reagan"],
  [2007, 1, 2, "Mourning for Gerald Ford"],
  [2012, 10, 29, "Hurricane Sandy"],
  [2012, 10, 30, "Hurricane Sandy"],
  [2018, 12, 5, "Mourning for George H. W. Bush"],
  [2025, 1, 9, "Mourning for Jimmy Carter"],
];

/** Days without trading in a year and why, by day; weekends are not among them. */
export const holidaysOf: (year: number) => ReadonlyMap<number, string> = yearly((year) => {
  const days: [number, string][] = [];
  const newYear = daysFromCivil(year, 1, 1);
  // On a Saturday it is not kept: the year's books close on that Friday.
  if (weekdayOf(newYear) !== SATURDAY)
    days.push([weekdayOf(newYear) === SUNDAY ? newYear + 1 : newYear, "New Year's Day"]);
  if (year >= 1998) days.push([nth(3, MONDAY, year, 1), "Martin Luther King Jr. Day"]);
  days.push(
    [nth(3, MONDAY, year, 2), "Washington's Birthday"],
    [easter(year) - 2, "Good Friday"],
    [nth(1, MONDAY, year, 5, 25), "Memorial Day"],
  );
  if (year >= 2022) days.push([observed(year, 6, 19), "Juneteenth"]);
  days.push(
    [observed(year, 7, 4), "Independence Day"],
    [nth(1, MONDAY, year, 9), "Labor Day"],
    [nth(4, THURSDAY, year, 11), "Thanksgiving Day"],
    [observed(year, 12, 25), "Christmas Day"],
  );
  if (year <= 1980 && year % 4 === 0) days.push([nth(1, TUESDAY, year, 11, 2), "Election Day"]);
  for (const [of, month, day, why] of SPECIAL)
    if (of === year) days.push([daysFromCivil(of, month, day), why]);
  return new Map(days.sort(([a], [b]) => a - b));
});

/** Days that end early, by day, and the hour of New York at which they do. */
export const earlyClosesOf: (year: number) => ReadonlyMap<number, number> = yearly((year) => {
  const hour = year < 1993 ? 14 : 13;
  const days = new Map<number, number>();
  if (year >= 1995) {
    const eve = daysFromCivil(year, 7, 3);
    const weekday = weekdayOf(eve);
    const isEarly = weekday === MONDAY || weekday === TUESDAY || weekday === THURSDAY;
    if (isEarly || (weekday === WEDNESDAY && year >= 2013)) days.set(eve, hour);
    // Before 2013, of a Thursday's holiday the Friday after it.
    if (weekday === WEDNESDAY && year < 2013) days.set(eve + 2, hour);
  }
  if (year >= 1992) days.set(nth(4, THURSDAY, year, 11) + 1, hour);
  const christmasEve = daysFromCivil(year, 12, 24);
  const weekday = weekdayOf(christmasEve);
  if (weekday >= MONDAY && weekday <= THURSDAY) days.set(christmasEve, hour);
  if (year === 1997 || year === 2003) days.set(daysFromCivil(year, 12, 26), hour);
  if (year === 1999) days.set(daysFromCivil(year, 12, 31), hour);
  return days;
});

/** Monday to Friday. */
export const isWeekday = (day: number): boolean => {
  const weekday = weekdayOf(day);
  return weekday >= MONDAY && weekday <= FRIDAY;
};

/** Whether New York trades on that day. */
export const isTradingDay = (day: number): boolean =>
  isWeekday(day) && !holidaysOf(civilFromDays(day).year).has(day);
