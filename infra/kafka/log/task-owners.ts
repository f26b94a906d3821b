// The tasks that this log owns: for each its transactional producer, its number and its local cache.
// Promises: an owner's number grows by one each time, whoever takes the task wherever; when `take`
// has answered, no earlier owner can commit, and what it had committed is in the answer; a task that saved
// what other decisions led to is not taken.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Checkpoint, OpenedTask } from "../../../streams/log.ts";
import { fenced } from "../../../streams/log-errors.ts";
import type { KafkaConnection, TransactionalProducer } from "../client/connection.ts";
import { RecordsWriter } from "../wire/records-writer.ts";
import {
  type ChangelogPlace,
  changelogOf,
  encodeTaskRecord,
  entryKey,
  lastTaskRecord,
  type Restored,
  restoreTask,
  stateKey,
  type TaskRecord,
} from "./changelog.ts";
import type { ReadConnection } from "./read-until.ts";
import { StateCache } from "./state-cache.ts";

export interface Owner {
  readonly task: string;
  readonly place: ChangelogPlace;
  readonly producer: TransactionalProducer;
  readonly incarnation: string;
  readonly epoch: number;
  readonly digest: string | null;
  readonly cache: StateCache | null;
}

export interface OwnersOptions {
  readonly connection: ReadConnection & Pick<KafkaConnection, "partitionsOf" | "producer">;
  readonly app: string;
  readonly stateDir: string | null;
  /** Of all that decides what tasks write. Left out: whatever they saved is gone on with. */
  readonly digest?: string;
  readonly transactionTimeoutMs?: number;
}

/** As long as an earlier owner that hangs may hold a transaction open and stop its readers. */
const TRANSACTION_TIMEOUT_MS = 30_000;

export class TaskOwners {
  private readonly options: OwnersOptions;
  private readonly makeChangelog: (topic: string) => Promise<void>;
  private readonly owners = new Map<string, Owner>();

  constructor(options: OwnersOptions, makeChangelog: (topic: string) => Promise<void>) {
    this.options = options;
    this.makeChangelog = makeChangelog;
  }

  /** Of the last `take`: records read from Kafka, and entries that the local cache had. */
  lastRestore: { readonly read: number; readonly cached: number } | null = null;

  /** Fences the earlier owners, restores, and becomes the next one. */
  async take(task: string): Promise<OpenedTask> {
    const { owner, restored } = await this.own(task, (last) => last + 1);
    const { saved } = restored.record ?? { saved: null };
    const { epoch } = owner;
    this.lastRestore = { read: restored.read, cached: restored.cached };
    const checkpoint = saved === null ? null : { task, ...saved };
    return { epoch, checkpoint, entries: restored.entries };
  }

  /** What a task committed last, without taking it from its owner. */
  async look(task: string): Promise<Checkpoint | null> {
    const saved = (await this.lastRecord(task))?.saved ?? null;
    return saved === null ? null : { task, ...saved };
  }

  /** Throws LIVE_CHANGED where the task saved what other decisions led to. Takes it from nobody. */
  async requireSame(task: string, digest: string): Promise<void> {
    this.refuseChanged(task, await this.lastRecord(task), digest);
  }

  /** Throws STREAMS_FENCED where another took the task since it was taken as `epoch`. Takes it from nobody. */
  async requireOwned(task: string, epoch: number): Promise<void> {
    const current = (await this.lastRecord(task))?.epoch ?? 0;
    if (current !== epoch) throw fenced(task, epoch, current);
  }

  /** Whether the task was taken through this log, and is not known to be another's. */
  has(task: string): boolean {
    return this.owners.has(task);
  }

  /**
   * The owner that a checkpoint names. Throws STREAMS_FENCED if it is another one by now. After a
   * restart of this process an owner's number still counts, as long as nobody took the task since.
   */
  async ownerOf({ task, epoch }: Checkpoint): Promise<Owner> {
    const owner = this.owners.get(task);
    if (owner !== undefined) {
      if (owner.epoch !== epoch || owner.producer.dead) throw fenced(task, epoch, owner.epoch);
      return owner;
    }
    const place = changelogOf(this.options.app, task);
    if ((await this.options.connection.partitionsOf(place.topic)) === null) {
      throw fenced(task, epoch, 0);
    }
    const still = (current: number): number => {
      if (current !== epoch || current === 0) throw fenced(task, epoch, current);
      return current;
    };
    // Looked up first: taking a task away from its owner is not for one who may not have it.
    still((await lastTaskRecord(this.options.connection, place))?.epoch ?? 0);
    // And again when earlier owners are fenced: one may have come in between.
    return (await this.own(task, still)).owner;
  }

