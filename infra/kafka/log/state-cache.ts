// A task's keyed state on this machine's disk, so that a restart reads only what its changelog got
// since. Promises: what comes out was true at the Kafka offset that comes with it, whatever was
// killed when; a cache that belongs to another life of the task, or of which a bit has flipped,
// counts as none. It is only ever a short cut: the changelog in Kafka is the truth.
//
// The store checks nothing itself: each entry carries a CRC-32 over key and value, and with the place
// stand the number of entries and the exclusive or of their sums, so that a missing one shows too.

import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { open, type RootDatabase } from "lmdb";
import { TapedeckError } from "../../../schemas/errors.ts";
import { decodeState, encodeState } from "../../../streams/state.ts";

/** Where in its changelog a cached state stands. */
export interface CachePlace {
  /** The life of the task: a changelog that was deleted and made anew starts another. */
  readonly incarnation: string;
  /** Kafka offset of the changelog from which on changes are missing here. */
  readonly next: number;
}

export interface CacheChange {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** Changes are gathered and written at most this often: the log has them anyhow. */
const WRITE_EVERY_MS = 1000;
/**
 * A changelog drops the mark of a deleted key after a day (delete.retention.ms): who comes later
 * would keep the key for ever.
 */
const OLDEST_MS = 12 * 60 * 60 * 1000;
const FILE = "state.mdb";
const SUM_BYTES = 4;
const LINE_BYTES = 4096;
const SMALL_BYTES = 64;
/** Where LMDB's first page has its mark, behind the page's header. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const PLACE = Buffer.from([0]);
const ENTRY = 1;

export class StateCache {
  private readonly database: RootDatabase<Uint8Array, Uint8Array>;
  private pending = new Map<string, Uint8Array | null>();
  /** Where what is pending ends; null while that is not known. */
  private place: CachePlace | null = null;
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  /** Entries, and the exclusive or of their sums; as they are on disk. */
  private sums: readonly [count: number, all: number] = [0, 0];
  /** A write failed: what is on disk stays as it was, and nothing may be put on top. */
  private broken = false;

