// A transactional producer: one transaction after the other under one transactional id. Promises:
//  - opening it fences every earlier owner of the id, and waits until the transaction which that
//    owner left is settled: what is read afterwards is final;
//  - `commit` puts all records and offsets into one transaction, or none of them;
//  - after any failure but a conflict it is dead: open a new one, which aborts what this one left. An
//    outcome is unknown only where the request to commit was sent, and not answered or answered by a
//    coordinator that lost its log; every failure before that means that nothing of the transaction
//    will ever be read as committed.
//
// Why an unknown outcome ends the producer: a request to commit that lies somewhere on the way must
// not find the next transaction open. A new producer has a new epoch, so the broker refuses the old
// request. Where the cluster has transactions of version 2 (KIP-890: Kafka 4), each transaction has an
// epoch of its own, so that even a request which was doubled on its way does no harm.

import { TapedeckError } from "../../../schemas/errors.ts";

import { type ClusterView, closedByUs, pauseMs } from "./cluster-view.ts";
import { Coordinator } from "./coordinator.ts";
import { kafkaError, LinkFailure, mayRetry, Refused, throwWorst } from "./failures.ts";
import { retryForMs } from "./link.ts";
import { Links } from "./links.ts";
import {
  type Outgoing,
  outgoingOf,
  ProduceRounds,
  type TransactionBatch,
} from "./produce-rounds.ts";
import { COORDINATES_GROUPS, COORDINATES_TRANSACTIONS, type Partitioned } from "./requests.ts";
import {
  addOffsetsToTxn,
  addPartitionsToTxn,
  type CommittedOffset,
  endTxn,
  endTxnWithNewEpoch,
  initProducerId,
  type Producer,
  type Refusal,
  txnOffsetCommit,
} from "./transaction-requests.ts";

export interface Transaction {
  /** Several of one partition are written in their order. */
  readonly batches: readonly TransactionBatch[];
  readonly offsets?: {
    readonly groupId: string;
    readonly offsets: readonly CommittedOffset[];
  };
}

/** Where the first record of a partition went; -1 where the broker does not tell it again. */
export type Written = Partitioned & { readonly baseOffset: number };

export interface TransactionalProducer {
  readonly id: bigint;
  /** Grows with each transaction where the cluster has transactions of version 2. */
  readonly epoch: number;
  /** True after any failure: open another. */
  readonly dead: boolean;
  /**
   * One transaction; the next may be given when it resolves. STREAMS_FENCED: another owner came, or
   * the transaction outlived its time-out. KAFKA_OUTCOME_UNKNOWN: read back what was committed. Any
   * other error: nothing was committed. After STREAMS_OFFSET_CONFLICT alone the producer lives on.
   */
  commit(transaction: Transaction): Promise<readonly Written[]>;
  close(): void;
}

const COORDINATOR_LANE = "coordinator";
const OFFSETS_LANE = "offsets";
/** A transaction's markers are written within milliseconds: ask again soon. */
const LONGEST_MARKER_PAUSE_MS = 20;

/** Opens one; bounded by `retryForMs`. `timeoutMs` is how long the broker lets a transaction last. */
export async function openProducer(
  cluster: ClusterView,
  transactionalId: string,
  timeoutMs: number,
): Promise<TransactionalProducer> {
  const links = new Links(cluster.settings);
  const coordinator = new Coordinator(cluster, links, COORDINATES_TRANSACTIONS, transactionalId);
  try {
    const answer = await cluster.retrying(`open the producer ${transactionalId}`, async () => {
      const request = initProducerId(transactionalId, timeoutMs);
      const said = await coordinator.send(request, COORDINATOR_LANE);
      coordinator.refuse(said.error, "InitProducerId");
      return said;
    });
    const producer = { transactionalId, id: answer.id, epoch: answer.epoch };
    const newEpochs = await cluster.hasTransactionsV2();
    return new OpenProducer(cluster, links, coordinator, producer, timeoutMs, newEpochs);
  } catch (error) {
    links.close();
    if (error instanceof TapedeckError && error.facts.error === "INVALID_TRANSACTION_TIMEOUT") {
      throw new TapedeckError(
        "KAFKA_TRANSACTION_TIMEOUT_INVALID",
        `the broker takes no transactions of ${timeoutMs} ms (transaction.max.timeout.ms)`,
        { timeoutMs },
        error,
      );
    }
    throw error;
  }
}

class OpenProducer implements TransactionalProducer {
  dead = false;
  private readonly cluster: ClusterView;
  private readonly links: Links;
  private readonly coordinator: Coordinator;
  private producer: Producer;
  private readonly timeoutMs: number;
  private readonly newEpochs: boolean;
  private readonly rounds: ProduceRounds;
  private busy = false;
  private endSent = false;
  /** The coordinator answered a request to commit so that it may have been carried out. */
  private endDoubtful = false;

