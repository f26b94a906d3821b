// A connection to Kafka that writes down what is done through it: the history of a fault run. Promises:
// the product behind it notices nothing; what is asked for is on disk before the request leaves; a
// transaction is noted with what it consumed, as its changelog record says, and with what it wrote,
// under the names of attempt-names.ts.

import { AsyncLocalStorage } from "node:async_hooks";
import { TapedeckError } from "../../../schemas/errors.ts";
import type {
  Fetcher,
  KafkaConnection,
  Transaction,
  TransactionalProducer,
  Written,
} from "../../kafka/client/connection.ts";
import { decodeTaskRecord, isStateKey } from "../../kafka/log/changelog.ts";
import type { Operation } from "../history/operation.ts";
import { attemptName, encodedRecords, namedRecords } from "./attempt-names.ts";

export type RecordOperation = (operation: Operation) => void;

/** What a request to a broker is sent for. */
interface UnderWay {
  /** A task's own transaction, or a feed's: not the announcement of a new owner. */
  readonly isWork: boolean;
  readonly ending: () => void;
}

const underWay = new AsyncLocalStorage<UnderWay>();

/** To be called at each place around each request (crash-points.ts): notes that a commit is asked for. */
export function noteRequest(point: string): void {
  if (point === "before-EndTxn") underWay.getStore()?.ending();
}

/** Whether the request at hand belongs to a transaction that does work. */
export const isAtWork = (): boolean => underWay.getStore()?.isWork === true;

/** Which offset and name each record has that was fetched: by place, then by logical offset. */
type Met = Map<string, Map<number, readonly [offset: number, name: string]>>;

export interface WatchOptions {
  /** Unique among the processes of the run. */
  readonly name: string;
  /** Before the names of topics in the cluster. */
  readonly prefix: string;
  readonly record: RecordOperation;
}

export function watchConnection(
  connection: KafkaConnection,
  options: WatchOptions,
): KafkaConnection {
  const met: Met = new Map();
  let producers = 0;
  return {
    kafka: connection.kafka,
    admin: () => connection.admin(),
    close: () => connection.close(),
    partitionsOf: (topic) => connection.partitionsOf(topic),
    listOffset: (topic, partition, at) => connection.listOffset(topic, partition, at),
    fetch: (topic, partition, offset, options) =>
      connection.fetch(topic, partition, offset, options),
    fetcher: (options) => watchFetcher(connection.fetcher(options), met),
    membership: (settings) => connection.membership(settings),
    async producer(transactionalId, timeoutMs) {
      const producer = await connection.producer(transactionalId, timeoutMs);
      const process = `${options.name} ${transactionalId} ${++producers}`;
      return new WatchedProducer(producer, transactionalId, process, met, options);
    },
  };
}

function watchFetcher(fetcher: Fetcher, met: Met): Fetcher {
  return {
    add: (topic, partition, offset) => fetcher.add(topic, partition, offset),
    remove: (topic, partition) => fetcher.remove(topic, partition),
    seek: (topic, partition, offset) => fetcher.seek(topic, partition, offset),
    pause: (topic, partition) => fetcher.pause(topic, partition),
    resume: (topic, partition) => fetcher.resume(topic, partition),
    progress: () => fetcher.progress(),
    close: () => fetcher.close(),
    async pull(timeoutMs) {
      const piece = await fetcher.pull(timeoutMs);
      if (piece === null) return null;
      const place = `${piece.topic}/${piece.partition}`;
      const known = met.get(place) ?? new Map<number, readonly [number, string]>();
      met.set(place, known);
      for (const raw of piece.batches) {
        for (const { offset, name, logical } of namedRecords(raw, piece.partition)) {
          if (logical !== null) known.set(logical, [offset, name]);
        }
      }
      return piece;
    },
  };
}

class WatchedProducer implements TransactionalProducer {
  private readonly producer: TransactionalProducer;
  private readonly transactionalId: string;
  private readonly process: string;
  private readonly met: Met;
  private readonly options: WatchOptions;
  /** Where the owner's consumption stands, by place; null until it has said so once. */
  private consumed: ReadonlyMap<string, number> | null = null;
  private readonly sequences = new Map<string, number>();
  private sequencesOf = "";
  private transactions = 0;
  private sends = 0;

  constructor(
    producer: TransactionalProducer,
    transactionalId: string,
    process: string,
    met: Met,
    options: WatchOptions,
  ) {
    this.producer = producer;
    this.transactionalId = transactionalId;
    this.process = process;
    this.met = met;
    this.options = options;
  }

