// How times are read: every form that vendors write, and what is refused.
import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { CsvCells } from "./csv-rows.ts";
import type { EpochUnit } from "./import-options.ts";
import { intervalClock, readTimeColumn, sessionClock, TimeReader } from "./time-column.ts";
import { ZoneClock } from "./zone-clock.ts";

const cellsOf = (texts: readonly string[]): CsvCells =>
  new CsvCells({ delimiter: 44, lineEnd: 10 }, 1, 0).load(
    Buffer.from(texts.map((text) => `"${text}"\n`).join("")),
  );

/** Stamps or codes of the texts, the first of which decides the reading. */
function read(texts: readonly string[], unit: EpochUnit | null = null, zone: string | null = null) {
  const plan = readTimeColumn("f", cellsOf(texts), 0, null, unit);
  const reader = new TimeReader(plan, zone === null ? null : new ZoneClock(zone));
  const cells = cellsOf(texts);
  const stamps: (number | string | undefined)[] = [];
  while (cells.next()) {
    const stamp = reader.read(cells);
    stamps.push(Number.isNaN(stamp) ? reader.fault?.code : stamp);
  }
  return stamps;
}

const us = (text: string): number => parseIsoUs(text) ?? Number.NaN;
const noon = us("2013-10-07T12:00:00Z");

describe("times", () => {
  test.each([
    ["1381147200", "seconds"],
    ["1381147200.000000", "seconds with a fraction"],
    ["1381147200000", "milliseconds"],
    ["1381147200000000", "microseconds"],
    ["1381147200000000000", "nanoseconds"],
    ["2013-10-07T12:00:00Z", "ISO 8601"],
    ["2013-10-07 12:00:00+00:00", "ISO 8601 with a space"],
    ["2013-10-07T08:00:00-04:00", "ISO 8601 with an offset"],
    ["2013/10/07 12:00:00Z", "slashes"],
    ["2013.10.07 12:00Z", "dots"],
  ])("%s (%s)", (text) => {
    expect(read([text])).toEqual([noon]);
  });

  test("fractions are exact to the microsecond and dropped beyond it", () => {
    expect(read(["1381147200.123456"])).toEqual([noon + 123_456]);
    expect(read(["1381147200.1234567"])).toEqual([noon + 123_456]);
    expect(read(["1381147200000.5"])).toEqual([noon + 500]);
    expect(read(["1381147200000000999"])).toEqual([noon]);
    expect(read(["2013-10-07T12:00:00.1234569Z"])).toEqual([noon + 123_456]);
  });

  test("a unit that is given beats the magnitude", () => {
    expect(read(["1381147200"], "s")).toEqual([noon]);
    expect(read(["1381147200"], "ms")).toEqual(["IMPORT_TIME_RANGE"]);
    expect(read(["20131007"])).toEqual([us("2013-10-07")]);
    expect(read(["20131007"], "s")).toEqual(["IMPORT_TIME_RANGE"]);
  });

  test("a file has one reading: what differs from it is refused", () => {
    expect(read(["2013-10-07", "2013-10-08T00:00:00Z", "20131009", "2013-02-29", "x"])).toEqual([
      us("2013-10-07"),
      "IMPORT_TIME_INVALID",
      us("2013-10-09"),
      "IMPORT_TIME_INVALID",
      "IMPORT_TIME_INVALID",
    ]);
    expect(read(["1381147200000", "2013-10-07T12:00:00Z", "-1", "1.381147200e12", ""])).toEqual([
      noon,
      "IMPORT_TIME_INVALID",
      "IMPORT_TIME_RANGE",
      noon,
      "IMPORT_TIME_INVALID",
    ]);
    expect(read(["2013-10-07T12:00:00Z", "1381147200000", "2013-10-07", "12:00"])).toEqual([
      noon,
      ...Array.from({ length: 3 }, () => "IMPORT_TIME_INVALID"),
    ]);
  });

  test("a time without a zone is refused, or read in the zone that is given", () => {
    const texts = ["2013-10-07 08:00:00", "2013-03-10 02:30:00", "2013-10-07T12:00:00Z"];
    expect(read(texts)).toEqual(["IMPORT_TIME_ZONE_MISSING", "IMPORT_TIME_ZONE_MISSING", noon]);
    // Clocks went from 02:00 to 03:00 on 10 March.
    expect(read(texts, null, "America/New_York")).toEqual([noon, "IMPORT_TIME_INVALID", noon]);
  });

  test("a file without one time that can be read is refused", () => {
    expect(() => read(["noon", "10/07/2013", ""])).toThrow(
      expect.objectContaining({ code: "IMPORT_NO_ROWS" }),
    );
  });
});

describe("what a stamp means", () => {
  const session = { openUs: 34_200_000_000, closeUs: 57_600_000_000 };

  test("a bar from its start or its end", () => {
    const start = intervalClock(60, "start");
    const end = intervalClock(60, "end");
    expect([start.startUs(600), start.endUs(600)]).toEqual([600, 660]);
    expect([end.startUs(600), end.endUs(600)]).toEqual([540, 600]);
  });

  test("a date is the exchange's session, in winter and in summer", () => {
    const clock = sessionClock(new ZoneClock("America/New_York"), session, false);
    expect(clock.startUs(us("2013-10-07"))).toBe(us("2013-10-07T13:30:00Z"));
    expect(clock.endUs(us("2013-12-02"))).toBe(us("2013-12-02T21:00:00Z"));
    expect(clock.endUs(us("2013-10-07"))).toBe(us("2013-10-07T20:00:00Z"));
  });

  test("an instant is the date that it falls on at the exchange; midnight UTC is that date", () => {
    const tokyo = sessionClock(new ZoneClock("Asia/Tokyo"), session, true);
    expect(tokyo.endUs(us("2013-10-06T15:00:00Z"))).toBe(us("2013-10-07T07:00:00Z"));
    expect(tokyo.endUs(us("2013-10-07"))).toBe(us("2013-10-07T07:00:00Z"));
    const newYork = sessionClock(new ZoneClock("America/New_York"), session, true);
    expect(newYork.endUs(us("2013-10-07"))).toBe(us("2013-10-07T20:00:00Z"));
    expect(newYork.endUs(us("2013-10-07T04:00:00Z"))).toBe(us("2013-10-07T20:00:00Z"));
  });
});
