import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arrivalIn, TickArrivals, traceState } from "./tick-arrivals.ts";

describe("tick arrivals", () => {
  test("give each record the time at which its batch came", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 50 });
    fc.assert(
      fc.property(sizes, (batches) => {
        const arrivals = new TickArrivals();
        const came: number[] = [];
        batches.forEach((size, index) => {
          for (let record = 0; record < size; record++) came.push(1000 + index);
          arrivals.arrived("market.ticks", 2, came.length, 1000 + index);
        });
        const known = came.map((_, offset) => arrivals.arrivalOf("market.ticks", 2, offset));
        expect(known).toEqual(came);
        expect(arrivals.arrivalOf("market.ticks", 2, came.length)).toBeNull();
        expect(arrivals.arrivalOf("market.ticks", 1, 0)).toBeNull();
      }),
    );
  });

  test("keep the first arrival of what is read again", () => {
    const arrivals = new TickArrivals();
    arrivals.arrived("market.ticks", 0, 10, 100);
    arrivals.arrived("market.ticks", 0, 5, 200);
    arrivals.arrived("market.ticks", 0, 10, 300);
    arrivals.arrived("market.ticks", 0, 12, 400);
    const of = (offset: number) => arrivals.arrivalOf("market.ticks", 0, offset);
    expect([0, 9, 10, 11].map(of)).toEqual([100, 100, 400, 400]);
  });

  test("forget the oldest rather than guess", () => {
    const arrivals = new TickArrivals();
    for (let batch = 1; batch <= 5000; batch++) arrivals.arrived("q", 0, batch * 10, batch);
    expect(arrivals.arrivalOf("q", 0, 0)).toBeNull();
    expect(arrivals.arrivalOf("q", 0, (5000 - 4096) * 10)).toBeNull();
    expect(arrivals.arrivalOf("q", 0, (5000 - 4095) * 10)).toBe(5000 - 4094);
    expect(arrivals.arrivalOf("q", 0, 49_999)).toBe(5000);
  });
});

describe("an arrival in a tracestate", () => {
  test("comes back to the microsecond, among other members too", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000_000 }), (us) => {
        expect(arrivalIn(traceState(us))).toBe(us);
        expect(arrivalIn(`other=1, ${traceState(us)},x@y=z`)).toBe(us);
        // W3C: a member's key and value, of these characters and lengths.
        expect(traceState(us)).toMatch(/^[a-z][a-z0-9_\-*/]{0,255}=[!-+\--<>-~]{1,256}$/);
      }),
    );
  });

  test("is null where there is none, or none that can be read", () => {
    for (const state of [
      "",
      "other=1",
      "tapedeck=",
      "tapedeck=t",
      "tapedeck=t-1",
      "tapedeck=tZZ",
    ]) {
      expect(arrivalIn(state)).toBeNull();
    }
    expect(arrivalIn(`tapedeck=t${"z".repeat(11)}`)).toBeNull();
  });
});
