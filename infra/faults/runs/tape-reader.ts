// Who looks on in a fault run: reads everything that is committed, from the first record on, while
// faults happen. Promises: what it reads goes into the history as it comes; of each task it knows
// when it committed work last, and says when all have after a given moment.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { Fetched, Fetcher, KafkaConnection } from "../../kafka/client/connection.ts";
import { isUnreachable } from "../../kafka/client/failures.ts";
import { decodeTaskRecord, isStateKey } from "../../kafka/log/changelog.ts";
import { type NamedRecord, namedRecords } from "./attempt-names.ts";
import type { RecordOperation } from "./watched-connection.ts";

export interface ReadPlace {
  readonly topic: string;
  readonly partition: number;
  /** Whose changelog it is. */
  readonly task: string | null;
}

/** A task's transaction that did work, by the machine's clock in ms. */
export interface Progress {
  readonly task: string;
  /** When its records were made, by the process that made them. */
  readonly madeMs: number;
  /** When they were read here. */
  readonly readMs: number;
}

const PULL_MS = 200;
const READER = "reader";

export class TapeReader {
  readonly progress: Progress[] = [];
  private readonly places: ReadonlyMap<string, ReadPlace>;
  private readonly tasks: readonly string[];
  private readonly fetcher: Fetcher;
  private readonly record: RecordOperation;
  private readonly waiting = new Set<() => void>();
  private reading: Promise<void>;
  private stopped = false;

  /** `tasks`: those that always have work, and so must commit some after each fault. */
  constructor(
    connection: KafkaConnection,
    places: readonly ReadPlace[],
    tasks: readonly string[],
    record: RecordOperation,
  ) {
    this.tasks = tasks;
    this.places = new Map(places.map((place) => [`${place.topic}/${place.partition}`, place]));
    this.record = record;
    this.fetcher = connection.fetcher({});
    for (const { topic, partition } of places) this.fetcher.add(topic, partition, 0);
    this.reading = this.read();
  }

  /**
   * Milliseconds from `sinceMs` (Date.now) until each task's first commit was read of work that was
   * done after it. FAULTS_NO_PROGRESS names who has none within `withinMs`.
   */
  async recovered(sinceMs: number, withinMs: number): Promise<number> {
    const { tasks } = this;
    const begun = this.progress.length;
    const first = new Map<string, number>();
    for (let seen = this.firstAfter(sinceMs, begun); ; ) {
      for (; seen < this.progress.length; seen++) {
        const { task, madeMs, readMs } = this.progress[seen] as Progress;
        if (!tasks.includes(task)) continue;
        if (madeMs > sinceMs && !first.has(task)) first.set(task, readMs - sinceMs);
      }
      if (first.size === tasks.length) return Math.max(...first.values());
      const left = sinceMs + withinMs - Date.now();
      if (left <= 0) {
        const idle = tasks.filter((task) => !first.has(task));
        throw new TapedeckError(
          "FAULTS_NO_PROGRESS",
          `no work of ${idle.join(", ")} was committed within ${withinMs} ms of a fault`,
          { tasks: idle.join(", "), withinMs },
        );
      }
      await this.woken(left);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.fetcher.close();
    await this.reading;
  }

  /** Where to look from: what was read before a fault shows nothing of what came after it. */
  private firstAfter(sinceMs: number, end: number): number {
    let at = end;
    while (at > 0 && (this.progress[at - 1] as Progress).readMs > sinceMs) at--;
    return at;
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      try {
        const piece = await this.fetcher.pull(PULL_MS);
        if (piece !== null) this.take(piece);
      } catch (error) {
        // A broker that is away: the fetcher goes on by itself.
        if (!isUnreachable(error)) throw error;
      }
    }
  }

  private take(piece: Fetched): void {
    const { topic, partition } = piece;
    const records: (readonly [number, string])[] = [];
    const task = this.places.get(`${topic}/${partition}`)?.task ?? null;
    for (const raw of piece.batches) {
      for (const named of namedRecords(raw, partition)) {
        records.push([named.offset, named.name]);
        if (task !== null) this.note(task, named);
      }
    }
    if (records.length === 0) return;
    this.record({ op: "poll", process: READER, transaction: null, topic, partition, records });
  }

  private note(task: string, { key, value, timestampMs }: NamedRecord): void {
    if (key === null || value === null || !isStateKey(key)) return;
    const { saved, epoch } = decodeTaskRecord(value);
    // A new owner announces itself with what the last one saved: no work yet.
    if (saved === null || saved.epoch !== epoch) return;
    const progress = { task, madeMs: timestampMs, readMs: Date.now() };
    this.progress.push(progress);
    for (const wake of [...this.waiting]) wake();
  }

  private woken(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, withinMs);
      this.waiting.add(done);
    });
  }
}
