// Makes a damaged log sound again. Promises: every row that can be proven good is kept, byte by
// byte; one flipped bit is put right; what is lost becomes holes, so that no offset moves; the old
// file stays beside the new one, with the lost bytes; a stop in the middle leaves the old log.

import {
  existsSync,
  linkSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { countFrames } from "../../streams/batch.ts";
import { topicOfId } from "../../streams/catalogue.ts";
import type { Arena } from "./arena.ts";
import { remainsOf, withHoles } from "./block-sums.ts";
import { checkLog, type LogCheck } from "./check.ts";
import { dataPath, lockPath, openFailure, syncFolder, writeMarker } from "./folder.ts";
import { LogReader } from "./log-reader.ts";
import { LogWriter, startWriter } from "./log-writer.ts";
import { isAlive } from "./owner.ts";
import { PageFile } from "./page-file.ts";
import {
  BATCH_PREFIX,
  batchIn,
  batchKey,
  placeOf,
  ROW,
  readBatchHead,
  taskIn,
  topicKey,
} from "./rows.ts";
import { rowBytes, type Salvage, type Salvaged, salvage } from "./salvage.ts";
import { partsOf } from "./sealed-row.ts";
import { decodeTopic, encodeTopic } from "./small-rows.ts";
import { putRecords } from "./topic-state.ts";

export interface LostRange {
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Where its bytes are, in the repair's folder; null where none were found. */
  readonly bytes: string | null;
}

export interface LogRepair {
  readonly before: LogCheck;
  readonly after: LogCheck;
  /** Rows with one flipped bit, put right: nothing of them is lost. */
  readonly corrected: number;
  /** Records that are holes now. */
  readonly lost: readonly LostRange[];
  /** Tasks and projections that start from nothing again. */
  readonly lostCheckpoints: readonly string[];
  /** Rows that the index counts and that were found nowhere, so that `lost` cannot name them. */
  readonly untraced: number;
  /** Holds the file as it was, and the lost bytes; null if nothing had to be done. */
  readonly folder: string | null;
}

const NEW_FILE = "data.mdb.new";
/** Rows that hold a task's state. */
const STATE_ROWS: ReadonlySet<number> = new Set([ROW.epoch, ROW.checkpoint, ROW.entry]);
/** Holes of one row: four bytes each, well inside a batch. */
const HOLES_PER_ROW = 60_000;

/** Needs as much free space as the log takes. Throws STORE_LOCKED while a writer runs. */
export async function repairLog(dir: string): Promise<LogRepair> {
  const before = checkLog(dir);
  const nothing = {
    before,
    after: before,
    corrected: 0,
    lost: [],
    lostCheckpoints: [],
    untraced: 0,
  };
  if (before.sound) return { ...nothing, folder: null };
  const path = realpathSync(dir);
  refuseIfWritten(path);
  if (before.faults.every(({ what }) => what === "marker")) {
    writeMarker(path);
    return { ...nothing, after: checkLog(path), folder: null };
  }
  const folder = repairFolder(path);
  try {
    const file = new PageFile(dataPath(path));
    try {
      const done = await rebuild(file, path, folder);
      return { before, after: checkLog(path), folder, ...done };
    } finally {
      file.close();
    }
  } catch (error) {
    rmSync(join(folder, NEW_FILE), { force: true });
    throw openFailure(dir, error);
  }
}

/** A damaged row of the owner says nothing: then nobody is known to write. */
function refuseIfWritten(path: string): void {
  let reader: LogReader | null = null;
  try {
    reader = new LogReader(dataPath(path));
    const owner = reader.owner();
    if (owner === null || !isAlive(owner)) return;
    throw new TapedeckError("STORE_LOCKED", `process ${owner.pid} writes the log at ${path}`, {
      pid: owner.pid,
    });
  } catch (error) {
    if (error instanceof TapedeckError && error.code === "STORE_DAMAGED") return;
    throw openFailure(path, error);
  } finally {
    reader?.close();
  }
}

function repairFolder(path: string): string {
  for (let n = 1; ; n++) {
    const folder = join(path, `repair-${n}`);
    if (existsSync(folder)) continue;
    mkdirSync(folder);
    return folder;
  }
}

interface Rebuilt {
  readonly corrected: number;
  readonly lost: LostRange[];
  readonly lostCheckpoints: string[];
  readonly untraced: number;
}

async function rebuild(file: PageFile, path: string, folder: string): Promise<Rebuilt> {
  const found = salvage(file);
  const target = join(folder, NEW_FILE);
  const writer = new LogWriter(await startWriter(target), () => {});
  const plan = new Plan(file, found, folder);
  let written = 0;
  for (const fill of plan.rows()) {
    const done = writer.submit(fill, () => {});
    done.catch(() => {});
    // Not far ahead of the disk: the log may be larger than the memory.
    if (++written % 64 === 0) await done;
  }
  await writer.drained();
  writer.check();
  await writer.close();
  // The old file gets its second name first: at no time is there no log.
  linkSync(dataPath(path), join(folder, "data.mdb"));
  renameSync(target, dataPath(path));
  for (const lock of [lockPath(path), `${target}-lock`]) rmSync(lock, { force: true });
  writeMarker(path);
  syncFolder(folder);
  const { corrected, lost, lostCheckpoints } = plan;
  return { corrected, lost, lostCheckpoints, untraced: untracedRows(found) };
}

const untracedRows = ({ snapshot, rows, treeDamaged }: Salvage): number =>
  treeDamaged ? Math.max(0, snapshot.main.entries - rows.length) : 0;

type PutRow = (arena: Arena) => void;

const put =
  (key: Buffer, payload: Uint8Array): PutRow =>
  (arena) =>
    arena.putRow(key, payload);

/** Consecutive offsets of one partition: from the first, up to but not with the second. */
interface Range {
  readonly topic: number;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly maxTimeUs: number;
}

/** What the new file is to hold, row by row, and what was lost on the way. */
class Plan {
  corrected = 0;
  readonly lost: LostRange[] = [];
  readonly lostCheckpoints: string[] = [];
  private readonly file: PageFile;
  private readonly found: Salvage;
  private readonly folder: string;
  private readonly names = new Map<number, string>();

  constructor(file: PageFile, found: Salvage, folder: string) {
    this.file = file;
    this.found = found;
    this.folder = folder;
  }

  *rows(): Generator<PutRow> {
    yield* this.topics();
    for (const partition of this.partitions()) yield* this.partition(partition);
    yield* this.states();
  }

  /**
   * A task's state is whole, or it is left out: who missed a part would go on from what never was. Of
   * entries only the tree tells which are of the last commit: pages hold those of earlier ones too.
   */
  private *states(): Generator<PutRow> {
    const rows = this.found.rows.filter(({ key }) => STATE_ROWS.has(key[0] as number));
    const lost = rows.filter((row) => rowBytes(this.file, row) === null);
    const doubtful = this.found.treeDamaged ? rows.filter(({ key }) => key[0] === ROW.entry) : [];
    const incomplete = new Set(doubtful.map(({ key }) => taskIn(key)));
    this.lostCheckpoints.push(...incomplete);
    for (const [index, row] of lost.entries()) {
      const task = taskIn(row.key);
      if (row.key[0] !== ROW.epoch) incomplete.add(task);
      if (!this.lostCheckpoints.includes(task)) this.lostCheckpoints.push(task);
      this.keepLost(row, `checkpoint-${index + 1}`);
    }
    for (const row of rows) {
      const kept = row.key[0] === ROW.epoch || !incomplete.has(taskIn(row.key));
      const payload = kept ? this.payload(row) : null;
      if (payload !== null) yield put(row.key, payload);
    }
  }

  /** Topics that are listed, and those that are not but have batches. */
  private *topics(): Generator<PutRow> {
    for (const row of this.found.rows.filter(({ key }) => key[0] === ROW.topic)) {
      const payload = this.payload(row);
      if (payload === null) continue;
      const { number, name } = decodeTopic(payload);
      this.names.set(number, name);
      yield put(row.key, payload);
    }
    const partitions = new Map<number, number>();
    for (const { key } of this.found.rows) {
      const place = placeOf(key);
      if (place === null || this.names.has(place.topic)) continue;
      partitions.set(place.topic, Math.max(partitions.get(place.topic) ?? 0, place.partition + 1));
    }
    for (const [number, count] of partitions) {
      const name = topicOfId(number) ?? `salvaged.${number}`;
      this.names.set(number, name);
      const row = { number, name, partitions: count, keepUs: null, keepBytes: null };
      yield put(topicKey(number), encodeTopic(row));
    }
  }

  private *partitions(): Generator<Salvaged[]> {
    let current: Salvaged[] = [];
    for (const row of this.found.rows) {
      const place = placeOf(row.key);
      if (place === null) continue;
      const before = current[0] === undefined ? null : placeOf(current[0].key);
      if (before?.topic !== place.topic || before.partition !== place.partition) {
        if (current.length > 0) yield current;
        current = [];
      }
      current.push(row);
    }
    if (current.length > 0) yield current;
  }

  /** A partition's batches in order, holes where there is none; overlaps are stale copies. */
  private *partition(rows: readonly Salvaged[]): Generator<PutRow> {
    let next: number | null = null;
    let maxTimeUs = 0;
    for (const [index, row] of rows.entries()) {
      const { topic, partition, base } = placeOf(row.key) as NonNullable<
        ReturnType<typeof placeOf>
      >;
      if (next !== null && base < next) continue;
      if (next !== null && base > next) {
        yield* this.holes({ topic, partition, from: next, to: base, maxTimeUs }, null);
      }
      const bytes = rowBytes(this.file, row);
      if (bytes !== null) {
        const batch = batchIn(bytes, "", { topic, partition, base });
        if (row.state === "corrected") this.corrected++;
        maxTimeUs = batch.maxTimeUs;
        next = base + batch.count;
        yield (arena) => putRecords(arena, row.key, batch.count, batch.maxTimeUs, batch.bytes);
        continue;
      }
      const following = rows[index + 1];
      const until = following === undefined ? null : placeOf(following.key)?.base;
      next = until ?? base + this.countOfLost(row);
      yield* this.remains({ topic, partition, from: base, to: next, maxTimeUs }, row);
    }
  }

  /** What the batch's good sectors prove, holes for the rest. */
  private *remains(range: Range, row: Salvaged): Generator<PutRow> {
    const { from, to } = range;
    const bytes = this.file.rawValue(row.place);
    const found = bytes === null ? null : remainsOf(bytes, row.key);
    if (found === null || found.records.length === 0) {
      yield* this.holes(range, row);
      return;
    }
    const kept = this.keepLost(row, this.nameOf(range));
    let expected = from;
    for (const { index } of [...found.records, { index: to - from }]) {
      if (from + index > expected) this.lose({ ...range, from: expected, to: from + index }, kept);
      expected = from + index + 1;
    }
    const records = withHoles(found, to - from);
    yield (arena) => putRecords(arena, row.key, to - from, range.maxTimeUs, records);
  }

  /** Of a partition's last batch nothing else says how many records it had. */
  private countOfLost(row: Salvaged): number {
    const bytes = this.file.rawValue(row.place);
    if (bytes === null || bytes.length < BATCH_PREFIX) return 1;
    const proven = remainsOf(bytes, row.key).count;
    if (proven !== null) return proven;
    const { count } = readBatchHead(bytes);
    const records = bytes.subarray(BATCH_PREFIX);
    if (count >= 1 && count <= records.length / 4) return count;
    return Math.max(1, countFrames(records));
  }

  private *holes(range: Range, row: Salvaged | null): Generator<PutRow> {
    const { topic, partition, from, to, maxTimeUs } = range;
    this.lose(range, row === null ? null : this.keepLost(row, this.nameOf(range)));
    for (let base = from; base < to; base += HOLES_PER_ROW) {
      const count = Math.min(HOLES_PER_ROW, to - base);
      const key = batchKey(topic, partition, base);
      yield (arena) => putRecords(arena, key, count, maxTimeUs, new Uint8Array(4 * count));
    }
  }

  private lose({ topic, partition, from, to }: Range, bytes: string | null): void {
    const name = this.names.get(topic) ?? String(topic);
    this.lost.push({ topic: name, partition, firstOffset: from, lastOffset: to - 1, bytes });
  }

  private nameOf({ topic, partition, from }: Range): string {
    return `${this.names.get(topic) ?? topic}-${partition}-${from}`;
  }

  private payload(row: Salvaged): Uint8Array | null {
    const bytes = rowBytes(this.file, row);
    if (bytes === null) return null;
    if (row.state === "corrected") this.corrected++;
    return partsOf(bytes)?.payload ?? null;
  }

  private keepLost(row: Salvaged, name: string): string | null {
    const bytes = this.file.rawValue(row.place);
    if (bytes === null) return null;
    const path = join(this.folder, `${name}.bin`);
    writeFileSync(path, bytes);
    return path;
  }
}
