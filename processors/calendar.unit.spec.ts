import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../schemas/values/time.ts";
import { periodOf } from "./calendar.ts";

const us = (text: string): number => parseIsoUs(text) as number;
const HOUR_US = 3_600_000_000;
/** Whether a period ends between two moments. */
const isNew = (
  unit: "DAY" | "WEEK" | "MONTH",
  before: string,
  after: string,
  count = 1,
  dayStartUs = 0,
): boolean =>
  periodOf(us(before), { count, unit }, dayStartUs) !==
  periodOf(us(after), { count, unit }, dayStartUs);

describe("a rebalancing calendar", () => {
  test.each([
    ["DAY", "2024-03-08T23:59:59Z", "2024-03-09T00:00:00Z", true],
    ["DAY", "2024-03-09T00:00:00Z", "2024-03-09T23:59:59.999999Z", false],
    // 10 March 2024 is a Sunday.
    ["WEEK", "2024-03-10T23:59:59Z", "2024-03-11T00:00:00Z", true],
    ["WEEK", "2024-03-09T23:59:59Z", "2024-03-10T00:00:00Z", false],
    ["MONTH", "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z", true],
    ["MONTH", "2024-02-28T23:59:59Z", "2024-02-29T00:00:00Z", false],
    ["MONTH", "2023-12-31T23:59:59Z", "2024-01-01T00:00:00Z", true],
    ["MONTH", "2023-03-05T00:00:00Z", "2024-03-05T00:00:00Z", true],
  ] as const)("%s: from %s to %s: %s", (unit, before, after, expected) => {
    expect(isNew(unit, before, after)).toBe(expected);
  });

  test("turns when its day begins, so that a session over midnight UTC stays whole", () => {
    // Sydney trades from 23:00 to 05:00 UTC in summer.
    expect(isNew("DAY", "2024-01-08T23:30:00Z", "2024-01-09T04:30:00Z")).toBe(true);
    const start = 12 * HOUR_US;
    expect(isNew("DAY", "2024-01-08T23:30:00Z", "2024-01-09T04:30:00Z", 1, start)).toBe(false);
    expect(isNew("DAY", "2024-01-09T11:59:59Z", "2024-01-09T12:00:00Z", 1, start)).toBe(true);
    expect(isNew("MONTH", "2024-02-01T11:59:59Z", "2024-02-01T12:00:00Z", 1, start)).toBe(true);
  });

  test("of several units turns once for all of them", () => {
    const quarters = ["01", "02", "03", "04", "05", "06", "07"].map((month) =>
      periodOf(us(`2024-${month}-15T00:00:00Z`), { count: 3, unit: "MONTH" }, 0),
    );
    expect(new Set(quarters).size).toBe(3);
    expect(quarters[0]).toBe(quarters[2]);
  });

  test("never goes back", () => {
    const moment = fc.integer({ min: 0, max: 7e15 });
    fc.assert(
      fc.property(moment, moment, fc.integer({ min: 1, max: 9 }), (a, b, count) => {
        for (const unit of ["DAY", "WEEK", "MONTH"] as const) {
          const [low, high] = [Math.min(a, b), Math.max(a, b)].map((timeUs) =>
            periodOf(timeUs, { count, unit }, 0),
          );
          expect(high).toBeGreaterThanOrEqual(low as number);
        }
      }),
    );
  });
});
