import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childOf, sourceTrace } from "../kafka/wire/testing/traces.ts";
import { formatTraceparent, placesOf } from "../kafka/wire/trace.ts";
import { newServiceGauges } from "./service-gauges.ts";
import { measureVerdicts, TickArrivals } from "./tick-arrivals.ts";

const at = (arrivals: TickArrivals, topic: string, partition: number, offset: number) =>
  arrivals.arrivalOf(childOf(sourceTrace(topic, partition, offset), "risk.verdicts", 0, 77));

describe("a source's trace id", () => {
  test("leads back to the offset, and to that of no other partition", () => {
    const offsets = fc.oneof(fc.nat(10_000), fc.integer({ min: 0, max: 2 ** 36 - 1 }));
    fc.assert(
      fc.property(offsets, fc.nat(64), fc.nat(64), (offset, partition, other) => {
        const traceId = sourceTrace("market.ticks", partition, offset).slice(3, 35);
        expect(placesOf("market.ticks", partition).offsetOf(traceId)).toBe(offset);
        const elsewhere = placesOf("market.ticks", other).offsetOf(traceId);
        expect(elsewhere).toBe(other === partition ? offset : null);
        expect(placesOf("market.quotes", partition).offsetOf(traceId)).toBeNull();
      }),
    );
  });
});

describe("tick arrivals", () => {
  test("give the tick of a derived event the time at which its batch came", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 30 });
    fc.assert(
      fc.property(sizes, (batches) => {
        const arrivals = new TickArrivals();
        const came: number[] = [];
        batches.forEach((size, index) => {
          for (let record = 0; record < size; record++) came.push(1000 + index);
          arrivals.arrived("market.ticks", 2, came.length, 1000 + index);
        });
        expect(came.map((_, offset) => at(arrivals, "market.ticks", 2, offset))).toEqual(came);
        expect(at(arrivals, "market.ticks", 2, came.length)).toBeNull();
        expect(at(arrivals, "market.ticks", 1, 0)).toBeNull();
      }),
    );
  });

  test("keep the first arrival of what is read again", () => {
    const arrivals = new TickArrivals();
    arrivals.arrived("market.ticks", 0, 10, 100);
    arrivals.arrived("market.ticks", 0, 5, 200);
    arrivals.arrived("market.ticks", 0, 10, 300);
    arrivals.arrived("market.ticks", 0, 12, 400);
    const of = (offset: number) => at(arrivals, "market.ticks", 0, offset);
    expect([0, 9, 10, 11].map(of)).toEqual([100, 100, 400, 400]);
  });

  test("forget the oldest rather than guess", () => {
    const arrivals = new TickArrivals();
    for (let batch = 1; batch <= 5000; batch++) arrivals.arrived("q", 0, batch * 10, batch);
    expect(at(arrivals, "q", 0, 0)).toBeNull();
    expect(at(arrivals, "q", 0, (5000 - 4096) * 10)).toBeNull();
    expect(at(arrivals, "q", 0, (5000 - 4095) * 10)).toBe(5000 - 4094);
    expect(at(arrivals, "q", 0, 49_999)).toBe(5000);
  });

  test("measure the verdicts whose tick came here, and count the others", () => {
    const service = newServiceGauges({
      version: "1",
      codeDigest: "c",
      readyLagRecords: 0,
      readyLagSeconds: 0,
    });
    const arrivals = new TickArrivals();
    arrivals.arrived("market.ticks", 0, 10, 5000);
    const foreign = { traceId: "1".repeat(32), parentId: "2".repeat(16), flags: "01" };
    const traces = [
      sourceTrace("market.ticks", 0, 9),
      sourceTrace("market.ticks", 1, 9),
      formatTraceparent(foreign),
      null,
    ];
    measureVerdicts(service, arrivals, traces, 5012.5);
    expect(service.verdictsUnmeasured).toBe(3);
    const { count, sumSeconds } = service.tickToVerdictSeconds;
    expect([count, sumSeconds]).toEqual([1, 0.0125]);
  });
});
