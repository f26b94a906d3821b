// What became of every attempt, as far as the processes were told, and the log as it was read.
// Promises: nothing is taken for certain that could be otherwise. Cost: n log n for the order.

import type { Attempt, Gathered, Partition, Poll, Transaction } from "./gathered.ts";

/** A send or a transaction, as its process was told: one that never asked to commit is aborted. */
export type Outcome = "committed" | "aborted" | "unknown";

export function outcomeOf({ outcome, commitAsked }: Transaction): Outcome {
  if (outcome === "committed" || outcome === "aborted") return outcome;
  return commitAsked ? "unknown" : "aborted";
}

export function attemptOutcome({ transaction, outcome }: Attempt): Outcome {
  if (outcome === "failed") return "aborted";
  const end = transaction === null ? "committed" : outcomeOf(transaction);
  return outcome === "ok" || end === "aborted" ? end : "unknown";
}

/** One partition as all processes together read it. */
export interface ReadPartition {
  /** Value first read at each offset, with the poll that did. */
  readonly at: Map<number, { readonly value: number; readonly poll: Poll }>;
  /** Offsets at which a value was read that may have been written, ascending. */
  readonly visible: readonly number[];
  /** What was acknowledged as committed at a known offset, and read by nobody. */
  readonly unread: ReadonlyMap<number, Attempt>;
  /** Its offsets, ascending. */
  readonly unreadAt: readonly number[];
  /** Greatest offset read; -1: none. */
  readonly highest: number;
}

export interface ValuePlace {
  readonly partition: Partition;
  readonly offset: number;
  readonly poll: Poll;
}

export class ReadLog {
  /** The first place at which each value was read. */
  readonly places: (ValuePlace | undefined)[];
  /** 1: the value is in what some process read of a whole partition in the end. */
  readonly inFinal: Uint8Array;
  private readonly partitions = new Map<Partition, ReadPartition>();
  constructor({ polls, values, attemptsOf, partitions }: Gathered) {
    this.places = new Array(values.length);
    this.inFinal = new Uint8Array(values.length);
    const read = new Map<Partition, Map<number, { value: number; poll: Poll }>>();
    for (const partition of partitions.values()) read.set(partition, new Map());
    for (const poll of polls) {
      const { partition, offsets } = poll;
      const at = read.get(partition) as Map<number, { value: number; poll: Poll }>;
      const final = partition.caughtUp.has(poll.process) ? 1 : 0;
      for (const [i, value] of poll.values.entries()) {
        const offset = offsets[i] as number;
        if (!at.has(offset)) at.set(offset, { value, poll });
        this.places[value] ??= { partition, offset, poll };
        this.inFinal[value] = (this.inFinal[value] as number) | final;
      }
    }
    const unread = new Map<Partition, Map<number, Attempt>>();
    for (const partition of partitions.values()) unread.set(partition, new Map());
    for (const attempt of attemptsOf.flat()) {
      if (attempt.offset < 0 || this.places[attempt.value] !== undefined) continue;
      if (attemptOutcome(attempt) !== "committed") continue;
      unread.get(attempt.partition)?.set(attempt.offset, attempt);
    }
    for (const [partition, at] of read) {
      let highest = -1;
      const visible: number[] = [];
      for (const [offset, { value }] of at) {
        if (offset > highest) highest = offset;
        const attempts = attemptsOf[value] as Attempt[];
        if (attempts.some((each) => attemptOutcome(each) !== "aborted")) visible.push(offset);
      }
      visible.sort((a, b) => a - b);
      const missing = unread.get(partition) as Map<number, Attempt>;
      const unreadAt = [...missing.keys()].sort((a, b) => a - b);
      this.partitions.set(partition, { at, visible, unread: missing, unreadAt, highest });
    }
  }

  of(partition: Partition): ReadPartition {
    return this.partitions.get(partition) as ReadPartition;
  }

  /** Where an attempt's value lies: as acknowledged, or as read if no other attempt can have put it there. */
  offsetOf(attempt: Attempt, attemptsOf: Gathered["attemptsOf"]): number | null {
    if (attempt.offset >= 0) return attempt.offset;
    const place = this.places[attempt.value];
    if (place?.partition !== attempt.partition) return null;
    return isOnlyOne(attempt, attemptsOf) ? place.offset : null;
  }
}

/** Whether no other attempt can have written the value. */
export function isOnlyOne(attempt: Attempt, attemptsOf: Gathered["attemptsOf"]): boolean {
  const attempts = attemptsOf[attempt.value] as Attempt[];
  return attempts.every((each) => each === attempt || attemptOutcome(each) === "aborted");
}

/**
 * The same as `outcomeOf`, and more where the readers know it: a transaction of which something was
 * read was committed; one of which a whole partition, read in the end, shows nothing was not.
 */
export function outcomeAsRead(
  transaction: Transaction,
  log: ReadLog,
  attemptsOf: Gathered["attemptsOf"],
): Outcome {
  const told = outcomeOf(transaction);
  if (told !== "unknown") return told;
  if (transaction.sends.some((attempt) => isThere(attempt, log, attemptsOf))) return "committed";
  return transaction.sends.some((attempt) => isGone(attempt, log)) ? "aborted" : "unknown";
}

/** Whether the value was read and only this attempt can have written it. */
export function isThere(
  attempt: Attempt,
  log: ReadLog,
  attemptsOf: Gathered["attemptsOf"],
): boolean {
  if (attemptOutcome(attempt) === "aborted" || log.places[attempt.value] === undefined)
    return false;
  return isOnlyOne(attempt, attemptsOf);
}

/** Whether the log took the attempt, and the whole of the partition shows the value elsewhere or not at all. */
export function isGone({ partition, outcome, value, offset }: Attempt, log: ReadLog): boolean {
  if (outcome !== "ok" || partition.caughtUp.size === 0) return false;
  const place = log.places[value];
  if (place === undefined || place.partition !== partition) return true;
  return offset >= 0 && place.offset !== offset;
}

/** Entries of an ascending list strictly between two. Cost: log n and the length of the answer. */
export function between(
  ascending: readonly number[],
  after: number,
  before: number,
  most = Number.POSITIVE_INFINITY,
): readonly number[] {
  if (before - after <= 1) return [];
  const from = firstAtLeast(ascending, after + 1);
  return ascending.slice(from, Math.min(firstAtLeast(ascending, before), from + most));
}

/** Index of the first entry that is `least` or more, of an ascending list. */
function firstAtLeast(ascending: readonly number[], least: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] as number) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
