// Transactions as a whole: all of one or nothing, and nothing of it before its commit. Cost: linear.

import type { Findings } from "./anomaly.ts";
import type { Attempt, Gathered, Poll, Transaction } from "./gathered.ts";
import { isGone, isOnlyOne, isThere, outcomeOf, type ReadLog } from "./outcomes.ts";

export function checkTransactions(gathered: Gathered, log: ReadLog, findings: Findings): void {
  for (const transaction of gathered.transactions.values()) {
    checkTorn(gathered, log, findings, transaction);
  }
  checkPrecommitted(gathered, findings);
}

/** Of a transaction whose outcome its process was not told, readers must see all or nothing. */
function checkTorn(
  { values, attemptsOf }: Gathered,
  log: ReadLog,
  findings: Findings,
  transaction: Transaction,
): void {
  if (outcomeOf(transaction) !== "unknown") return;
  const seen = transaction.sends.find((attempt) => isThere(attempt, log, attemptsOf));
  const missing = transaction.sends.find((attempt) => isGone(attempt, log));
  if (seen === undefined || missing === undefined) return;
  const partitions = new Set([seen.partition.name, missing.partition.name]);
  findings.add({
    kind: "torn-transaction",
    partition: [...partitions].join(", "),
    offsets: [log.places[seen.value]?.offset as number],
    values: [values[seen.value] as string, values[missing.value] as string],
    who: [transaction.name],
  });
}

/** A process knows its own order; two processes are ordered by the machine's clock, where it is given. */
function checkPrecommitted(gathered: Gathered, findings: Findings): void {
  const { values, attemptsOf, processes } = gathered;
  const found = ({ partition, process }: Poll, offset: number, attempt: Attempt): void =>
    findings.add({
      kind: "precommitted-read",
      partition: partition.name,
      offsets: [offset],
      values: [values[attempt.value] as string],
      who: [attempt.transaction?.name as string, processes[process] as string],
    });
  for (const steps of gathered.steps) {
    const open = new Map<number, Attempt>();
    for (const step of steps) {
      if (step.kind === "send") {
        for (const attempt of step.attempts) {
          if (attempt.transaction !== null) open.set(attempt.value, attempt);
        }
      } else if (step.kind === "ending" || step.kind === "ended") {
        for (const { value } of step.transaction.sends) open.delete(value);
      } else if (step.kind === "poll" && open.size > 0) {
        for (const [i, value] of step.poll.values.entries()) {
          const attempt = open.get(value);
          if (attempt === undefined || !isOnlyOne(attempt, attemptsOf)) continue;
          found(step.poll, step.poll.offsets[i] as number, attempt);
        }
      }
    }
  }
  for (const poll of gathered.polls) {
    if (poll.atUs === null) continue;
    for (const [i, value] of poll.values.entries()) {
      const [attempt, other] = attemptsOf[value] as Attempt[];
      const askedUs = attempt?.transaction?.commitAskedUs ?? null;
      if (attempt === undefined || other !== undefined || askedUs === null) continue;
      if (attempt.process !== poll.process && poll.atUs < askedUs) {
        found(poll, poll.offsets[i] as number, attempt);
      }
    }
  }
}
