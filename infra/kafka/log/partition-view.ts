// One Kafka partition by logical offsets. Promises: what is read is committed, in order and without
// a hole; an offset is found in a few fetches wherever it lies; a partition that is read from one
// end to the other is fetched once, the next piece while the last one is worked on.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import { firstAtOrAfter, fromOffset } from "../../../streams/batch.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { offsetOutOfRange } from "../../../streams/log-errors.ts";
import type { Fetched, KafkaConnection } from "../client/connection.ts";
import { type OffsetRun, TopicDecoder } from "../wire/topic-decoder.ts";
import { decodeResolved, type ResolvingSchemaIds } from "./decode-resolved.ts";
import { PositionIndex } from "./position-index.ts";

/** Where a partition ends: what the next record gets. */
export interface PartitionEnd {
  readonly logical: number;
  readonly kafka: number;
  /** Greatest effective time so far. */
  readonly maxTimeUs: number;
}

/** Fetches of a reader that goes on; one that looks for a place. */
const READ_BYTES = 4 << 20;
const PROBE_BYTES = 1 << 16;
/** Scanning so many records beats another probe. */
const SCAN_RECORDS = 5_000;
/** About half a minute: a broker that takes longer to write a marker is lost. */
const MARKER_ATTEMPTS = 300;
const LOOK_BACK = [2, 64, 2_048, 65_536];

export class PartitionView {
  readonly topic: string;
  readonly partition: number;
  private readonly connection: KafkaConnection;
  private readonly kafkaTopic: string;
  private readonly schemas: ResolvingSchemaIds | null;
  private readonly index = new PositionIndex();
  private held: readonly RecordBatch[] = [];
  /** The fetch after `held`, begun before it is asked for. */
  private ahead: { readonly from: number; readonly fetched: Promise<Fetched> } | null = null;
  private lastEnd: PartitionEnd | null = null;
  /** Kafka offset after the last transaction of ours, its marker included. */
  private ownEnd = 0;

  constructor(
    connection: KafkaConnection,
    kafkaTopic: string,
    topic: string,
    partition: number,
    schemas: ResolvingSchemaIds | null,
  ) {
    this.connection = connection;
    this.kafkaTopic = kafkaTopic;
    this.topic = topic;
    this.partition = partition;
    this.schemas = schemas;
  }

  /** The batch that holds `offset`, from `offset` on; null at the end. */
  async read(offset: number): Promise<RecordBatch | null> {
    if (!Number.isInteger(offset) || offset < 0) throw await this.outOfRange(offset);
    const held = this.heldAt(offset);
    if (held !== null) return held;
    let from = await this.positionOf(offset);
    for (;;) {
      const fetched = await this.fetch(from, READ_BYTES);
      this.held = await this.decode(fetched);
      const more = fetched.nextOffset < fetched.stableEnd;
      const found = this.heldAt(offset);
      if (found !== null) {
        if (more) this.fetchAhead(fetched.nextOffset);
        return found;
      }
      const [first] = this.held;
      if (first !== undefined && first.baseOffset > offset) throw await this.outOfRange(offset);
      if (!more) {
        const { logical } = await this.end();
        // What came between the fetch and the look at the end is read on the next turn.
        if (logical === offset) return null;
        if (logical < offset) throw await this.outOfRange(offset);
      }
      from = fetched.nextOffset;
    }
  }

  /** Where the next record goes. Cost: a request where nothing has come since the last call. */
  async end(): Promise<PartitionEnd> {
    const kafka = await this.stableEnd();
    const { lastEnd } = this;
    if (lastEnd !== null && lastEnd.kafka === kafka) return lastEnd;
    if (lastEnd !== null && kafka - lastEnd.kafka < SCAN_RECORDS) {
      return this.endFrom(lastEnd.kafka, kafka, lastEnd);
    }
    const start = await this.connection.listOffset(this.kafkaTopic, this.partition, "start");
    for (const back of [...LOOK_BACK, Number.POSITIVE_INFINITY]) {
      const from = Math.max(start, kafka - back);
      const end = await this.endFrom(from, kafka, null);
      if (end.logical > 0 || from === start) return end;
    }
    throw new Error("unreachable: the last look back goes to the start");
  }

