// Commits on their way to a log, several at once. Promises: at most so many bytes are under way; who
// hands over hears of the first failure at the next call, when all that was under way has settled.

import type { EventLog, RecordBatch } from "../../streams/log.ts";

const WINDOW_BYTES = 4 << 20;

export class CommitWindow {
  private readonly log: EventLog;
  private readonly onDurable: (produced: readonly RecordBatch[]) => void;
  private readonly underWay: Promise<void>[] = [];
  private bytes = 0;
  private failure: { readonly error: unknown } | null = null;

  constructor(log: EventLog, onDurable: (produced: readonly RecordBatch[]) => void) {
    this.log = log;
    this.onDurable = onDurable;
  }

  /** Commits the batches together; resolves when there is room for more. */
  async hand(produced: readonly RecordBatch[]): Promise<void> {
    if (this.failure !== null) await this.settled();
    if (produced.length > 0) this.start(produced);
    while (this.bytes > WINDOW_BYTES) await this.underWay[0];
    if (this.failure !== null) await this.settled();
  }

  /** Resolves when nothing is under way; throws the first failure, once. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
    const { failure } = this;
    this.failure = null;
    if (failure !== null) throw failure.error;
  }

  private start(produced: readonly RecordBatch[]): void {
    const size = produced.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.bytes += size;
    const done = this.log
      .commit({ produced, checkpoints: [] })
      .then(
        () => this.onDurable(produced),
        (error: unknown) => {
          this.failure ??= { error };
        },
      )
      .then(() => {
        this.bytes -= size;
        this.underWay.splice(this.underWay.indexOf(done), 1);
      });
    this.underWay.push(done);
  }
}
