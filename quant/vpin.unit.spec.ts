import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { normalCdf } from "./normal.ts";
import { type FlowShape, orderFlow, pushFlow, splitFlow } from "./vpin.ts";

interface Bar {
  readonly close: number;
  readonly volume: number;
}

const vpinOf = (bars: readonly Bar[], shape: FlowShape): number | null => {
  const flow = orderFlow(shape);
  for (const { close, volume } of bars) pushFlow(flow, close, volume, shape);
  return flow.vpin;
};

/** The same by the definition: every unit of volume told apart, each bucket cut out of one long row. */
function slowVpin(bars: readonly Bar[], { bucketBars, buckets, window }: FlowShape): number | null {
  const returns: number[] = [];
  let volume = 0;
  let size = 0;
  let bucket: number[] = [];
  const full: { readonly size: number; readonly imbalance: number }[] = [];
  bars.forEach(({ close, volume: of }, i) => {
    volume += of;
    const before = bars[i - 1]?.close;
    if (before === undefined) return;
    returns.push(close / before - 1);
    if (returns.length < window) return;
    const last = returns.slice(-window);
    const mean = last.reduce((a, b) => a + b, 0) / window;
    const variance = last.reduce((a, b) => a + (b - mean) ** 2, 0) / (window - 1);
    const made = last.at(-1) as number;
    const share = variance > 0 ? normalCdf(made / Math.sqrt(variance)) : 0.5;
    for (let unit = 0; unit < of; unit++) {
      if (bucket.length === 0) size = (volume / (i + 1)) * bucketBars;
      bucket.push(share);
      if (bucket.length < size) continue;
      const bought = bucket.reduce((a, b) => a + b, 0);
      full.push({ size, imbalance: Math.abs(2 * bought - size) });
      bucket = [];
    }
  });
  if (full.length < buckets) return null;
  const seen = full.slice(-buckets);
  const sum = (of: (one: { size: number; imbalance: number }) => number) =>
    seen.reduce((a, b) => a + of(b), 0);
  return sum((one) => one.imbalance) / sum((one) => one.size);
}

describe("VPIN", () => {
  test("by hand: bars of 100 at +1 % and -1 %, two buckets of two bars", () => {
    // Returns of a window of 2: 0.01 and -0.01 about; shares bought are Φ(±1/√2) = 0.760250, 0.239750.
    const bars = [100, 101, 99.99, 100.9899, 99.980001, 100.97980101].map((close) => ({
      close,
      volume: 100,
    }));
    // Each bucket of 200 holds one rise and one fall: 152.05 − 47.95 and back: nothing is left of it.
    expect(vpinOf(bars, { bucketBars: 2, buckets: 2, window: 2 })).toBeCloseTo(0, 12);
    // Buckets of one bar: |2 × 0.760250 − 1| = 0.520500, and the same of a fall.
    expect(vpinOf(bars, { bucketBars: 1, buckets: 3, window: 2 })).toBeCloseTo(0.5204998778, 9);
  });

  test("a market that only rises is bought whole, one that stands still by half", () => {
    const shape = { bucketBars: 1, buckets: 4, window: 8 };
    const still = Array.from({ length: 40 }, () => ({ close: 100, volume: 10 }));
    expect(vpinOf(still, shape)).toBe(0);
    // The last return is many deviations above 0: almost all of its volume is bought.
    const rising = Array.from({ length: 40 }, (_, i) => ({
      close: 1.01 ** i + (i % 2) * 1e-4,
      volume: 10,
    }));
    expect(vpinOf(rising, shape)).toBeCloseTo(1, 6);
  });

  test("is null until so many buckets have filled, and says nothing of bars before the window", () => {
    const shape = { bucketBars: 1, buckets: 3, window: 2 };
    const bars = [100, 101, 100, 101, 100, 101].map((close) => ({ close, volume: 10 }));
    // Two returns are known at the third bar: buckets fill with bars 3, 4 and 5.
    expect(vpinOf(bars.slice(0, 4), shape)).toBeNull();
    expect(vpinOf(bars.slice(0, 5), shape)).not.toBeNull();
  });

  test("agrees with the definition, unit by unit, where buckets hold whole units", () => {
    const bar = fc.record({
      close: fc.integer({ min: 50, max: 200 }),
      volume: fc.constant(12),
    });
    const shape = fc.record({
      bucketBars: fc.constantFrom(0.25, 0.5, 1, 1.5, 2, 3),
      buckets: fc.integer({ min: 1, max: 6 }),
      window: fc.integer({ min: 2, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(bar, { minLength: 1, maxLength: 40 }), shape, (bars, of) => {
        const slow = slowVpin(bars, of);
        const fast = vpinOf(bars, of);
        if (slow === null) expect(fast).toBeNull();
        else expect(fast).toBeCloseTo(slow, 9);
      }),
    );
  });

  test("is from 0 to 1 whatever the volumes, and a split changes nothing", () => {
    const bar = fc.record({
      close: fc.integer({ min: 1, max: 100_000 }),
      volume: fc.integer({ min: 0, max: 1_000_000 }),
    });
    const shape = { bucketBars: 1.7, buckets: 5, window: 3 };
    fc.assert(
      fc.property(fc.array(bar, { maxLength: 60 }), fc.nat(60), (bars, at) => {
        const whole = vpinOf(bars, shape);
        if (whole !== null) {
          expect(whole).toBeGreaterThanOrEqual(0);
          expect(whole).toBeLessThanOrEqual(1);
        }
        const flow = orderFlow(shape);
        bars.forEach(({ close, volume }, i) => {
          if (i === at) splitFlow(flow, 4, 1);
          const parts = i >= at ? 4 : 1;
          pushFlow(flow, close / parts, volume * parts, shape);
        });
        if (whole === null) expect(flow.vpin).toBeNull();
        else expect(flow.vpin).toBeCloseTo(whole, 9);
      }),
    );
  });
});
