import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bar } from "../../streams/testing/facts.ts";
import { ClosedHoursDigest } from "./closed-hours.ts";
import { marketHoursScript } from "./market-hours-script.ts";

interface Hours {
  readonly fwd: (t: number) => number;
  readonly bwd: (c: number) => number;
  readonly isOpen: (t: number) => boolean;
  readonly opens: readonly number[];
}

interface Closed {
  readonly step: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
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
) as {
  marketHours: (x: readonly number[], closed: Closed) => Hours | null;
  marketTicks: Ticks;
};

/** Of minutes or longer bars that end at these times, in seconds. */
function closedOf(times: readonly number[], step = 60): Closed {
  const digest = new ClosedHoursDigest();
  for (const t of times) {
    digest.bar(bar("IBM", t * 1e6, 1, { startUs: (t - step) * 1e6 }));
  }
  const { barUs, fromUs, toUs } = digest.end();
  const seconds = (us: readonly number[]) => us.map((time) => time / 1e6);
  return { step: barUs / 1e6, from: seconds(fromUs), to: seconds(toUs) };
}
const axisOf = (x: readonly number[], step = 60) => marketHours(x, closedOf(x, step));

const DAY = 86_400;
const OPEN = 14.5 * 3600;
/** Minutes of a session of six hours and a half, on each of these days. */
const sessions = (...days: readonly number[]) =>
  days.flatMap((day) => Array.from({ length: 391 }, (_, i) => day * DAY + OPEN + 60 * i));

const week = sessions(1, 2, 3, 4, 7, 8);
const hours = axisOf(week) as Hours;

describe("a time axis of open hours", () => {
  test("is none where the market never closes, and for few points", () => {
    expect(axisOf(Array.from({ length: 500 }, (_, i) => 60 * i))).toBeNull();
    const sparse = [0, 1, 2, 3, 4, 5, 40, 41, 42].map((minute) => 60 * minute);
    expect(axisOf(sparse)).toBeNull();
    for (const few of [[], [5], [5, 9]]) expect(axisOf(few)).toBeNull();
  });

  test("is none where bars are daily, over weekends and years of none", () => {
    const days = [1, 2, 3, 6, 7, 8, 400, 401].map((day) => day * DAY + OPEN + 23_400);
    expect(axisOf(days, 23_400)).toBeNull();
    expect(axisOf(days, DAY)).toBeNull();
  });

  test("keeps what the book was flat for: a hundred days, and an hour of a session", () => {
    const days = Array.from({ length: 300 }, (_, day) => day * DAY + OPEN + 23_400);
    const held = days.filter((_, day) => day < 100 || day >= 200);
    expect(marketHours(held, closedOf(days, 23_400))).toBeNull();
    const part = week.filter((t) => t % DAY < OPEN + 3600 || t % DAY > OPEN + 7200);
    const axis = marketHours(part, closedOf(week)) as Hours;
    const [closing, opening] = [OPEN + 3540, OPEN + 7260].map((t) => axis.fwd(DAY + t));
    expect((opening as number) - (closing as number)).toBeCloseTo(3720, 6);
    expect(axis.opens).toEqual(hours.opens);
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
    const both = axisOf(paused) as Hours;
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
