// Where a partition ends. Promises: an answer covers all that was settled when it was asked for, and
// what this process has committed there; nothing is remembered that was not read to that end.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import type { Place } from "../wire/envelope.ts";
import {
  decodeResolved,
  decoderAt,
  isMissing,
  type ResolvingSchemaIds,
} from "./decode-resolved.ts";
import { piecesUntil, type ReadConnection } from "./read-until.ts";

/** What the next record gets. */
export interface PartitionEnd {
  readonly logical: number;
  readonly kafka: number;
  /** Greatest effective time so far. */
  readonly maxTimeUs: number;
}

const PIECE = { maxBytes: 4 << 20, waitMs: 0 };
/** Reading on over so many records beats looking back from the end. */
const SCAN_RECORDS = 5_000;
/** About half a minute: a broker that takes longer to write a marker is lost. */
const MARKER_ATTEMPTS = 300;
/** Two looks must agree. */
const LOOK_BACK = [64, 512, 8_192, 65_536, Number.POSITIVE_INFINITY];

export class EndOfPartition {
  private readonly connection: ReadConnection;
  private readonly kafkaTopic: string;
  private readonly place: Place;
  private readonly schemas: ResolvingSchemaIds | null;
  private last: PartitionEnd | null = null;
  /** Kafka offset after the last transaction of ours, its marker included. */
  private ownEnd = 0;

  constructor(
    connection: ReadConnection,
    kafkaTopic: string,
    place: Place,
    schemas: ResolvingSchemaIds | null,
  ) {
    this.connection = connection;
    this.kafkaTopic = kafkaTopic;
    this.place = place;
    this.schemas = schemas;
  }

  /** A transaction of ours has its last record before that Kafka offset. */
  written(kafka: number): void {
    this.ownEnd = kafka + 1;
  }

  /** Where the next record goes. Cost: a request where nothing has come since the last call. */
  async find(): Promise<PartitionEnd> {
    const kafka = await this.stable();
    const { last } = this;
    if (last !== null && last.kafka === kafka) return last;
    if (last !== null && kafka - last.kafka < SCAN_RECORDS) {
      return this.keep(await this.readTo(kafka, last.kafka, last));
    }
    const start = await this.connection.listOffset(this.kafkaTopic, this.place.partition, "start");
    let before: PartitionEnd | null = null;
    for (const back of LOOK_BACK) {
      const from = Math.max(start, kafka - back);
      try {
        const end: PartitionEnd = await this.readTo(kafka, from, null);
        const agrees = end.logical > 0 && before?.logical === end.logical;
        if (agrees || from === start) return this.keep(end);
        before = end;
      } catch (error) {
        // It began with a message that is none of the partition's events; or something is missing.
        if (!isMissing(error) || from === start) throw error;
        before = null;
      }
    }
    throw new Error("unreachable: the last look back goes to the start");
  }

  /**
   * Kafka's end of what is settled. A commit is answered before the markers of its transaction are
   * written: what this process has committed is waited for, so that it reads what it wrote.
   */
  async stable(): Promise<number> {
    const { connection, kafkaTopic, place } = this;
    for (let attempt = 0; ; attempt++) {
      const end = await connection.listOffset(kafkaTopic, place.partition, "stable-end");
      if (end >= this.ownEnd) return end;
      if (attempt === MARKER_ATTEMPTS) {
        throw unsettled(kafkaTopic, place.partition, end, this.ownEnd);
      }
      await pause(Math.min(2 ** attempt, 100));
    }
  }

  /** Resolves when every reader can see what this process has committed there. */
  async ownSeen(): Promise<void> {
    if (this.ownEnd > 0) await this.stable();
  }

  /** The end, by what lies from `from` up to Kafka's end there. */
  private async readTo(
    kafka: number,
    from: number,
    before: PartitionEnd | null,
  ): Promise<PartitionEnd> {
    const { connection, kafkaTopic, place, schemas } = this;
    const anchor = before === null ? null : { ...before, floorUs: before.maxTimeUs };
    const decoder = decoderAt(place, schemas, anchor);
    const { partition } = place;
    const fetch = (at: number) => connection.fetch(kafkaTopic, partition, at, PIECE);
    let reached = from;
    for await (const piece of piecesUntil({ topic: kafkaTopic, partition }, from, kafka, fetch)) {
      for (const raw of piece.batches) await decodeResolved(decoder, raw, schemas);
      reached = piece.nextOffset;
    }
    const { next, reachedUs } = decoder;
    return { logical: next ?? 0, maxTimeUs: reachedUs, kafka: Math.max(kafka, reached) };
  }

  private keep(end: PartitionEnd): PartitionEnd {
    if (end.logical > 0) this.last = end;
    return end;
  }
}

const unsettled = (topic: string, partition: number, end: number, wanted: number): TapedeckError =>
  new TapedeckError(
    "KAFKA_UNREACHABLE",
    `${topic}/${partition} ends at ${end}: the marker of a commit at ${wanted - 1} did not come`,
    { topic, partition, end, wanted },
  );