  private record(operation: Operation): void {
    this.options.record(operation);
  }

  get id(): bigint {
    return this.producer.id;
  }

  get epoch(): number {
    return this.producer.epoch;
  }

  get dead(): boolean {
    return this.producer.dead;
  }

  close(): void {
    this.producer.close();
  }

  async commit(transaction: Transaction): Promise<readonly Written[]> {
    const { process } = this;
    const name = `${process} t${++this.transactions}`;
    const group = this.transactionalId;
    this.record({ op: "begin", process, transaction: name, group });
    const consumed = consumedBy(transaction);
    const isWork = this.noteConsumed(name, consumed);
    const sends = this.noteSends(name, transaction);
    const ending = (): void => {
      // The request to commit leaves when every write was acknowledged.
      for (const id of sends) this.record({ op: "sent", process, id, outcome: "ok" });
      this.record({ op: "ending", process, transaction: name, commit: true });
    };
    try {
      const commit = () => this.producer.commit(transaction);
      const written = await underWay.run({ isWork, ending }, commit);
      this.consumed = consumed ?? this.consumed;
      this.noteWritten(transaction, sends, written);
      this.record({ op: "ended", process, transaction: name, outcome: "committed" });
      return written;
    } catch (error) {
      const isUnknown = error instanceof TapedeckError && error.code === "KAFKA_OUTCOME_UNKNOWN";
      const outcome = isUnknown ? "unknown" : "aborted";
      this.record({ op: "ended", process, transaction: name, outcome });
      throw error;
    }
  }

  /** Notes what lies between the last transaction's place in each input and this one's. */
  private noteConsumed(transaction: string, consumed: ReadonlyMap<string, number> | null): boolean {
    const { process } = this;
    // The first record of an owner repeats what the last one consumed.
    if (consumed === null || this.consumed === null) return consumed === null;
    for (const [place, next] of consumed) {
      const before = this.consumed.get(place) ?? 0;
      const slash = place.lastIndexOf("/");
      const topic = `${this.options.prefix}${place.slice(0, slash)}`;
      const partition = Number(place.slice(slash + 1));
      const known = this.met.get(`${topic}/${partition}`);
      const records: (readonly [number, string])[] = [];
      for (let logical = before; logical < next; logical++) {
        const found = known?.get(logical);
        if (found !== undefined) records.push(found);
      }
      if (records.length === 0) continue;
      this.record({ op: "poll", process, transaction, topic, partition, records });
    }
    return true;
  }

  private noteSends(transaction: string, { batches }: Transaction): readonly number[] {
    const { process } = this;
    const { id: producerId, epoch } = this.producer;
    // A new epoch counts its sequences anew, in each partition.
    if (this.sequencesOf !== `${producerId}.${epoch}`) this.sequences.clear();
    this.sequencesOf = `${producerId}.${epoch}`;
    return batches.map(({ topic, partition, records }) => {
      const place = `${topic}/${partition}`;
      const from = this.sequences.get(place) ?? 0;
      this.sequences.set(place, from + records.count);
      const values = Array.from({ length: records.count }, (_, index) =>
        attemptName(producerId, epoch, partition, from + index),
      );
      const id = this.sends++;
      this.record({ op: "send", process, id, transaction, topic, partition, values });
      return id;
    });
  }

  private noteWritten(
    { batches }: Transaction,
    sends: readonly number[],
    written: readonly Written[],
  ): void {
    for (const [index, { topic, partition, records }] of batches.entries()) {
      const here = batches.filter((one) => one.topic === topic && one.partition === partition);
      const at = written.find((one) => one.topic === topic && one.partition === partition);
      // Of several batches of one partition only the first one's place is told.
      if (here.length > 1 || at === undefined || at.baseOffset < 0) continue;
      const offsets = Array.from({ length: records.count }, (_, i) => at.baseOffset + i);
      const id = sends[index] as number;
      this.record({ op: "sent", process: this.process, id, outcome: "ok", offsets });
    }
  }
}

/** By the changelog's record: place (topic without prefix, and partition) and next logical offset. */
function consumedBy({ batches }: Transaction): ReadonlyMap<string, number> | null {
  for (const { topic, records } of batches) {
    if (!topic.endsWith(".changelog")) continue;
    for (const { key, value } of encodedRecords(records)) {
      if (key === null || value === null || !isStateKey(key)) continue;
      const { saved } = decodeTaskRecord(value);
      const places = saved?.consumed ?? [];
      return new Map(places.map((one) => [`${one.topic}/${one.partition}`, one.next]));
    }
  }
  return null;
}
