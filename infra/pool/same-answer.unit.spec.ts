import { describe, expect, test } from "vitest";
import { answerDifference, difference } from "./same-answer.ts";

describe("two answers", () => {
  test("differ at tolerance 0 by a bit, by the sign of 0, by a name, by a length, by a type", () => {
    const pairs: [unknown, unknown, string][] = [
      [{ a: 0.1 }, { a: 0.1 + 2 ** -56 }, "answer.a is 0.1 and 0.10000000000000002"],
      [{ a: 0 }, { a: -0 }, "answer.a is 0 and 0"],
      [{ a: 1 }, { b: 1 }, "answer has a and b"],
      [{ a: 1 }, { a: 1, b: 2 }, "answer has 1 and 2 parts"],
      [Float64Array.of(1), Float32Array.of(1), "answer has 1 and 1 parts"],
      [{ a: "x" }, { a: "y" }, "answer.a is x and y"],
      [{ a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "answer.a.b.1 is 2 and 3"],
      [{ a: 1 }, { a: null }, "answer.a is 1 and null"],
    ];
    for (const [ours, theirs, found] of pairs) expect(difference(ours, theirs, 0)).toBe(found);
  });

  test("are the same whatever the order of their fields, and fields without a value", () => {
    expect(difference({ a: Number.NaN, b: [1] }, { b: [1], a: Number.NaN, c: undefined }, 0)).toBe(
      null,
    );
  });

  test("are near by the larger of the two, and absolutely below 1", () => {
    expect(difference({ a: 1e6 }, { a: 1e6 + 0.9 }, 1e-6)).toBeNull();
    expect(difference({ a: 1e6 }, { a: 1e6 + 1.1 }, 1e-6)).not.toBeNull();
    expect(difference({ a: 1e-7 }, { a: 2e-7 }, 1e-6)).toBeNull();
    expect(difference({ a: Number.NaN }, { a: 1 }, 1e-6)).not.toBeNull();
  });

  test("of a solver are judged by what they are worth where bits are not promised", () => {
    const outcome = (x: number, upper: number) =>
      ({
        status: "OPTIMAL",
        x: Float64Array.of(x),
        duals: {
          scenarios: new Int32Array(0),
          masses: new Float64Array(0),
          rows: new Float64Array(0),
        },
        certificate: { upper, lower: upper, feasibility: 0 },
        pivots: 3,
      }) as const;
    expect(answerDifference("minimise", outcome(1, 5), outcome(2, 5), 1e-9)).toBeNull();
    expect(answerDifference("minimise", outcome(1, 5), outcome(2, 5), 0)).not.toBeNull();
    expect(answerDifference("minimise", outcome(1, 5), outcome(1, 5.1), 1e-9)).not.toBeNull();
  });
});
