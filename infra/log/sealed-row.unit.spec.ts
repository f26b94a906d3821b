import fc from "fast-check";
import { expect, test } from "vitest";
import { correctedRow, faultOf, partsOf, sealedRow } from "./sealed-row.ts";

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });

test("a sealed row gives back its key and payload", () => {
  fc.assert(
    fc.property(bytes(1, 40), bytes(0, 200), (key, payload) => {
      const row = sealedRow(key, payload);
      expect(faultOf(row, key)).toBe(null);
      expect(partsOf(row)).toEqual({ key, payload });
    }),
  );
});

test("every flipped bit is detected, and put right", () => {
  const key = new Uint8Array([1, 2, 3]);
  const row = sealedRow(key, new Uint8Array(61).fill(9));
  for (let bit = 0; bit < row.length * 8; bit++) {
    const damaged = row.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(faultOf(damaged, key)).not.toBe(null);
    expect(correctedRow(damaged)).toEqual(row);
  }
});

test("two flipped bits are detected, and never put right wrongly", () => {
  const key = new Uint8Array([1, 2, 3]);
  const row = sealedRow(key, new Uint8Array(500).fill(9));
  const bit = fc.integer({ min: 0, max: row.length * 8 - 1 });
  fc.assert(
    fc.property(bit, bit, (first, second) => {
      fc.pre(first !== second);
      const damaged = row.slice();
      for (const at of [first, second]) {
        damaged[at >> 3] = (damaged[at >> 3] as number) ^ (1 << (at & 7));
      }
      expect(faultOf(damaged, key)).not.toBe(null);
      expect(correctedRow(damaged)).toBe(null);
    }),
  );
});

test("a row is refused at another key, cut short, extended or zeroed", () => {
  const key = new Uint8Array([1, 2, 3]);
  const row = sealedRow(key, new Uint8Array(50).fill(9));
  expect(faultOf(row, new Uint8Array([1, 2, 4]))).toBe("wrong key");
  expect(faultOf(row.slice(0, 40), key)).toBe("wrong length");
  expect(faultOf(new Uint8Array([...row, 0]), key)).toBe("wrong length");
  expect(faultOf(new Uint8Array(row.length), key)).toBe("no row");
  expect(faultOf(new Uint8Array(3), key)).toBe("no row");
});
