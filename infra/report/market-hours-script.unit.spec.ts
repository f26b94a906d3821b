import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { marketHoursScript } from "./market-hours-script.ts";

interface Hours {
  readonly fwd: (t: number) => number;
  readonly bwd: (c: number) => number;
  readonly isOpen: (t: number) => boolean;
  readonly opens: readonly number[];
}

type Ticks = (
  hours: Hours,
  min: number,
  max: number,
  incr: number,
  hasRoom: (a: number, b: number) => boolean,
) => readonly number[];

const { marketHours, marketTicks } = runInNewContext(
  `${marketHoursScript}\n({ marketHours, marketTicks })`,
) as { marketHours: (x: readonly number[]) => Hours | null; marketTicks: Ticks };

const DAY = 86_400;
const OPEN = 14.5 * 3600;
/** Minutes of a session of six hours and a half, on each of these days. */
const sessions = (...days: readonly number[]) =>
  days.flatMap((day) => Array.from({ length: 391 }, (_, i) => day * DAY + OPEN + 60 * i));

const week = sessions(1, 2, 3, 4, 7, 8);
const hours = marketHours(week) as Hours;

describe("a time axis of open hours", () => {
  test("is none where the market never closes, and for few points", () => {
    expect(marketHours(Array.from({ length: 500 }, (_, i) => 60 * i))).toBeNull();
    expect(marketHours([1, 2, 3, 6, 7, 8].map((day) => day * DAY))).toBeNull();
    const sparse = [0, 1, 2, 3, 4, 5, 40, 41, 42].map((minute) => 60 * minute);
    expect(marketHours(sparse)).toBeNull();
    for (const few of [[], [5], [5, 9]]) expect(marketHours(few)).toBeNull();
  });

  test("draws a night and a weekend as long as a minute", () => {
    const drawn = week.map(hours.fwd);
    for (const [i, at] of drawn.slice(1).entries()) {
      expect(at - (drawn[i] as number)).toBeCloseTo(60, 6);
    }
  });

  test("rises with time, and leads back", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10 * DAY, noNaN: true }), (t) => {
        expect(hours.bwd(hours.fwd(t))).toBeCloseTo(t, 3);
        expect(hours.fwd(t + 60)).toBeGreaterThan(hours.fwd(t));
      }),
    );
  });

  test("knows when it is open, and when each session opens", () => {
    expect(hours.opens).toEqual([1, 2, 3, 4, 7, 8].map((day) => day * DAY + OPEN));
    expect([5.5, 6, 2.1].map((day) => hours.isOpen(day * DAY))).toEqual([false, false, false]);
    expect([1.7, 4.7, 7.61].map((day) => hours.isOpen(day * DAY))).toEqual([true, true, true]);
  });
});

describe("its labels", () => {
  const far = (seconds: number) => (a: number, b: number) => hours.fwd(b) - hours.fwd(a) >= seconds;
  const first = week[0] as number;
  const last = week.at(-1) as number;

  test("are the sessions' opens over days, as many as there is room for", () => {
    expect(marketTicks(hours, first, last, DAY, far(3600))).toEqual(hours.opens);
    expect(marketTicks(hours, first, last, DAY, far(10 * 3600))).toHaveLength(3);
  });

  test("name each day once, whatever pauses its sessions have", () => {
    const paused = week.filter((t) => t % DAY < OPEN + 3600 || t % DAY > OPEN + 3 * 3600);
    const both = marketHours(paused) as Hours;
    expect(both.opens).toHaveLength(2 * hours.opens.length);
    expect(marketTicks(both, first, last, DAY, far(60))).toEqual(hours.opens);
  });

  test("are round times of open hours within a session, never of closed ones", () => {
    const ticks = marketTicks(hours, first, first + DAY, 3600, far(3000));
    expect(ticks.map((t) => (t % DAY) / 3600)).toEqual([15, 16, 17, 18, 19, 20, 21]);
  });

  test("go down to smaller steps where the usual one meets no open moment", () => {
    const ticks = marketTicks(hours, first, first + DAY + 3 * 3600, 43_200, far(1800));
    expect(ticks.length).toBeGreaterThanOrEqual(3);
    expect(ticks.every(hours.isOpen)).toBe(true);
  });
});
