// Record batches against kafkajs' own encoder and decoder, and against what networks, disks and other
// producers do to them.

import { gzipSync, zstdCompressSync } from "node:zlib";
import fc, { type Arbitrary } from "fast-check";
import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { type EncodedRecords, HEADER_BYTES, sealBatch, splitBatches } from "./record-batch.ts";
import { RecordReader } from "./record-reader.ts";
import { type Header, RecordsWriter } from "./records-writer.ts";
import { readByKafkajs, writeByKafkajs } from "./testing/kafkajs-batches.ts";
import { type LooseMessage, onlyBatch, resealed, stored } from "./testing/messages.ts";
import { UNPACKED_MAX_BYTES } from "./unpack.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 60, maxLength: 200 }),
);
const header = fc.record({
  key: fc.oneof(fc.string({ minLength: 1, maxLength: 5 }), fc.constantFrom("ce_id", "é", "日本")),
  value: fc.option(bytes),
});
const message: Arbitrary<LooseMessage> = fc.record({
  timestampMs: fc.oneof(fc.nat({ max: 2_000_000_000 }), fc.nat({ max: 2 ** 31 - 1 })),
  key: fc.option(bytes),
  value: fc.option(bytes),
  // kafkajs takes and gives an object of headers: names must differ, and none be like an index.
  headers: fc
    .uniqueArray(header, { maxLength: 4, selector: ({ key }) => key })
    .map((list) => list.filter(({ key }) => key !== "__proto__" && !/^\d/.test(key))),
});
const messages = fc.array(message, { minLength: 1, maxLength: 20 });

function encode(list: readonly LooseMessage[]): EncodedRecords {
  const writer = new RecordsWriter();
  for (const { timestampMs, key, value, headers } of list) {
    writer.add(timestampMs, key, value, headers);
  }
  const records = writer.take();
  if (records === null) throw new Error("nothing was written");
  expect(writer.take()).toBe(null);
  return records;
}

const plain = (value: Uint8Array | null): number[] | null => (value === null ? null : [...value]);
const plainHeaders = (headers: readonly Header[]) =>
  headers.map(({ key, value }) => [key, plain(value)]);

function read(batch: Uint8Array) {
  const reader = new RecordReader();
  reader.open(onlyBatch(batch));
  const found: { offset: number; timestampMs: number; rest: unknown }[] = [];
  while (reader.next()) {
    const { offset, timestampMs, key, value } = reader;
    const rest = [plain(key), plain(value), plainHeaders(reader.headers())];
    found.push({ offset, timestampMs, rest });
  }
  return found;
}

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof TapedeckError ? error.code : String(error);
  }
  return "none";
};

const some = (): EncodedRecords =>
  encode(
    Array.from({ length: 5 }, (_, i) => ({
      timestampMs: 1000 + i,
      key: Buffer.from(`key ${i}`),
      value: Buffer.from(`the value ${i}`),
      headers: [{ key: "h", value: Buffer.from([i]) }],
    })),
  );

