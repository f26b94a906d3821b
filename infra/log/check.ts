// Looks at every byte of a log that means something. Promises: each damaged batch is named with its
// topic, partition, offsets and reason; nothing is changed; no damage makes it crash.

import { TapedeckError } from "../../schemas/errors.ts";
import { countFrames } from "../../streams/batch.ts";
import { checkMarker, dataPath, dataSize, findLog, markerPath, openFailure } from "./folder.ts";
import { PageFile, type Snapshot, type ValuePlace } from "./page-file.ts";
import { BATCH_PREFIX, nameIn, placeOf, ROW, readBatchHead, taskIn } from "./rows.ts";
import { faultOf, partsOf } from "./sealed-row.ts";
import { decodeCheckpoint, decodeEpoch, decodeTopic } from "./small-rows.ts";
import { walk } from "./tree.ts";

export interface LogFault {
  /** marker, head and structure are of the file; the others of one row. */
  readonly what: "marker" | "head" | "structure" | "batch" | "topic" | "checkpoint" | "row";
  readonly reason: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly firstOffset?: number;
  /** null: to the end of the partition, wherever that was. */
  readonly lastOffset?: number | null;
  readonly task?: string;
}

export interface LogCheck {
  readonly sound: boolean;
  readonly faults: readonly LogFault[];
  readonly batches: number;
  readonly records: number;
  readonly bytes: number;
  readonly checkpoints: number;
}

/** A writer that keeps moving pages away is given up on after so many looks. */
const ATTEMPTS = 5;

/** Throws STORE_NOT_FOUND and STORE_FORMAT; every damage is in the answer. Cost: reads all. */
export function checkLog(dir: string): LogCheck {
  const marker = markerFault(dir);
  if (marker !== null && dataSize(dir) === 0) {
    return { sound: false, faults: [marker], batches: 0, records: 0, bytes: 0, checkpoints: 0 };
  }
  let file: PageFile;
  try {
    file = new PageFile(dataPath(dir));
  } catch (error) {
    throw openFailure(dir, error);
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const snapshot = headOf(file);
      const check = snapshot instanceof TapedeckError ? null : checkFile(file, snapshot);
      const faults = check?.faults ?? [headFault(snapshot as TapedeckError)];
      const all = marker === null ? faults : [marker, ...faults];
      if (faults.length === 0 || !moved(file, snapshot)) {
        const counted = check ?? { batches: 0, records: 0, bytes: 0, checkpoints: 0 };
        return { ...counted, sound: all.length === 0, faults: all };
      }
      if (attempt === ATTEMPTS) {
        throw new TapedeckError("STORE_LOCKED", `${dir} is being written: check it afterwards`);
      }
    }
  } finally {
    file.close();
  }
}

function markerFault(dir: string): LogFault | null {
  try {
    findLog(dir);
    checkMarker(dir);
    return null;
  } catch (error) {
    if (!(error instanceof TapedeckError) || error.code !== "STORE_DAMAGED") throw error;
    return { what: "marker", reason: error.message.replace(markerPath(dir), "log.json") };
  }
}

const headFault = (error: TapedeckError): LogFault => ({ what: "head", reason: error.message });

function headOf(file: PageFile): Snapshot | TapedeckError {
  try {
    return file.snapshot();
  } catch (error) {
    if (error instanceof TapedeckError && error.code === "STORE_DAMAGED") return error;
    throw error;
  }
}

function moved(file: PageFile, before: Snapshot | TapedeckError): boolean {
  const now = headOf(file);
  if (before instanceof TapedeckError || now instanceof TapedeckError) return false;
  return now.txn !== before.txn;
}

/** What is known of the partition that the walk is in. */
interface Run {
  readonly id: string;
  next: number | null;
  maxTimeUs: number;
  /** A damaged batch whose last offset the next batch will tell. */
  open: (LogFault & { what: "batch" }) | null;
}

class Checker {
  readonly faults: LogFault[] = [];
  batches = 0;
  records = 0;
  bytes = 0;
  checkpoints = 0;
  private readonly file: PageFile;
  private readonly snapshot: Snapshot;
  private readonly topics = new Map<number, { name: string; partitions: number }>();
  private run: Run = { id: "", next: null, maxTimeUs: 0, open: null };

  constructor(file: PageFile, snapshot: Snapshot) {
    this.file = file;
    this.snapshot = snapshot;
  }

