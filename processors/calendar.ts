// Which day, week or month a moment lies in, for rebalancing and for limits of a day. Promises: UTC and a fixed start of the day,
// no time zone: the tape names an instrument's zone, but not when that zone changes its clocks.

import { formatIsoUs } from "../schemas/values/time.ts";
import type { CalendarUnit } from "./sizing-config.ts";

const DAY_US = 86_400_000_000;

/**
 * Number of the period of `count` days, weeks (from Monday) or months; two moments are in one period if
 * it is the same. Days begin `dayStartUs` after midnight UTC and have the date of that midnight.
 */
export function periodOf(
  timeUs: number,
  { count, unit }: { readonly count: number; readonly unit: Exclude<CalendarUnit, "BAR"> },
  dayStartUs: number,
): number {
  const shiftedUs = timeUs - dayStartUs;
  return Math.floor(unitOf(shiftedUs, unit) / count);
}

function unitOf(timeUs: number, unit: Exclude<CalendarUnit, "BAR">): number {
  const day = Math.floor(timeUs / DAY_US);
  if (unit === "DAY") return day;
  // 1970-01-01 was a Thursday.
  if (unit === "WEEK") return Math.floor((day + 3) / 7);
  const date = formatIsoUs(timeUs);
  return Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1;
}