describe("a batch", () => {
  test("that is sealed here is read by kafkajs as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(messages, fc.bigInt({ min: 0n, max: 2n ** 62n }), async (list, id) => {
        const producer = { id, epoch: 7, baseSequence: 3, transactional: true };
        const theirs = await readByKafkajs(sealBatch(encode(list), producer));
        expect(theirs).toMatchObject({
          firstOffset: "0",
          lastOffsetDelta: list.length - 1,
          firstTimestamp: String(list[0]?.timestampMs),
          maxTimestamp: String(Math.max(...list.map(({ timestampMs }) => timestampMs))),
          producerId: String(id),
          producerEpoch: 7,
          firstSequence: 3,
          inTransaction: true,
          isControlBatch: false,
        });
        expect(theirs.records.map(({ offset }) => offset)).toEqual(list.map((_, i) => String(i)));
        for (const [i, { timestamp, key, value, headers }] of theirs.records.entries()) {
          const ours = list[i] as LooseMessage;
          expect(timestamp).toBe(String(ours.timestampMs));
          expect([plain(key), plain(value)]).toEqual([plain(ours.key), plain(ours.value)]);
          expect(
            Object.entries(headers).map(([name, each]) => [name, plain(each as Buffer | null)]),
          ).toEqual(plainHeaders(ours.headers));
        }
      }),
      { numRuns: 150 },
    );
  });

  test.each([0, 1])(
    "that kafkajs wrote (compression %d) is read here as it was",
    async (packed) => {
      await fc.assert(
        fc.asyncProperty(messages, fc.bigInt({ min: 0n, max: 2n ** 52n }), async (any, offset) => {
          // kafkajs cannot write a header that is null.
          const list = any.map(({ headers, ...each }) => ({
            ...each,
            headers: headers.filter(({ value }) => value !== null),
          }));
          const times = list.map(({ timestampMs }) => timestampMs);
          const [first = 0] = times;
          const batch = await writeByKafkajs({
            firstOffset: offset,
            firstTimestamp: first,
            maxTimestamp: Math.max(...times),
            compression: packed,
            transactional: true,
            producerId: 12n,
            // As compaction leaves them: offsets with gaps.
            records: list.map(({ timestampMs, key, value, headers }, i) => ({
              offsetDelta: 2 * i,
              timestampDelta: timestampMs - first,
              key: key && Buffer.from(key),
              value: value && Buffer.from(value),
              headers,
            })),
          });
          const raw = onlyBatch(batch);
          expect(raw).toMatchObject({
            baseOffset: Number(offset),
            lastOffset: Number(offset) + 2 * (list.length - 1),
            count: list.length,
            producerId: 12n,
            transactional: true,
            control: false,
            appendTime: false,
            firstTimestampMs: first,
            maxTimestampMs: Math.max(...times),
            defect: null,
          });
          expect(read(batch)).toEqual(
            list.map(({ timestampMs, key, value, headers }, i) => ({
              offset: Number(offset) + 2 * i,
              timestampMs,
              rest: [plain(key), plain(value), plainHeaders(headers)],
            })),
          );
        }),
        { numRuns: 100 },
      );
    },
  );

  test("of no producer, or outside a transaction, is in none", async () => {
    const outside = { id: 5n, epoch: 1, baseSequence: 2, transactional: false };
    expect(await readByKafkajs(sealBatch(some(), outside))).toMatchObject({
      inTransaction: false,
      producerId: "5",
    });
    expect(await readByKafkajs(sealBatch(some(), null))).toMatchObject({
      inTransaction: false,
      producerId: "-1",
      producerEpoch: -1,
      firstSequence: -1,
    });
  });

  test("of no records cannot be sealed", () => {
    const nothing = { ...some(), count: 0, bytes: new Uint8Array(0) };
    expect(codeOf(() => sealBatch(nothing, null))).toBe("STREAMS_BATCH_INVALID");
  });

  test("with a changed bit is refused, wherever the checksum reaches", () => {
    const batch = stored(some(), 70);
    for (let at = 17; at < batch.length; at++) {
      const spoilt = Uint8Array.from(batch);
      spoilt[at] = (spoilt[at] as number) ^ (1 << (at % 8));
      expect(codeOf(() => splitBatches(spoilt))).toBe("WIRE_BATCH_DAMAGED");
    }
    // The offset and the leader's epoch are the broker's to write: no checksum covers them.
    const moved = Uint8Array.from(batch);
    new DataView(moved.buffer).setBigInt64(0, 4711n);
    new DataView(moved.buffer).setInt32(12, 9);
    expect(onlyBatch(moved).baseOffset).toBe(4711);
  });

  test("that is cut short at the end of a fetch is left out, at any byte", () => {
    const first = stored(some(), 0);
    const second = stored(some(), 5);
    const both = Buffer.concat([first, second]);
    for (let end = 0; end <= both.length; end++) {
      const whole = end === both.length ? 2 : end >= first.length ? 1 : 0;
      expect(splitBatches(both.subarray(0, end)).map(({ baseOffset }) => baseOffset)).toEqual(
        [0, 5].slice(0, whole),
      );
    }
  });

  test("of an older format, or with an impossible size, is refused by name", () => {
    const batch = stored(some());
    for (const magic of [0, 1, 3, 255]) {
      const old = Uint8Array.from(batch);
      old[16] = magic;
      expect(codeOf(() => splitBatches(old))).toBe("WIRE_BATCH_VERSION");
    }
    for (const size of [0, 48, -1, -(2 ** 31)]) {
      const wrong = Uint8Array.from(batch);
      new DataView(wrong.buffer).setInt32(8, size);
      expect(codeOf(() => splitBatches(wrong))).toBe("WIRE_BATCH_DAMAGED");
    }
  });

  test("says whether it is a transaction's marker, and whose clock stamped it", () => {
    const marked = resealed(stored(some()), (view) => view.setInt16(21, 0x38));
    expect(onlyBatch(marked)).toMatchObject({ transactional: true, control: true });
    const stamped = resealed(stored(some()), (view) => view.setInt16(21, 0x08));
    expect(onlyBatch(stamped).appendTime).toBe(true);
    expect(read(stamped).map(({ timestampMs }) => timestampMs)).toEqual([
      1004, 1004, 1004, 1004, 1004,
    ]);
  });
});

