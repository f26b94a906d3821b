// When a blackout that recurs holds: one rule for both gates. Times of the day are UTC.

import type { RecurringBlackout } from "./risk-config.ts";

const DAY_US = 86_400_000_000;

export function isBlackedOut(
  { weekdays, fromUs, untilUs }: RecurringBlackout,
  timeUs: number,
): boolean {
  const day = Math.floor(timeUs / DAY_US);
  const moment = timeUs - day * DAY_US;
  const weekday = (day + 3) % 7; // 1970-01-01 was a Thursday
  if (fromUs < untilUs) return weekdays.includes(weekday) && fromUs <= moment && moment < untilUs;
  const began = weekdays.includes((weekday + 6) % 7);
  return (weekdays.includes(weekday) && moment >= fromUs) || (began && moment < untilUs);
}
