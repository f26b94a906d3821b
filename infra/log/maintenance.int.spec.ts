// Retention and compaction: what goes, what stays byte by byte, and that no offset moves.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Writer } from "../../schemas/avro.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { spotTerms } from "../../schemas/values/contract-terms.ts";
import type { RecordBatch } from "../../streams/log.ts";
import { RecordCursor, writeRecord } from "../../streams/record.ts";
import {
  batchAt,
  checkpointOf,
  readAll,
  refusal,
  same,
} from "../../streams/testing/log-fixtures.ts";
import { checkLog } from "./check.ts";
import { type EmbeddedLog, openEmbeddedLog } from "./embedded-log.ts";

const root = mkdtempSync(join(tmpdir(), "tapedeck-maintenance-"));
let folders = 0;

afterAll(() => rmSync(root, { recursive: true }));

const open = (): Promise<EmbeddedLog> => openEmbeddedLog(join(root, `log-${++folders}`));

/** 40 batches of 25 records, batch i at time 1000 i. */
async function filled(log: EmbeddedLog): Promise<void> {
  await log.createTopic("bars", 2);
  for (let i = 0; i < 40; i++) {
    await log.commit({
      produced: [0, 1].map((partition) =>
        batchAt("bars", partition, 25 * i, Array(25).fill(1000 * i), { payload: 188 }),
      ),
      checkpoints: [],
    });
  }
}

test("nothing goes while no limit is set", async () => {
  const log = await open();
  await filled(log);
  expect(await log.retain()).toEqual([]);
  await log.close();
});

test("batches that are too old go; offsets, times and the rest stay", async () => {
  const log = await open();
  await filled(log);
  const before = await readAll(log, "bars", 0, 500);
  await log.setRetention("bars", { keepUs: 19_000 });
  expect(await log.retain()).toEqual([
    { topic: "bars", partition: 0, start: 500, records: 500 },
    { topic: "bars", partition: 1, start: 500, records: 500 },
  ]);
  const check = async (on: EmbeddedLog) => {
    expect((await on.partitions())[0]).toEqual({
      topic: "bars",
      partition: 0,
      start: 500,
      end: 1000,
    });
    expect(await refusal(on.read("bars", 0, 499))).toBe("STREAMS_OFFSET_OUT_OF_RANGE");
    expect(await readAll(on, "bars", 0, 500)).toEqual(before);
    expect(await on.offsetAt("bars", 0, 0)).toBe(500);
    expect(await on.offsetAt("bars", 0, 25_000)).toBe(625);
  };
  await check(log);
  await log.close();
  const again = await openEmbeddedLog(log.dir);
  await check(again);
  // The limit is kept with the topic.
  expect(await again.retain()).toEqual([]);
  await again.commit({ produced: [batchAt("bars", 0, 1000, [60_000])], checkpoints: [] });
  expect(await again.retain()).toEqual([
    { topic: "bars", partition: 0, start: 1000, records: 500 },
  ]);
  await again.close();
  expect(checkLog(log.dir)).toMatchObject({ sound: true });
});

test("a partition keeps its last batch, whatever its limits say", async () => {
  const log = await open();
  await filled(log);
  await log.setRetention("bars", { keepBytes: 0 });
  await log.retain();
  expect((await log.partitions()).map(({ start, end }) => [start, end])).toEqual([
    [975, 1000],
    [975, 1000],
  ]);
  await log.close();
});

test("bytes are kept up to the limit, in whole batches", async () => {
  const log = await open();
  await filled(log);
  await log.setRetention("bars", { keepBytes: 10 * 5000 });
  await log.retain();
  expect((await log.partitions())[0]?.start).toBe(750);
  await log.close();
});

test("space that was let go is used again", async () => {
  const log = await open();
  await log.createTopic("bars", 1);
  await log.setRetention("bars", { keepUs: 20 });
  const { epoch } = await log.openTask("t");
  let largest = 0;
  for (let i = 0; i < 400; i++) {
    await log.commit({
      produced: [batchAt("bars", 0, 25 * i, Array(25).fill(i), { payload: 1000 })],
      checkpoints: [checkpointOf("t", epoch, i)],
    });
    if (i % 20 === 19) await log.retain();
    largest = Math.max(largest, (await log.stat()).fileBytes);
  }
  expect(largest).toBeLessThan(5_000_000);
  expect((await readAll(log, "bars", 0, (await log.partitions())[0]?.start ?? 0)).end).toBe(10_000);
  await log.close();
  expect(checkLog(log.dir)).toMatchObject({ sound: true });
});

