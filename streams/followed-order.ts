// Late admissions of a flow that goes on: what AdmissionOrder does with all of them known, for one who
// learns them step by step. Promises: a task gets its events in the order in which the live one
// admitted them, whatever the steps, provided that each step ends where a Frontier says; memory holds
// what waits, and the admissions learnt that are still ahead.
//
// A place is told by the event that was admitted before. Where the follower decides otherwise than live, a
// derived event may lie elsewhere, or not be there: it is then known by what it follows from, and a
// place whose event does not come is before all that is later in time or rank.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent, Position } from "./event.ts";
import type { SavedOrder, TaskOrder } from "./task-order.ts";

/** What a derived event follows from. */
export interface Descent {
  readonly cause: Position;
  readonly ordinal: number;
}

export interface FollowedAdmission {
  readonly late: Position;
  readonly after: Position;
  /** Where the late event may lie elsewhere here: what it is known by; null: its position. */
  readonly lateBy: Descent | null;
  /** The same for the event before it, with its effective time. */
  readonly afterBy: (Descent & { readonly timeUs: number }) | null;
}

export interface FollowedOrderOptions {
  /** The topology's. */
  readonly rank: ReadonlyMap<TopicName, number>;
  /** Admissions may be told by what events follow from. */
  readonly byDescent: boolean;
  /** Number of the first admission that matters: its offset in the task's partition. */
  readonly first?: number;
  /** Offsets from which lanes are read, by "topic/partition"; left out: from the beginning. */
  readonly seen?: ReadonlyMap<string, number>;
}

interface Saved {
  readonly next: number;
  readonly seen: Readonly<Record<string, number>>;
  readonly reached: readonly [timeUs: number, rank: number];
  readonly names: readonly string[];
  readonly held: readonly number[];
  readonly missed: number;
  readonly followed: number;
}

const laneOf = ({ topic, partition }: Position): string => `${topic}/${partition}`;
const placeOf = (position: Position): string => `${laneOf(position)}/${position.offset}`;
const nameOf = (topic: string, { cause, ordinal }: Descent): string =>
  `${topic} by ${placeOf(cause)}#${ordinal}`;

const lateName = ({ late, lateBy }: FollowedAdmission): string =>
  lateBy === null ? placeOf(late) : nameOf(late.topic, lateBy);

export class FollowedOrder implements TaskOrder {
  readonly holding = false;
  /** Admissions whose event had not come when its place was passed. */
  missed = 0;
  /** Late events that were let in at their place. */
  followed = 0;
  private readonly rank: ReadonlyMap<TopicName, number>;
  private readonly byDescent: boolean;
  /** Those ahead, in the order in which they were written; the first of them is number `next`. */
  private readonly ahead: FollowedAdmission[] = [];
  private next: number;
  /** Late event, by its place or what it follows from, to its admission's number. */
  private readonly numbers = new Map<string, number>();
  /** Late events that wait, by their admissions' numbers. */
  private readonly held = new Map<number, AnyEvent>();
  /** Of each lane, the offset after the last event that came. */
  private readonly seen: Map<string, number>;
  /** Greatest time, and rank at that time, of those that were not late. */
  private reachedUs = -1;
  private reachedRank = -1;
  /** What was released since that time and rank was reached, where it may be asked for by descent. */
  private names = new Set<string>();

  constructor({ rank, byDescent, first = 0, seen = new Map() }: FollowedOrderOptions) {
    this.rank = rank;
    this.byDescent = byDescent;
    this.next = first;
    this.seen = new Map(seen);
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
      // Held events that a restart brought back are known by their numbers already.
      if (!this.held.has(number)) this.numbers.set(lateName(admission), number);
    }
  }

  release(event: AnyEvent): readonly AnyEvent[] {
    const released: AnyEvent[] = [];
    const number = this.numberOf(event);
    if (number !== null) {
      this.see(event);
      this.held.set(number, event);
    } else {
      if (this.ahead.length > 0) this.releaseReached(event, released);
      this.see(event);
      this.reach(event);
      released.push(event);
    }
    if (this.ahead.length > 0) this.releaseReached(null, released);
    return released;
  }

  /** Of the admission that lets this event in; null where it was not late. */
  private numberOf(event: AnyEvent): number | null {
    if (this.numbers.size === 0) return null;
    const known = this.takeNumber(placeOf(event));
    const { topic, cause, ordinal } = event;
    if (known !== null || cause === null || !this.byDescent) return known;
    return this.takeNumber(nameOf(topic, { cause, ordinal }));
  }

  private takeNumber(name: string): number | null {
    const number = this.numbers.get(name);
    if (number === undefined) return null;
    this.numbers.delete(name);
    return number;
  }

  private see(event: AnyEvent): void {
    this.seen.set(laneOf(event), event.offset + 1);
  }

  private reach(event: AnyEvent): void {
    const { topic, timeUs } = event;
    const rank = this.rankOf(topic);
    const isBeyond =
      timeUs > this.reachedUs || (timeUs === this.reachedUs && rank > this.reachedRank);
    if (isBeyond) {
      this.reachedUs = timeUs;
      this.reachedRank = rank;
      if (this.names.size > 0) this.names.clear();
    }
    this.remember(event);
  }

  private remember({ topic, cause, ordinal }: AnyEvent): void {
    if (this.byDescent && cause !== null) this.names.add(nameOf(topic, { cause, ordinal }));
  }

  private rankOf(topic: TopicName): number {
    return this.rank.get(topic) ?? 0;
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
      this.numbers.delete(lateName(first));
      this.next++;
      if (event === undefined) {
        this.missed++;
        continue;
      }
      this.followed++;
      this.remember(event);
      released.push(event);
    }
  }

  private isReached({ after, afterBy }: FollowedAdmission, coming: AnyEvent | null): boolean {
    if (afterBy === null) return (this.seen.get(laneOf(after)) ?? 0) > after.offset;
    const rank = this.rankOf(after.topic);
    const { timeUs } = afterBy;
    if (isBefore(timeUs, rank, this.reachedUs, this.reachedRank)) return true;
    if (this.names.has(nameOf(after.topic, afterBy))) return true;
    return coming !== null && isBefore(timeUs, rank, coming.timeUs, this.rankOf(coming.topic));
  }

  save(): SavedOrder {
    const { next, reachedUs, reachedRank, missed, followed } = this;
    const state: Saved = {
      next,
      seen: Object.fromEntries(this.seen),
      reached: [reachedUs, reachedRank],
      names: [...this.names],
      held: [...this.held.keys()],
      missed,
      followed,
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
    [this.reachedUs, this.reachedRank] = saved.reached;
    this.names = new Set(saved.names);
    this.missed = saved.missed;
    this.followed = saved.followed;
    for (const [lane, next] of Object.entries(saved.seen)) this.seen.set(lane, next);
    for (const [index, number] of saved.held.entries()) {
      this.held.set(number, held[index] as AnyEvent);
    }
  }
}

const isBefore = (timeUs: number, rank: number, thanUs: number, thanRank: number): boolean =>
  timeUs < thanUs || (timeUs === thanUs && rank < thanRank);
