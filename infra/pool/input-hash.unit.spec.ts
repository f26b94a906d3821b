import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { scenarioHash } from "../../quant/scenarios/scenario-hash.ts";
import { inputHash, setHash } from "./input-hash.ts";
import type { MeasureWork } from "./work.ts";

const numbers = fc.double({ noNaN: true });
const set = fc
  .record({ assets: fc.array(fc.string(), { maxLength: 4 }), count: fc.nat(6) })
  .chain(({ assets, count }) =>
    fc.record({
      assets: fc.constant(assets),
      count: fc.constant(count),
      returns: fc
        .array(numbers, { minLength: assets.length * count, maxLength: assets.length * count })
        .map((values) => Float64Array.from(values)),
      probabilities: fc
        .array(numbers, { minLength: count, maxLength: count })
        .map((values) => Float64Array.from(values)),
    }),
  );

describe("what work is known by", () => {
  test("of a scenario set is the hash that quant gives it", () => {
    fc.assert(
      fc.property(set, (one) => {
        expect(setHash(one)).toBe(scenarioHash(one));
      }),
    );
  });

  test("does not depend on the order of fields, nor on fields that are not there", () => {
    const scenarios = {
      assets: ["A"],
      count: 1,
      returns: Float64Array.of(0.1),
      probabilities: Float64Array.of(1),
    };
    const weights = Float64Array.of(1);
    const work: MeasureWork = { kind: "measure", scenarios, weights, tailMass: 0.5 };
    const other = { tailMass: 0.5, weights, scenarios, kind: "measure", none: undefined } as const;
    expect(inputHash(other)).toBe(inputHash(work));
  });

  test("differs for what differs: a bit of a number, the type of an array, the cut between fields", () => {
    const program = (value: unknown) => inputHash({ kind: "x", value } as never);
    const values: unknown[] = [
      0,
      -0,
      "0",
      Float64Array.of(0),
      Float64Array.of(-0),
      Float32Array.of(0, 0),
      [0],
      ["a", "bc"],
      ["ab", "c"],
      [["a"], "b"],
      null,
      { a: 1 },
      { a: { a: 1 } },
      0.1,
      0.1 + 2 ** -56,
    ];
    expect(new Set(values.map(program)).size).toBe(values.length);
  });
});