  private constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.database = open<Uint8Array, Uint8Array>({
      path: join(folder, FILE),
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      maxDbs: 1,
    });
  }

  /** One that cannot be opened is thrown away and begun anew; STORE_UNAVAILABLE where that fails too. */
  static open(folder: string): StateCache {
    try {
      // LMDB takes any file for a database, and then crashes on it.
      if (isDatabase(join(folder, FILE))) {
        try {
          return new StateCache(folder);
        } catch {
          // Begun anew below.
        }
      }
      rmSync(folder, { recursive: true, force: true });
      return new StateCache(folder);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const what = `no cache of state can be kept in ${folder}: ${reason}`;
      throw new TapedeckError("STORE_UNAVAILABLE", what, { path: folder }, cause);
    }
  }

  /** What is kept; null if nothing usable is. Cost: about 2.4 µs an entry. */
  load(): { readonly place: CachePlace; readonly entries: Map<string, Uint8Array> } | null {
    try {
      const stored = this.database.getBinary(PLACE);
      if (stored === undefined) return null;
      const [incarnation, next, writtenMs, sums] = decodeState(stored) as StoredPlace;
      if (Date.now() - writtenMs > OLDEST_MS) return null;
      const entries = new Map<string, Uint8Array>();
      let all = 0;
      // Each is laid out here, key behind sum and value behind key: to make views of a million is slow.
      let line = Buffer.alloc(LINE_BYTES);
      for (const { key, value } of this.database.getRange({ start: Buffer.from([ENTRY]) })) {
        const end = key.length + value.length;
        if (value.length < SUM_BYTES) return null;
        if (end > line.length) line = Buffer.alloc(2 * end);
        // The value's first bytes are the sum; the key takes their place in front of the rest.
        line.set(value, key.length);
        const sum = line.readUInt32BE(key.length);
        line.set(key, SUM_BYTES);
        if (crc32(line.subarray(SUM_BYTES, end)) !== sum) return null;
        all = (all ^ sum) >>> 0;
        const valueAt = SUM_BYTES + key.length;
        entries.set(line.toString("utf8", SUM_BYTES + 1, valueAt), copyOf(line, valueAt, end));
      }
      if (entries.size !== sums[0] || all !== sums[1]) return null;
      this.sums = [entries.size, all];
      return { place: { incarnation, next }, entries };
    } catch {
      return null;
    }
  }

  /**
   * What a transaction changed, once it is committed. Written to disk a little later. `place` null:
   * it is not known where it ended; it is written with the next one that is.
   */
  apply(place: CachePlace | null, changes: readonly CacheChange[]): void {
    for (const { key, value } of changes)
      this.pending.set(key, value === null ? null : new Uint8Array(value));
    this.place = place;
    this.timer ??= setTimeout(() => {
      this.timer = null;
      void this.flush();
    }, WRITE_EVERY_MS).unref();
  }

  /** Nothing of it holds any more: what is applied from here on stands alone. */
  clear(): void {
    this.pending.clear();
    this.place = null;
    this.sums = [0, 0];
    this.database.clearSync();
  }

  /** Writes what is pending in one transaction of the store. A full disk only costs the short cut. */
  flush(): Promise<void> {
    const { pending, place, database } = this;
    if (place === null || this.broken) return this.writing;
    this.pending = new Map();
    this.place = null;
    this.writing = this.writing.then(async () => {
      if (this.broken) return;
      const { rows, sums } = this.sealed(pending);
      const at = encodeState([place.incarnation, place.next, Date.now(), sums]);
      await database.transaction(() => {
        for (const [key, value] of rows) {
          if (value === null) database.removeSync(key);
          else database.putSync(key, value);
        }
        database.putSync(PLACE, at);
      });
      this.sums = sums;
    });
    this.writing = this.writing.catch(() => {
      this.broken = true;
    });
    return this.writing;
  }

  /** The rows to write, and the sums once they are written. */
  private sealed(pending: ReadonlyMap<string, Uint8Array | null>) {
    let [count, all] = this.sums;
    const rows: [key: Buffer, value: Buffer | null][] = [];
    for (const [name, value] of pending) {
      const key = entryKey(name);
      const before = this.database.getBinary(key);
      if (before !== undefined) {
        count--;
        all ^= new DataView(before.buffer, before.byteOffset).getUint32(0);
      }
      if (value === null) {
        rows.push([key, null]);
        continue;
      }
      const sum = crc32(value, crc32(key));
      const sealed = Buffer.allocUnsafe(SUM_BYTES + value.length);
      sealed.writeUInt32BE(sum, 0);
      sealed.set(value, SUM_BYTES);
      rows.push([key, sealed]);
      count++;
      all ^= sum;
    }
    return { rows, sums: [count, all >>> 0] as const };
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.flush();
    await this.database.close();
  }
}

type StoredPlace = readonly [
  incarnation: string,
  next: number,
  writtenMs: number,
  sums: readonly [count: number, all: number],
];

/** Small ones are copied byte by byte: a view of each would cost more than its bytes. */
function copyOf(line: Buffer, from: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - from);
  if (copy.length > SMALL_BYTES) copy.set(line.subarray(from, end));
  else for (let i = 0; i < copy.length; i++) copy[i] = line[from + i] as number;
  return copy;
}

/** True also where there is none yet. */
function isDatabase(path: string): boolean {
  if (!existsSync(path)) return true;
  const page = Buffer.alloc(MAGIC_AT + 4);
  const file = openSync(path, "r");
  try {
    return (
      readSync(file, page, 0, page.length, 0) === page.length &&
      page.readUInt32LE(MAGIC_AT) === MAGIC
    );
  } finally {
    closeSync(file);
  }
}

function entryKey(key: string): Buffer {
  const size = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(1 + size);
  bytes[0] = ENTRY;
  bytes.write(key, 1);
  return bytes;
}