/** The same batch, its records packed. */
function packed(
  records: EncodedRecords,
  compression: number,
  pack: (plain: Uint8Array) => Uint8Array,
) {
  const body = pack(records.bytes);
  const batch = stored({ ...records, bytes: body });
  return resealed(batch, (view) => view.setInt16(21, compression));
}

describe("a compressed batch", () => {
  test.each([
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
  ] as const)("of %s is unpacked", (_, number, pack) => {
    expect(read(packed(some(), number, pack))).toEqual(read(stored(some())));
  });

  test.each([
    ["snappy", 2],
    ["lz4", 3],
    ["number 7", 7],
  ])("of %s keeps its place and says that it cannot be read", (name, number) => {
    const batch = packed(some(), number, (plain) => plain);
    expect(onlyBatch(batch).defect).toMatchObject({ code: "WIRE_COMPRESSION_UNSUPPORTED" });
    expect(onlyBatch(batch).defect?.detail).toContain(name);
    expect(codeOf(() => read(batch))).toBe("WIRE_COMPRESSION_UNSUPPORTED");
  });

  test("that is damaged inside harms nothing else", () => {
    for (const number of [1, 4]) {
      const batch = packed(some(), number, () => Buffer.from("neither gzip nor zstd"));
      const [damaged, good] = splitBatches(Buffer.concat([batch, stored(some(), 5)]));
      expect(damaged?.defect?.code).toBe("WIRE_COMPRESSION_DAMAGED");
      expect(good).toMatchObject({ baseOffset: 5, defect: null });
    }
  });

  test.each([
    ["gzip", 1, gzipSync],
    ["zstd", 4, zstdCompressSync],
  ] as const)(
    "of %s that grows beyond the limit is a bomb, and takes no more than it",
    (_, number, pack) => {
      const bomb = packed(some(), number, () => pack(new Uint8Array(UNPACKED_MAX_BYTES + 1)));
      expect(bomb.length).toBeLessThan(100_000);
      expect(onlyBatch(bomb).defect?.code).toBe("WIRE_BATCH_BOMB");
      const almost = packed(some(), number, () => pack(new Uint8Array(UNPACKED_MAX_BYTES)));
      expect(onlyBatch(almost).defect).toBe(null);
    },
  );

  test.each([
    ["that grow much each", UNPACKED_MAX_BYTES / 4, 4],
    ["that reach the limit each", UNPACKED_MAX_BYTES, 1],
    ["that are bombs", UNPACKED_MAX_BYTES + 1, 1],
  ])("of a fetch with many %s is left for the next fetch", (_, size, taken) => {
    const batch = packed(some(), 4, () => zstdCompressSync(new Uint8Array(size)));
    const fetched = Buffer.concat(Array.from({ length: 6 }, () => batch));
    expect(splitBatches(fetched).length).toBe(taken);
    // As many uncompressed ones are views of what was fetched: they cost nothing more.
    const plain = Array.from({ length: 6 }, () => stored(some()));
    expect(splitBatches(Buffer.concat(plain)).length).toBe(6);
    expect(splitBatches(Buffer.concat([...plain, fetched])).length).toBe(6 + taken);
  });
});