  constructor(
    cluster: ClusterView,
    links: Links,
    coordinator: Coordinator,
    producer: Producer,
    timeoutMs: number,
    newEpochs: boolean,
  ) {
    this.cluster = cluster;
    this.links = links;
    this.coordinator = coordinator;
    this.producer = producer;
    this.timeoutMs = timeoutMs;
    this.newEpochs = newEpochs;
    this.rounds = new ProduceRounds(cluster, links, timeoutMs);
  }

  get id(): bigint {
    return this.producer.id;
  }

  get epoch(): number {
    return this.producer.epoch;
  }

  async commit(transaction: Transaction): Promise<readonly Written[]> {
    const { transactionalId } = this.producer;
    if (this.dead || this.busy) {
      const state = this.dead ? "is dead after a failure" : "has a transaction under way";
      throw new TapedeckError(
        "KAFKA_PRODUCER_UNUSABLE",
        `the producer ${transactionalId} ${state}`,
        {
          transactionalId,
        },
      );
    }
    this.busy = true;
    this.endSent = false;
    this.endDoubtful = false;
    const begun = performance.now();
    let overtaken: Outgoing | undefined;
    try {
      const limit = this.cluster.settings.maxBatchBytes ?? 1_000_000;
      const outgoing = outgoingOf(transaction.batches, limit);
      const offsets = transaction.offsets?.offsets.length ? transaction.offsets : null;
      if (outgoing.length === 0 && offsets === null) return [];
      const steps = [this.addPartitions(outgoing)];
      if (offsets !== null) steps.push(this.addGroup(offsets.groupId));
      await allOrFirstFailure(steps, (failure) => this.die(failure));
      // One after the other: each makes its broker ask the coordinator whether it belongs to the
      // transaction, and of two such questions at a time the broker lets one fail.
      if (offsets !== null) await this.commitOffsets(offsets.groupId, offsets.offsets);
      await this.write(outgoing);
      overtaken = outgoing.find(({ at, baseOffset }) => at !== null && at !== baseOffset);
      // Not left to a time-out: readers of these partitions wait until it is settled.
      await this.end(overtaken === undefined);
      if (overtaken === undefined) {
        return outgoing.map(({ topic, partition, baseOffset }) => ({
          topic,
          partition,
          baseOffset,
        }));
      }
    } catch (failure) {
      this.die(failure);
      throw this.meaning(failure, performance.now() - begun);
    } finally {
      this.busy = false;
    }
    throw conflictAt(overtaken);
  }

  close(): void {
    this.dead = true;
    this.links.close();
  }

  private async addPartitions(outgoing: readonly Outgoing[]): Promise<void> {
    if (outgoing.length === 0) return;
    await this.repeat(async () => {
      const request = addPartitionsToTxn(this.producer, outgoing);
      const refusals = await this.coordinator.send(request, COORDINATOR_LANE);
      this.check(refusals, "AddPartitionsToTxn", this.coordinator);
    });
  }

  private async write(outgoing: readonly Outgoing[]): Promise<void> {
    if (outgoing.length === 0) return;
    await this.repeat(() => this.rounds.send(outgoing, this.producer));
  }

  private async addGroup(groupId: string): Promise<void> {
    await this.repeat(async () => {
      const request = addOffsetsToTxn(this.producer, groupId);
      const error = await this.coordinator.send(request, COORDINATOR_LANE);
      this.coordinator.refuse(error, "AddOffsetsToTxn", null, `group ${groupId}`);
    });
  }

  private async commitOffsets(groupId: string, offsets: readonly CommittedOffset[]): Promise<void> {
    const group = new Coordinator(this.cluster, this.links, COORDINATES_GROUPS, groupId);
    await this.repeat(async () => {
      const request = txnOffsetCommit(this.producer, groupId, offsets);
      const refusals = await group.send(request, OFFSETS_LANE);
      this.check(refusals, "TxnOffsetCommit", group);
    });
  }

  private async end(committed: boolean): Promise<void> {
    await this.repeat(async () => {
      const link = await this.coordinator.link(COORDINATOR_LANE);
      if (!this.newEpochs) {
        const answered = link.send(endTxn(this.producer, committed));
        this.endSent = committed;
        this.refuseEnd(await answered);
        return;
      }
      const answered = link.send(endTxnWithNewEpoch(this.producer, committed));
      this.endSent = committed;
      const { error, id, epoch } = await answered;
      this.refuseEnd(error);
      this.producer = { ...this.producer, id, epoch };
      this.rounds.beginEpoch();
    });
  }

