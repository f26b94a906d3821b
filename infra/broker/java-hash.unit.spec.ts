// The partition of a coordinator's topic, against published hashes of Java strings.

import { expect, test } from "vitest";
import { javaHash, partitionOfId } from "./java-hash.ts";

test.each([
  ["", 0],
  ["a", 97],
  ["hello", 99_162_322],
  // Known for hashing to the one number that has no positive.
  ["polygenelubricants", -2_147_483_648],
  ["Aa", 2112],
  ["BB", 2112],
])("%j hashes as in Java", (text, hash) => {
  expect(javaHash(text)).toBe(hash);
});

test("an id lies in a partition that exists, whatever its hash", () => {
  expect(partitionOfId("polygenelubricants", 50)).toBe(0);
  expect(partitionOfId("hello", 50)).toBe(22);
});