const instrument = (symbol: string, tickSize: number): Instrument => ({
  symbol,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: 2,
  quantityScale: 0,
  tickSize,
  lotSize: 1,
  multiplier: 1,
  calendar: "XNYS",
  timeZone: "America/New_York",
  ...spotTerms,
});

function instruments(baseOffset: number, symbols: readonly string[], from: number): RecordBatch {
  const writer = new Writer();
  symbols.forEach((symbol, i) => {
    writeRecord(
      writer,
      "market.instruments",
      from + i,
      from + i,
      null,
      0,
      instrument(symbol, from + i),
    );
  });
  return {
    topic: "market.instruments",
    partition: 0,
    baseOffset,
    count: symbols.length,
    maxTimeUs: from + symbols.length - 1,
    bytes: writer.bytes.slice(0, writer.pos),
  };
}

async function events(log: EmbeddedLog): Promise<string[]> {
  const found: string[] = [];
  const { start, end } = (await log.partitions())[0] ?? { start: 0, end: 0 };
  for (let offset = start; offset < end; ) {
    const batch = await log.read("market.instruments", 0, offset);
    if (batch === null) break;
    const cursor = new RecordCursor("market.instruments", 0, offset, batch.bytes);
    for (let event = cursor.read(); event !== null; event = cursor.read()) {
      const { symbol, tickSize } = event.value as Instrument;
      found.push(`${event.offset} ${symbol} ${tickSize} at ${event.timeUs}`);
    }
    offset += batch.count;
  }
  return found;
}

test("compaction leaves the last of each key, at its offset, and holes for the rest", async () => {
  const log = await open();
  await log.createTopic("market.instruments", 1);
  const produced = [
    instruments(0, ["A", "B", "A"], 10),
    instruments(3, ["C", "B"], 20),
    instruments(5, ["A"], 30),
  ];
  for (const batch of produced) await log.commit({ produced: [batch], checkpoints: [] });
  const result = await log.compact("market.instruments");
  expect(result.holes).toBe(3);
  expect(result.freedBytes).toBeGreaterThan(100);
  const left = ["3 C 20 at 20", "4 B 21 at 21", "5 A 30 at 30"];
  expect(await events(log)).toEqual(left);
  expect((await log.partitions())[0]).toMatchObject({ start: 0, end: 6 });
  expect((await log.read("market.instruments", 0, 1))?.count).toBe(2);
  const last = await log.read("market.instruments", 0, 5);
  expect(same(last?.bytes ?? new Uint8Array(), produced[2]?.bytes ?? new Uint8Array())).toBe(true);
  expect(await log.compact("market.instruments")).toEqual({ holes: 0, freedBytes: 0 });
  await log.commit({ produced: [instruments(6, ["B"], 40)], checkpoints: [] });
  await log.close();
  expect(checkLog(log.dir)).toMatchObject({ sound: true, records: 7 });
  const again = await openEmbeddedLog(log.dir, { mode: "read" });
  expect(await events(again)).toEqual([...left, "6 B 40 at 40"]);
  await again.close();
});

test("a topic that keeps everything is not compacted", async () => {
  const log = await open();
  await log.createTopic("market.bars", 1);
  expect(await refusal(log.compact("market.bars"))).toBe("STREAMS_NOT_COMPACTED");
  await log.close();
});

test("a log that was opened for reading refuses every change", async () => {
  const log = await open();
  await filled(log);
  await log.close();
  const reader = await openEmbeddedLog(log.dir, { mode: "read" });
  const changes = [
    () => reader.createTopic("new", 1),
    () => reader.commit({ produced: [], checkpoints: [] }),
    () => reader.openTask("t"),
    () => reader.setRetention("bars", { keepUs: 1 }),
    () => reader.retain(),
    () => reader.compact("bars"),
  ];
  for (const change of changes) expect(await refusal(change())).toBe("STORE_READ_ONLY");
  await reader.close();
});

test("stat counts batches, bytes and checkpoints", async () => {
  const log = await open();
  await filled(log);
  const { epoch } = await log.openTask("t");
  await log.commit({ produced: [], checkpoints: [checkpointOf("t", epoch, 1)] });
  const stat = await log.stat();
  expect(stat.partitions).toMatchObject([
    { topic: "bars", partition: 0, start: 0, end: 1000, batches: 40 },
    { topic: "bars", partition: 1, start: 0, end: 1000, batches: 40 },
  ]);
  expect(stat.partitions[0]?.bytes).toBeGreaterThan(1000 * 200);
  expect(stat.checkpoints.map(({ task }) => task)).toEqual(["t"]);
  expect(await log.getCheckpoint("t")).toMatchObject({ epoch, consumed: [{ next: 1 }] });
  expect(await log.getCheckpoint("nobody")).toBe(null);
  await log.close();
});
