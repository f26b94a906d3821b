// Reads a log out of its file, beside a writer or without one. Promises: what it gives was verified
// (seal, key, and that batches follow one another), or it throws STORE_DAMAGED with the place; a
// row that moved while it was read is read again. Memory: one batch at a time.

import { TapedeckError } from "../../schemas/errors.ts";
import { firstAtOrAfter, fromOffset } from "../../streams/batch.ts";
import type { Checkpoint, RecordBatch } from "../../streams/log.ts";
import { decodeOwner, type Owner, ownerKey } from "./owner.ts";
import { damaged, PageFile, type Snapshot } from "./page-file.ts";
import {
  type BatchPlace,
  batchIn,
  batchKey,
  checkpointKey,
  entryPrefix,
  epochKey,
  nameIn,
  placeOf,
  ROW,
  topicKey,
} from "./rows.ts";
import { faultOf, partsOf } from "./sealed-row.ts";
import { decodeCheckpoint, decodeEpoch, decodeTopic, type TopicRow } from "./small-rows.ts";
import { TreeCursor } from "./tree.ts";

const LAST_OFFSET = 2 ** 53;
/** A read that the writer overtakes this often means that the file is damaged, or not a log's. */
const ATTEMPTS = 20;

interface Scan {
  readonly cursor: TreeCursor;
  next: number;
}

export interface Ends {
  readonly start: number;
  readonly end: number;
  readonly maxTimeUs: number;
}

export class LogReader {
  readonly file: PageFile;
  private snapshot: Snapshot;
  private stale = false;
  private readonly scans = new Map<string, Scan>();

  constructor(path: string) {
    this.file = new PageFile(path);
    this.snapshot = this.file.snapshot();
  }

  close(): void {
    this.file.close();
  }

  /** Look at the file's head again before the next look-up. */
  refresh(): void {
    this.stale = true;
  }

  current(): Snapshot {
    if (this.stale) {
      this.snapshot = this.file.snapshot();
      this.stale = false;
    }
    return this.snapshot;
  }

  /** Runs a look-up again while the writer moves pages away under it. */
  private steady<T>(look: (snapshot: Snapshot) => T): T {
    for (let attempt = 1; ; attempt++) {
      const snapshot = this.current();
      try {
        return look(snapshot);
      } catch (error) {
        if (!(error instanceof TapedeckError) || error.code !== "STORE_DAMAGED") throw error;
        this.refresh();
        // Unchanged since: nobody wrote, so the bytes are bad.
        if (this.current().txn === snapshot.txn || attempt === ATTEMPTS) throw error;
        this.scans.clear();
      }
    }
  }

  /** A verified row; null if there is none. */
  private row(key: Buffer): Uint8Array | null {
    return this.steady((snapshot) => {
      const cursor = new TreeCursor(this.file, snapshot);
      if (!cursor.seek(key) || Buffer.compare(cursor.key, key) !== 0) return null;
      const row = this.file.value(cursor.place, snapshot);
      const fault = faultOf(row, key);
      if (fault !== null) throw damaged(`a row is damaged: ${fault}`, { kind: key[0] ?? 0 });
      return partsOf(row)?.payload ?? null;
    });
  }

  /**
   * Adds every row whose key starts so, verified, in key order, to what `start` makes. Key and payload
   * are the file's own bytes: copy what is kept.
   */
  private scan<T>(
    prefix: Buffer,
    start: () => T,
    add: (to: T, key: Buffer, payload: Uint8Array) => void,
  ): T {
    return this.steady((snapshot) => {
      const found = start();
      const cursor = new TreeCursor(this.file, snapshot);
      let more = cursor.seekFrom(prefix);
      for (; more; more = cursor.move(1)) {
        const { key } = cursor;
        if (!startsWith(key, prefix)) break;
        const row = this.file.value(cursor.place, snapshot);
        const fault = faultOf(row, key);
        if (fault !== null) throw damaged(`a row is damaged: ${fault}`, { kind: key[0] ?? 0 });
        add(found, key, partsOf(row)?.payload ?? new Uint8Array());
      }
      return found;
    });
  }

  topics(): TopicRow[] {
    const prefix = Buffer.from([ROW.topic]);
    const add = (to: TopicRow[], _: Buffer, payload: Uint8Array) => to.push(decodeTopic(payload));
    return this.scan<TopicRow[]>(prefix, () => [], add);
  }

  topic(number: number): TopicRow | null {
    const payload = this.row(topicKey(number));
    return payload === null ? null : decodeTopic(payload);
  }

  /** Who claimed the log for writing last, and may be dead; null after a clean close. */
  owner(): Owner | null {
    const payload = this.row(ownerKey);
    return payload === null ? null : decodeOwner(payload);
  }

  epochs(): Map<string, number> {
    return this.scan(
      Buffer.from([ROW.epoch]),
      () => new Map<string, number>(),
      (to, key, payload) => to.set(nameIn(key), decodeEpoch(payload)),
    );
  }

  epoch(task: string): number {
    const payload = this.row(epochKey(task));
    return payload === null ? 0 : decodeEpoch(payload);
  }

  checkpoint(task: string): Checkpoint | null {
    const payload = this.row(checkpointKey(task));
    return payload === null ? null : decodeCheckpoint(task, payload);
  }

  /** A task's keyed state. Cost and memory: every entry once. */
  entries(task: string): Map<string, Uint8Array> {
    const prefix = entryPrefix(task);
    return this.scan(
      prefix,
      () => new Map<string, Uint8Array>(),
      (to, key, payload) => to.set(key.toString("utf8", prefix.length), payload.slice()),
    );
  }

