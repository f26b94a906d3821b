// Puts rows into the order of time. Promises: the same rows in the same order whatever the batches;
// rows of one instant keep their file's order, files the order they were given in; memory is
// bounded: what does not fit is sorted in pieces through a temporary file.

import { closeSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writer } from "../../schemas/avro.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { RecordCursor, writeRecord } from "../../streams/record.ts";
import type { MarketValue } from "./row-decoder.ts";

export interface Row {
  readonly timeUs: number;
  /** Number of the file among those imported together. */
  readonly file: number;
  readonly line: number;
  readonly value: MarketValue;
}

/** Rows kept in memory while they wait for earlier ones. */
export const HELD_ROWS = 131_072;
const SPILL_BYTES = 128 * 1024;

const byTime = (a: Row, b: Row): number => a.timeUs - b.timeUs;

export type MarketTopic = Extract<TopicName, "market.ticks" | "market.quotes" | "market.bars">;

/**
 * One file's rows by time. `latenessUs` is how far a row may lie behind the greatest time before
 * it: no row lies further (the survey measured it).
 */
export async function* sortedRows(
  batches: AsyncIterable<readonly Row[]>,
  topic: MarketTopic,
  latenessUs: number,
  heldRows = HELD_ROWS,
): AsyncGenerator<readonly Row[]> {
  if (latenessUs === 0) {
    yield* batches;
    return;
  }
  const runs = new Runs(topic);
  try {
    let held: Row[] = [];
    let newest = Number.NEGATIVE_INFINITY;
    for await (const batch of batches) {
      for (const row of batch) {
        held.push(row);
        if (row.timeUs > newest) newest = row.timeUs;
      }
      held.sort(byTime);
      // A row that is still to come may be as early as `newest - latenessUs`, and then goes last.
      const ready = runs.count > 0 ? 0 : upTo(held, newest - latenessUs);
      if (ready > 0) yield held.splice(0, ready);
      if (held.length >= heldRows) {
        runs.add(held);
        held = [];
      }
    }
    if (runs.count === 0) yield held;
    else yield* mergedRows([...runs.readers(), once(held)]);
  } finally {
    runs.close();
  }
}

/** How many of the rows, sorted, are at or before `timeUs`. */
function upTo(rows: readonly Row[], timeUs: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] as Row).timeUs <= timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function* once(rows: readonly Row[]): AsyncGenerator<readonly Row[]> {
  yield rows;
}

const MERGED_ROWS = 4096;

/** Merges sources that are sorted; at one instant the earlier source goes first. */
export async function* mergedRows(
  sources: readonly AsyncIterable<readonly Row[]>[],
): AsyncGenerator<readonly Row[]> {
  const heads: Head[] = [];
  for (const source of sources) {
    const head = new Head(source);
    if (await head.fill()) heads.push(head);
  }
  let merged: Row[] = [];
  while (heads.length > 1) {
    let least = heads[0] as Head;
    for (let i = 1; i < heads.length; i++) {
      const head = heads[i] as Head;
      if (head.row.timeUs < least.row.timeUs) least = head;
    }
    merged.push(least.row);
    if (!least.step() && !(await least.fill())) heads.splice(heads.indexOf(least), 1);
    if (merged.length >= MERGED_ROWS) {
      yield merged;
      merged = [];
    }
  }
  yield merged;
  const [last] = heads;
  if (last !== undefined) yield* last.rest();
}

class Head {
  row: Row;
  private readonly iterator: AsyncIterator<readonly Row[]>;
  private rows: readonly Row[] = [];
  private at = -1;

  constructor(source: AsyncIterable<readonly Row[]>) {
    this.iterator = source[Symbol.asyncIterator]();
    this.row = { timeUs: 0, file: 0, line: 0 } as Row;
  }

  /** Steps within what is loaded. */
  step(): boolean {
    const next = this.rows[++this.at];
    if (next === undefined) return false;
    this.row = next;
    return true;
  }

  async fill(): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.iterator.next();
      if (done === true) return false;
      this.rows = value;
      this.at = -1;
      if (this.step()) return true;
    }
  }

  async *rest(): AsyncGenerator<readonly Row[]> {
    yield this.rows.slice(this.at);
    yield* { [Symbol.asyncIterator]: () => this.iterator };
  }
}

/** Sorted runs in a temporary file that has no name any more: nothing is left behind by a crash. */
class Runs {
  count = 0;
  private readonly topic: MarketTopic;
  private handle: number | null = null;
  private end = 0;
  /** All rows are of one file. */
  private file = 0;
  /** Of each run, where its pieces lie. */
  private readonly runs: { readonly start: number; readonly size: number }[][] = [];

  constructor(topic: MarketTopic) {
    this.topic = topic;
  }

  add(rows: readonly Row[]): void {
    this.file = rows[0]?.file ?? 0;
    this.handle ??= openNameless();
    const pieces: { start: number; size: number }[] = [];
    const writer = new Writer(SPILL_BYTES * 2);
    const write = () => {
      if (writer.pos === 0 || this.handle === null) return;
      writeFully(this.handle, writer.bytes.subarray(0, writer.pos), this.end);
      pieces.push({ start: this.end, size: writer.pos });
      this.end += writer.pos;
      writer.pos = 0;
    };
    for (const { timeUs, line, value } of rows) {
      writeRecord(writer, this.topic, timeUs, line, null, 0, value as never);
      if (writer.pos >= SPILL_BYTES) write();
    }
    write();
    this.runs.push(pieces);
    this.count++;
  }

  readers(): AsyncGenerator<readonly Row[]>[] {
    return this.runs.map((pieces) => this.read(pieces));
  }

  private async *read(
    pieces: readonly { readonly start: number; readonly size: number }[],
  ): AsyncGenerator<readonly Row[]> {
    for (const { start, size } of pieces) {
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        at += readSync(this.handle as number, bytes, at, size - at, start + at);
      }
      const rows: Row[] = [];
      const cursor = new RecordCursor(this.topic, 0, 0, bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        const { timeUs, origin } = event;
        rows.push({ timeUs, file: this.file, line: origin, value: event.value as MarketValue });
      }
      yield rows;
    }
  }

  close(): void {
    if (this.handle !== null) closeSync(this.handle);
    this.handle = null;
  }
}

function openNameless(): number {
  const path = join(tmpdir(), `tapedeck-import-${process.pid}-${process.hrtime.bigint()}`);
  const handle = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return handle;
}

function writeFully(handle: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) {
    at += writeSync(handle, bytes, at, bytes.length - at, position + at);
  }
}
