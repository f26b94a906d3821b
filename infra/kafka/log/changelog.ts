// What a task leaves for its next owner: a compacted Kafka topic of its own. Promises: records are
// written in the task's own transactions, so state, offsets and outputs are of one moment; a reader
// that knew an earlier moment needs only what came since.
//
// Keys: "s" (or "S") who owns the task, and what its last commit consumed with its small state; it is the last
// record of every transaction. "e" (or "E") + key: one entry of the keyed state; no value: it is gone.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { Consumed } from "../../../streams/log.ts";
import { decodeState, encodeState } from "../../../streams/state.ts";
import { RecordReader } from "../wire/record-reader.ts";
import { piecesUntil, type ReadConnection } from "./read-until.ts";
import type { StateCache } from "./state-cache.ts";

/** What record "s" says. */
export interface TaskRecord {
  /** A random name, given when the changelog is first written to: a new topic is a new life. */
  readonly incarnation: string;
  /** Owners so far. */
  readonly epoch: number;
  /** Of all that decides what the task writes, as its owner had it; null: nobody said. */
  readonly digest: string | null;
  /** Null until the first commit. */
  readonly saved: Saved | null;
}

export interface Saved {
  /** The owner that committed it. */
  readonly epoch: number;
  readonly consumed: readonly Consumed[];
  readonly state: Uint8Array;
}

export interface Restored {
  /** Null where nobody has owned the task. */
  readonly record: TaskRecord | null;
  readonly entries: Map<string, Uint8Array>;
  /** Keys of entries that came from Kafka, gone ones included. */
  readonly changed: ReadonlySet<string>;
  /** Records that came from Kafka, and entries that the local cache had. */
  readonly read: number;
  readonly cached: number;
}

export interface ChangelogPlace {
  readonly topic: string;
  readonly partition: number;
  readonly keys: ChangelogKeys;
}

/** First bytes of keys. "group" and "group/0" share a partition, so they have keys of their own. */
interface ChangelogKeys {
  readonly state: string;
  readonly entry: string;
}

const KEYS_OF_PART: ChangelogKeys = { state: "s", entry: "e" };
const KEYS_OF_WHOLE: ChangelogKeys = { state: "S", entry: "E" };

/** "bar-builder/3" keeps its state in partition 3 of "<app>.bar-builder.changelog". */
export function changelogOf(app: string, task: string): ChangelogPlace {
  const slash = task.lastIndexOf("/");
  const index = slash < 0 ? Number.NaN : Number(task.slice(slash + 1));
  const group = Number.isInteger(index) ? task.slice(0, slash) : task;
  const topic = `${app}.${group}.changelog`;
  if (!Number.isInteger(index)) return { topic, partition: 0, keys: KEYS_OF_WHOLE };
  return { topic, partition: index, keys: KEYS_OF_PART };
}

const FETCH = { maxBytes: 8 << 20, waitMs: 0 };

export const stateKey = ({ keys }: ChangelogPlace): Buffer => Buffer.from(keys.state);
/** Whether a changelog's record says what a task has saved. */
export const isStateKey = (key: Uint8Array): boolean =>
  key.length === 1 && ["s", "S"].includes(String.fromCharCode(key[0] as number));
export const entryKey = ({ keys }: ChangelogPlace, key: string): Buffer =>
  Buffer.from(`${keys.entry}${key}`);

/** The state stands behind its head as it is: it was encoded by whoever owns it. */
export function encodeTaskRecord({ incarnation, epoch, digest, saved }: TaskRecord): Uint8Array {
  const places = saved?.consumed.map(({ topic, partition, next }) => [topic, partition, next]);
  const head = encodeState([incarnation, epoch, saved?.epoch ?? 0, places ?? null, digest]);
  const state = saved?.state ?? new Uint8Array(0);
  const bytes = new Uint8Array(4 + head.length + state.length);
  new DataView(bytes.buffer).setUint32(0, head.length);
  bytes.set(head, 4);
  bytes.set(state, 4 + head.length);
  return bytes;
}

