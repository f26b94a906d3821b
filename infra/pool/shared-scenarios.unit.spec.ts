import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SharedScenarios } from "./shared-scenarios.ts";
import type { MeasureWork } from "./work.ts";

/** One asset; every scenario has the value. */
const work = (value: number, count: number): MeasureWork => ({
  kind: "measure",
  scenarios: {
    assets: ["A"],
    count,
    returns: new Float64Array(count).fill(value),
    probabilities: new Float64Array(count).fill(1 / count),
  },
  weights: Float64Array.of(1),
  tailMass: 0.5,
});

describe("scenario sets in shared memory", () => {
  test("are copied once while they are kept, and are the same object", () => {
    const shared = new SharedScenarios(1e6);
    const first = shared.share(work(1, 10)).work.scenarios;
    const again = shared.share(work(1, 10)).work.scenarios;
    expect(again).toBe(first);
    expect(shared.copies).toBe(1);
    expect(first.returns.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(first).toEqual(work(1, 10).scenarios);
  });

  test("that lie in shared memory already are not copied", () => {
    const shared = new SharedScenarios(1e6);
    const set = shared.share(work(1, 10)).work.scenarios;
    const other = new SharedScenarios(1e6);
    expect(other.share({ ...work(1, 10), scenarios: set }).work.scenarios).toBe(set);
    expect(other.copies).toBe(0);
  });

  test("keep their content while anybody holds them, whatever comes and goes", () => {
    const step = fc.record({
      value: fc.nat(12),
      count: fc.integer({ min: 1, max: 40 }),
      releases: fc.nat(5),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(2000), (steps, limit) => {
        const shared = new SharedScenarios(limit);
        const open: { share: ReturnType<typeof shared.share<MeasureWork>>; value: number }[] = [];
        for (const { value, count, releases } of steps) {
          open.push({ share: shared.share(work(value, count)), value });
          for (let i = 0; i < releases && open.length > 0; i++) {
            const [gone] = open.splice((i * 7) % open.length, 1);
            gone?.share.lease.release();
          }
          for (const { share, value: expected } of open) {
            const { returns, count: length, probabilities } = share.work.scenarios;
            expect(returns).toEqual(new Float64Array(length).fill(expected));
            expect(probabilities).toEqual(new Float64Array(length).fill(1 / length));
          }
        }
      }),
    );
  });

  test("use memory again, once the last one has let go of it", () => {
    const shared = new SharedScenarios(0);
    const buffers = new Set<ArrayBufferLike>();
    const first = shared.share(work(0, 100));
    buffers.add(first.work.scenarios.returns.buffer);
    for (let value = 1; value < 50; value++) {
      const { work: one, lease } = shared.share(work(value, 95 + (value % 6)));
      buffers.add(one.scenarios.returns.buffer);
      lease.retain();
      lease.release();
      lease.release();
    }
    // The one that is held, the one kept, the one that comes.
    expect(buffers.size).toBeLessThanOrEqual(3);
    expect(first.work.scenarios.returns).toEqual(new Float64Array(100));
    expect(shared.heldBytes).toBeLessThan(2.5 * 1800);
  });
});
