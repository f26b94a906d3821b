import { describe, expect, test } from "vitest";
import { murmur2, partitionOf } from "./partition.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

describe("murmur2", () => {
  // The cases of Kafka's own UtilsTest.testMurmur2.
  test.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("hashes %s as Kafka does", (key, hash) => {
    expect(murmur2(utf8(key))).toBe(hash);
  });
});

describe("partitionOf", () => {
  test("takes the positive hash modulo the partitions, for text beyond ASCII too", () => {
    for (const key of ["IBM", "BRK.B", "€uro", "ティッカー", "𝒮ymbol"]) {
      expect(partitionOf(key, 7)).toBe((murmur2(utf8(key)) & 0x7fffffff) % 7);
    }
  });
  test("uses one partition where there is one", () => {
    expect(partitionOf("IBM", 1)).toBe(0);
  });
});