/** Without a digest where it was written before there was one. */
type Head = [string, number, number, [string, number, number][] | null, (string | null)?];

export function decodeTaskRecord(bytes: Uint8Array): TaskRecord {
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const head = decodeState(bytes.subarray(4, 4 + size)) as Head;
  const [incarnation, epoch, savedBy, places, digest = null] = head;
  if (places === null) return { incarnation, epoch, digest, saved: null };
  const consumed = places.map(([topic, partition, next]) => ({ topic, partition, next }));
  return {
    incarnation,
    epoch,
    digest,
    saved: { epoch: savedBy, consumed, state: new Uint8Array(bytes.subarray(4 + size)) },
  };
}

/**
 * Reads a task's state: what the cache has, then what the changelog got since. Its producer must
 * have fenced the earlier owners, or more may come. Cost: the cache's entries, or every key once.
 */
export async function restoreTask(
  connection: ReadConnection,
  place: ChangelogPlace,
  cache: StateCache | null,
): Promise<Restored> {
  const start = await connection.listOffset(place.topic, place.partition, "start");
  const end = await connection.listOffset(place.topic, place.partition, "stable-end");
  const held = cache?.load() ?? null;
  if (held !== null && held.place.next > start) {
    // A transaction's last record names the life that it belongs to: it is read once more.
    const from = held.place.next - 1;
    // Before what was deleted since goes, and what is new comes.
    const cached = held.entries.size;
    const warm = await readOn(connection, place, from, end, held.entries).catch(nothingKept);
    const life = warm?.record?.incarnation;
    if (warm !== null && life === held.place.incarnation) return { ...warm, cached };
  }
  cache?.clear();
  return { ...(await readOn(connection, place, start, end, new Map())), cached: 0 };
}

/** Records before the end among which the last commit's "s" is nearly always. */
const LOOK_BACK = 64;
const LOOK_FURTHER = 16;

/**
 * What a task committed last, without its entries; null where nobody has owned it. Cost: the end of the
 * changelog, however long that is.
 */
export async function lastTaskRecord(
  connection: ReadConnection,
  place: ChangelogPlace,
): Promise<TaskRecord | null> {
  const { topic, partition } = place;
  const start = await connection.listOffset(topic, partition, "start");
  const end = await connection.listOffset(topic, partition, "stable-end");
  for (let back = LOOK_BACK; ; back *= LOOK_FURTHER) {
    const from = Math.max(start, end - back);
    const { record } = await readOn(connection, place, from, end, new Map());
    if (record !== null || from === start) return record;
  }
}

/** What was deleted, or compacted away, since the place was noted. Any other error is whoever asked's. */
function nothingKept(error: unknown): null {
  if (error instanceof TapedeckError && error.code === "KAFKA_OFFSET_OUT_OF_RANGE") return null;
  throw error;
}

async function readOn(
  connection: ReadConnection,
  { topic, partition, keys }: ChangelogPlace,
  from: number,
  end: number,
  entries: Map<string, Uint8Array>,
): Promise<Omit<Restored, "cached">> {
  let record: TaskRecord | null = null;
  const changed = new Set<string>();
  const records = new RecordReader();
  let read = 0;
  const fetch = (next: number) => connection.fetch(topic, partition, next, FETCH);
  for await (const { batches } of piecesUntil({ topic, partition }, from, end, fetch)) {
    for (const raw of batches) {
      records.open(raw);
      while (records.next()) {
        const { offset, key, value } = records;
        // What came since the end was told may be the first half of a transaction.
        if (offset < from || offset >= end || key === null) continue;
        read++;
        const kind = String.fromCharCode(key[0] ?? 0);
        if (kind === keys.state && value !== null) record = decodeTaskRecord(value);
        if (kind !== keys.entry) continue;
        const name = Buffer.from(key.buffer, key.byteOffset + 1, key.length - 1).toString();
        changed.add(name);
        if (value === null) entries.delete(name);
        else entries.set(name, new Uint8Array(value));
      }
    }
  }
  return { record, entries, changed, read };
}
