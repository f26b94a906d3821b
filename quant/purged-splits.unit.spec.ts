// Worked by hand on a dozen days, and held to the book's counts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  combinatorialPaths,
  combinatorialSplits,
  groupsOf,
  purgedFolds,
  type Span,
  walkWindows,
} from "./purged-splits.ts";

/** Observation i is made of days i … i + horizon - 1. */
const days = (count: number, horizon: number): readonly Span[] =>
  Array.from({ length: count }, (_, i) => ({ start: i, end: i + horizon }));

describe("rolling windows", () => {
  test("go on by the length of a test, with what is purged between", () => {
    expect(walkWindows(12, { train: 4, test: 3, purge: 1 }, false)).toEqual([
      { train: { from: 0, to: 4 }, test: { from: 5, to: 8 } },
      { train: { from: 3, to: 7 }, test: { from: 8, to: 11 } },
      { train: { from: 6, to: 10 }, test: { from: 11, to: 12 } },
    ]);
  });

  test("that are anchored all begin at the first period", () => {
    expect(walkWindows(10, { train: 4, test: 3, purge: 0 }, true)).toEqual([
      { train: { from: 0, to: 4 }, test: { from: 4, to: 7 } },
      { train: { from: 0, to: 7 }, test: { from: 7, to: 10 } },
    ]);
  });

  test("judge every period after the first window once, in order", () => {
    const lengths = fc.record({
      train: fc.integer({ min: 1, max: 30 }),
      test: fc.integer({ min: 1, max: 30 }),
      purge: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), lengths, fc.boolean(), (n, own, anchored) => {
        const windows = walkWindows(n, own, anchored);
        const judged = windows.flatMap(({ test: { from, to } }) =>
          Array.from({ length: to - from }, (_, i) => from + i),
        );
        const first = own.train + own.purge;
        expect(judged).toEqual(Array.from({ length: Math.max(0, n - first) }, (_, i) => first + i));
        for (const { train, test: out } of windows) expect(train.to + own.purge).toBe(out.from);
      }),
    );
  });

  test("need whole lengths", () => {
    expect(() => walkWindows(9, { train: 0, test: 3, purge: 0 }, false)).toThrow(RangeError);
    expect(() => walkWindows(9, { train: 2.5, test: 3, purge: 0 }, false)).toThrow(RangeError);
    expect(() => walkWindows(9, { train: 2, test: 3, purge: -1 }, false)).toThrow(RangeError);
  });
});

describe("purged folds", () => {
  test("leave out what overlaps the fold: worked by hand", () => {
    // Twelve outcomes of three days each; the fold is 4 … 7, made of days 4 … 9. Outcome 2 takes days 2 … 4 and
    // 3 takes 3 … 5: purged. 8 takes 8 … 10 and 9 takes 9 … 11: purged. 10 begins when the fold has ended.
    const [, middle] = purgedFolds(days(12, 3), 3, 0);
    expect(middle).toEqual({ groups: [1], train: [0, 1, 10, 11], test: [4, 5, 6, 7] });
  });

  test("leave out an embargo after the fold", () => {
    // A tenth of twelve is one: the first outcome after the purge goes too.
    const [first, middle, last] = purgedFolds(days(12, 3), 3, 0.1);
    expect(first?.train).toEqual([7, 8, 9, 10, 11]);
    expect(middle?.train).toEqual([0, 1, 11]);
    expect(last?.train).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test("of outcomes that end before the next begins purge nothing", () => {
    for (const { train, test: judged } of purgedFolds(days(10, 1), 5, 0)) {
      expect([...train, ...judged].sort((a, b) => a - b)).toEqual(days(10, 1).map((_, i) => i));
    }
  });

  test("never keep an outcome that overlaps one that is judged", () => {
    const shape = fc.record({
      horizons: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 6, maxLength: 40 }),
      groups: fc.integer({ min: 2, max: 6 }),
      judged: fc.integer({ min: 1, max: 5 }),
      embargo: fc.double({ min: 0, max: 0.3, noNaN: true }),
    });
    fc.assert(
      fc.property(shape, ({ horizons, groups, judged, embargo }) => {
        fc.pre(judged < groups);
        const spans = horizons.map((horizon, i) => ({ start: i, end: i + horizon }));
        for (const split of combinatorialSplits(spans, groups, judged, embargo)) {
          for (const i of split.train) {
            for (const j of split.test) {
              const [a, b] = [spans[i] as Span, spans[j] as Span];
              expect(a.start < b.end && a.end > b.start).toBe(false);
            }
          }
        }
      }),
    );
  });
});

describe("combinatorial splits", () => {
  test("of six groups by two are fifteen, and give five paths through every group", () => {
    const splits = combinatorialSplits(days(12, 1), 6, 2, 0);
    expect(splits).toHaveLength(15);
    expect(splits[0]).toMatchObject({ groups: [0, 1], test: [0, 1, 2, 3] });
    expect(splits.at(-1)).toMatchObject({ groups: [4, 5], train: [0, 1, 2, 3, 4, 5, 6, 7] });
    const paths = combinatorialPaths(6, splits);
    expect(paths).toHaveLength(5);
    for (const path of paths) {
      expect(path.map((split, group) => splits[split]?.groups.includes(group))).toEqual(
        new Array(6).fill(true),
      );
    }
    // Every judged group of every split is in one path.
    expect(
      new Set(paths.flatMap((path) => path.map((split, group) => `${split}/${group}`))).size,
    ).toBe(30);
  });

  test("have C(N, k) k / N paths", () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    for (const [n, k] of [
      [4, 1],
      [5, 2],
      [6, 3],
      [8, 3],
      [10, 2],
    ] as const) {
      const splits = combinatorialSplits(days(40, 1), n, k, 0);
      expect(splits).toHaveLength(Math.round(choose(n, k)));
      expect(combinatorialPaths(n, splits)).toHaveLength(Math.round((choose(n, k) * k) / n));
    }
  });

  test("purge around each of two stretches", () => {
    // Groups of three, the first and third judged: days 0 … 3 and 6 … 9 with horizons of two.
    const split = combinatorialSplits(days(12, 2), 4, 2, 0).find(
      ({ groups }) => `${groups}` === "0,2",
    );
    expect(split?.train).toEqual([4, 10, 11]);
  });

  test("come in groups whose sizes differ by at most one", () => {
    expect(groupsOf(11, 4).map(({ from, to }) => to - from)).toEqual([2, 3, 3, 3]);
  });

  test("refuse what cannot be split", () => {
    expect(() => combinatorialSplits(days(3, 1), 4, 1, 0)).toThrow(RangeError);
    expect(() => combinatorialSplits(days(9, 1), 3, 3, 0)).toThrow(RangeError);
    expect(() => combinatorialSplits(days(9, 1), 3, 1, 1)).toThrow(RangeError);
  });
});
