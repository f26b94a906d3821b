import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TapedeckError } from "../schemas/errors.ts";
import { decodeState, encodeState } from "./state.ts";

const text = fc.string({ unit: "grapheme" });
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 5e-324),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  text,
);
const { plain } = fc.letrec<{ plain: unknown }>((tie) => ({
  plain: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("plain")),
    fc.array(fc.double()),
    fc.dictionary(
      text.filter((key) => key !== "__proto__"),
      tie("plain"),
      { noNullPrototype: true },
    ),
    fc.array(fc.tuple(leaf, tie("plain"))).map((entries) => new Map(entries)),
  ),
}));

function refusal(work: () => unknown): TapedeckError {
  try {
    work();
  } catch (error) {
    if (error instanceof TapedeckError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("state", () => {
  test("comes back as it was, and encodes to the same bytes again", () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = encodeState(value);
        const back = decodeState(bytes);
        expect(back).toStrictEqual(value);
        // Also holds Maps and records to their order, which toStrictEqual does not.
        expect(encodeState(back)).toEqual(bytes);
      }),
      { numRuns: 1_000 },
    );
  });

  test("keeps the order of a Map's and a record's keys", () => {
    const back = decodeState(
      encodeState({
        map: new Map([
          ["b", 1],
          ["a", 2],
        ]),
        z: 1,
        a: 2,
      }),
    );
    const { map, ...rest } = back as { map: Map<string, number> };
    expect([...map.keys()]).toEqual(["b", "a"]);
    expect(Object.keys(rest)).toEqual(["z", "a"]);
  });

  test("gives one pattern of bits to every NaN", () => {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setBigUint64(0, 0xfff8_dead_beef_0001n);
    const noise = bits.getFloat64(0);
    expect(encodeState(noise)).toEqual(encodeState(Number.NaN));
    expect(encodeState([noise, 1])).toEqual(encodeState([Number.NaN, 1]));
  });

  test.each([
    ["state.at[1].get(k).when is a Date", { at: [0, new Map([["k", { when: new Date(0) }]])] }],
    ["state.a is undefined", { a: undefined }],
    ["state[1] is undefined", new Array<number>(2).fill(0, 0, 1)],
    ["state is a function", () => 1],
    ["state.s is a symbol", { s: Symbol("s") }],
    ["state is a Set", new Set()],
    ["state is a Float64Array", new Float64Array(1)],
    ["state is a record without prototype", Object.create(null)],
    ["state.__proto__ is a key that JavaScript keeps for itself", JSON.parse('{"__proto__":1}')],
  ])("refuses what is not plain data: %s", (message, value) => {
    const error = refusal(() => encodeState(value));
    expect(error.code).toBe("STREAMS_STATE_UNSUPPORTED");
    expect(error.message).toBe(message);
  });

  test("refuses a cycle instead of running out of stack", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusal(() => encodeState(cycle)).message).toMatch(/nested deeper than 100/);
  });

  test("goes on after a refusal as if nothing had been written", () => {
    refusal(() => encodeState([1, 2, undefined]));
    expect(decodeState(encodeState([3]))).toEqual([3]);
  });

  test("refuses damaged bytes with a code, whatever they are", () => {
    const bytes = encodeState({ a: [1, 2.5, "x", 3n, 2n ** 90n], b: new Map([["k", null]]) });
    for (let end = 0; end < bytes.length; end++) {
      expect(refusal(() => decodeState(bytes.subarray(0, end))).exit).toBe(4);
    }
    expect(refusal(() => decodeState(new Uint8Array([...bytes, 0]))).exit).toBe(4);
    for (const container of [9, 10, 11, 12]) {
      expect(refusal(() => decodeState(new Uint8Array([container, 1]))).exit).toBe(4); // count -1
    }
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        try {
          decodeState(noise);
        } catch (error) {
          expect(error).toBeInstanceOf(TapedeckError);
        }
      }),
    );
  });
});
