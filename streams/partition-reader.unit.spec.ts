import { describe, expect, test } from "vitest";
import { everything, PartitionReader } from "./partition-reader.ts";
import { bar } from "./testing/facts.ts";
import { eventsOf, logOf } from "./testing/tape.ts";

/** Eight bars of two symbols in turn, so many of them to a batch. */
const tape = (perBatch: number) =>
  logOf(
    eventsOf(
      Array.from({ length: 8 }, (_, i) => ({
        topic: "market.bars" as const,
        value: bar(i % 2 === 0 ? "A" : "B", 60_000_000 + i, 100),
      })),
    ),
    perBatch,
  );

/** Offsets of what can be taken now. */
async function taken(reader: PartitionReader): Promise<readonly number[]> {
  const offsets: number[] = [];
  for (await reader.load(); reader.head !== null; await reader.load()) {
    offsets.push(reader.head.offset);
    reader.advance();
  }
  return offsets;
}

describe.each([1, 3, 8])("a partition read on as its end grows, %i records to a batch", (size) => {
  test("gives every event once, whatever the ends on the way", async () => {
    for (const ends of [[8], [1, 2, 8], [0, 3, 5, 8], [4, 4, 7, 8]]) {
      const log = await tape(size);
      const reader = new PartitionReader(log, "market.bars", 0, 0, { ...everything, toOffset: 0 });
      const offsets: number[] = [];
      for (const end of ends) {
        reader.extend(end);
        offsets.push(...(await taken(reader)));
        expect(offsets.length).toBe(end);
        expect(reader.consumed).toBe(end);
      }
      expect(offsets).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
  });

  test("keeps a head that was not taken", async () => {
    const reader = new PartitionReader(await tape(size), "market.bars", 0, 0, {
      ...everything,
      toOffset: 2,
    });
    await reader.load();
    reader.advance();
    await reader.load();
    expect(reader.head?.offset).toBe(1);
    reader.extend(8);
    expect(await taken(reader)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("does not look again at what it does not want", async () => {
    const looked: number[] = [];
    const accept = ({ offset }: { readonly offset: number }): boolean => {
      looked.push(offset);
      return offset === 7;
    };
    const range = { ...everything, toOffset: 0, accept };
    const reader = new PartitionReader(await tape(size), "market.bars", 0, 0, range);
    for (const end of [2, 5, 8]) {
      reader.extend(end);
      await reader.load();
    }
    expect(reader.head?.offset).toBe(7);
    expect(looked).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});
