// Carries commits to Kafka. Promises: what does not fit (another offset than the end, frames that do
// not give their count, an owner that was fenced) is refused before anything is sent, and harms no
// commit beside it; a commit that resolves is in the log; of one that fails with
// KAFKA_OUTCOME_UNKNOWN nobody can say: look at the partition's end, or open the task again.

import { checkBatch } from "../../../streams/batch.ts";
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
}

interface Placed {
  readonly view: PartitionView;
  readonly batch: RecordBatch;
  readonly records: EncodedRecords;
}

interface TransactionsOptions {
  readonly app: string;
  readonly prefix: string;
  readonly schemaIds: SchemaIds | null;
}

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
  async carry(waiting: readonly Waiting[]): Promise<void> {
    const ends = new Map<string, End>();
    const taken: Waiting[] = [];
    const placed: Placed[] = [];
    let owners: readonly Owner[] = [];
    for (const each of waiting) {
      const own = new Map(ends);
      try {
        const fits = await this.place(each.commit, own);
        owners = await this.ownersOf(each.commit);
        placed.push(...fits);
        for (const [key, end] of own) ends.set(key, end);
        taken.push(each);
      } catch (error) {
        each.reject(error);
      }
    }
    if (taken.length === 0) return;
    try {
      await this.send(placed, owners, taken);
      for (const [key, end] of ends) this.ends.set(key, end);
      for (const { resolve } of taken) resolve();
    } catch (error) {
      this.forget();
      if (this.writer?.dead === true) this.close();
      for (const { reject } of taken) reject(error);
    }
  }

  private async ownersOf({ checkpoints }: Commit): Promise<readonly Owner[]> {
    const owners: Owner[] = [];
    for (const checkpoint of checkpoints) owners.push(await this.owners.ownerOf(checkpoint));
    return owners;
  }

  private async place({ produced }: Commit, ends: Map<string, End>): Promise<readonly Placed[]> {
    const placed: Placed[] = [];
    for (const batch of produced) {
      const { topic, partition, baseOffset, count } = batch;
      const key = `${topic}/${partition}`;
      const view = await this.view(topic, partition);
      const end = ends.get(key) ?? this.ends.get(key) ?? (await view.end());
      if (baseOffset !== end.logical) {
        throw offsetConflict(topic, partition, baseOffset, end.logical);
      }
      checkBatch(batch);
      if (count === 0) continue;
      const maxTimeUs = Math.max(end.maxTimeUs, batch.maxTimeUs);
      const records = this.encoder(topic, partition).encode(batch, end.maxTimeUs);
      placed.push({ view, batch, records });
      ends.set(key, { logical: baseOffset + count, maxTimeUs });
    }
    return placed;
  }

  private async send(
    placed: readonly Placed[],
    owners: readonly Owner[],
    taken: readonly Waiting[],
  ): Promise<void> {
    const { prefix, app } = this.options;
    const batches: Batches["batches"][number][] = placed.map(({ batch, records }) => ({
      topic: `${prefix}${batch.topic}`,
      partition: batch.partition,
      records,
    }));
    const [owner] = owners;
    if (batches.length === 0 && owner === undefined) return;
    const checkpoints = taken.flatMap(({ commit }) => commit.checkpoints);
    const changelogs = checkpoints.map((checkpoint, index) => {
      const { incarnation, epoch, place } = owners[index] as Owner;
      const { consumed, state, changes = [] } = checkpoint;
      const records = changelogRecords(
        { incarnation, epoch, saved: { epoch, consumed, state } },
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
    placed.forEach(({ view, batch }, index) => {
      const at = written[index];
      if (at !== undefined && at.baseOffset >= 0)
        view.written(batch.baseOffset, at.baseOffset, batch.count);
    });
    owners.forEach(({ cache, incarnation }, index) => {
      const at = written[placed.length + index];
      const log = changelogs[index];
      if (cache === null || at === undefined || log === undefined) return;
      const changes = checkpoints[index]?.changes ?? [];
      // Where the records lie was not told: what is cached could not be gone on with.
      if (at.baseOffset < 0) cache.clear();
      else cache.apply({ incarnation, next: at.baseOffset + log.records.count }, changes);
    });
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
