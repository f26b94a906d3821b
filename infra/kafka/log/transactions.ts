// Carries commits to Kafka. Promises: what does not fit (another offset than the end, frames that do
// not give their count, an owner that was fenced) is refused before anything is sent, and harms no
// commit beside it; a commit that resolves is in the log; of one that fails with
// KAFKA_OUTCOME_UNKNOWN nobody can say: look at the partition's end, or open the task again.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import { checkBatch } from "../../../streams/batch.ts";
import { checkEntryKeys } from "../../../streams/entries.ts";
import type { Commit, RecordBatch } from "../../../streams/log.ts";
import { offsetConflict } from "../../../streams/log-errors.ts";
import type { TransactionalProducer } from "../client/connection.ts";
import type { EncodedRecords } from "../wire/record-batch.ts";
import type { SchemaIds } from "../wire/schema-ids.ts";
import { TopicEncoder } from "../wire/topic-encoder.ts";
import type { Waiting } from "./commit-queue.ts";
import type { PartitionView } from "./partition-view.ts";
import { changelogRecords, type Owner, type TaskOwners } from "./task-owners.ts";

interface End {
  readonly logical: number;
  readonly maxTimeUs: number;
  /** Kafka offset there; null where it is not known, or what comes next goes into the same batch. */
  readonly kafka: number | null;
}

interface Placed {
  readonly view: PartitionView;
  readonly batch: RecordBatch;
  /** Its messages, in batches that a producer sends as they are. */
  readonly parts: readonly EncodedRecords[];
  /** Kafka offset that its first record must get; null: any. */
  readonly at: number | null;
}

interface TransactionsOptions {
  readonly app: string;
  readonly prefix: string;
  readonly shared?: boolean;
  readonly schemaIds: SchemaIds | null;
}

/** Less than a producer takes (KafkaSettings.maxBatchBytes): it would cut them again. */
const PART_BYTES = 900_000;

/** About a second: as long as another writer's transaction may hold a partition. */
const CONFLICT_ATTEMPTS = 20;
const LONGEST_PAUSE_MS = 64;

type Batches = Parameters<TransactionalProducer["commit"]>[0];

export class Transactions {
  private readonly options: TransactionsOptions;
  private readonly owners: TaskOwners;
  private readonly view: (topic: string, partition: number) => Promise<PartitionView>;
  /** Where the partitions that are written here end: nobody else writes them. */
  private readonly ends = new Map<string, End>();
  private readonly encoders = new Map<string, TopicEncoder>();
  private writer: TransactionalProducer | null = null;

  constructor(
    options: TransactionsOptions,
    owners: TaskOwners,
    view: (topic: string, partition: number) => Promise<PartitionView>,
  ) {
    this.options = options;
    this.owners = owners;
    this.view = view;
  }

  /** Another owner may have written since: ends are looked up again. */
  forget(): void {
    this.ends.clear();
  }

  close(): void {
    this.writer?.close();
    this.writer = null;
  }

  /** One transaction of all that fits. Settles each of them; does not throw. */
  async carry(waiting: readonly Waiting[], attempt = 0): Promise<void> {
    const ends = new Map<string, End>();
    const taken: Waiting[] = [];
    const placed: Placed[] = [];
    let owners: readonly Owner[] = [];
    for (const each of waiting) {
      let own = new Map(ends);
      try {
        let fits = await this.place(each.commit, own);
        const known = each.commit.checkpoints.every(({ task }) => this.owners.has(task));
        owners = await this.ownersOf(each.commit);
        if (!known) {
          // Whom that fenced may have written since the ends were looked up.
          this.forget();
          own = new Map(ends);
          fits = await this.place(each.commit, own);
        }
        placed.push(...fits);
        for (const [key, end] of own) ends.set(key, end);
        taken.push(each);
      } catch (error) {
        each.reject(error);
      }
    }
    if (taken.length === 0) return;
    try {
      const after = await this.send(placed, owners, taken);
      for (const [key, end] of ends) this.ends.set(key, { ...end, kafka: after.get(key) ?? null });
      for (const { resolve } of taken) resolve();
    } catch (error) {
      this.forget();
      if (this.writer?.dead === true) this.close();
      // What came between may be no event, or another writer's that was taken back: then it fits still.
      if (attempt < CONFLICT_ATTEMPTS && isConflict(error)) {
        await pause(Math.min(2 ** attempt, LONGEST_PAUSE_MS));
        return this.carry(taken, attempt + 1);
      }
      for (const { reject } of taken) reject(error);
    }
  }

  private async ownersOf({ checkpoints }: Commit): Promise<readonly Owner[]> {
    const owners: Owner[] = [];
    for (const checkpoint of checkpoints) {
      owners.push(await this.owners.ownerOf(checkpoint));
    }
    for (const checkpoint of checkpoints) checkEntryKeys(checkpoint);
    return owners;
  }

