import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PositionIndex } from "./position-index.ts";

/** A partition as Kafka has it: for each logical offset its Kafka offset, with gaps between. */
const partition = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 60 })
  .map((steps) => {
    let kafka = -1;
    return steps.map((step) => {
      kafka += step;
      return kafka;
    });
  });

describe("PositionIndex", () => {
  test("names a place at or before the record, whatever it learned in whatever order", () => {
    fc.assert(
      fc.property(partition, fc.array(fc.nat(59)), fc.nat(59), (offsets, learned, wanted) => {
        const index = new PositionIndex();
        for (const at of learned) {
          const kafka = offsets[at];
          if (kafka !== undefined) index.add(at, kafka);
        }
        const known = learned.filter((at) => at < offsets.length && at <= wanted);
        const floor = index.floor(wanted);
        if (known.length === 0) expect(floor).toBe(null);
        else {
          const best = Math.max(...known);
          expect(floor).toMatchObject({ logical: best, kafka: offsets[best] });
        }
      }),
    );
  });

  test("prefers of two places for one record the later one, which has less before it", () => {
    const index = new PositionIndex();
    index.add(5, 5);
    index.add(9, 12);
    index.add(5, 7);
    index.add(5, 6);
    expect(index.floor(8)).toMatchObject({ logical: 5, kafka: 7 });
  });

  test("keeps the greatest time that it was told for a place", () => {
    const index = new PositionIndex();
    index.add(5, 5, 30);
    index.add(5, 7);
    index.add(9, 12);
    expect(index.floor(5)).toEqual({ logical: 5, kafka: 7, floorUs: 30 });
    expect(index.floor(9)).toEqual({ logical: 9, kafka: 12, floorUs: 0 });
  });

  test("stays small on a long stream, exact at its end, and never beyond a record", () => {
    const index = new PositionIndex();
    for (let i = 0; i < 100_000; i++) index.add(i * 10, i * 11);
    const places = new Set<number>();
    for (let i = 0; i < 100_000; i++) places.add(index.floor(i * 10)?.kafka ?? -1);
    expect(places.size).toBeLessThan(5_000);
    expect(index.floor(999_990)).toMatchObject({ logical: 999_990, kafka: 99_999 * 11 });
    for (const wanted of [3, 12_345, 500_001]) {
      const floor = index.floor(wanted) ?? { logical: -1, kafka: -1 };
      expect(floor.logical).toBeLessThanOrEqual(wanted);
      expect(floor.kafka).toBe((floor.logical / 10) * 11);
    }
  });
});