describe("a damaged record", () => {
  const start = HEADER_BYTES;
  /** Each of the five records is as long as the first; its size is its first byte. */
  const batch = stored(some(), 10);
  const size = (batch.length - start) / 5;

  const readDamaged = (change: (view: DataView) => void) => {
    const reader = new RecordReader();
    reader.open(onlyBatch(resealed(batch, change)));
    const found: (string | number)[] = [];
    while (reader.next()) found.push(reader.damage === null ? reader.offset : `${reader.offset}!`);
    return found;
  };

  test("whose inner sizes do not fit is told; its neighbours are read", () => {
    // attributes, time delta, offset delta, then the key's size.
    const keySize = start + size + 4;
    for (const wrong of [0x7f, 0x03, 0x0d]) {
      expect(readDamaged((view) => view.setUint8(keySize, wrong))).toEqual([10, "11!", 12, 13, 14]);
    }
  });

  test("whose offset goes back or beyond its batch is told", () => {
    const offsetDelta = start + size + 3;
    for (const wrong of [0x00, 0x01, 0x7e]) {
      const found = readDamaged((view) => view.setUint8(offsetDelta, wrong));
      expect(found).toEqual([10, "11!", 12, 13, 14]);
    }
  });

  test("whose own size does not fit takes those after it along, and says how many", () => {
    const reader = new RecordReader();
    reader.open(onlyBatch(resealed(batch, (view) => view.setUint8(start + size, 0x7f))));
    expect([reader.next(), reader.offset, reader.damage]).toEqual([true, 10, null]);
    expect([reader.next(), reader.offset, reader.lost]).toEqual([true, 11, 3]);
    expect(reader.damage).toContain("does not fit its batch");
    expect(codeOf(() => reader.key)).toBe("WIRE_RECORD_DAMAGED");
    expect(codeOf(() => reader.headers())).toBe("WIRE_RECORD_DAMAGED");
    expect(reader.next()).toBe(false);
  });

  test("that the batch counts and does not hold is told, whatever count it claims", () => {
    for (const count of [6, 2 ** 31 - 1]) {
      const found = readDamaged((view) => view.setInt32(57, count));
      expect(found).toEqual([10, 11, 12, 13, 14, "15!"]);
    }
    expect(readDamaged((view) => view.setInt32(57, -5))).toEqual([]);
  });

  test("that claims a billion headers allocates nothing for them", () => {
    const claim = new RecordsWriter();
    claim.add(1, null, null, [{ key: "h", value: Buffer.alloc(9) }]);
    const records = claim.take() as EncodedRecords;
    // size, attributes, deltas, two nulls, then the count of headers: made a number of five bytes.
    const spoilt = Uint8Array.from(records.bytes);
    spoilt.set([0xfe, 0xff, 0xff, 0xff, 0x0f], 6);
    const reader = new RecordReader();
    reader.open(onlyBatch(stored({ ...records, bytes: spoilt })));
    expect(reader.next()).toBe(true);
    expect(reader.damage).toContain("headers do not fit");
  });

  test("with any byte changed never reads beyond its batch and never throws", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(), (at, mask, cut) => {
        const records = some();
        const spoilt = Uint8Array.from(records.bytes);
        const place = at % spoilt.length;
        spoilt[place] = (spoilt[place] as number) ^ mask;
        const end = spoilt.length - (cut % 3 === 0 ? cut % spoilt.length : 0);
        const reader = new RecordReader();
        reader.open(onlyBatch(stored({ ...records, bytes: spoilt.subarray(0, end) })));
        let count = 0;
        while (reader.next()) {
          count++;
          expect(reader.end).toBeLessThanOrEqual(end);
          if (reader.damage !== null) continue;
          expect((reader.value?.length ?? 0) + (reader.key?.length ?? 0)).toBeLessThan(end);
          expect(["none", "WIRE_RECORD_DAMAGED"]).toContain(codeOf(() => reader.headers()));
        }
        expect(count).toBeLessThanOrEqual(5);
      }),
      { numRuns: 2000 },
    );
  });
});