  /**
   * A coordinator says that it is not available, or is none, also where its own log took the commit
   * and did not tell in time (TransactionStateManager.appendTransactionToLog): what refuses the same
   * request when it is sent again, such as a later owner's fence, may then have come after the commit.
   */
  private refuseEnd(code: number): void {
    try {
      this.coordinator.refuse(code, "EndTxn");
    } catch (failure) {
      const moved = failure instanceof Refused && failure.failure === "coordinator";
      if (moved && this.endSent) this.endDoubtful = true;
      throw failure;
    }
  }

  private check(refusals: readonly Refusal[], apiName: string, coordinator: Coordinator): void {
    const bad = refusals.filter(({ error }) => error !== 0);
    // One partition's error makes the broker not attempt the others.
    const telling = bad.map(({ error, topic, partition }) => {
      return new Refused(error, apiName, { topic, partition });
    });
    const first = telling.find(({ type }) => type !== "OPERATION_NOT_ATTEMPTED") ?? telling[0];
    if (first === undefined) return;
    const code = bad[telling.indexOf(first)]?.error ?? 0;
    coordinator.refuse(code, apiName, first.place);
  }

  /** A step again while that can help; a request to commit without an answer ends it at once. */
  private async repeat(step: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    const forMs = Math.min(this.timeoutMs, retryForMs(this.cluster.settings));
    for (let attempt = 0; ; attempt++) {
      try {
        return await step();
      } catch (failure) {
        const unanswered = this.endSent && failure instanceof LinkFailure;
        const marker = failure instanceof Refused && failure.type === "CONCURRENT_TRANSACTIONS";
        const wait = marker
          ? Math.min(LONGEST_MARKER_PAUSE_MS, 2 ** Math.min(attempt, 5))
          : pauseMs(attempt);
        const late = performance.now() - begun + wait > forMs;
        if (unanswered || late || this.dead || !mayRetry(failure)) throw failure;
        await this.cluster.pause(wait);
        if (this.dead || this.cluster.closed) throw failure;
      }
    }
  }

  private die(failure: unknown): void {
    if (this.dead) return;
    this.dead = true;
    this.links.close(failure instanceof Error ? failure.message : String(failure));
  }

  private meaning(failure: unknown, afterMs: number): unknown {
    const { transactionalId } = this.producer;
    const message = failure instanceof Error ? failure.message : String(failure);
    const facts = { transactionalId, afterMs: Math.round(afterMs) };
    const kind = failure instanceof Refused ? failure.failure : null;
    const refused = kind === "fenced" || kind === "authorization" || wasOpen(failure);
    const certain = refused && !this.endDoubtful;
    if (this.endSent && !certain) {
      const text = `whether a transaction of ${transactionalId} was committed is unknown: ${message}`;
      return new TapedeckError("KAFKA_OUTCOME_UNKNOWN", text, facts, failure);
    }
    const what = `commit a transaction of ${transactionalId}`;
    if (this.cluster.closed) return closedByUs(what);
    if (failure instanceof LinkFailure || mayRetry(failure) || kind === "abortable") {
      if (failure instanceof Refused && failure.type === "UNKNOWN_TOPIC_OR_PARTITION") {
        return kafkaError(failure, what, afterMs);
      }
      const text = `a transaction of ${transactionalId} was given up: ${message}`;
      return new TapedeckError("KAFKA_TRANSACTION_ABORTED", text, facts, failure);
    }
    return kafkaError(failure, what);
  }
}

/** -1: sent again after a lost answer, and the broker does not tell where it had put it. */
function conflictAt({ topic, partition, at, baseOffset }: Outgoing): TapedeckError {
  const found = baseOffset < 0 ? "an offset that was not told" : `Kafka offset ${baseOffset}`;
  return new TapedeckError(
    "STREAMS_OFFSET_CONFLICT",
    `${topic}/${partition}: another writer was first: the record for Kafka offset ${at} got ${found}`,
    { topic, partition, at, baseOffset },
  );
}

/** The coordinator answers so to a commit only where the transaction was not committed. */
const wasOpen = (failure: unknown): boolean =>
  failure instanceof Refused &&
  ["INVALID_TXN_STATE", "TRANSACTION_ABORTABLE"].includes(failure.type);

/** Waits for all; the first failure is handed to `failed` at once, so that the others may stop. */
async function allOrFirstFailure(
  steps: readonly Promise<void>[],
  failed: (failure: unknown) => void,
): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) {
    step.catch((failure: unknown) => {
      failures.push(failure);
      failed(failure);
    });
  }
  await Promise.allSettled(steps);
  throwWorst(failures);
}
