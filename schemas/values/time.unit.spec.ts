// Times against the platform's own calendar.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatIsoUs, parseIsoUs } from "./time.ts";

// What fits a safe integer of microseconds, less a day for the offsets.
const LAST_MS = Math.floor(Number.MAX_SAFE_INTEGER / 1000) - 86_400_000;
const milliseconds = fc.integer({ min: -LAST_MS, max: LAST_MS });

describe("formatIsoUs", () => {
  test("writes what Date writes", () => {
    fc.assert(
      fc.property(milliseconds, (ms) => {
        const date = new Date(ms).toISOString();
        const expected = ms % 1000 === 0 ? date.replace(".000Z", "Z") : date.replace("Z", "000Z");
        expect(formatIsoUs(ms * 1000)).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("parseIsoUs", () => {
  test("reads what Date reads, with any offset", () => {
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(
      fc.property(milliseconds, offset, (ms, minutes) => {
        const sign = minutes < 0 ? "-" : "+";
        const part = (value: number) => String(value).padStart(2, "0");
        const size = Math.abs(minutes);
        const zone = `${sign}${part(Math.floor(size / 60))}:${part(size % 60)}`;
        const text = new Date(ms).toISOString().replace("Z", zone);
        expect(parseIsoUs(text)).toBe((ms - minutes * 60_000) * 1000);
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes back what formatIsoUs writes, to the microsecond", () => {
    fc.assert(
      fc.property(milliseconds, fc.integer({ min: 0, max: 999 }), (ms, micros) => {
        expect(parseIsoUs(formatIsoUs(ms * 1000 + micros))).toBe(ms * 1000 + micros);
      }),
    );
  });

  test.each([
    ["2013-10-07T13:30:00Z", Date.UTC(2013, 9, 7, 13, 30) * 1000],
    ["2013-10-07 13:30:00+00:00", Date.UTC(2013, 9, 7, 13, 30) * 1000],
    ["2013-10-07T09:30-0400", Date.UTC(2013, 9, 7, 13, 30) * 1000],
    ["2013-10-07T15:30:00,000001+02", Date.UTC(2013, 9, 7, 13, 30) * 1000 + 1],
    ["1969-12-31T23:59:59.999999999Z", -1],
    ["2016-02-29", Date.UTC(2016, 1, 29) * 1000],
  ])("%s", (text, expected) => {
    expect(parseIsoUs(text)).toBe(expected);
  });

  test.each([
    "",
    "2013-10-07T13:30:00",
    "2013-10-07T13:30:60Z",
    "2013-10-07T24:00:00Z",
    "2013-02-29",
    "1900-02-29",
    "2013-13-01",
    "2013-00-01",
    "2013-10-00",
    "2013-10-07T13:30:00+24:00",
    "2013-10-07T13:30:00+02:60",
    "2013-10-07T13:30:00.Z",
    "07/10/2013",
    "1381152600",
    "2013-10-07Z",
    "9999-12-31",
    "0001-01-01",
    "２０１３-10-07",
  ])("%j is refused", (text) => {
    expect(parseIsoUs(text)).toBeNull();
  });
});
