// Lets a damaged batch be saved in part. Promises: of a batch with bad sectors every record that
// lies in good ones is proven good and keeps its offset. The sums of its blocks follow a batch's
// records; a block is what the batch has in one page of the file, so one bad sector spoils one.
//
//   for each block: u32 CRC-32 of the row's key, the block and the next two
//     | u32 first record that begins in it, from the batch's first (all ones: none)
//     | u32 where that record begins
//
// A batch of one block has none: its seal says all there is to say.

import { crc32 } from "node:zlib";
import { PAGE_BYTES, PAGE_HEADER } from "./page-file.ts";
import { BATCH_HEAD_BYTES, BATCH_PREFIX } from "./rows.ts";
import { SEAL_BYTES } from "./sealed-row.ts";

const SUM_BYTES = 12;
const NONE = 0xffff_ffff;
const FIRST_BLOCK = PAGE_BYTES - PAGE_HEADER - BATCH_PREFIX;
const SIZE_BYTES = 4;

const blocksOf = (length: number): number =>
  length <= FIRST_BLOCK ? 0 : 1 + Math.ceil((length - FIRST_BLOCK) / PAGE_BYTES);

/** Bytes that the sums of `length` bytes of records take. */
export const sumsSize = (length: number): number => SUM_BYTES * blocksOf(length);

/** The most records' bytes whose row fills `pages` pages. */
export const largestBatch = (pages: number): number =>
  pages * (PAGE_BYTES - SUM_BYTES) - PAGE_HEADER - BATCH_PREFIX;

/** How many of a row's bytes after its prefix are records; -1 if it cannot be a row. */
export function recordsLength(rest: number): number {
  if (rest <= FIRST_BLOCK) return rest;
  for (let blocks = 2; ; blocks++) {
    const length = rest - SUM_BYTES * blocks;
    const fits = blocksOf(length);
    if (fits === blocks) return length;
    if (fits < blocks) return -1;
  }
}

const startOf = (block: number): number =>
  block === 0 ? 0 : FIRST_BLOCK + (block - 1) * PAGE_BYTES;

const blockAt = (position: number): number =>
  position < FIRST_BLOCK ? 0 : 1 + Math.floor((position - FIRST_BLOCK) / PAGE_BYTES);

/** Fills in the sums that follow the records of a batch's row. Cost: one pass over the records. */
export function writeSums(row: Uint8Array): void {
  const length = recordsLength(row.length - BATCH_PREFIX);
  const blocks = blocksOf(length);
  if (blocks === 0) return;
  const records = row.subarray(BATCH_PREFIX, BATCH_PREFIX + length);
  const key = row.subarray(SEAL_BYTES, BATCH_PREFIX - BATCH_HEAD_BYTES);
  const sums = new DataView(row.buffer, row.byteOffset + BATCH_PREFIX + length, SUM_BYTES * blocks);
  const view = new DataView(records.buffer, records.byteOffset, length);
  let index = 0;
  let at = 0;
  for (let block = 0; block < blocks; block++) {
    const end = Math.min(startOf(block + 1), length);
    sums.setUint32(SUM_BYTES * block + 4, at < end ? index : NONE, true);
    sums.setUint32(SUM_BYTES * block + 8, at < end ? at : NONE, true);
    for (; at < end; index++) at += SIZE_BYTES + view.getUint32(at, true);
    sums.setUint32(SUM_BYTES * block, sumOf(key, row, length, block), true);
  }
}

/** The key makes a block of another batch, written here by mistake, a bad one. */
function sumOf(key: Uint8Array, row: Uint8Array, length: number, block: number): number {
  const entry = BATCH_PREFIX + length + SUM_BYTES * block;
  const from = BATCH_PREFIX + startOf(block);
  const to = BATCH_PREFIX + Math.min(startOf(block + 1), length);
  return crc32(
    row.subarray(entry + 4, entry + SUM_BYTES),
    crc32(row.subarray(from, to), crc32(key)),
  );
}

export interface Remains {
  /** Each record that is proven good, in order: its place in the batch and its frame. */
  readonly records: readonly { readonly index: number; readonly frame: Uint8Array }[];
  /** Records that the batch had, where what is left tells; null if its end is damaged. */
  readonly count: number | null;
}

/** What is provable of a damaged batch's row, where `key` is the one it should have. */
export function remainsOf(row: Uint8Array, key: Uint8Array): Remains {
  const length = recordsLength(row.length - BATCH_PREFIX);
  const blocks = length < 0 ? 0 : blocksOf(length);
  if (blocks === 0) return { records: [], count: null };
  const bytes = row.subarray(BATCH_PREFIX, BATCH_PREFIX + length);
  const view = new DataView(row.buffer, row.byteOffset, row.length);
  const entryAt = (block: number): number => BATCH_PREFIX + length + SUM_BYTES * block;
  const good = Array.from(
    { length: blocks },
    (_, block) => view.getUint32(entryAt(block), true) === sumOf(key, row, length, block),
  );
  const whole = (from: number, to: number): boolean => {
    if (to > length) return false;
    for (let block = blockAt(from); block <= blockAt(to - 1); block++) {
      if (good[block] !== true) return false;
    }
    return true;
  };
  const records: { index: number; frame: Uint8Array }[] = [];
  let count: number | null = null;
  // Each good block says where its first record begins: go on from there until damage or the next.
  for (let block = 0; block < blocks; block++) {
    if (good[block] !== true) continue;
    let index = view.getUint32(entryAt(block) + 4, true);
    let at = view.getUint32(entryAt(block) + 8, true);
    if (index === NONE) continue;
    const end = Math.min(startOf(block + 1), length);
    while (at < end && whole(at, at + SIZE_BYTES)) {
      const next = at + SIZE_BYTES + view.getUint32(BATCH_PREFIX + at, true);
      if (whole(at, next)) records.push({ index, frame: bytes.subarray(at, next) });
      index++;
      at = next;
    }
    if (at === length) count = index;
  }
  return { records, count };
}

/** The batch's records with a hole for each that is not among the remains. */
export function withHoles(remains: Remains, count: number): Uint8Array {
  const kept = remains.records.filter(({ index }) => index < count);
  const size = kept.reduce((sum, { frame }) => sum + frame.length, 0);
  const bytes = new Uint8Array(size + SIZE_BYTES * (count - kept.length));
  let at = 0;
  let next = 0;
  for (const { index, frame } of kept) {
    at += SIZE_BYTES * (index - next);
    bytes.set(frame, at);
    at += frame.length;
    next = index + 1;
  }
  return bytes;
}
