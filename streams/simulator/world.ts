// The world of one simulation: the log, the clock, chance, the faults in force, and the tasks' seats.

import type { Random } from "../../quant/random.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Checkpoint, Commit, EventLog, RecordBatch } from "../log.ts";
import { Agenda } from "./agenda.ts";
import { Anomalies } from "./anomalies.ts";
import { commitsOf, type Defect } from "./defects.ts";
import type { Faults } from "./faults.ts";
import { type Happening, History } from "./history.ts";
import { Feed } from "./network.ts";

export type Outcome = "acknowledged" | "refused" | "lost" | "hidden" | "deferred";

export class World {
  readonly log: EventLog;
  readonly random: Random;
  readonly agenda: Agenda;
  readonly defect: Defect;
  readonly history: History;
  readonly anomalies = new Anomalies();
  readonly epochs = new Map<string, number>();
  /** Of each task: the checkpoint before the last, and the last. */
  readonly committed = new Map<string, readonly [Checkpoint | null, Checkpoint]>();
  faults: Faults;
  healed = false;
  restarts = 0;
  conflicts = 0;
  private readonly feeds = new Map<string, Feed>();
  private readonly ends = new Map<string, number>();
  private readonly stored = new Map<string, Set<string>>();
  private logCrashes = 0;

  constructor(
    log: EventLog,
    random: Random,
    faults: Faults,
    startUs: number,
    defect: Defect,
    trace: ((line: string) => void) | null,
  ) {
    this.log = log;
    this.random = random;
    this.faults = faults;
    this.defect = defect;
    this.agenda = new Agenda(startUs);
    this.history = new History(trace);
  }

  note(what: Happening, who: string, ...numbers: readonly number[]): void {
    this.history.note(this.agenda.nowUs, what, who, ...numbers);
  }

  feed(topic: string, partition: number): Feed {
    const name = `${topic}/${partition}`;
    let feed = this.feeds.get(name);
    if (feed === undefined) {
      feed = new Feed();
      this.feeds.set(name, feed);
    }
    return feed;
  }

  /** Source events: their writer is right, unless the log itself is not. */
  async publish(commit: Commit): Promise<void> {
    if (this.defect === "acknowledged-early") this.acknowledgeEarly(commit);
    else {
      await this.apply(commit);
      this.anomalies.wasAcknowledged(commit);
    }
  }

  /** Takes a transaction to the log, or fails to; throws what the log refused it with. */
  async commit(transaction: Commit): Promise<Outcome> {
    const { random, faults, agenda } = this;
    const { refuse, lose, hide, defer } = faults;
    const chance = random.uniform();
    if (chance < refuse) return "refused";
    if (chance < refuse + lose) return "lost";
    if (chance < refuse + lose + hide) {
      await this.write(transaction);
      return "hidden";
    }
    if (chance < refuse + lose + hide + defer) {
      const copy = copyOf(transaction);
      agenda.plan(agenda.nowUs + random.integer(2 * faults.restartUs), () => this.tryWrite(copy));
      return "deferred";
    }
    if (this.defect === "acknowledged-early") {
      this.acknowledgeEarly(copyOf(transaction));
      return "acknowledged";
    }
    for (const written of await this.write(transaction)) this.anomalies.wasAcknowledged(written);
    return "acknowledged";
  }

  /** The planted bug: says yes, writes later, and not at all if the log goes down before. */
  private acknowledgeEarly(transaction: Commit): void {
    this.anomalies.wasAcknowledged(transaction);
    const lost = this.logCrashes;
    if (!this.healed && this.random.integer(20) === 0) this.logCrashes++;
    this.agenda.plan(this.agenda.nowUs + 1, () =>
      lost === this.logCrashes ? this.tryWrite(transaction) : undefined,
    );
  }

  private async tryWrite(transaction: Commit): Promise<void> {
    try {
      await this.write(transaction);
    } catch (error) {
      if (!(error instanceof TapedeckError)) throw error;
    }
  }

  /** Gives what was written: the transaction, unless a bug is planted. */
  private async write(transaction: Commit): Promise<readonly Commit[]> {
    const [checkpoint] = transaction.checkpoints;
    const before =
      checkpoint === undefined ? null : (this.committed.get(checkpoint.task)?.[1] ?? null);
    const written: Commit[] = [];
    const stored = this.storedBy(checkpoint?.task ?? "");
    for (const part of commitsOf(transaction, before, stored, this.defect)) {
      // Between the commits that a bug makes of one, the process may die.
      if (written.length > 0 && this.faults.crash > 0 && this.random.integer(8) === 0) {
        throw new TapedeckError("STREAMS_OFFSET_CONFLICT", "the process died between two commits");
      }
      const commit = this.careless ? this.rebased(part) : part;
      await this.apply(commit);
      written.push(commit);
    }
    return written;
  }

  /** A log that lets anybody write, wherever the end is. */
  private get careless(): boolean {
    return (
      this.defect === "fencing-ignored" ||
      this.defect === "state-apart-from-outputs" ||
      this.defect === "acknowledged-early"
    );
  }

  private rebased(commit: Commit): Commit {
    return {
      produced: commit.produced.map((batch) => ({
        ...batch,
        baseOffset: this.ends.get(`${batch.topic}/${batch.partition}`) ?? 0,
      })),
      checkpoints: commit.checkpoints.map((checkpoint) => ({
        ...checkpoint,
        epoch:
          this.defect === "fencing-ignored"
            ? (this.epochs.get(checkpoint.task) as number)
            : checkpoint.epoch,
      })),
    };
  }

  private async apply(commit: Commit): Promise<void> {
    await this.log.commit(commit);
    for (const batch of commit.produced) this.committedTo(batch);
    for (const checkpoint of commit.checkpoints) {
      this.note("committed", checkpoint.task, checkpoint.epoch);
      this.history.bytes(checkpoint.state);
      const stored = this.storedBy(checkpoint.task);
      for (const { key, value } of checkpoint.changes ?? []) {
        this.history.text(key);
        if (value !== null) this.history.bytes(value);
        stored.add(key);
      }
      const copy = { ...checkpoint, state: checkpoint.state.slice() };
      this.anomalies.wasConsumed(copy);
      this.committed.set(checkpoint.task, [this.committed.get(checkpoint.task)?.[1] ?? null, copy]);
    }
  }

  /** Keys of the entries that a task has ever put. */
  private storedBy(task: string): Set<string> {
    let stored = this.stored.get(task);
    if (stored === undefined) {
      stored = new Set();
      this.stored.set(task, stored);
    }
    return stored;
  }

  private committedTo(batch: RecordBatch): void {
    const { topic, partition, baseOffset, count, bytes } = batch;
    this.history.text(topic);
    this.history.number(baseOffset);
    this.history.bytes(bytes);
    this.ends.set(`${topic}/${partition}`, baseOffset + count);
    if (topic === "tape.admissions") this.note("late", topic, count);
    const feed = this.feed(topic, partition);
    feed.ends.push(baseOffset + count);
    feed.times.push(this.agenda.nowUs);
    for (const link of feed.links) link.owner.wake(link.nextUs);
  }
}

const copyOf = ({ produced, checkpoints }: Commit): Commit => ({
  produced: produced.map((batch) => ({ ...batch, bytes: batch.bytes.slice() })),
  checkpoints,
});
