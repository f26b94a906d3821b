// The writer of source events, over the in-memory log.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { RecordCursor } from "../../streams/record.ts";
import { openSourceWriter } from "./source-writer.ts";

const tick = (symbol: string, price: number): MarketTick => ({
  symbol,
  price,
  quantity: 1,
  venue: "",
  suspicious: false,
});

async function readBack(log: EventLog) {
  const found: { time: number; origin: number; symbol: string; partition: number }[] = [];
  for (const { topic, partition, start, end } of await log.partitions()) {
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      const cursor = new RecordCursor("market.ticks", partition, batch.baseOffset, batch.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        const { symbol } = event.value as MarketTick;
        found.push({ time: event.timeUs, origin: event.origin, symbol, partition });
      }
      offset = batch.baseOffset + batch.count;
    }
  }
  return found.sort((a, b) => a.origin - b.origin);
}

describe("source writer", () => {
  test("numbers events from 0 without a gap, over commits, partitions and reopening", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.array(fc.constantFrom("A", "B", "C", "D"), { maxLength: 50 }), {
          maxLength: 4,
        }),
        async (partitions, sessions) => {
          const log = createMemoryLog();
          let time = 0;
          for (const symbols of sessions) {
            const writer = await openSourceWriter(log, partitions);
            for (const symbol of symbols) {
              await writer.append("market.ticks", ++time, tick(symbol, time));
            }
            await writer.flush();
          }
          const all = await readBack(log);
          expect(all.map((event) => event.symbol)).toEqual(sessions.flat());
          expect(all.map((event) => event.origin)).toEqual(all.map((_, index) => index));
          expect(all.map((event) => event.time)).toEqual(all.map((_, index) => index + 1));
        },
      ),
      { numRuns: 50 },
    );
  });

  test("commits by count: more events than one commit holds all arrive", async () => {
    const log = createMemoryLog();
    const writer = await openSourceWriter(log, 1);
    let waits = 0;
    for (let i = 0; i < 20_000; i++) {
      const wait = writer.append("market.ticks", i, tick("A", i));
      if (wait === null) continue;
      waits++;
      await wait;
    }
    await writer.flush();
    expect(waits).toBe(2);
    expect((await readBack(log)).length).toBe(20_000);
    expect(writer.newestUs("market.ticks")).toBe(19_999);
    expect(writer.newestUs("market.bars")).toBeNull();
  });

  test("refuses an event earlier than its partition's newest, and loses nothing by it", async () => {
    const log = createMemoryLog();
    const writer = await openSourceWriter(log, 1);
    await writer.append("market.ticks", 5, tick("A", 1));
    expect(() => writer.append("market.ticks", 4, tick("A", 2))).toThrow(
      expect.objectContaining({ code: "TAPE_TIME_REVERSED" }),
    );
    expect(() => writer.append("market.ticks", Number.NaN, tick("A", 2))).toThrow(
      expect.objectContaining({ code: "TAPE_TIME_REVERSED" }),
    );
    expect(() => writer.append("market.ticks", 6, tick("A", 0.5))).toThrow(
      expect.objectContaining({ code: "CODEC_LONG_UNSAFE" }),
    );
    await writer.append("market.ticks", 7, tick("A", 3));
    await writer.flush();
    expect((await readBack(log)).map(({ time, origin }) => [time, origin])).toEqual([
      [5, 0],
      [7, 1],
    ]);
  });

  test("a tape keeps its partition count", async () => {
    const log = createMemoryLog();
    const writer = await openSourceWriter(log, 2);
    await writer.append("market.ticks", 5, tick("A", 1));
    await writer.flush();
    await expect(openSourceWriter(log, 3)).rejects.toMatchObject({
      code: "STREAMS_PARTITIONS_CHANGED",
    });
  });

  test("a commit that fails is raised by the next append that waits, or by flush", async () => {
    const log = createMemoryLog();
    const writer = await openSourceWriter(log, 1);
    log.commit = () => Promise.reject(new Error("disk"));
    await writer.append("market.ticks", 5, tick("A", 1));
    await expect(writer.flush()).rejects.toThrow("disk");
  });
});
