// The port that every log stands behind. Promises, of each adapter alike (the contract suite
// shows it): a commit is atomic over topics, checkpoints included, and durable when it resolves;
// an offset holds one record for ever; a task that was fenced can no longer commit.

/**
 * Consecutive records of one partition, framed as record.ts says. `bytes` of a batch that was read
 * belong to the reader: no later call changes them. Bytes handed to `commit` belong to the log
 * until it resolves.
 */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
  readonly count: number;
  /** Greatest effective time in the partition up to the end of this batch. */
  readonly maxTimeUs: number;
  readonly bytes: Uint8Array;
  /**
   * Of each record the W3C `traceparent` that it carries, if any. Never in its bytes, never seen by a
   * decision; a log may drop them.
   */
  readonly traces?: readonly (string | null)[];
  /**
   * Of each record its key, where whoever encoded the bytes from values says it: so a log need not
   * decode them again. Never of a batch that was read.
   */
  readonly keys?: readonly string[];
}

/** How far a task has read one partition, or written it: the offset that comes next. */
export interface Consumed {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** One entry of a task's keyed state, as it is from now on; null: it is gone. */
export interface EntryChange {
  /** 1 to MAX_ENTRY_KEY_BYTES bytes as UTF-8. */
  readonly key: string;
  readonly value: Uint8Array | null;
}

/**
 * What a task needs to go on: the offsets it has consumed, and its state at that point. The state is
 * one part that is stored whole, and any number of entries of which only the changes are.
 */
export interface Checkpoint {
  readonly task: string;
  /** From `openTask`; a commit under an older epoch is refused with STREAMS_FENCED. */
  readonly epoch: number;
  readonly consumed: readonly Consumed[];
  readonly state: Uint8Array;
  /** In this order, where a key comes twice. What is not named stays. */
  readonly changes?: readonly EntryChange[];
}

export interface Commit {
  /** Each batch starts at its partition's end, or STREAMS_OFFSET_CONFLICT refuses the commit. */
  readonly produced: readonly RecordBatch[];
  readonly checkpoints: readonly Checkpoint[];
}

export interface OpenedTask {
  readonly epoch: number;
  /** Without the changes that it was committed with: they are in `entries`. */
  readonly checkpoint: Checkpoint | null;
  /** The keyed state at that checkpoint: every entry that was put and not taken away. */
  readonly entries: ReadonlyMap<string, Uint8Array>;
}

/** Embedded stores look entries up by their keys, which they keep short. */
export const MAX_ENTRY_KEY_BYTES = 1024;

export interface PartitionRange {
  readonly topic: string;
  readonly partition: number;
  /** First offset still kept. */
  readonly start: number;
  /** Offset that the next record gets. */
  readonly end: number;
}

export interface EventLog {
  /** Makes the topic if it is missing; refuses another partition count. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Every partition of every topic, topics by name. */
  partitions(): Promise<readonly PartitionRange[]>;
  /** All or nothing; durable when it resolves. */
  commit(commit: Commit): Promise<void>;
  /** Records from `offset` on, as many as lie together; null at the end. Cost: one look-up. */
  read(topic: string, partition: number, offset: number): Promise<RecordBatch | null>;
  /** First offset whose effective time is at or after `timeUs`; the end if there is none. */
  offsetAt(topic: string, partition: number, timeUs: number): Promise<number>;
  /** Resolves when the partition's end is beyond `offset`, or the signal says stop (false). */
  follow(
    topic: string,
    partition: number,
    offset: number,
    stop: { readonly aborted: boolean; onabort: (() => void) | null },
  ): Promise<boolean>;
  /** Fences earlier owners of the task, then reads what it left. */
  openTask(task: string): Promise<OpenedTask>;
  close(): Promise<void>;
}
