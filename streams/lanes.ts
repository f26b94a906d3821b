// The one order, mechanically: every partition is a lane whose events come in offset order, and a
// heap of lanes yields the lane with the least sort key. Promises: events leave in the order of
// (effective time, topic rank, origin, partition, offset) wherever offset order allows it.
// Cost of one event: one comparison per level of a heap of the lanes that hold something.

import type { AnyEvent } from "./event.ts";

/** A partition's events in offset order; `head` is the next one, null when it has none ready. */
export interface Lane {
  readonly rank: number;
  readonly partition: number;
  head: AnyEvent | null;
  /** True while there may be more than what is ready. */
  readonly open: boolean;
  /** Drops the head and puts the next ready event in its place. */
  advance(): void;
}

/** Whether the head of `a` comes first in the one order; both have one. */
export const before = (a: Lane, b: Lane): boolean => {
  const x = a.head as AnyEvent;
  const y = b.head as AnyEvent;
  if (x.timeUs !== y.timeUs) return x.timeUs < y.timeUs;
  if (a.rank !== b.rank) return a.rank < b.rank;
  if (x.origin !== y.origin) return x.origin < y.origin;
  return a.partition < b.partition;
};

/**
 * A binary min-heap of lanes by their heads, and beside it one lane that comes before all of them: most events
 * are followed at once by what they cause, and that costs one comparison. A lane is in it only while it has a head.
 */
export class LaneHeap {
  private readonly lanes: Lane[] = [];
  private ahead: Lane | null = null;

  get first(): Lane | undefined {
    return this.ahead ?? this.lanes[0];
  }

  /** Adds a lane that has just got its first head. */
  push(lane: Lane): void {
    const { first, ahead } = this;
    if (first !== undefined && !before(lane, first)) this.insert(lane);
    else {
      this.ahead = lane;
      if (ahead !== null) this.insert(ahead);
    }
  }

  /** Puts the first lane in its place again after its head changed; drops it if it has none. */
  settle(): void {
    const { ahead } = this;
    if (ahead === null) this.sink();
    else {
      this.ahead = null;
      if (ahead.head !== null) this.push(ahead);
    }
  }

  private insert(lane: Lane): void {
    const { lanes } = this;
    let at = lanes.length;
    lanes.push(lane);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const other = lanes[parent] as Lane;
      if (!before(lane, other)) break;
      lanes[at] = other;
      at = parent;
    }
    lanes[at] = lane;
  }

  private sink(): void {
    const { lanes } = this;
    let lane = lanes[0] as Lane;
    if (lane.head === null) {
      const last = lanes.pop() as Lane;
      if (lanes.length === 0) return;
      lane = last;
    }
    const size = lanes.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && before(lanes[child + 1] as Lane, lanes[child] as Lane)) child++;
      const other = lanes[child] as Lane;
      if (!before(other, lane)) break;
      lanes[at] = other;
      at = child;
    }
    lanes[at] = lane;
  }
}

/** Events that wait to be consumed: a ring that grows, first in, first out. */
export class QueueLane implements Lane {
  readonly rank: number;
  readonly partition: number;
  head: AnyEvent | null = null;
  readonly open = false;
  private ring: (AnyEvent | null)[] = new Array<AnyEvent | null>(16).fill(null);
  private start = 0;
  private size = 0;

  constructor(rank: number, partition: number) {
    this.rank = rank;
    this.partition = partition;
  }

  /** Events that wait, the head included. */
  get length(): number {
    return this.head === null ? 0 : this.size + 1;
  }

  /** True if the lane had no head before: it then belongs into the heap. */
  add(event: AnyEvent): boolean {
    if (this.head === null) {
      this.head = event;
      return true;
    }
    if (this.size === this.ring.length) this.grow();
    this.ring[(this.start + this.size++) & (this.ring.length - 1)] = event;
    return false;
  }

  advance(): void {
    if (this.size === 0) {
      this.head = null;
      return;
    }
    this.head = this.ring[this.start] as AnyEvent;
    this.ring[this.start] = null;
    this.start = (this.start + 1) & (this.ring.length - 1);
    this.size--;
  }

  private grow(): void {
    const grown = new Array<AnyEvent | null>(this.ring.length * 2).fill(null);
    for (let i = 0; i < this.size; i++) {
      grown[i] = this.ring[(this.start + i) & (this.ring.length - 1)] as AnyEvent;
    }
    this.ring = grown;
    this.start = 0;
  }
}