  /**
   * First and next offset of a partition; zeros where it is empty. `lenient`: where the last batch
   * is damaged, as it says itself: who reads there will hear of it. Cost: two look-ups.
   */
  ends(topic: string, number: number, partition: number, lenient: boolean): Ends {
    try {
      return this.endsBy(topic, number, partition, true);
    } catch (error) {
      const damage = error instanceof TapedeckError && error.code === "STORE_DAMAGED";
      if (!damage || !lenient) throw error;
      return this.endsBy(topic, number, partition, false);
    }
  }

  private endsBy(topic: string, number: number, partition: number, verified: boolean): Ends {
    return this.steady((snapshot) => {
      const cursor = new TreeCursor(this.file, snapshot);
      const last = cursor.seek(batchKey(number, partition, LAST_OFFSET))
        ? placeOf(cursor.key)
        : null;
      if (!isOf(last, number, partition)) return { start: 0, end: 0, maxTimeUs: 0 };
      const batch = this.batchAt(cursor, topic, last, verified);
      cursor.seekFrom(batchKey(number, partition, 0));
      const first = placeOf(cursor.key);
      return {
        start: first?.base ?? 0,
        end: batch.baseOffset + batch.count,
        maxTimeUs: batch.maxTimeUs,
      };
    });
  }

  /** Records from `offset` on; null if none are stored. `verified` false: seals go unchecked. */
  read(
    topic: string,
    number: number,
    partition: number,
    offset: number,
    verified = true,
  ): RecordBatch | null {
    const id = `${number}/${partition}`;
    const scan = this.scans.get(id);
    if (scan !== undefined && scan.next === offset) {
      const batch = this.continued(scan, topic, number, partition, verified);
      if (batch !== null) return batch;
    }
    return this.steady((snapshot) => {
      const cursor = new TreeCursor(this.file, snapshot);
      const batch = this.batchWith(cursor, topic, number, partition, offset, verified);
      if (batch === null) return null;
      this.scans.set(id, { cursor, next: batch.baseOffset + batch.count });
      return fromOffset(batch, offset);
    });
  }

  /** The batch after the last one; null where the file has moved on and must be looked at again. */
  private continued(
    scan: Scan,
    topic: string,
    number: number,
    partition: number,
    verified: boolean,
  ): RecordBatch | null {
    try {
      if (!scan.cursor.move(1)) return null;
      const place = placeOf(scan.cursor.key);
      if (!isOf(place, number, partition) || place.base !== scan.next) return null;
      const batch = this.batchAt(scan.cursor, topic, place, verified);
      scan.next = batch.baseOffset + batch.count;
      return batch;
    } catch (error) {
      if (error instanceof TapedeckError && error.code === "STORE_DAMAGED") {
        this.refresh();
        return null;
      }
      throw error;
    }
  }

  /** Leaves the cursor at the batch that holds `offset`; null if none does. */
  private batchWith(
    cursor: TreeCursor,
    topic: string,
    number: number,
    partition: number,
    offset: number,
    verified: boolean,
  ): RecordBatch | null {
    if (!cursor.seek(batchKey(number, partition, offset))) return null;
    const place = placeOf(cursor.key);
    if (!isOf(place, number, partition)) return null;
    const batch = this.batchAt(cursor, topic, place, verified);
    return offset < batch.baseOffset + batch.count ? batch : null;
  }

  private batchAt(
    cursor: TreeCursor,
    topic: string,
    place: BatchPlace,
    verified: boolean,
  ): RecordBatch {
    const where = `${topic}/${place.partition} from offset ${place.base}`;
    const facts = { topic, partition: place.partition, offset: place.base };
    let row: Uint8Array;
    try {
      row = this.file.value(cursor.place, cursor.snapshot);
    } catch (error) {
      if (!(error instanceof TapedeckError) || error.code !== "STORE_DAMAGED") throw error;
      throw damaged(`${where}: ${error.message}`, facts);
    }
    const fault = verified ? faultOf(row, cursor.key) : partsOf(row) === null ? "no row" : null;
    if (fault === "unknown version") {
      throw new TapedeckError("STORE_FORMAT", `${where} is of another version`, facts);
    }
    if (fault !== null) throw damaged(`${where} is damaged: ${fault}`, facts);
    return batchIn(row, topic, place);
  }

  /** First offset in [start, end) whose effective time is at or after `timeUs`, or `end`. */
  offsetAt(
    topic: string,
    number: number,
    partition: number,
    { start, end }: { readonly start: number; readonly end: number },
    timeUs: number,
  ): number {
    return this.steady((snapshot) => {
      let low = start;
      let high = end;
      let found: RecordBatch | null = null;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const cursor = new TreeCursor(this.file, snapshot);
        const batch = this.batchWith(cursor, topic, number, partition, middle, true);
        if (batch === null) throw damaged(`${topic}/${partition} has no offset ${middle}`);
        if (batch.maxTimeUs >= timeUs) {
          found = batch;
          high = batch.baseOffset;
        } else low = batch.baseOffset + batch.count;
      }
      return found === null ? end : firstAtOrAfter(found, timeUs);
    });
  }
}

const startsWith = (key: Buffer, prefix: Buffer): boolean =>
  key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0;

const isOf = (place: BatchPlace | null, topic: number, partition: number): place is BatchPlace =>
  place !== null && place.topic === topic && place.partition === partition;
