import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StepSearch } from "./step-search.ts";

const kinks = fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 9 })), {
  maxLength: 300,
});

/** The slow way: in order, until the slope has turned. */
function turnOf(list: readonly (readonly [number, number])[], fall: number): number {
  let slope = -fall;
  for (const [length, steepness] of [...list].sort((a, b) => a[0] - b[0])) {
    slope += steepness;
    if (slope >= 0) return length;
  }
  return Number.POSITIVE_INFINITY;
}

describe("a step along a falling edge", () => {
  test("ends where the slope turns, and has the kinks before it in front", () => {
    fc.assert(
      fc.property(kinks, fc.integer({ min: 1, max: 800 }), (list, fall) => {
        const search = new StepSearch();
        list.forEach(([length, slope], id) => {
          search.add(length, slope, id);
        });
        const place = search.turn(fall);
        const length = place < 0 ? Number.POSITIVE_INFINITY : search.length(place);
        expect(length).toBe(turnOf(list, fall));
        if (place < 0) return;
        for (let k = 0; k < search.count; k++) {
          if (k < place) expect(search.length(k)).toBeLessThanOrEqual(length);
          else expect(search.length(k)).toBeGreaterThanOrEqual(length);
        }
        const ids = Array.from({ length: search.count }, (_, k) => search.id(k));
        expect(new Set(ids).size).toBe(list.length);
      }),
    );
  });

  test("has no end where all kinks together do not turn it", () => {
    const search = new StepSearch();
    search.add(1, 2, 0);
    search.add(2, 3, 1);
    expect(search.turn(6)).toBe(-1);
    expect(search.turn(5)).toBeGreaterThanOrEqual(0);
    search.clear();
    expect(search.turn(0)).toBe(-1);
  });

  test("stops, of kinks at one place, at the steepest", () => {
    const search = new StepSearch();
    search.add(3, 1, 10);
    search.add(3, 5, 11);
    search.add(3, 2, 12);
    expect(search.id(search.turn(1))).toBe(11);
  });
});
