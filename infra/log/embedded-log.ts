// The log on disk. Promises: what EventLog promises, on one machine, by one writing process and any
// number of reading ones; a commit resolves when it is synced; damage is an error with its place,
// never a wrong record. Batches, checkpoints and topics go in one transaction of the store.

import type { Checkpoint, EventLog, RecordBatch } from "../../streams/log.ts";
import { DiskLog } from "./disk-log.ts";
import { dataPath, markerMissing, openFailure, writeMarker } from "./folder.ts";
import { LogWriter, startWriter } from "./log-writer.ts";
import { claimFolder, releaseFolder, soundLog } from "./opening.ts";
import type { LogStat } from "./stat.ts";

export interface EmbeddedLog extends EventLog {
  readonly dir: string;
  readonly mode: "write" | "read";
  /** What a task or projection saved, without taking it over. */
  getCheckpoint(task: string): Promise<Checkpoint | null>;
  /** As read, but the seal is not checked: for finding out what a damaged batch says. */
  readRaw(topic: string, partition: number, offset: number): Promise<RecordBatch | null>;
  stat(): Promise<LogStat>;
  /** Limits what a topic keeps, from the next `retain` on; absent: no limit of that kind. */
  setRetention(topic: string, limits: Retention): Promise<void>;
  /** Drops whole batches that the topics' limits let go; never a partition's last one. */
  retain(): Promise<readonly Dropped[]>;
  /** Turns every record that a later one of its key replaced into a hole; offsets stay. */
  compact(topic: string): Promise<{ readonly holes: number; readonly freedBytes: number }>;
}

export interface Retention {
  readonly keepUs?: number;
  readonly keepBytes?: number;
}

export interface Dropped {
  readonly topic: string;
  readonly partition: number;
  /** The first offset that is still kept. */
  readonly start: number;
  readonly records: number;
}

export async function openEmbeddedLog(
  dir: string,
  options: { readonly mode?: "write" | "read" } = {},
): Promise<EmbeddedLog> {
  if (options.mode === "read") return new DiskLog(soundLog(dir, "read"), null);
  const path = claimFolder(dir);
  try {
    soundLog(path, "write");
    const port = await startWriter(dataPath(path));
    if (markerMissing(path)) writeMarker(path);
    return new DiskLog(path, (undone) => new LogWriter(port, undone));
  } catch (error) {
    releaseFolder(path);
    throw openFailure(dir, error);
  }
}
