// The log on disk: one writing process and any number of reading ones. What it promises stands in
// embedded-log.ts. What a writing process knows of its partitions it keeps here, in two versions: with
// everything asked for, and with what is durable; only the second is ever read.

import { TapedeckError } from "../../schemas/errors.ts";
import { checkBatch, splitBatch } from "../../streams/batch.ts";
import { catalogue, isTopicName } from "../../streams/catalogue.ts";
import { checkEntryKeys } from "../../streams/entries.ts";
import { Followers, type StopSignal } from "../../streams/followers.ts";
import type {
  Checkpoint,
  Commit,
  OpenedTask,
  PartitionRange,
  RecordBatch,
} from "../../streams/log.ts";
import {
  closed,
  fenced,
  MAX_PARTITIONS,
  offsetConflict,
  offsetOutOfRange,
  partitionCountInvalid,
  partitionsChanged,
  partitionUnknown,
  topicUnknown,
} from "../../streams/log-errors.ts";
import { largestBatch } from "./block-sums.ts";
import type { Dropped, EmbeddedLog, Retention } from "./embedded-log.ts";
import { dataPath } from "./folder.ts";
import { type Ends, LogReader } from "./log-reader.ts";
import type { LogWriter } from "./log-writer.ts";
import { compactTopic, dropOld } from "./maintenance.ts";
import { releaseFolder } from "./opening.ts";
import { damaged } from "./page-file.ts";
import { epochKey, MAX_NAME_BYTES, topicKey } from "./rows.ts";
import { encodeEpoch, encodeTopic, type TopicRow } from "./small-rows.ts";
import { type LogStat, statOf } from "./stat.ts";
import { rowsOf } from "./state-rows.ts";
import { type Partition, putBatch, type Topic } from "./topic-state.ts";

/** A full batch takes 64 pages of the file: 256 KiB. */
const BATCH_BYTES = largestBatch(64);
/** Topics outside the catalogue (run-scoped and shadow ones) are numbered from here. */
const FIRST_FREE_NUMBER = 1000;
/** How often a reading process looks whether another process has written. */
const POLL_MS = 20;

/** What is to be written for one piece of a batch. */
interface Piece {
  readonly partition: Partition;
  readonly batch: RecordBatch;
}

export class DiskLog implements EmbeddedLog {
  readonly dir: string;
  readonly mode: "write" | "read";
  private readonly reader: LogReader;
  private readonly writer: LogWriter | null;
  private readonly topics = new Map<string, Topic>();
  private readonly epochs: Map<string, number>;
  private isClosed = false;

  constructor(dir: string, writing: ((undone: () => void) => LogWriter) | null) {
    this.dir = dir;
    this.mode = writing === null ? "read" : "write";
    this.reader = new LogReader(dataPath(dir));
    this.epochs = writing === null ? new Map() : this.reader.epochs();
    this.loadTopics();
    this.writer = writing === null ? null : writing(() => this.undo());
  }

  private loadTopics(): void {
    for (const row of this.reader.topics()) {
      if (!this.topics.has(row.name)) this.topics.set(row.name, this.topicOf(row, true));
    }
  }

  private topicOf(row: TopicRow, stored: boolean): Topic {
    const partitions: Partition[] = [];
    const topic: Topic = { row, partitions, made: null };
    for (let number = 0; number < row.partitions; number++) {
      const { start, end, maxTimeUs } = stored
        ? this.endsOf(row, number)
        : { start: 0, end: 0, maxTimeUs: 0 };
      const durable = { start, end, maxTimeUs };
      partitions.push({
        number,
        topic,
        start,
        end,
        maxTimeUs,
        durable,
        followers: new Followers(),
      });
    }
    return topic;
  }

  /** A reader finds damage when it reads there; a writer must not append behind it. */
  private endsOf({ name, number }: TopicRow, partition: number): Ends {
    return this.reader.ends(name, number, partition, this.mode === "read");
  }

  /** The writer, if one may be asked now; throws why not. */
  private get writing(): LogWriter {
    if (this.isClosed) throw closed();
    if (this.writer === null) {
      throw new TapedeckError("STORE_READ_ONLY", `${this.dir} was opened for reading`, {
        dir: this.dir,
      });
    }
    this.writer.check();
    return this.writer;
  }

  private topic(name: string): Topic {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    if (this.mode === "read") {
      this.reader.refresh();
      this.loadTopics();
    }
    const found = this.topics.get(name);
    if (found === undefined) throw topicUnknown(name);
    return found;
  }

  private partition(name: string, number: number): Partition {
    const { partitions } = this.topic(name);
    const found = partitions[number];
    if (found === undefined) throw partitionUnknown(name, number, partitions.length);
    return found;
  }

