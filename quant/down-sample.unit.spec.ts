import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addToBuckets, type Buckets, emptyBuckets, extentOf, mergeExtents } from "./down-sample.ts";

interface Point {
  readonly timeUs: number;
  readonly value: number;
}

const merge = mergeExtents<Point>((a, b) => a.value < b.value);

function fold(points: readonly Point[], limit: number) {
  const buckets: Buckets<ReturnType<typeof extentOf<Point>>> = emptyBuckets(limit);
  for (const point of points) addToBuckets(buckets, point.timeUs, extentOf(point), merge);
  return buckets;
}

const series = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 10 ** 9 }), fc.integer({ min: -50, max: 50 })), {
    maxLength: 300,
  })
  .map((steps) => {
    let timeUs = 1_381_000_000_000_000;
    return steps.map(([step, value]) => {
      timeUs += step;
      return { timeUs, value };
    });
  });

describe("down-sampling into time buckets", () => {
  test("keeps within the limit, in time order, with the first, last, least and greatest point", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 40 }), (points, limit) => {
        const { items } = fold(points, limit);
        expect(items.length).toBeLessThanOrEqual(limit);
        for (let i = 1; i < items.length; i++) {
          expect(items[i]?.index).toBeGreaterThan(items[i - 1]?.index ?? 0);
        }
        if (points.length === 0) return;
        const values = points.map(({ value }) => value);
        expect(Math.min(...items.map(({ value }) => value.low.value))).toBe(Math.min(...values));
        expect(Math.max(...items.map(({ value }) => value.high.value))).toBe(Math.max(...values));
        expect(items[0]?.value.first).toEqual(points[0]);
        expect(items.at(-1)?.value.last).toEqual(points.at(-1));
      }),
    );
  });

  test("equals one grouping of all points by the final width", () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 40 }), (points, limit) => {
        const { width, items } = fold(points, limit);
        const groups = new Map<number, Point[]>();
        for (const point of points) {
          const index = Math.floor(point.timeUs / width);
          groups.set(index, [...(groups.get(index) ?? []), point]);
        }
        expect(items.map(({ index }) => index)).toEqual([...groups.keys()]);
        for (const { index, value } of items) {
          const group = groups.get(index) ?? [];
          const least = Math.min(...group.map((point) => point.value));
          expect(value.low).toEqual(group.find((point) => point.value === least));
        }
      }),
    );
  });
});
