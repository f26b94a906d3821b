// Appends source events (what the world said, caused by nothing) to a tape. Promises: every event
// gets the tape's next origin, also when a tape is opened again; nothing goes back in time within a
// partition; commits hold a fixed number of events, so the same events give the same batches.

import { Writer } from "../../schemas/avro.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Facts, TopicName } from "../../schemas/generated/facts.ts";
import { isTopicName, keyOf, partitionCount } from "../../streams/catalogue.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { RecordCursor, writeRecord } from "../../streams/record.ts";

/** Events in one commit: large enough that the disk's flush costs little, small in memory. */
const COMMIT_EVENTS = 8192;
/** Large values (dead letters carry raw bytes) end a commit sooner. */
const COMMIT_BYTES = 4 * 1024 * 1024;

export interface SourceWriter {
  /** Ordinal that the next event gets. */
  readonly nextOrigin: number;
  /** Greatest event time that the topic holds, committed or not; null when it is empty. */
  newestUs(topic: TopicName): number | null;
  /**
   * Takes one event; `timeUs` may not be before the newest of its partition (TAPE_TIME_REVERSED).
   * Returns a promise that must be awaited before the next append, or null when there is no need
   * (nearly always). The event is durable when `flush` resolves.
   */
  append<T extends TopicName>(topic: T, timeUs: number, value: Facts[T]): Promise<void> | null;
  /** Durable when it resolves. */
  flush(): Promise<void>;
}

interface Lane {
  readonly topic: TopicName;
  readonly partition: number;
  readonly writer: Writer;
  baseOffset: number;
  count: number;
  maxTimeUs: number;
}

/** Reads where each partition ends (one batch each), then appends behind. */
export async function openSourceWriter(
  log: EventLog,
  symbolPartitions: number,
): Promise<SourceWriter> {
  const writer = new TapeWriter(log, symbolPartitions);
  await writer.resume();
  return writer;
}

class TapeWriter implements SourceWriter {
  nextOrigin = 0;
  private readonly log: EventLog;
  private readonly symbolPartitions: number;
  private readonly lanes = new Map<TopicName, Lane[]>();
  private readonly missing = new Set<TopicName>();
  private events = 0;
  private bytes = 0;
  private commit: Promise<void> | null = null;

  constructor(log: EventLog, symbolPartitions: number) {
    this.log = log;
    this.symbolPartitions = symbolPartitions;
  }

  async resume(): Promise<void> {
    for (const { topic, partition, start, end } of await this.log.partitions()) {
      if (!isTopicName(topic)) continue;
      const lanes = this.lanes.get(topic) ?? [];
      this.lanes.set(topic, lanes);
      const lane = newLane(topic, partition);
      lanes[partition] = lane;
      lane.baseOffset = end;
      if (end === start) continue;
      const last = await this.log.read(topic, partition, end - 1);
      if (last === null) continue;
      lane.maxTimeUs = last.maxTimeUs;
      const cursor = new RecordCursor(topic, partition, last.baseOffset, last.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        this.nextOrigin = Math.max(this.nextOrigin, event.origin + 1);
      }
    }
    for (const [topic, lanes] of this.lanes) {
      const wanted = partitionCount(topic, this.symbolPartitions);
      if (lanes.length !== wanted) {
        throw new TapedeckError(
          "STREAMS_PARTITIONS_CHANGED",
          `the tape's ${topic} has ${lanes.length} partitions, not ${wanted}`,
          { topic, partitions: lanes.length, wanted },
        );
      }
    }
  }

  newestUs(topic: TopicName): number | null {
    let newest = -1;
    for (const lane of this.lanes.get(topic) ?? []) newest = Math.max(newest, lane.maxTimeUs);
    return newest < 0 ? null : newest;
  }

  append<T extends TopicName>(topic: T, timeUs: number, value: Facts[T]): Promise<void> | null {
    const lanes = this.lanes.get(topic) ?? this.open(topic);
    const lane = lanes[lanes.length === 1 ? 0 : partitionOf(keyOf(topic, value), lanes.length)];
    if (lane === undefined) throw new Error(`${topic} has no such partition`);
    // Written so that NaN is refused too.
    if (!(timeUs >= lane.maxTimeUs && timeUs >= 0)) {
      throw new TapedeckError(
        "TAPE_TIME_REVERSED",
        `an event of ${topic} at ${timeUs} µs comes after one at ${lane.maxTimeUs} µs`,
        { topic, partition: lane.partition, timeUs, newestUs: lane.maxTimeUs },
      );
    }
    const before = lane.writer.pos;
    try {
      writeRecord(lane.writer, topic, timeUs, this.nextOrigin, null, 0, value);
    } catch (error) {
      lane.writer.pos = before; // a value that cannot be encoded leaves nothing behind
      throw error;
    }
    this.nextOrigin++;
    lane.maxTimeUs = timeUs;
    lane.count++;
    this.events++;
    this.bytes += lane.writer.pos - before;
    return this.events >= COMMIT_EVENTS || this.bytes >= COMMIT_BYTES ? this.hand() : null;
  }

  async flush(): Promise<void> {
    await this.hand();
    await this.commit;
  }

  private open(topic: TopicName): Lane[] {
    const lanes = Array.from({ length: partitionCount(topic, this.symbolPartitions) }, (_, p) =>
      newLane(topic, p),
    );
    this.lanes.set(topic, lanes);
    this.missing.add(topic);
    return lanes;
  }

  /** Waits for the commit under way, then starts the next: encoding overlaps the disk's flush. */
  private async hand(): Promise<void> {
    const produced: RecordBatch[] = [];
    for (const lanes of this.lanes.values()) {
      for (const lane of lanes) {
        if (lane.count > 0) produced.push(takeBatch(lane));
      }
    }
    const missing = [...this.missing];
    this.missing.clear();
    this.events = 0;
    this.bytes = 0;
    await this.commit;
    if (produced.length === 0) return;
    this.commit = this.write(missing, produced);
    // A failure is raised by the next append or by flush; until then it is not unhandled.
    this.commit.catch(() => undefined);
  }

  private async write(missing: readonly TopicName[], produced: RecordBatch[]): Promise<void> {
    for (const topic of missing) {
      await this.log.createTopic(topic, partitionCount(topic, this.symbolPartitions));
    }
    await this.log.commit({ produced, checkpoints: [] });
  }
}

const newLane = (topic: TopicName, partition: number): Lane => ({
  topic,
  partition,
  writer: new Writer(),
  baseOffset: 0,
  count: 0,
  maxTimeUs: -1,
});

function takeBatch(lane: Lane): RecordBatch {
  const batch: RecordBatch = {
    topic: lane.topic,
    partition: lane.partition,
    baseOffset: lane.baseOffset,
    count: lane.count,
    maxTimeUs: lane.maxTimeUs,
    bytes: lane.writer.bytes.slice(0, lane.writer.pos),
  };
  lane.baseOffset += lane.count;
  lane.count = 0;
  lane.writer.pos = 0;
  return batch;
}
