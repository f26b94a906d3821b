// Traces: W3C Trace Context's own rules, and that places have traces of their own.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { childOf, sourceTrace } from "./testing/traces.ts";
import { formatTraceparent, parseTraceparent } from "./trace.ts";

const ID = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent", () => {
  test("is read and written as the standard's example", () => {
    const text = `00-${ID}-${SPAN}-01`;
    const trace = parseTraceparent(text);
    expect(trace).toEqual({ traceId: ID, parentId: SPAN, flags: "01" });
    expect(trace && formatTraceparent(trace)).toBe(text);
  });

  test.each([
    "",
    `00-${ID}-${SPAN}`,
    `00-${ID}-${SPAN}-1`,
    `00-${ID}-${SPAN}-01-more`,
    `00-${ID}-${SPAN}-01 `,
    `ff-${ID}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${ID}-${"0".repeat(16)}-01`,
    `00-${ID.toUpperCase()}-${SPAN}-01`,
    `00-${ID.slice(1)}g-${SPAN}-01`,
    `00_${ID}_${SPAN}_01`,
    `01-${ID}-${SPAN}-01x`,
    `00-${ID}-${SPAN}-01\n`,
  ])("%j is none", (text) => {
    expect(parseTraceparent(text)).toBe(null);
  });

  test("of a later version gives the fields that are known", () => {
    for (const text of [`01-${ID}-${SPAN}-01`, `cc-${ID}-${SPAN}-01-what-comes`]) {
      expect(parseTraceparent(text)).toEqual({ traceId: ID, parentId: SPAN, flags: "01" });
    }
  });
});

describe("a place", () => {
  const place = fc.tuple(
    fc.constantFrom("market.ticks", "market.bars", "features"),
    fc.nat({ max: 100 }),
    fc.oneof(fc.nat({ max: 1000 }), fc.maxSafeNat()),
  );

  test("has one valid trace, and what is made there keeps its cause's trace id and flags", () => {
    fc.assert(
      fc.property(place, place, (from, to) => {
        const source = parseTraceparent(sourceTrace(...from));
        expect(source?.flags).toBe("01");
        expect(sourceTrace(...from)).toBe(sourceTrace(...from));
        const child = parseTraceparent(childOf(`00-${source?.traceId}-${SPAN}-00`, ...to));
        expect(child?.traceId).toBe(source?.traceId);
        expect(child?.flags).toBe("00");
        // A record's span is the same whether it began a trace or goes on with one.
        expect(child?.parentId).toBe(parseTraceparent(sourceTrace(...to))?.parentId);
      }),
    );
  });

  test("shares neither trace nor span with 200,000 others", () => {
    const traces = new Set<string>();
    const spans = new Set<string>();
    let count = 0;
    for (const topic of ["market.ticks", "market.quotes"]) {
      for (const partition of [0, 1, 10, 11]) {
        for (let offset = 0; offset < 25_000; offset++) {
          const [, trace = "", span = ""] = sourceTrace(topic, partition, offset).split("-");
          traces.add(trace);
          spans.add(span);
          count++;
        }
      }
    }
    expect([traces.size, spans.size]).toEqual([count, count]);
  });

  test("is written in bits that are set as often as not", () => {
    const set = new Array<number>(192).fill(0);
    const places = 4000;
    for (let offset = 0; offset < places; offset++) {
      const [, trace, span] = sourceTrace("market.ticks", 3, offset).split("-");
      const bits = BigInt(`0x${trace}${span}`);
      for (let bit = 0; bit < 192; bit++) {
        set[bit] = (set[bit] ?? 0) + Number((bits >> BigInt(bit)) & 1n);
      }
    }
    // Six standard deviations of a fair coin.
    for (const count of set)
      expect(Math.abs(count - places / 2)).toBeLessThan(3 * Math.sqrt(places));
  });
});
