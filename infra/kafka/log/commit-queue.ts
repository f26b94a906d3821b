// What a log was asked to do, one thing after the other. Promises: calls take effect in the order in
// which they were made; commits that wait together and may share a transaction are handed on
// together, so that many small ones cost one.

import type { Checkpoint, Commit } from "../../../streams/log.ts";

export interface Waiting {
  readonly commit: Commit;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const MOST_BYTES = 8 << 20;

export class CommitQueue {
  private readonly work: (waiting: readonly Waiting[]) => Promise<void>;
  private readonly jobs: (Waiting | (() => Promise<void>))[] = [];
  private running: Promise<void> | null = null;

  /** `work` settles each of what it is given, and does not throw. */
  constructor(work: (waiting: readonly Waiting[]) => Promise<void>) {
    this.work = work;
  }

  /** The commit's bytes are the caller's again at once. (A Buffer's slice would not be a copy.) */
  commit({ produced, checkpoints }: Commit): Promise<void> {
    const own = {
      produced: produced.map((batch) => ({ ...batch, bytes: new Uint8Array(batch.bytes) })),
      checkpoints: checkpoints.map(ownCheckpoint),
    };
    const bytes = own.produced.reduce((sum, batch) => sum + batch.bytes.length, 0);
    return new Promise((resolve, reject) => {
      this.jobs.push({ commit: own, bytes, resolve, reject });
      this.start();
    });
  }

  /** Runs `job` once everything asked for before has settled. */
  after<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.jobs.push(() => job().then(resolve, reject));
      this.start();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  private start(): void {
    this.running ??= this.run().then(() => {
      this.running = null;
      // Something may have come after the last look, and before here.
      if (this.jobs.length > 0) this.start();
    });
  }

  private async run(): Promise<void> {
    // What is asked for in one turn of the event loop goes together.
    await Promise.resolve();
    while (this.jobs.length > 0) {
      const first = this.jobs.shift() as Waiting | (() => Promise<void>);
      if (typeof first === "function") await first();
      else await this.work(this.together(first));
    }
  }

  /** Commits without a checkpoint share a transaction; a task's commit is one. */
  private together(first: Waiting): readonly Waiting[] {
    const waiting = [first];
    let bytes = first.bytes;
    while (waiting.every(({ commit }) => commit.checkpoints.length === 0)) {
      const next = this.jobs[0];
      if (next === undefined || typeof next === "function") break;
      if (next.commit.checkpoints.length > 0 || bytes + next.bytes > MOST_BYTES) break;
      bytes += next.bytes;
      waiting.push(this.jobs.shift() as Waiting);
    }
    return waiting;
  }
}

function ownCheckpoint(checkpoint: Checkpoint): Checkpoint {
  const state = new Uint8Array(checkpoint.state);
  if (checkpoint.changes === undefined) return { ...checkpoint, state };
  const changes = checkpoint.changes.map(({ key, value }) => ({
    key,
    value: value === null ? null : new Uint8Array(value),
  }));
  return { ...checkpoint, state, changes };
}
