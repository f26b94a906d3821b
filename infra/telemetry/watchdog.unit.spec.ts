import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Watchdog } from "./watchdog.ts";

const of = { task: "bar-builder/0", topic: "market.ticks", partition: 0 };
const other = { task: "bar-builder/1", topic: "market.ticks", partition: 1 };

describe("the watchdog", () => {
  test("trips after the bound when records wait and nothing moves, and says which", () => {
    const dog = new Watchdog(30_000);
    for (let now = 0; now < 30_000; now += 1000) {
      expect(dog.observe(of, 5, 100, now)).toBeNull();
      expect(dog.observe(other, 5, now, now)).toBeNull();
    }
    expect(dog.observe(of, 7, 100, 30_000)).toEqual({
      ...of,
      what: "still",
      lag: 7,
      position: 100,
      sinceMs: 30_000,
      times: 1,
    });
    expect(dog.stuck(31_000)).toMatchObject([{ ...of, times: 1 }]);
  });

  test("never trips where there is nothing to read, however long", () => {
    const dog = new Watchdog(30_000);
    for (let now = 0; now < 3_600_000; now += 1000) {
      expect(dog.observe(of, 0, 100, now)).toBeNull();
    }
  });

  test("counts from when work came, not from when the reader last moved", () => {
    const dog = new Watchdog(30_000);
    dog.observe(of, 0, 100, 0);
    dog.observe(of, 0, 100, 1_000_000);
    expect(dog.observe(of, 1, 100, 1_020_000)).toBeNull();
    expect(dog.observe(of, 1, 100, 1_049_999)).toBeNull();
    expect(dog.observe(of, 1, 100, 1_050_000)).toMatchObject({ what: "still" });
  });

  test("trips again each bound while it stands, one more each time", () => {
    const dog = new Watchdog(10_000);
    const trips: [number, number][] = [];
    for (let now = 0; now <= 35_000; now += 1000) {
      const trip = dog.observe(of, 1, 3, now);
      if (trip !== null) trips.push([now, trip.times]);
    }
    expect(trips).toEqual([
      [10_000, 1],
      [20_000, 2],
      [30_000, 3],
    ]);
  });

  test("recovers when the reader gets further, and when nothing is left", () => {
    for (const [lag, position] of [
      [5, 4],
      [0, 3],
    ] as const) {
      const dog = new Watchdog(10_000);
      dog.observe(of, 1, 3, 0);
      expect(dog.observe(of, 1, 3, 10_000)).not.toBeNull();
      expect(dog.observe(of, lag, position, 11_000)).toBeNull();
      expect(dog.stuck(11_000)).toEqual([]);
      dog.observe(of, 9, position, 12_000);
      expect(dog.observe(of, 9, position, 20_999)).toBeNull();
    }
  });

  test("a reader that falls back to its last commit and gets past it is no trip", () => {
    const dog = new Watchdog(10_000);
    const positions = [0, 5, 3, 6, 4, 8, 6, 10, 8, 12];
    positions.forEach((position, second) => {
      expect(dog.observe(of, 100, position, second * 5000)).toBeNull();
    });
    // Reading again what was read before may take longer than the bound, so long as it moves.
    [0, 2, 4, 6, 8].forEach((position, second) => {
      expect(dog.observe(of, 100, position, 50_000 + second * 5000)).toBeNull();
    });
  });

  test("one that fails at the same record for ever is found circling", () => {
    const dog = new Watchdog(10_000);
    let found = null;
    for (let second = 0; second < 60 && found === null; second++) {
      found = dog.observe(of, 100, second % 4, second * 1000);
    }
    expect(found).toMatchObject({ what: "circling", times: 1 });
    // The restart of the task that follows is no recovery; getting past the record is.
    expect(dog.observe(of, 100, 0, 14_000)).toBeNull();
    expect(dog.stuck(14_000)).toHaveLength(1);
    expect(dog.observe(of, 100, 4, 15_000)).toBeNull();
    expect(dog.stuck(15_000)).toEqual([]);
  });

  test("forgets the partitions of a task that went elsewhere", () => {
    const dog = new Watchdog(10_000);
    dog.observe(of, 1, 3, 0);
    dog.observe(other, 1, 3, 0);
    dog.forget(of.task);
    expect(dog.observe(of, 1, 3, 10_000)).toBeNull();
    expect(dog.observe(other, 1, 3, 10_000)).toMatchObject(other);
  });

  test("against a plain definition: a trip needs a bound of time with work and without movement", () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 1, max: 8000 }),
      lag: fc.constantFrom(0, 0, 1, 50),
      forward: fc.constantFrom(0, 0, 0, 1, 7),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const dog = new Watchdog(10_000);
        const past: { now: number; lag: number; position: number }[] = [];
        let now = 0;
        let position = 0;
        let trippedAt = Number.NEGATIVE_INFINITY;
        for (const { waitMs, lag, forward } of steps) {
          now += waitMs;
          position += forward;
          past.push({ now, lag, position });
          // The start of the last stretch, seen from its end, in which there was always work and
          // the position never changed; the observation before work came counts as its start.
          let start = past.length - 1;
          while (start > 0) {
            const before = past[start - 1] as (typeof past)[number];
            if (before.lag === 0 || before.position !== position) break;
            start--;
          }
          const since = (past[start] as (typeof past)[number]).now;
          if (since > trippedAt) trippedAt = Number.NEGATIVE_INFINITY;
          const due = lag > 0 && now - since >= 10_000 && now - trippedAt >= 10_000;
          if (due) trippedAt = now;
          expect(dog.observe(of, lag, position, now) !== null).toBe(due);
        }
      }),
      { numRuns: 500 },
    );
  });
});
