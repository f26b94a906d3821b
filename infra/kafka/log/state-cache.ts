// A task's keyed state on this machine's disk, so that a restart reads only what its changelog got
// since. Promises: what comes out was true at the Kafka offset that comes with it, whatever was
// killed when; a cache that belongs to another life of the task, or that is damaged, counts as
// none. It is only ever a short cut: the changelog in Kafka is the truth.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
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
const PLACE = Buffer.from([0]);
const ENTRY = 1;

export class StateCache {
  private readonly database: RootDatabase<Uint8Array, Uint8Array>;
  private pending = new Map<string, Uint8Array | null>();
  private place: CachePlace | null = null;
  private writing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | null = null;
  /** A write failed: what is on disk stays as it was, and nothing may be put on top. */
  private broken = false;

  private constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.database = open<Uint8Array, Uint8Array>({
      path: join(folder, "state.mdb"),
      noSubdir: true,
      encoding: "binary",
      keyEncoding: "binary",
      maxDbs: 1,
    });
  }

  /** One that cannot be opened is thrown away and begun anew. */
  static open(folder: string): StateCache {
    try {
      return new StateCache(folder);
    } catch {
      rmSync(folder, { recursive: true, force: true });
      return new StateCache(folder);
    }
  }

  /** What is kept; null if nothing usable is. Cost: about 1.5 µs an entry. */
  load(): { readonly place: CachePlace; readonly entries: Map<string, Uint8Array> } | null {
    const stored = this.database.getBinary(PLACE);
    if (stored === undefined) return null;
    try {
      const [incarnation, next, writtenMs] = decodeState(stored) as [string, number, number];
      if (Date.now() - writtenMs > OLDEST_MS) return null;
      const entries = new Map<string, Uint8Array>();
      for (const { key, value } of this.database.getRange({ start: Buffer.from([ENTRY]) })) {
        entries.set(Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString(), value);
      }
      return { place: { incarnation, next }, entries };
    } catch {
      return null;
    }
  }

  /** What a transaction changed, once it is committed. Written to disk a little later. */
  apply(place: CachePlace, changes: readonly CacheChange[]): void {
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
    this.database.clearSync();
  }

  /** Writes what is pending in one transaction of the store. A full disk only costs the short cut. */
  flush(): Promise<void> {
    const { pending, place, database } = this;
    if (place === null || this.broken) return this.writing;
    this.pending = new Map();
    this.place = null;
    this.writing = this.writing
      .then(() =>
        database.transaction(() => {
          if (this.broken) return;
          for (const [key, value] of pending) {
            if (value === null) database.removeSync(entryKey(key));
            else database.putSync(entryKey(key), value);
          }
          database.putSync(PLACE, encodeState([place.incarnation, place.next, Date.now()]));
        }),
      )
      .then(
        () => undefined,
        () => {
          this.broken = true;
        },
      );
    return this.writing;
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    await this.flush();
    await this.database.close();
  }
}

function entryKey(key: string): Buffer {
  const size = Buffer.byteLength(key);
  const bytes = Buffer.allocUnsafe(1 + size);
  bytes[0] = ENTRY;
  bytes.write(key, 1);
  return bytes;
}
