// One Kafka partition by logical offsets. Promises: what is read is committed, in order and without
// a hole; an offset is found in a few fetches wherever it lies; a partition that is read from one
// end to the other is fetched once, the next piece while the last one is worked on.
//
// Whether a message is an event of the partition depends on those before it: one that was written
// before, by a second writer or a stranger, looks as good as new to who begins with it. So reading
// goes on from where it is known what came before; where it must begin somewhere, what it finds is
// held against what follows.

import { TapedeckError } from "../../../schemas/errors.ts";
import { firstAtOrAfter, fromOffset } from "../../../streams/batch.ts";
import type { RecordBatch } from "../../../streams/log.ts";
import { offsetOutOfRange } from "../../../streams/log-errors.ts";
import type { Fetched } from "../client/connection.ts";
import type { OffsetRun, TopicDecoder } from "../wire/topic-decoder.ts";
import {
  decodeResolved,
  decoderAt,
  isMissing,
  type ResolvingSchemaIds,
} from "./decode-resolved.ts";
import { EndOfPartition, type PartitionEnd } from "./partition-end.ts";
import { type Anchor, PositionIndex } from "./position-index.ts";
import { Patience, piecesUntil, type ReadConnection } from "./read-until.ts";

/** Fetches of a reader that goes on; one that looks for a place. */
const READ_BYTES = 4 << 20;
const PROBE_BYTES = 1 << 16;
/** Scanning so many records beats another probe. */
const SCAN_RECORDS = 5_000;
export class PartitionView {
  readonly topic: string;
  readonly partition: number;
  private readonly connection: ReadConnection;
  private readonly kafkaTopic: string;
  private readonly schemas: ResolvingSchemaIds | null;
  private readonly index = new PositionIndex();
  private held: readonly RecordBatch[] = [];
  /** Where reading in sequence goes on: what the next piece is judged by. */
  private reached: Anchor | null = null;
  /** False once a place that was found in the middle turned out to be none. */
  private mayProbe = true;
  /** The fetch after `held`, begun before it is asked for. */
  private ahead: { readonly from: number; readonly fetched: Promise<Fetched> } | null = null;
  private readonly tail: EndOfPartition;

  constructor(
    connection: ReadConnection,
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
    this.tail = new EndOfPartition(connection, kafkaTopic, { topic, partition }, schemas);
  }

  /** The batch that holds `offset`, from `offset` on; null at the end. */
  async read(offset: number): Promise<RecordBatch | null> {
    if (!Number.isInteger(offset) || offset < 0) throw await this.outOfRange(offset);
    const held = this.heldAt(offset);
    if (held !== null) return held;
    try {
      return await this.readFrom(await this.placeOf(offset), offset);
    } catch (error) {
      if (!isMissing(error) || !this.mayProbe) throw error;
      // Perhaps the place to begin at was wrong, and nothing is missing.
      this.mayProbe = false;
      this.index.clear();
      this.reached = null;
      return this.readFrom(await this.placeOf(offset), offset);
    }
  }

  private async readFrom(place: Anchor, offset: number): Promise<RecordBatch | null> {
    const patience = new Patience({ topic: this.kafkaTopic, partition: this.partition });
    for (let at = place; ; at = this.reached as Anchor) {
      const fetched = await this.fetch(at.kafka, READ_BYTES);
      this.held = await this.decode(fetched, at);
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
      await patience.after(at.kafka, fetched.nextOffset);
    }
  }

  /** Where the next record goes. Cost: a request where nothing has come since the last call. */
  end(): Promise<PartitionEnd> {
    return this.tail.find();
  }

  /** Resolves when every reader can see what this process has committed there. */
  settled(): Promise<void> {
    return this.tail.ownSeen();
  }

  /** First logical offset that is still kept. */
  async start(): Promise<number> {
    const kafka = await this.connection.listOffset(this.kafkaTopic, this.partition, "start");
    if (kafka === 0) return 0;
    for await (const fetched of this.probes(kafka, await this.tail.stable())) {
      const [first] = await this.decodeUnsure(fetched);
      if (first !== undefined) return first.baseOffset;
    }
    return (await this.end()).logical;
  }

  /** First offset whose effective time is at or after `timeUs`; the end if there is none. */
  async offsetAt(timeUs: number): Promise<number> {
    const timestampMs = Math.max(0, Math.floor(timeUs / 1000));
    const { kafkaTopic, partition, connection } = this;
    await this.tail.ownSeen();
    const from = await connection.listOffset(kafkaTopic, partition, { timestampMs });
    if (from < 0) return (await this.end()).logical;
    for await (const fetched of this.probes(from, await this.tail.stable())) {
      for (const batch of await this.decodeUnsure(fetched)) {
        if (batch.maxTimeUs < timeUs) continue;
        return firstAtOrAfter(batch, timeUs);
      }
    }
    return (await this.end()).logical;
  }

