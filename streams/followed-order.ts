// Late admissions of a flow that goes on: what AdmissionOrder does with all of them known, for one who
// learns them step by step. Promises: a task gets its events in the order in which the live one
// admitted them, whatever the steps, provided that each step ends where a Frontier says; memory holds
// what waits, and the admissions learnt that are still ahead.
//
// A place is told by the event that was admitted before. Where decisions are others than live, that event
// may be missing or lie elsewhere; then its sort key tells the place: after all that comes before it.

import { type AnyEvent, compareKeys, type Position, type SortKey } from "./event.ts";
import type { SavedOrder, TaskOrder } from "./task-order.ts";

export interface FollowedAdmission {
  readonly late: Position;
  readonly after: Position;
  /** What the late event is live, where the follower may have another at its position; else null. */
  readonly lateIs: Pick<AnyEvent, "timeUs" | "cause" | "ordinal"> | null;
  /** Live sort key of `after`, where its position tells nothing here; else null. */
  readonly afterKey: SortKey | null;
}

interface Saved {
  readonly next: number;
  readonly seen: Readonly<Record<string, number>>;
  readonly reached: SortKey | null;
  readonly held: readonly number[];
  readonly missed: number;
}

const laneOf = ({ topic, partition }: Position): string => `${topic}/${partition}`;
const placeOf = (position: Position): string => `${laneOf(position)}/${position.offset}`;

export class FollowedOrder implements TaskOrder {
  readonly holding = false;
  /** Admissions whose event had not come, or was another, when its place was passed. */
  missed = 0;
  private readonly keyOf: (event: AnyEvent) => SortKey;
  /** Those ahead, in the order in which they were written; the first of them is number `next`. */
  private ahead: FollowedAdmission[] = [];
  private next: number;
  /** Late event, by its place, to its admission's number. */
  private readonly numbers = new Map<string, number>();
  /** Late events that wait, by their admissions' numbers. */
  private readonly held = new Map<number, AnyEvent>();
  /** Of each lane, the offset after the last event that came. */
  private readonly seen = new Map<string, number>();
  /** Greatest key of those that were not late. */
  private reached: SortKey | null = null;

  /** `first`: number of the first admission that matters, its offset in the task's partition. */
  constructor(keyOf: (event: AnyEvent) => SortKey, first = 0) {
    this.keyOf = keyOf;
    this.next = first;
  }

  /** Number of the next admission to learn. */
  get wanted(): number {
    return this.next + this.ahead.length;
  }

  /** Late events that wait for their place. */
  get waiting(): number {
    return this.held.size;
  }

  /** In their order; none twice. */
  learn(admissions: readonly FollowedAdmission[]): void {
    for (const admission of admissions) {
      const number = this.wanted;
      this.ahead.push(admission);
      const { late } = admission;
      // Held events that a restart brought back are known by their numbers already.
      if (this.hasCome(late)) continue;
      this.numbers.set(placeOf(late), number);
    }
  }

  release(event: AnyEvent): readonly AnyEvent[] {
    const released: AnyEvent[] = [];
    const number = this.numberOf(event);
    if (number !== null) {
      this.see(event);
      this.held.set(number, event);
      this.releaseReached(null, released);
      return released;
    }
    if (this.ahead.length > 0) this.releaseReached(event, released);
    this.see(event);
    const key = this.keyOf(event);
    if (this.reached === null || compareKeys(key, this.reached) > 0) this.reached = key;
    released.push(event);
    if (this.ahead.length > 0) this.releaseReached(null, released);
    return released;
  }

  /** Of the admission that lets this event in; null where it was not late. */
  private numberOf(event: AnyEvent): number | null {
    if (this.numbers.size === 0) return null;
    const place = placeOf(event);
    const number = this.numbers.get(place);
    if (number === undefined) return null;
    this.numbers.delete(place);
    const is = this.ahead[number - this.next]?.lateIs ?? null;
    return is === null || isSame(is, event) ? number : null;
  }

  private see(event: AnyEvent): void {
    this.seen.set(laneOf(event), event.offset + 1);
  }

  private hasCome(position: Position): boolean {
    return (this.seen.get(laneOf(position)) ?? 0) > position.offset;
  }

  /**
   * Releases what has its place before `coming`, or at what came last where that is null. An event that
   * did not come before `coming` never will: live it was admitted earlier.
   */
  private releaseReached(coming: AnyEvent | null, released: AnyEvent[]): void {
    for (let first = this.ahead[0]; first !== undefined; first = this.ahead[0]) {
      if (!this.isReached(first, coming)) return;
      const event = this.held.get(this.next);
      if (event === undefined && coming === null) return;
      this.ahead.shift();
      this.held.delete(this.next);
      this.numbers.delete(placeOf(first.late));
      this.next++;
      if (event === undefined) this.missed++;
      else released.push(event);
    }
  }

  private isReached({ after, afterKey }: FollowedAdmission, coming: AnyEvent | null): boolean {
    if (afterKey === null) return this.hasCome(after);
    if (this.reached !== null && compareKeys(afterKey, this.reached) <= 0) return true;
    return coming !== null && compareKeys(afterKey, this.keyOf(coming)) < 0;
  }

  save(): SavedOrder {
    const { next, reached, missed } = this;
    const state: Saved = {
      next,
      seen: Object.fromEntries(this.seen),
      reached,
      held: [...this.held.keys()],
      missed,
    };
    const held = [...this.held.values()].map(({ topic, partition, offset, timeUs }) => ({
      topic,
      partition,
      offset,
      timeUs,
    }));
    return { state, held };
  }

  restore({ state }: SavedOrder, held: readonly AnyEvent[]): void {
    const saved = state as Saved;
    this.next = saved.next;
    this.reached = saved.reached;
    this.missed = saved.missed;
    for (const [lane, next] of Object.entries(saved.seen)) this.seen.set(lane, next);
    for (const [index, number] of saved.held.entries()) {
      this.held.set(number, held[index] as AnyEvent);
    }
  }
}

const isSame = (is: NonNullable<FollowedAdmission["lateIs"]>, event: AnyEvent): boolean =>
  is.timeUs === event.timeUs &&
  is.ordinal === event.ordinal &&
  (is.cause === null || event.cause === null
    ? is.cause === event.cause
    : placeOf(is.cause) === placeOf(event.cause));