  private async place(commit: Commit, ends: Map<string, End>): Promise<readonly Placed[]> {
    const { produced, checkpoints } = commit;
    // Fence first, then look: what an earlier writer, or one of ours that is dead, left under way is
    // settled by then, and can no longer show up behind the end that was seen. (A task is fenced
    // when it is opened.)
    if (checkpoints.length === 0 && produced.length > 0) await this.writerOf();
    const placed: Placed[] = [];
    for (const batch of produced) {
      const { topic, partition, baseOffset, count } = batch;
      const key = `${topic}/${partition}`;
      const view = await this.view(topic, partition);
      const end = ends.get(key) ?? (await this.endOf(key, view, baseOffset));
      if (baseOffset !== end.logical) {
        throw offsetConflict(topic, partition, baseOffset, end.logical);
      }
      checkBatch(batch);
      if (count === 0) continue;
      const maxTimeUs = Math.max(end.maxTimeUs, batch.maxTimeUs);
      const encoder = this.encoder(topic, partition);
      const parts = encoder.encodeParts(batch, end.maxTimeUs, PART_BYTES);
      placed.push({ view, batch, parts, at: this.options.shared === true ? end.kafka : null });
      ends.set(key, { logical: baseOffset + count, maxTimeUs, kafka: null });
    }
    return placed;
  }

  /** What is remembered, unless others write there too and it cannot be relied on. */
  private async endOf(key: string, view: PartitionView, wanted: number): Promise<End> {
    const known = this.ends.get(key);
    if (known === undefined) return view.end();
    const stands = known.kafka !== null && known.logical === wanted;
    return stands || this.options.shared !== true ? known : view.end();
  }

  /** Gives the Kafka offset at which each partition ends then, by "topic/partition". */
  private async send(
    placed: readonly Placed[],
    owners: readonly Owner[],
    taken: readonly Waiting[],
  ): Promise<ReadonlyMap<string, number>> {
    const { prefix, app } = this.options;
    const batches = placed.flatMap(({ batch, parts, at }) =>
      parts.map((records, index): Batches["batches"][number] => ({
        topic: `${prefix}${batch.topic}`,
        partition: batch.partition,
        records,
        ...(at === null || index > 0 ? {} : { at }),
      })),
    );
    const [owner] = owners;
    const after = new Map<string, number>();
    if (batches.length === 0 && owner === undefined) return after;
    const checkpoints = taken.flatMap(({ commit }) => commit.checkpoints);
    const changelogs = checkpoints.map((checkpoint, index) => {
      const { incarnation, epoch, digest, place } = owners[index] as Owner;
      const { consumed, state, changes = [] } = checkpoint;
      const records = changelogRecords(
        place,
        { incarnation, epoch, digest, saved: { epoch, consumed, state } },
        changes,
      );
      return { ...place, records };
    });
    const producer = owner?.producer ?? (await this.writerOf());
    const offsets = await this.groupOffsets(checkpoints[0]?.consumed ?? []);
    const written = await producer.commit({
      batches: [...batches, ...changelogs],
      ...(owner === undefined || offsets.length === 0
        ? {}
        : { offsets: { groupId: groupOf(app, owner.task), offsets } }),
    });
    // What goes to one partition lies there together, whatever it came as.
    const next = new Map(written.map((at) => [`${at.topic}/${at.partition}`, at.baseOffset]));
    for (const { view, batch, parts } of placed) {
      const messages = parts.reduce((sum, { count }) => sum + count, 0);
      const key = `${prefix}${batch.topic}/${batch.partition}`;
      const base = next.get(key) ?? -1;
      if (base < 0) continue;
      view.written(batch, base, messages);
      next.set(key, base + messages);
      // A marker follows.
      after.set(`${batch.topic}/${batch.partition}`, base + messages + 1);
    }
    owners.forEach(({ cache, incarnation }, index) => {
      const log = changelogs[index];
      if (cache === null || log === undefined) return;
      const base = next.get(`${log.topic}/${log.partition}`) ?? -1;
      const place = base < 0 ? null : { incarnation, next: base + log.records.count };
      cache.apply(place, checkpoints[index]?.changes ?? []);
    });
    return after;
  }

  /** For tools that show a group's lag; the truth is in the checkpoint. */
  private async groupOffsets(consumed: Commit["checkpoints"][number]["consumed"]) {
    const offsets: { topic: string; partition: number; offset: number }[] = [];
    for (const { topic, partition, next } of consumed) {
      const view = await this.view(topic, partition).catch(() => null);
      const offset = view?.kafkaOffsetOf(next) ?? null;
      if (offset === null) continue;
      offsets.push({ topic: `${this.options.prefix}${topic}`, partition, offset });
    }
    return offsets;
  }

  private async writerOf(): Promise<TransactionalProducer> {
    this.writer ??= await this.owners.writer();
    return this.writer;
  }

  private encoder(topic: string, partition: number): TopicEncoder {
    const key = `${topic}/${partition}`;
    const known = this.encoders.get(key);
    if (known !== undefined) return known;
    const made = new TopicEncoder({ topic, partition }, this.options.schemaIds);
    this.encoders.set(key, made);
    return made;
  }
}

/** "bar-builder/3" belongs to the consumer group "<app>.bar-builder". */
export const groupOf = (app: string, task: string): string =>
  `${app}.${task.replace(/\/\d+$/, "")}`;

const isConflict = (error: unknown): boolean =>
  error instanceof TapedeckError && error.code === "STREAMS_OFFSET_CONFLICT";