  entry(key: Buffer, place: ValuePlace): void {
    let row: Uint8Array | null = null;
    let fault: string | null;
    try {
      row = this.file.value(place, this.snapshot);
      fault = faultOf(row, key);
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
      fault = error.message;
    }
    this.bytes += place.size;
    if (placeOf(key) !== null) this.batch(key, row, fault);
    else this.small(key, row, fault);
  }

  private batch(key: Buffer, row: Uint8Array | null, sealFault: string | null): void {
    const place = placeOf(key) as NonNullable<ReturnType<typeof placeOf>>;
    const topic = this.topics.get(place.topic);
    const where = { topic: topic?.name ?? `number ${place.topic}`, partition: place.partition };
    const id = `${place.topic}/${place.partition}`;
    if (id !== this.run.id) this.leave(id);
    else if (this.run.open !== null) this.close(place.base - 1);
    else if (this.run.next !== null && place.base !== this.run.next) {
      this.gap(where, this.run.next, place.base);
    }
    this.batches++;
    const fault =
      sealFault ?? (row === null ? "no row" : this.batchFault(row, topic, place.partition));
    if (fault !== null) {
      this.run.open = { what: "batch", ...where, firstOffset: place.base, reason: fault };
      this.run.next = null;
      return;
    }
    const { count, maxTimeUs } = readBatchHead(row as Uint8Array);
    this.records += count;
    this.run.next = place.base + count;
    this.run.maxTimeUs = maxTimeUs;
  }

  /** What is wrong with a batch whose seal is good: it was written wrongly, or is out of place. */
  private batchFault(
    row: Uint8Array,
    topic: { partitions: number } | undefined,
    partition: number,
  ): string | null {
    if (row.length < BATCH_PREFIX) return "too short for a batch";
    if (topic === undefined) return "its topic is not listed";
    if (partition >= topic.partitions) return `its topic has ${topic.partitions} partitions`;
    const { count, size, maxTimeUs } = readBatchHead(row);
    const frames = countFrames(row.subarray(BATCH_PREFIX, BATCH_PREFIX + size));
    if (frames !== count) return `states ${count} records, frames ${frames}`;
    if (maxTimeUs < this.run.maxTimeUs) return "its time falls";
    return null;
  }

  private gap(where: { topic: string; partition: number }, from: number, to: number): void {
    const reason = from < to ? "missing" : `overlaps the batch that ends at ${from}`;
    this.faults.push({
      what: "batch",
      ...where,
      firstOffset: Math.min(from, to),
      lastOffset: Math.max(from, to) - 1,
      reason,
    });
  }

  private close(lastOffset: number | null): void {
    if (this.run.open !== null) this.faults.push({ ...this.run.open, lastOffset });
    this.run.open = null;
  }

  leave(id: string): void {
    this.close(null);
    this.run = { id, next: null, maxTimeUs: 0, open: null };
  }

  private small(key: Buffer, row: Uint8Array | null, sealFault: string | null): void {
    const kind = key[0];
    const payload = row === null ? null : (partsOf(row)?.payload ?? null);
    const ofTask = kind === ROW.epoch || kind === ROW.checkpoint || kind === ROW.entry;
    const named = ofTask ? { task: taskIn(key) } : {};
    const what = kind === ROW.topic ? "topic" : "task" in named ? "checkpoint" : "row";
    if (kind === ROW.checkpoint) this.checkpoints++;
    let reason = sealFault;
    if (reason === null && payload !== null) reason = this.smallFault(key, payload);
    if (reason !== null) this.faults.push({ what, ...named, reason });
  }

  private smallFault(key: Buffer, payload: Uint8Array): string | null {
    try {
      if (key[0] === ROW.topic) {
        const row = decodeTopic(payload);
        this.topics.set(row.number, row);
        return null;
      }
      if (key[0] === ROW.epoch) decodeEpoch(payload);
      else if (key[0] === ROW.checkpoint) decodeCheckpoint(nameIn(key), payload);
      else if (key[0] !== ROW.owner && key[0] !== ROW.entry)
        return `a row of unknown kind ${key[0]}`;
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
}

function checkFile(file: PageFile, snapshot: Snapshot): Omit<LogCheck, "sound"> {
  const checker = new Checker(file, snapshot);
  walk(file, snapshot, {
    entry: (key, place) => checker.entry(key, place),
    fault: (reason) => checker.faults.push({ what: "structure", reason }),
  });
  checker.leave("");
  const { faults, batches, records, bytes, checkpoints } = checker;
  return { faults, batches, records, bytes, checkpoints };
}