  /** A place at or before the record, close to it where that is known: where to begin reading. */
  async placeOf(logical: number): Promise<Anchor> {
    const { reached } = this;
    let anchor = this.index.floor(logical);
    if (reached !== null && reached.logical === logical) return reached;
    if (anchor === null) {
      const start = await this.connection.listOffset(this.kafkaTopic, this.partition, "start");
      anchor = { logical: start === 0 ? 0 : await this.start(), kafka: start, floorUs: 0 };
      this.index.add(anchor.logical, anchor.kafka);
    }
    while (this.mayProbe && logical - anchor.logical > SCAN_RECORDS) {
      // The record lies at least as far on in Kafka's offsets as in ours.
      if (!(await this.probe(anchor.kafka + (logical - anchor.logical)))) break;
      const nearer = this.index.floor(logical);
      if (nearer === null || nearer.logical <= anchor.logical) break;
      anchor = nearer;
    }
    return anchor;
  }

  /** Learns where the first record at or after a Kafka offset stands; false if there is none. */
  private async probe(from: number): Promise<boolean> {
    for (let next = from; ; ) {
      // Where ours have holes Kafka's have none: the place may lie beyond the end.
      const fetched = await this.fetch(next, PROBE_BYTES).catch(nothingBeyondEnd);
      if (fetched === null) return false;
      if ((await this.decodeUnsure(fetched)).length > 0) return true;
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

  /** A transaction of ours put a batch there, as so many messages: a hole is none. */
  written({ baseOffset, count, maxTimeUs }: RecordBatch, kafka: number, messages: number): void {
    this.index.add(baseOffset, kafka);
    this.index.add(baseOffset + count, kafka + messages, maxTimeUs);
    this.tail.written(kafka + messages);
  }

  /** Waits up to `waitMs` for something beyond `offset`; true if there is. */
  async grown(offset: number, waitMs: number): Promise<boolean> {
    if (this.heldAt(offset) !== null) return true;
    const at = await this.placeOf(offset);
    const fetched = await this.connection.fetch(this.kafkaTopic, this.partition, at.kafka, {
      maxBytes: PROBE_BYTES,
      waitMs,
    });
    const batches = await this.decode(fetched, at);
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

  private probes(from: number, end: number): AsyncIterable<Fetched> {
    const place = { topic: this.kafkaTopic, partition: this.partition };
    return piecesUntil(place, from, end, (next) => this.fetch(next, PROBE_BYTES));
  }

  private fetchAhead(from: number): void {
    const fetched = this.fetch(from, READ_BYTES);
    // Looked at when it is asked for; until then a failure must not count as unhandled.
    fetched.catch(() => undefined);
    this.ahead = { from, fetched };
  }

  /**
   * A piece that begins at `at`, or where nothing is known of what came before it. What is no record
   * of ours is passed over: who consumes the partition puts it aside.
   */
  private async decode(fetched: Fetched, at: Anchor | null): Promise<readonly RecordBatch[]> {
    const decoder = this.decoder(at);
    const batches: RecordBatch[] = [];
    for (const raw of fetched.batches) {
      const { batch, runs } = await decodeResolved(decoder, raw, this.schemas);
      if (batch === null) continue;
      batches.push(batch);
      this.learn(runs, batch);
    }
    const { next, reachedUs } = decoder;
    if (next !== null) {
      this.index.add(next, fetched.nextOffset, reachedUs);
      this.reached = { logical: next, kafka: fetched.nextOffset, floorUs: reachedUs };
    }
    return batches;
  }

  /** A piece from the middle: where it begins with what is out of sequence, that is left out. */
  private async decodeUnsure(fetched: Fetched): Promise<readonly RecordBatch[]> {
    const decoder = this.decoder(null);
    const found: (readonly [readonly OffsetRun[], RecordBatch])[] = [];
    for (let i = 0; i < fetched.batches.length; ) {
      try {
        const raw = fetched.batches[i] as Fetched["batches"][number];
        const { batch, runs } = await decodeResolved(decoder, raw, this.schemas);
        if (batch !== null) found.push([runs, batch]);
        i++;
      } catch (error) {
        if (!isMissing(error)) throw error;
        // What came before it was not the partition's, or the partition has a hole: its reader tells.
        found.length = 0;
        decoder.seek(error.facts.found as number, 0);
      }
    }
    for (const [runs, batch] of found) this.learn(runs, batch);
    return found.map(([, batch]) => batch);
  }

  private decoder(at: Anchor | null): TopicDecoder {
    const { topic, partition, schemas } = this;
    return decoderAt({ topic, partition }, schemas, at);
  }

  /** Where records that were decoded lie. */
  learn(runs: readonly OffsetRun[], { baseOffset, count, maxTimeUs }: RecordBatch): void {
    for (const { logical, kafka } of runs) this.index.add(logical, kafka);
    const last = runs.at(-1);
    if (last === undefined) return;
    const end = baseOffset + count;
    this.index.add(end, last.kafka + end - last.logical, maxTimeUs);
  }

  /** The first record at or after a Kafka offset has that logical one. */
  trust({ logical, kafka, floorUs }: Anchor): void {
    this.index.add(logical, kafka, floorUs);
  }

  private async outOfRange(offset: number) {
    const [start, { logical }] = [await this.start(), await this.end()];
    return offsetOutOfRange(this.topic, this.partition, offset, start, logical);
  }
}

/** A place that was only guessed may lie beyond Kafka's end. */
function nothingBeyondEnd(error: unknown): null {
  if (error instanceof TapedeckError && error.code === "KAFKA_OFFSET_OUT_OF_RANGE") return null;
  throw error;
}
