// Checked against the record reader, and what it promises of sizes.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type EncodedRecords, sealBatch, splitBatches } from "../wire/record-batch.ts";
import { RecordReader } from "../wire/record-reader.ts";
import { RecordsWriter } from "../wire/records-writer.ts";
import { splitRecords } from "./split-records.ts";

const record = fc.record({
  timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  key: fc.option(fc.uint8Array({ maxLength: 8 })),
  value: fc.option(fc.uint8Array({ maxLength: 200 })),
});

const read = (records: EncodedRecords) => {
  const reader = new RecordReader();
  const found: unknown[] = [];
  for (const batch of splitBatches(sealBatch(records, null))) {
    reader.open(batch);
    for (let offset = 0; reader.next(); offset++) {
      expect(reader.offset).toBe(offset);
      const body = batch.records.subarray(reader.bodyStart, reader.end);
      found.push([reader.timestampMs, Buffer.from(body).toString("hex")]);
    }
  }
  expect(found).toHaveLength(records.count);
  return found;
};

test("the parts hold the same records in the same order, each within the limit", () => {
  fc.assert(
    fc.property(
      fc.array(record, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 2_000 }),
      (records, limit) => {
        const writer = new RecordsWriter();
        for (const { timestampMs, key, value } of records) writer.add(timestampMs, key, value);
        const whole = writer.take();
        if (whole === null) throw new Error("no records");
        const parts = splitRecords(whole, limit);
        expect(parts.flatMap(read)).toEqual(read(whole));
        for (const part of parts) expect(part.bytes.length <= limit || part.count === 1).toBe(true);
        const latest = Math.max(...records.map(({ timestampMs }) => timestampMs));
        expect(Math.max(...parts.map((part) => part.maxTimestampMs))).toBe(latest);
      },
    ),
  );
});

test("records that fit are not copied", () => {
  const writer = new RecordsWriter();
  writer.add(5, null, Buffer.from("a"));
  const whole = writer.take();
  if (whole === null) throw new Error("no records");
  expect(splitRecords(whole, 1_000)[0]).toBe(whole);
});