  /**
   * Kafka's end of what is settled. A commit is answered before the markers of its transaction are
   * written: what this process has committed is waited for, so that it reads what it wrote.
   */
  private async stableEnd(): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const { connection, kafkaTopic, partition } = this;
      const end = await connection.listOffset(kafkaTopic, partition, "stable-end");
      if (end >= this.ownEnd) return end;
      if (attempt === MARKER_ATTEMPTS) throw unsettled(kafkaTopic, partition, end, this.ownEnd);
      await pause(Math.min(2 ** attempt, 100));
    }
  }

  /** First logical offset that is still kept. */
  async start(): Promise<number> {
    const kafka = await this.connection.listOffset(this.kafkaTopic, this.partition, "start");
    if (kafka === 0) return 0;
    for (let from = kafka; ; ) {
      const fetched = await this.fetch(from, PROBE_BYTES);
      const [first] = await this.decode(fetched);
      if (first !== undefined) return first.baseOffset;
      if (fetched.nextOffset >= fetched.stableEnd) return (await this.end()).logical;
      from = fetched.nextOffset;
    }
  }

  /** First offset whose effective time is at or after `timeUs`; the end if there is none. */
  async offsetAt(timeUs: number): Promise<number> {
    const timestampMs = Math.max(0, Math.floor(timeUs / 1000));
    const { kafkaTopic, partition, connection } = this;
    await this.stableEnd();
    const from = await connection.listOffset(kafkaTopic, partition, { timestampMs });
    if (from < 0) return (await this.end()).logical;
    for (let next = from; ; ) {
      const fetched = await this.fetch(next, PROBE_BYTES);
      for (const batch of await this.decode(fetched)) {
        if (batch.maxTimeUs < timeUs) continue;
        return firstAtOrAfter(batch, timeUs);
      }
      if (fetched.nextOffset >= fetched.stableEnd) return (await this.end()).logical;
      next = fetched.nextOffset;
    }
  }

  /** A Kafka offset at or before the record, close to it where that is known. */
  async positionOf(logical: number): Promise<number> {
    let anchor = this.index.floor(logical);
    if (anchor === null) {
      const start = await this.connection.listOffset(this.kafkaTopic, this.partition, "start");
      anchor = { logical: start === 0 ? 0 : await this.start(), kafka: start };
      this.index.add(anchor.logical, anchor.kafka);
    }
    while (logical - anchor.logical > SCAN_RECORDS) {
      // The record lies at least as far on in Kafka's offsets as in ours.
      if (!(await this.probe(anchor.kafka + (logical - anchor.logical)))) break;
      const nearer = this.index.floor(logical);
      if (nearer === null || nearer.logical <= anchor.logical) break;
      anchor = nearer;
    }
    return anchor.kafka;
  }

  /** Learns where the first record at or after a Kafka offset stands; false if there is none. */
  private async probe(from: number): Promise<boolean> {
    for (let next = from; ; ) {
      const fetched = await this.fetch(next, PROBE_BYTES);
      if ((await this.decode(fetched)).length > 0) return true;
      if (fetched.nextOffset >= fetched.stableEnd || fetched.nextOffset <= next) return false;
      next = fetched.nextOffset;
    }
  }

  /** Kafka's offset for "everything before `logical` is done"; null where that is not known. */
  kafkaOffsetOf(logical: number): number | null {
    const anchor = this.index.floor(logical);
    if (anchor === null) return null;
    return anchor.kafka + (logical - anchor.logical);
  }

  /** A transaction of ours put records there. */
  written(logical: number, kafka: number, count: number): void {
    this.index.add(logical, kafka);
    this.index.add(logical + count, kafka + count);
    this.ownEnd = kafka + count + 1;
  }

  /** Waits up to `waitMs` for something beyond `offset`; true if there is. */
  async grown(offset: number, waitMs: number): Promise<boolean> {
    if (this.heldAt(offset) !== null) return true;
    const from = await this.positionOf(offset);
    const fetched = await this.connection.fetch(this.kafkaTopic, this.partition, from, {
      maxBytes: PROBE_BYTES,
      waitMs,
    });
    const batches = await this.decode(fetched);
    return batches.some(({ baseOffset, count }) => baseOffset + count > offset);
  }

  private heldAt(offset: number): RecordBatch | null {
    const batch = this.held.find(
      ({ baseOffset, count }) => offset >= baseOffset && offset < baseOffset + count,
    );
    return batch === undefined ? null : fromOffset(batch, offset);
  }

  private fetch(from: number, maxBytes: number): Promise<Fetched> {
    const { ahead } = this;
    this.ahead = null;
    if (ahead !== null && ahead.from === from && maxBytes === READ_BYTES) return ahead.fetched;
    return this.connection.fetch(this.kafkaTopic, this.partition, from, { maxBytes, waitMs: 0 });
  }

  private fetchAhead(from: number): void {
    const fetched = this.fetch(from, READ_BYTES);
    // Looked at when it is asked for; until then a failure must not count as unhandled.
    fetched.catch(() => undefined);
    this.ahead = { from, fetched };
  }

  /** What is no record of ours is passed over: who consumes the partition puts it aside. */
  private async decode(fetched: Fetched): Promise<readonly RecordBatch[]> {
    const { topic, partition, schemas } = this;
    const decoder = new TopicDecoder({ topic, partition }, schemas);
    const batches: RecordBatch[] = [];
    for (const raw of fetched.batches) {
      const { batch, runs } = await decodeResolved(decoder, raw, schemas);
      if (batch === null) continue;
      batches.push(batch);
      this.learn(runs, batch);
    }
    return batches;
  }

  /** Where records that were decoded lie. */
  learn(runs: readonly OffsetRun[], { baseOffset, count }: RecordBatch): void {
    for (const { logical, kafka } of runs) this.index.add(logical, kafka);
    const last = runs.at(-1);
    if (last === undefined) return;
    const end = baseOffset + count;
    this.index.add(end, last.kafka + end - last.logical);
  }

  /** The end, by what lies from `from` up to Kafka's end there. */
  private async endFrom(
    from: number,
    kafka: number,
    before: PartitionEnd | null,
  ): Promise<PartitionEnd> {
    let end: PartitionEnd = { logical: 0, maxTimeUs: 0, ...before, kafka };
    for (let next = from; next < kafka; ) {
      const fetched = await this.fetch(next, READ_BYTES);
      const last = (await this.decode(fetched)).at(-1);
      if (last !== undefined) {
        const { baseOffset, count, maxTimeUs } = last;
        const reached = Math.max(kafka, fetched.nextOffset);
        end = { logical: baseOffset + count, maxTimeUs, kafka: reached };
      }
      if (fetched.nextOffset <= next) break;
      next = fetched.nextOffset;
    }
    if (end.logical > 0) this.lastEnd = end;
    return end;
  }

  private async outOfRange(offset: number) {
    const [start, { logical }] = [await this.start(), await this.end()];
    return offsetOutOfRange(this.topic, this.partition, offset, start, logical);
  }
}

const unsettled = (topic: string, partition: number, end: number, wanted: number): TapedeckError =>
  new TapedeckError(
    "KAFKA_UNREACHABLE",
    `${topic}/${partition} ends at ${end}: the marker of a commit at ${wanted - 1} did not come`,
    { topic, partition, end, wanted },
  );
