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
}

/** How far a task has read one partition: the offset it wants next. */
export interface Consumed {
  readonly topic: string;
  readonly partition: number;
  readonly next: number;
}

/** What a task needs to go on: the offsets it has consumed, and its state at that point. */
export interface Checkpoint {
  readonly task: string;
  /** From `openTask`; a commit under an older epoch is refused with STREAMS_FENCED. */
  readonly epoch: number;
  readonly consumed: readonly Consumed[];
  readonly state: Uint8Array;
}

export interface Commit {
  /** Each batch starts at its partition's end, or STREAMS_OFFSET_CONFLICT refuses the commit. */
  readonly produced: readonly RecordBatch[];
  readonly checkpoints: readonly Checkpoint[];
}

export interface OpenedTask {
  readonly epoch: number;
  readonly checkpoint: Checkpoint | null;
}

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
