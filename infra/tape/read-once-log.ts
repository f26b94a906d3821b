// A log whose records come over the network once: what was read is kept in a file of this machine and
// read from there the next time. A run reads its tape three times: for its identity, for its events and
// for its report. Promises: it reads as the log behind it does; it takes at most LIMIT_BYTES of the
// temporary folder, beyond which records come from the log again; nothing of it outlives the process,
// killed or not, where the system lets an open file be removed. It is for reading only.

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromOffset } from "../../streams/batch.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";

const LIMIT_BYTES = 4 * 2 ** 30;

/** A batch of a partition: where its bytes lie in the file. */
type Kept = Omit<RecordBatch, "bytes" | "traces"> & { readonly at: number; readonly size: number };

/** Closing it closes `log`, then what `afterwards` does. Traces are not kept. */
export function readOnce(
  log: EventLog,
  afterwards: () => Promise<void> = async () => undefined,
): EventLog {
  return new ReadOnceLog(log, afterwards);
}

class ReadOnceLog implements EventLog {
  private readonly log: EventLog;
  private readonly afterwards: () => Promise<void>;
  private readonly kept = new Map<string, Kept[]>();
  private file: SpoolFile | null = new SpoolFile();

  constructor(log: EventLog, afterwards: () => Promise<void>) {
    this.log = log;
    this.afterwards = afterwards;
  }

  async read(topic: string, partition: number, offset: number): Promise<RecordBatch | null> {
    const key = `${topic}/${partition}`;
    let list = this.kept.get(key);
    if (list === undefined) {
      list = [];
      this.kept.set(key, list);
    }
    const found = holding(list, offset);
    if (found !== null && this.file !== null) {
      const { at, size, ...place } = found;
      return fromOffset({ ...place, bytes: this.file.read(at, size) }, offset);
    }
    const batch = await this.log.read(topic, partition, offset);
    if (batch !== null) this.keep(list, batch);
    return batch;
  }

  createTopic(topic: string, partitions: number): Promise<void> {
    return this.log.createTopic(topic, partitions);
  }

  partitions(): ReturnType<EventLog["partitions"]> {
    return this.log.partitions();
  }

  commit(commit: Parameters<EventLog["commit"]>[0]): Promise<void> {
    return this.log.commit(commit);
  }

  offsetAt(topic: string, partition: number, timeUs: number): Promise<number> {
    return this.log.offsetAt(topic, partition, timeUs);
  }

  follow(...args: Parameters<EventLog["follow"]>): Promise<boolean> {
    return this.log.follow(...args);
  }

  openTask(task: string): ReturnType<EventLog["openTask"]> {
    return this.log.openTask(task);
  }

  async close(): Promise<void> {
    this.file?.close();
    this.file = null;
    await this.log.close();
    await this.afterwards();
  }

  /** Batches are kept in offset order: what lies before the last one was read out of turn. */
  private keep(list: Kept[], batch: RecordBatch): void {
    const last = list.at(-1);
    if (last !== undefined && batch.baseOffset < last.baseOffset + last.count) return;
    const { topic, partition, baseOffset, count, maxTimeUs, bytes } = batch;
    const at = this.file?.append(bytes) ?? null;
    if (at === null) return;
    list.push({ topic, partition, baseOffset, count, maxTimeUs, at, size: bytes.length });
  }
}

function holding(list: readonly Kept[], offset: number): Kept | null {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { baseOffset, count } = list[middle] as Kept;
    if (baseOffset + count <= offset) low = middle + 1;
    else high = middle;
  }
  const found = list[low];
  return found !== undefined && found.baseOffset <= offset ? found : null;
}

class SpoolFile {
  private readonly file: number;
  private readonly folder: string;
  private end = 0;
  private full = false;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "tapedeck-spool-"));
    this.file = openSync(join(this.folder, "records"), "w+", 0o600);
    this.remove();
  }

  /** Where the bytes were put; null where there is no room for them. */
  append(bytes: Uint8Array): number | null {
    if (this.full || this.end + bytes.length > LIMIT_BYTES) return null;
    const at = this.end;
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
      }
    } catch {
      // A full disk: all that was kept before can still be read.
      this.full = true;
      return null;
    }
    this.end = at + bytes.length;
    return at;
  }

  read(at: number, size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let done = 0; done < size; ) {
      const got = readSync(this.file, bytes, done, size - done, at + done);
      if (got === 0) throw new Error(`the copy of the tape ends at ${at + done}`);
      done += got;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.file);
    this.remove();
  }

  /** The open file stays until it is closed, except on Windows, which removes it only then. */
  private remove(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!["EBUSY", "EPERM", "ENOTEMPTY"].includes(code)) throw error;
    }
  }
}
