// Each process's reads and sends, one after another: nothing passed over, nothing backwards. Cost:
// linear in the records read, times log n where there is a distance between two.

import type { AnomalyKind, Findings } from "./anomaly.ts";
import type { Attempt, Gathered, Partition, Poll, Step, Transaction } from "./gathered.ts";
import { attemptOutcome, between, outcomeOf, type ReadLog } from "./outcomes.ts";

/** Gaps between the sends of one transaction, which others' records may fill: allowed, and counted. */
export interface Allowed {
  sendGaps: number;
}

export function checkOrder(
  gathered: Gathered,
  log: ReadLog,
  findings: Findings,
  allowed: Allowed,
): void {
  const lost = new Set<Attempt>();
  for (const [process, steps] of gathered.steps.entries()) {
    new ReadOrder(gathered, log, findings, lost).check(steps);
    checkSends(gathered, log, findings, allowed, process, steps);
  }
}

/** Where one process has read to, as it may expect after each step. */
class ReadOrder {
  private readonly gathered: Gathered;
  private readonly log: ReadLog;
  private readonly findings: Findings;
  private readonly lostAlready: Set<Attempt>;
  /** Last offset read of each partition; absent: the process may go on from anywhere. */
  private readonly last = new Map<Partition, number>();
  /** The same as it was before the open transaction polled. */
  private readonly before = new Map<Partition, number | undefined>();
  private open: Transaction | null = null;

  constructor(gathered: Gathered, log: ReadLog, findings: Findings, lost: Set<Attempt>) {
    this.gathered = gathered;
    this.log = log;
    this.findings = findings;
    this.lostAlready = lost;
  }

  check(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === "poll") this.poll(step.poll);
      else if (step.kind === "assign") {
        this.last.clear();
        this.before.clear();
      } else if (step.kind === "begin") {
        this.end();
        this.open = step.transaction;
      } else if (step.kind === "ended" && step.transaction === this.open) this.end();
    }
  }

  private poll(poll: Poll): void {
    const { partition, offsets, values, transaction } = poll;
    if (offsets.length === 0) return;
    const inside = transaction !== null && transaction === this.open;
    let last = this.last.get(partition);
    let joined = inside && this.before.has(partition);
    if (inside && !joined) this.before.set(partition, last);
    for (const [i, offset] of offsets.entries()) {
      if (last !== undefined) this.compare(poll, joined, last, offset, values[i] as number);
      last = offset;
      joined = true;
    }
    this.last.set(partition, last as number);
  }

  private compare(poll: Poll, joined: boolean, last: number, next: number, value: number): void {
    const { partition } = poll;
    const { values, processes } = this.gathered;
    const who = [processes[poll.process] as string];
    if (poll.transaction !== null) who.push(poll.transaction.name);
    const found = (kind: AnomalyKind, offsets: readonly number[], passed: readonly string[]) =>
      this.findings.add({ kind, partition: partition.name, offsets, values: passed, who });
    if (next <= last) {
      const kind = joined ? "inversion-in-transaction-reads" : "inversion-between-reads";
      found(kind, [last, next], [values[value] as string]);
      return;
    }
    if (partition.caughtUp.size === 0) this.lost(partition, last, next);
    const { visible, at } = this.log.of(partition);
    const [passed] = between(visible, last, next, 1);
    if (passed === undefined) return;
    const skipped = values[at.get(passed)?.value as number] as string;
    const kind = joined ? "gap-in-transaction-reads" : "gap-between-reads";
    found(kind, [last, passed, next], [skipped]);
  }

  /** What was acknowledged lies between two records that were read, and nobody read it. */
  private lost(partition: Partition, last: number, next: number): void {
    const { unread, unreadAt } = this.log.of(partition);
    for (const offset of between(unreadAt, last, next)) {
      const attempt = unread.get(offset) as Attempt;
      if (this.lostAlready.has(attempt)) continue;
      this.lostAlready.add(attempt);
      this.findings.add({
        kind: "lost-write",
        partition: partition.name,
        offsets: [offset],
        values: [this.gathered.values[attempt.value] as string],
        who: [attempt.transaction?.name ?? (this.gathered.processes[attempt.process] as string)],
      });
    }
  }

  /** After an aborted transaction what it polled is read again; after an unknown one either may be. */
  private end(): void {
    if (this.open === null) return;
    const outcome = outcomeOf(this.open);
    for (const [partition, last] of this.before) {
      if (outcome === "committed") continue;
      if (outcome === "unknown" || last === undefined) this.last.delete(partition);
      else this.last.set(partition, last);
    }
    this.before.clear();
    this.open = null;
  }
}

function checkSends(
  { attemptsOf, values, processes }: Gathered,
  log: ReadLog,
  findings: Findings,
  allowed: Allowed,
  process: number,
  steps: readonly Step[],
): void {
  const last = new Map<Partition, { attempt: Attempt; offset: number }>();
  for (const step of steps) {
    if (step.kind !== "send") continue;
    for (const attempt of step.attempts) {
      if (attemptOutcome(attempt) === "aborted") continue;
      const { partition, transaction } = attempt;
      const offset = log.offsetOf(attempt, attemptsOf);
      if (offset === null) continue;
      const previous = last.get(partition);
      last.set(partition, { attempt, offset });
      if (previous === undefined) continue;
      const inside = transaction !== null && transaction === previous.attempt.transaction;
      if (offset < previous.offset) {
        findings.add({
          kind: inside ? "inversion-in-transaction-sends" : "nonmonotonic-send",
          partition: partition.name,
          offsets: [previous.offset, offset],
          values: [values[previous.attempt.value] as string, values[attempt.value] as string],
          who: [processes[process] as string, ...(inside ? [transaction.name] : [])],
        });
      } else if (
        inside &&
        between(log.of(partition).visible, previous.offset, offset, 1).length > 0
      ) {
        allowed.sendGaps++;
      }
    }
  }
}