  /** As `partition`, for reading; in a reading process with what others have written since. */
  private readable(name: string, number: number, beyond: number): Partition {
    if (this.isClosed) throw closed();
    this.writer?.check();
    const partition = this.partition(name, number);
    if (this.mode === "read" && partition.durable.end <= beyond) {
      this.reader.refresh();
      const ends = this.endsOf(partition.topic.row, number);
      Object.assign(partition, ends);
      Object.assign(partition.durable, ends);
    }
    return partition;
  }

  async createTopic(name: string, partitions: number): Promise<void> {
    const writer = this.writing;
    const known = this.topics.get(name);
    if (known !== undefined) {
      const has = known.partitions.length;
      if (has !== partitions) throw partitionsChanged(name, has, partitions);
      return known.made ?? undefined;
    }
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
      throw partitionCountInvalid(name, partitions);
    }
    checkName(name);
    const row = {
      number: this.freeNumber(name),
      name,
      partitions,
      keepUs: null,
      keepBytes: null,
    };
    const topic = this.topicOf(row, false);
    this.topics.set(name, topic);
    topic.made = this.putTopic(writer, topic, row);
    return topic.made;
  }

  private putTopic(writer: LogWriter, topic: Topic, row: TopicRow): Promise<void> {
    return writer.submit(
      (arena) => arena.putRow(topicKey(row.number), encodeTopic(row)),
      () => {
        topic.row = row;
        topic.made = null;
        this.reader.refresh();
      },
    );
  }

  /** Topics of the catalogue keep its number: a salvaged batch then names its topic. */
  private freeNumber(name: string): number {
    if (isTopicName(name)) return catalogue[name].id;
    let number = FIRST_FREE_NUMBER;
    for (const { row } of this.topics.values()) number = Math.max(number, row.number + 1);
    return number;
  }

  async partitions(): Promise<readonly PartitionRange[]> {
    if (this.isClosed) throw closed();
    this.writer?.check();
    if (this.mode === "read") {
      this.reader.refresh();
      this.loadTopics();
    }
    const ranges: PartitionRange[] = [];
    for (const name of [...this.topics.keys()].sort()) {
      const topic = this.topics.get(name) as Topic;
      for (const { number } of topic.partitions) {
        const { start, durable } = this.readable(name, number, Number.POSITIVE_INFINITY);
        ranges.push({ topic: name, partition: number, start, end: durable.end });
      }
    }
    return ranges;
  }

  // Checked and put in line before it returns: calls that do not wait keep their order.
  commit(commit: Commit): Promise<void> {
    try {
      const writer = this.writing;
      const pieces = this.admit(commit);
      const rows = commit.checkpoints.flatMap(rowsOf);
      for (const { partition, batch } of pieces) {
        partition.end = batch.baseOffset + batch.count;
        partition.maxTimeUs = batch.maxTimeUs;
      }
      return writer.submit(
        (arena) => {
          for (const { partition, batch } of pieces) putBatch(arena, partition, batch);
          for (const { key, payload } of rows) {
            if (payload === null) arena.remove(key);
            else arena.putRow(key, payload);
          }
        },
        () => this.durable(pieces),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The commit's batches as they are to be stored. Throws what is wrong; changes nothing. */
  private admit(commit: Commit): Piece[] {
    const heads = new Map<Partition, { end: number; maxTimeUs: number }>();
    const pieces: Piece[] = [];
    for (const batch of commit.produced) {
      const partition = this.partition(batch.topic, batch.partition);
      const { end, maxTimeUs } = heads.get(partition) ?? partition;
      if (batch.baseOffset !== end) {
        throw offsetConflict(batch.topic, batch.partition, batch.baseOffset, end);
      }
      checkBatch(batch);
      if (batch.count === 0) continue;
      const latest = Math.max(maxTimeUs, batch.maxTimeUs);
      for (const piece of splitBatch({ ...batch, maxTimeUs: latest }, BATCH_BYTES, maxTimeUs)) {
        pieces.push({ partition, batch: piece });
      }
      heads.set(partition, { end: end + batch.count, maxTimeUs: latest });
    }
    for (const { task, epoch } of commit.checkpoints) {
      const current = this.epochs.get(task) ?? 0;
      if (epoch !== current || current === 0) throw fenced(task, epoch, current);
    }
    for (const checkpoint of commit.checkpoints) checkEntryKeys(checkpoint);
    return pieces;
  }

  private durable(pieces: readonly Piece[]): void {
    this.reader.refresh();
    for (const { partition, batch } of pieces) {
      partition.durable.end = batch.baseOffset + batch.count;
      partition.durable.maxTimeUs = batch.maxTimeUs;
    }
    for (const { partition } of pieces) {
      if (!partition.followers.idle) partition.followers.grown(partition.durable.end);
    }
  }

  /** A write failed: what was not durable was never there. */
  private undo(): void {
    for (const [name, { made, partitions }] of [...this.topics]) {
      if (made !== null) this.topics.delete(name);
      for (const partition of partitions) Object.assign(partition, partition.durable);
    }
  }

  async read(topic: string, partition: number, offset: number): Promise<RecordBatch | null> {
    return this.readAt(topic, partition, offset, true);
  }

  async readRaw(topic: string, partition: number, offset: number): Promise<RecordBatch | null> {
    return this.readAt(topic, partition, offset, false);
  }

  private readAt(
    name: string,
    number: number,
    offset: number,
    verified: boolean,
  ): RecordBatch | null {
    const batch = this.readOnce(name, number, offset, verified);
    if (batch !== undefined) return batch;
    // Another process may have dropped it since we looked where the partition starts.
    if (this.mode === "read") this.readable(name, number, Number.POSITIVE_INFINITY);
    const again = this.readOnce(name, number, offset, verified);
    if (again !== undefined) return again;
    const { start, end } = this.partition(name, number);
    throw damaged(`${name}/${number} lacks offset ${offset} of ${start} to ${end}`, {
      topic: name,
      partition: number,
      offset,
    });
  }

  /** undefined: the offset should be there, and is not. */
  private readOnce(
    name: string,
    number: number,
    offset: number,
    verified: boolean,
  ): RecordBatch | null | undefined {
    const { topic, start, durable } = this.readable(name, number, offset);
    if (!Number.isInteger(offset) || offset < start || offset > durable.end) {
      throw offsetOutOfRange(name, number, offset, start, durable.end);
    }
    if (offset === durable.end) return null;
    return this.reader.read(name, topic.row.number, number, offset, verified) ?? undefined;
  }

  async offsetAt(name: string, number: number, timeUs: number): Promise<number> {
    const { topic, start, durable } = this.readable(name, number, Number.POSITIVE_INFINITY);
    const range = { start, end: durable.end };
    return this.reader.offsetAt(name, topic.row.number, number, range, timeUs);
  }

  async follow(name: string, number: number, offset: number, stop: StopSignal): Promise<boolean> {
    const partition = this.readable(name, number, offset);
    if (partition.durable.end > offset) return true;
    const grown = partition.followers.wait(offset, stop);
    if (this.mode === "write") return grown;
    const timer = setInterval(() => {
      try {
        partition.followers.grown(this.readable(name, number, offset).durable.end);
      } catch {
        // What is wrong shows at the next read; the wait is over either way.
        partition.followers.closed();
      }
    }, POLL_MS);
    return grown.finally(() => clearInterval(timer));
  }

  async openTask(task: string): Promise<OpenedTask> {
    const writer = this.writing;
    checkName(task);
    const epoch = (this.epochs.get(task) ?? 0) + 1;
    // From now on the earlier owner is refused; what it was promised before is written first.
    this.epochs.set(task, epoch);
    await writer.submit(
      (arena) => arena.putRow(epochKey(task), encodeEpoch(epoch)),
      () => this.reader.refresh(),
    );
    return { epoch, checkpoint: this.reader.checkpoint(task), entries: this.reader.entries(task) };
  }

  async getCheckpoint(task: string): Promise<Checkpoint | null> {
    if (this.isClosed) throw closed();
    this.reader.refresh();
    return this.reader.checkpoint(task);
  }

  async stat(): Promise<LogStat> {
    if (this.isClosed) throw closed();
    await this.writer?.drained();
    this.reader.refresh();
    return statOf(this.reader, await this.partitions());
  }

  async setRetention(name: string, { keepUs, keepBytes }: Retention): Promise<void> {
    const topic = this.topic(name);
    await topic.made;
    const row = { ...topic.row, keepUs: keepUs ?? null, keepBytes: keepBytes ?? null };
    await this.putTopic(this.writing, topic, row);
  }

  async retain(): Promise<readonly Dropped[]> {
    await this.writing.drained();
    const dropped: Dropped[] = [];
    for (const { partitions } of this.topics.values()) {
      for (const partition of partitions) {
        const start = partition.start;
        await dropOld(this.reader, this.writing, partition);
        const records = partition.start - start;
        const { number, topic } = partition;
        if (records === 0) continue;
        dropped.push({ topic: topic.row.name, partition: number, start: partition.start, records });
      }
    }
    return dropped;
  }

  async compact(name: string): Promise<{ readonly holes: number; readonly freedBytes: number }> {
    const topic = this.topic(name);
    await this.writing.drained();
    return compactTopic(this.reader, this.writing, topic);
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    await this.writer?.close();
    for (const { partitions } of this.topics.values()) {
      for (const { followers } of partitions) followers.closed();
    }
    this.reader.close();
    if (this.mode === "write") releaseFolder(this.dir);
  }
}

function checkName(name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= MAX_NAME_BYTES) return;
  throw new TapedeckError("STREAMS_NAME_INVALID", `a name of ${bytes} bytes`, { bytes });
}
