// Judges a recorded history. Promises: every anomaly of anomaly.ts that the history shows is found,
// and a history that a correct log can have shows none, unknown outcomes, crashes and rebalances
// included. Cost: n log n; a million operations take seconds and some hundred megabytes.

import { type Anomaly, type AnomalyKind, Findings } from "./anomaly.ts";
import { checkConsumed } from "./check-consumed.ts";
import { checkOrder } from "./check-order.ts";
import { checkTransactions } from "./check-transactions.ts";
import { checkValues } from "./check-values.ts";
import { Gathered } from "./gathered.ts";
import type { Operation } from "./operation.ts";
import { attemptOutcome, type Outcome, outcomeOf, ReadLog } from "./outcomes.ts";

export interface HistoryReport {
  /** How often each anomaly was found; only those that were. Empty: a clean history. */
  readonly counts: ReadonlyMap<AnomalyKind, number>;
  /** The first ten of each kind. */
  readonly examples: readonly Anomaly[];
  /** What the verdict rests on. A history in which little happened shows little. */
  readonly seen: {
    readonly operations: number;
    readonly records: number;
    readonly attempts: Readonly<Record<Outcome, number>>;
    readonly transactions: Readonly<Record<Outcome, number>>;
    /** Gaps between one transaction's sends: normal on Kafka, as interleaved writes (G0) are. */
    readonly sendGaps: number;
    /** Partitions that were written and that nobody read to the end: of these "unseen" is not judged. */
    readonly notReadToTheEnd: readonly string[];
  };
}

/** Processes in any order; of each process, its own. FAULTS_HISTORY_INVALID where it contradicts itself. */
export function checkHistory(operations: Iterable<Operation>): HistoryReport {
  const gathered = new Gathered();
  for (const operation of operations) gathered.add(operation);
  const log = new ReadLog(gathered);
  const findings = new Findings();
  const allowed = { sendGaps: 0 };
  checkValues(gathered, log, findings);
  checkOrder(gathered, log, findings, allowed);
  checkTransactions(gathered, log, findings);
  checkConsumed(gathered, log, findings);
  const attempts = { committed: 0, aborted: 0, unknown: 0 };
  const unread = new Set<string>();
  for (const each of gathered.attemptsOf) {
    for (const attempt of each) {
      attempts[attemptOutcome(attempt)]++;
      if (attempt.partition.caughtUp.size === 0) unread.add(attempt.partition.name);
    }
  }
  const transactions = { committed: 0, aborted: 0, unknown: 0 };
  for (const transaction of gathered.transactions.values()) transactions[outcomeOf(transaction)]++;
  let records = 0;
  for (const { offsets } of gathered.polls) records += offsets.length;
  const { operations: count } = gathered;
  const seen = {
    operations: count,
    records,
    attempts,
    transactions,
    sendGaps: allowed.sendGaps,
    notReadToTheEnd: [...unread],
  };
  return { counts: findings.counts, examples: findings.examples, seen };
}
