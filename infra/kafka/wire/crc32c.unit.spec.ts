// CRC-32C against the test values of RFC 3720, appendix B.4, and against the definition, bit by bit.

import fc from "fast-check";
import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

function bitByBit(bytes: Uint8Array): number {
  let rest = 0xffff_ffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f6_3b78 : 0);
  }
  return ~rest >>> 0;
}

test.each([
  ["32 zeros", new Uint8Array(32), 0x8a91_36aa],
  ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8_ab43],
  ["ascending", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd_794e],
  ["descending", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113f_db5c],
  ["the digits", Buffer.from("123456789"), 0xe306_9283],
  ["nothing", new Uint8Array(0), 0],
])("%s", (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

test("any part of any bytes gives what the definition gives", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (bytes, from, to) => {
      const start = from % (bytes.length + 1);
      const end = start + (to % (bytes.length - start + 1));
      // As a view that does not begin where its buffer does.
      const view = Buffer.concat([Buffer.from("abc"), bytes]).subarray(3);
      expect(crc32c(view, start, end)).toBe(bitByBit(bytes.subarray(start, end)));
    }),
    { numRuns: 500 },
  );
});
