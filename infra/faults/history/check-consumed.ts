// Exactly once, seen from what a group consumes: each record in one committed transaction, and none
// passed over. Cost: linear in the records that the group's transactions polled.

import type { Findings } from "./anomaly.ts";
import type { Gathered, Partition, Poll, Transaction } from "./gathered.ts";
import { between, outcomeAsRead, type ReadLog } from "./outcomes.ts";

/** What one group took from one partition. */
class Consumption {
  /** The committed transaction that polled each offset. */
  readonly by = new Map<number, Transaction>();
  /** Offsets polled in a transaction of which nobody knows whether it was committed. */
  readonly perhaps = new Set<number>();
  highest = -1;
}

export function checkConsumed(gathered: Gathered, log: ReadLog, findings: Findings): void {
  const groups = new Map<string, Map<Partition, Consumption>>();
  for (const transaction of gathered.transactions.values()) {
    const { group, polls } = transaction;
    if (group === null) continue;
    const outcome = outcomeAsRead(transaction, log, gathered.attemptsOf);
    if (outcome === "aborted") continue;
    const consumed = groups.get(group) ?? new Map<Partition, Consumption>();
    groups.set(group, consumed);
    for (const poll of polls) {
      const from = consumed.get(poll.partition) ?? new Consumption();
      consumed.set(poll.partition, from);
      if (outcome === "unknown") for (const offset of poll.offsets) from.perhaps.add(offset);
      else consume(gathered, findings, from, transaction, poll);
    }
  }
  for (const [group, consumed] of groups) {
    for (const [partition, from] of consumed) {
      checkPassedOver(gathered, log, findings, group, partition, from);
    }
  }
}

function consume(
  { values }: Gathered,
  findings: Findings,
  from: Consumption,
  transaction: Transaction,
  { partition, offsets, values: read }: Poll,
): void {
  for (const [i, offset] of offsets.entries()) {
    const other = from.by.get(offset);
    if (offset > from.highest) from.highest = offset;
    if (other === undefined) from.by.set(offset, transaction);
    else if (other !== transaction) {
      findings.add({
        kind: "consumed-twice",
        partition: partition.name,
        offsets: [offset],
        values: [values[read[i] as number] as string],
        who: [other.name, transaction.name],
      });
    }
  }
}

function checkPassedOver(
  { values }: Gathered,
  log: ReadLog,
  findings: Findings,
  group: string,
  partition: Partition,
  { by, perhaps, highest }: Consumption,
): void {
  const { visible, at } = log.of(partition);
  for (const offset of between(visible, -1, highest)) {
    if (by.has(offset) || perhaps.has(offset)) continue;
    const value = at.get(offset)?.value as number;
    findings.add({
      kind: "consumed-never",
      partition: partition.name,
      offsets: [offset, highest],
      values: [values[value] as string],
      who: [group],
    });
  }
}