  /** A producer for commits without a checkpoint. */
  writer(): Promise<TransactionalProducer> {
    return this.producer("writer");
  }

  async close(): Promise<void> {
    for (const owner of this.owners.values()) await this.release(owner);
    this.owners.clear();
  }

  private async lastRecord(task: string): Promise<TaskRecord | null> {
    const { app, connection } = this.options;
    const place = changelogOf(app, task);
    if ((await connection.partitionsOf(place.topic)) === null) return null;
    return lastTaskRecord(connection, place);
  }

  private refuseChanged(task: string, record: TaskRecord | null, digest = this.options.digest) {
    const { app } = this.options;
    if (digest === undefined || record === null || record.saved === null) return;
    if (record.digest === null || record.digest === digest) return;
    throw new TapedeckError(
      "LIVE_CHANGED",
      `${app} has run with other decisions: ${task} is of version ${record.digest}, this is ${digest}`,
      { app, task, before: record.digest, now: digest },
    );
  }

  /** `epochAfter`: the owner's number by the last one's (0: nobody's); what it throws ends it here. */
  private async own(
    task: string,
    epochAfter: (last: number) => number,
  ): Promise<{ owner: Owner; restored: Restored }> {
    const { app, connection, stateDir } = this.options;
    const before = this.owners.get(task);
    if (before !== undefined) await this.release(before);
    this.owners.delete(task);
    const place = changelogOf(app, task);
    await this.makeChangelog(place.topic);
    const producer = await this.producer(task);
    let cache: StateCache | null = null;
    try {
      if (stateDir !== null) cache = StateCache.open(join(stateDir, app, fileName(task)));
      const restored = await restoreTask(connection, place, cache);
      this.refuseChanged(task, restored.record);
      const incarnation = restored.record?.incarnation ?? randomUUID();
      const epoch = epochAfter(restored.record?.epoch ?? 0);
      const digest = this.options.digest ?? restored.record?.digest ?? null;
      const owner: Owner = { task, place, producer, incarnation, epoch, digest, cache };
      const record = { incarnation, epoch, digest, saved: restored.record?.saved ?? null };
      await this.announce(owner, record, restored);
      this.owners.set(task, owner);
      return { owner, restored };
    } catch (error) {
      producer.close();
      await cache?.close();
      throw error;
    }
  }

  /** Commits the new owner's number, and brings the cache to where the changelog is. */
  private async announce(owner: Owner, record: TaskRecord, restored: Restored): Promise<void> {
    const { place, producer, incarnation, cache } = owner;
    const records = changelogRecords(place, record, []);
    const [written] = await producer.commit({ batches: [{ ...place, records }] });
    if (cache === null || written === undefined) return;
    const { baseOffset } = written;
    const at = baseOffset < 0 ? null : { incarnation, next: baseOffset + records.count };
    // A warm cache has all but what was read from Kafka just now; a cold one has nothing.
    const all = restored.cached > 0 ? restored.changed : restored.entries.keys();
    const changes = [...all].map((key) => ({ key, value: restored.entries.get(key) ?? null }));
    cache.apply(at, changes);
  }

  private producer(name: string): Promise<TransactionalProducer> {
    const { app, connection, transactionTimeoutMs = TRANSACTION_TIMEOUT_MS } = this.options;
    return connection.producer(`${app}.${name}`, transactionTimeoutMs);
  }

  private async release({ producer, cache }: Owner): Promise<void> {
    producer.close();
    await cache?.close();
  }
}

/** What one transaction adds to a changelog; the task's record comes last. */
export function changelogRecords(
  place: ChangelogPlace,
  record: TaskRecord,
  changes: readonly { readonly key: string; readonly value: Uint8Array | null }[],
) {
  const writer = new RecordsWriter();
  const nowMs = Date.now();
  for (const { key, value } of changes) writer.add(nowMs, entryKey(place, key), value);
  writer.add(nowMs, stateKey(place), encodeTaskRecord(record));
  const records = writer.take();
  if (records === null) throw new Error("unreachable: a record was added");
  return records;
}

const fileName = (task: string): string => encodeURIComponent(task);
