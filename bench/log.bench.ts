// The embedded log, held against the least that the same disk and file would need: durable appends
// against a plain file that is synced as often, scans against LMDB's own of the same file (mapped,
// unchecked, unframed). Records of 100 bytes.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import { type EmbeddedLog, openEmbeddedLog } from "../infra/log/embedded-log.ts";
import { dataPath } from "../infra/log/folder.ts";
import { RecordCursor } from "../streams/record.ts";
import { report } from "./measured.ts";

const RECORD_BYTES = 100;
const TOPIC = "market.bars";
const PARTITIONS = 4;
const APPEND_BOUND = 200_000;
const SCAN_BOUND = 8_000_000;

const root = mkdtempSync(join(tmpdir(), "tapedeck-bench-log-"));

function batchOf(records: number): Uint8Array {
  const bytes = new Uint8Array(records * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < records; i++) view.setUint32(i * RECORD_BYTES, RECORD_BYTES - 4, true);
  return bytes;
}

const secondsSince = (startMs: number): number => (performance.now() - startMs) / 1000;

/** Commits `batches` of them with `flight` under way at any time; gives seconds and this thread's share. */
async function append(log: EmbeddedLog, records: number, batches: number, flight: number) {
  const bytes = batchOf(records);
  const ends = new Map((await log.partitions()).map(({ partition, end }) => [partition, end]));
  const before = performance.eventLoopUtilization();
  const startMs = performance.now();
  let sent = 0;
  const sender = async () => {
    while (sent < batches) {
      const partition = sent++ % PARTITIONS;
      const baseOffset = ends.get(partition) ?? 0;
      ends.set(partition, baseOffset + records);
      const batch = { topic: TOPIC, partition, baseOffset, count: records, maxTimeUs: 0, bytes };
      await log.commit({ produced: [batch], checkpoints: [] });
    }
  };
  await Promise.all(Array.from({ length: flight }, sender));
  const seconds = secondsSince(startMs);
  return { seconds, mainThread: performance.eventLoopUtilization(before).utilization };
}

/** The same bytes to a plain file, synced after every `group` batches. */
function appendPlain(records: number, batches: number, group: number): number {
  const bytes = batchOf(records);
  const path = join(root, "plain");
  const fd = openSync(path, "w");
  const startMs = performance.now();
  for (let i = 0; i < batches; i++) {
    writeSync(fd, bytes);
    if (i % group === group - 1) fdatasyncSync(fd);
  }
  fdatasyncSync(fd);
  const seconds = secondsSince(startMs);
  closeSync(fd);
  rmSync(path);
  return seconds;
}

/** Every record of the log, framed and checked; records a second. */
async function scan(dir: string): Promise<number> {
  const log = await openEmbeddedLog(dir, { mode: "read" });
  const ranges = await log.partitions();
  const startMs = performance.now();
  let records = 0;
  for (const { topic, partition, end } of ranges) {
    for (let offset = 0; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      const cursor = new RecordCursor(TOPIC, partition, offset, batch.bytes);
      while (cursor.skip()) records++;
      offset += batch.count;
    }
  }
  const seconds = secondsSince(startMs);
  await log.close();
  return records / seconds;
}

/** The values of the same file through LMDB's map, only handed out. */
async function scanMapped(dir: string, records: number): Promise<number> {
  const database = open<Uint8Array, Uint8Array>({
    path: dataPath(dir),
    noSubdir: true,
    readOnly: true,
    encoding: "binary",
    keyEncoding: "binary",
  });
  const startMs = performance.now();
  let bytes = 0;
  for (const { value } of database.getRange({ start: new Uint8Array([0]) })) bytes += value.length;
  const seconds = secondsSince(startMs);
  await database.close();
  if (bytes < records * RECORD_BYTES) throw new Error(`LMDB gave ${bytes} bytes`);
  return records / seconds;
}

async function appends(
  name: string,
  dir: string,
  { records, batches, flight }: { records: number; batches: number; flight: number },
  bound: number,
): Promise<void> {
  const log = await openEmbeddedLog(dir);
  await log.createTopic(TOPIC, PARTITIONS);
  const { seconds, mainThread } = await append(log, records, batches, flight);
  await log.close();
  const value = (records * batches) / seconds;
  const reference = (records * batches) / appendPlain(records, batches, flight);
  report({
    name,
    value,
    unit: "records/s",
    reference,
    ratio: value / reference,
    against: `a plain file, synced every ${flight}`,
    ...(value < bound ? { missed: `at least ${bound}` } : {}),
  });
  report({
    name: `${name}: share of the deciding thread`,
    value: 100 * mainThread,
    unit: "%",
    reference: null,
    ratio: null,
  });
}

async function scans(name: string, dir: string, records: number): Promise<void> {
  // Once to warm up, for both: what is timed is the code, with the file in the page cache.
  await scan(dir);
  const value = await scan(dir);
  await scanMapped(dir, records);
  const reference = await scanMapped(dir, records);
  report({
    name,
    value,
    unit: "records/s",
    reference,
    ratio: value / reference,
    against: "LMDB's map, nothing checked or framed",
    ...(value < SCAN_BOUND ? { missed: `at least ${SCAN_BOUND}` } : {}),
  });
}

try {
  const small = join(root, "small");
  const large = join(root, "large");
  await appends(
    "durable appends of 100 records, 64 under way",
    small,
    { records: 100, batches: 30_000, flight: 64 },
    APPEND_BOUND,
  );
  await scans("scan of batches of 100 records", small, 3_000_000);
  await appends(
    "durable appends of 100 records, one at a time",
    join(root, "single"),
    { records: 100, batches: 2_000, flight: 1 },
    0,
  );
  await appends(
    "durable appends of 2,600 records, 16 under way",
    large,
    { records: 2_600, batches: 2_000, flight: 16 },
    APPEND_BOUND,
  );
  await scans("scan of full batches", large, 5_200_000);
} finally {
  rmSync(root, { recursive: true });
}
