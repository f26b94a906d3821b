// The recorded days of the S&P 500 and of SPY against the calendar of New York: each of them a session, and no
// session without them. The files lie in the folder named by TAPEDECK_DATA.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { formatIsoUs, parseIsoUs } from "../schemas/values/time.ts";
import { calendarOf } from "./trading-calendar.ts";

const folder = process.env.TAPEDECK_DATA ?? resolve(import.meta.dirname, "../../shared/data");
const hasData = existsSync(folder);
if (!hasData) console.warn(`skipped: no recorded markets at ${folder}; set TAPEDECK_DATA`);

function recorded(file: string, isDay: RegExp): readonly string[] {
  const text = gunzipSync(readFileSync(resolve(folder, file))).toString("utf8");
  const days = text.split("\n").map((line) => isDay.exec(line)?.[1]);
  return days.filter((day) => day !== undefined);
}

function sessions(first: string, last: string): readonly string[] {
  const days: string[] = [];
  const { sessionFrom } = calendarOf("XNYS", "SPY");
  const end = parseIsoUs(`${last}T23:00:00Z`) as number;
  for (let session = sessionFrom(parseIsoUs(`${first}T12:00:00Z`) as number); ; ) {
    if (session.openUs > end) return days;
    days.push(formatIsoUs(session.day * 86_400_000_000).slice(0, 10));
    session = sessionFrom(session.closeUs);
  }
}

describe.skipIf(!hasData)("the calendar of New York (needs TAPEDECK_DATA)", () => {
  test.each([
    ["sp500-index-daily-1990-2022.csv.gz", /^(\d{4}-\d\d-\d\d),/, 8313],
    ["bars-1d-8-equities-1998-2021.csv.gz", /^(\d{4}-\d\d-\d\d)\b.*\bSPY\b/, 5849],
  ] as const)("has the days of %s, all of them and no other", (file, isDay, count) => {
    const days = recorded(file, isDay);
    expect(days).toHaveLength(count);
    expect(sessions(days[0] as string, days.at(-1) as string)).toEqual(days);
  });
});
