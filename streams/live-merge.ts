// The inputs of one live task, merged in the one order as far as it can be seen. Promises: where an input
// has nothing to offer, the next event waits for it a bounded time and no longer; an event that comes
// after a greater one was taken is known to be late.
//
// What an event waits for, where an input has no head:
// - an input that is known to hold unread records, up to `lagWaitUs`; so also one that is written in
//   this group, while its writer holds something that could lead to an earlier event; where only what is
//   prepared elsewhere could, up to `answerWaitUs`;
// - a source that is known to hold none, not at all: what it may get is not on its way yet;
// - any other, up to `waitUs`.

import type { TopicName } from "../schemas/generated/facts.ts";
import { type AnyEvent, compareKeys, type SortKey } from "./event.ts";
import type { InputLane } from "./input-lane.ts";

/** How long an event waits for an input without a head, in microseconds of the owner's clock. */
export interface Waits {
  readonly waitUs: number;
  /** For an input that is known to hold unread records. */
  readonly lagWaitUs: number;
  /** For what is prepared elsewhere; `lagWaitUs` if left out. */
  readonly answerWaitUs?: number;
}

/** Whether a task may yet write something: no; once it has done what it holds; once it has an answer. */
type Lead = "none" | "soon" | "answered";

/** Who writes an input in the same group. */
interface Upstream {
  readonly writer: LiveMerge;
  readonly latencyUs: number;
}

/** An event that was taken. */
export interface Taken {
  readonly event: AnyEvent;
  /** When it was received, by the owner's clock. */
  readonly seenUs: number;
  /** An event with a greater key was taken before. */
  readonly late: boolean;
}

export class LiveMerge {
  readonly lanes: readonly InputLane[];
  /** Greatest sort key taken. */
  greatest: SortKey | null;
  /** While it is true nothing is taken: what its next event leads to is still to come. */
  held = false;
  private readonly waits: Waits;
  /** Records in a lane at which it is full. */
  private readonly room: number;
  private readonly rankIgnored: boolean;
  /** Of each lane that is written in this group. */
  private readonly upstream: (Upstream | undefined)[];
  /** Lanes of its readers: while one is full this task takes nothing. */
  private readonly fills: InputLane[] = [];

  /** `rankIgnored` plants a bug. */
  constructor(
    lanes: readonly InputLane[],
    greatest: SortKey | null,
    waits: Waits,
    room: number,
    rankIgnored: boolean,
  ) {
    this.lanes = lanes;
    this.greatest = greatest;
    this.waits = waits;
    this.room = room;
    this.rankIgnored = rankIgnored;
    this.upstream = lanes.map(() => undefined);
  }

  /** The lane of a partition; undefined if the task does not read it. */
  lane(topic: string, partition: number): InputLane | undefined {
    return this.lanes.find((lane) => lane.topic === topic && lane.partition === partition);
  }

  /**
   * `reader`'s lane of a partition that this task writes, which may now stop it: a full one does where
   * `stops` is true. Not on a cycle's way back, or all of the cycle could stop.
   */
  feed(
    reader: LiveMerge,
    topic: TopicName,
    partition: number,
    latencyUs: number,
    stops: boolean,
  ): InputLane {
    const lane = reader.lane(topic, partition) as InputLane;
    if (stops) this.fills.push(lane);
    reader.upstream[reader.lanes.indexOf(lane)] = { writer: this, latencyUs };
    return lane;
  }

  /** A reader in this group has as much to read as it may hold. */
  get blocked(): boolean {
    for (const lane of this.fills) if (lane.held >= this.room) return true;
    return false;
  }

  /** When the next event may be taken, by the owner's clock; Infinity while there is none. */
  get readyUs(): number {
    const first = this.least();
    if (first === null || this.held || this.blocked) return Number.POSITIVE_INFINITY;
    return this.readyToTake(first);
  }

  /** The next event if its time has come; null if not. */
  next(nowUs: number): AnyEvent | null {
    return this.ready(nowUs)?.head ?? null;
  }

  /** Takes the next event if its time has come; null if not. */
  take(nowUs: number): Taken | null {
    const lane = this.ready(nowUs);
    if (lane === null) return null;
    const event = lane.head as AnyEvent;
    const key = lane.key as SortKey;
    const seenUs = lane.headSeenUs;
    const late = this.greatest !== null && this.compare(key, this.greatest) < 0;
    if (!late) this.greatest = key;
    lane.take();
    return { event, seenUs, late };
  }

  private ready(nowUs: number): InputLane | null {
    const lane = this.least();
    if (lane === null || this.held || this.readyToTake(lane) > nowUs || this.blocked) return null;
    return lane;
  }

  private least(): InputLane | null {
    const { lanes } = this;
    let least: InputLane | null = null;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i] as InputLane;
      if (lane.key === null) continue;
      if (least === null || this.compare(lane.key, least.key as SortKey) < 0) least = lane;
    }
    return least;
  }

  private compare(a: SortKey, b: SortKey): number {
    if (this.rankIgnored) return compareKeys({ ...a, rank: 0 }, { ...b, rank: 0 });
    return compareKeys(a, b);
  }

  private readyToTake(first: InputLane): number {
    const { lanes } = this;
    let readyUs = 0;
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[i] as InputLane;
      if (lane.head === null) readyUs = Math.max(readyUs, this.waitUntil(lane, i, first));
    }
    return readyUs;
  }

  /** Until when the head of `first` waits for a lane without one. */
  private waitUntil(empty: InputLane, index: number, first: InputLane): number {
    const { lag, source } = empty;
    const { waitUs, lagWaitUs, answerWaitUs = lagWaitUs } = this.waits;
    const upstream = this.upstream[index];
    const lead = upstream === undefined ? "none" : leadOf(upstream, empty, first);
    if ((lag !== null && lag > 0) || lead === "soon") return first.headSeenUs + lagWaitUs;
    if (lead === "answered") return first.headSeenUs + Math.max(waitUs, answerWaitUs);
    return lag === 0 && source ? 0 : first.headSeenUs + waitUs;
  }

  /** Whether it holds, or is about to be handed, what could lead to an event at or before `untilUs`. */
  leadsTo(untilUs: number, asked: Set<LiveMerge>): Lead {
    // What it takes late is timed by what it has taken.
    if (asked.has(this) || this.blocked || (this.greatest?.timeUs ?? 0) > untilUs) return "none";
    asked.add(this);
    let lead: Lead = "none";
    for (let i = 0; i < this.lanes.length && lead !== "soon"; i++) {
      const found = this.leadOfLane(i, untilUs, asked);
      if (found !== "none") lead = found;
    }
    return lead === "soon" && this.held ? "answered" : lead;
  }

  private leadOfLane(index: number, untilUs: number, asked: Set<LiveMerge>): Lead {
    const { head } = this.lanes[index] as InputLane;
    if (head !== null) return head.timeUs <= untilUs ? "soon" : "none";
    const upstream = this.upstream[index];
    return upstream?.writer.leadsTo(untilUs - upstream.latencyUs, asked) ?? "none";
  }
}

/** Whether a lane without a head may yet get an event that comes before the head of `first`. */
function leadOf({ writer, latencyUs }: Upstream, empty: InputLane, first: InputLane): Lead {
  const { timeUs, rank } = first.key as SortKey;
  const lastUs = empty.rank <= rank ? timeUs : timeUs - 1;
  return writer.leadsTo(lastUs - latencyUs, new Set());
}
