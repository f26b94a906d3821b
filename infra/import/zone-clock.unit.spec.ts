// Local times against published clock changes, and against the engine's own reading of an instant.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { ZoneClock } from "./zone-clock.ts";

const us = (text: string): number => parseIsoUs(text) ?? Number.NaN;

describe("zone clock", () => {
  test("knows New York's clock changes of 2013", () => {
    const newYork = new ZoneClock("America/New_York");
    expect(newYork.toUtc(us("2013-10-07T09:30:00Z"))).toBe(us("2013-10-07T13:30:00Z"));
    expect(newYork.toUtc(us("2013-12-02T09:30:00Z"))).toBe(us("2013-12-02T14:30:00Z"));
    // 10 March: 02:00 to 03:00 is skipped. 3 November: 01:00 to 02:00 comes twice; the first counts.
    expect(newYork.toUtc(us("2013-03-10T02:30:00Z"))).toBeNaN();
    expect(newYork.toUtc(us("2013-03-10T03:00:00Z"))).toBe(us("2013-03-10T07:00:00Z"));
    expect(newYork.toUtc(us("2013-11-03T01:30:00Z"))).toBe(us("2013-11-03T05:30:00Z"));
    expect(newYork.toUtc(us("2013-11-03T02:00:00Z"))).toBe(us("2013-11-03T07:00:00Z"));
  });

  test("knows zones of odd offsets and of the southern summer", () => {
    expect(new ZoneClock("Asia/Kathmandu").offsetAt(us("2020-01-01"))).toBe(20_700_000_000);
    const sydney = new ZoneClock("Australia/Sydney");
    expect(sydney.toUtc(us("2020-01-15T10:00:00Z"))).toBe(us("2020-01-14T23:00:00Z"));
    expect(() => new ZoneClock("America/Nowhere")).toThrow(RangeError);
  });

  test("local and back is the same instant, or the earlier one that reads the same", () => {
    const zones = ["America/New_York", "Europe/London", "Asia/Tokyo", "Australia/Lord_Howe"];
    const clocks = zones.map((zone) => new ZoneClock(zone));
    const span = { min: us("1971-01-01"), max: us("2035-01-01") };
    fc.assert(
      fc.property(fc.constantFrom(...clocks), fc.integer(span), (clock, time) => {
        const back = clock.toUtc(clock.toLocal(time));
        expect(clock.toLocal(back)).toBe(clock.toLocal(time));
        expect(time - back === 0 || (time > back && time - back <= 3_600_000_000)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
