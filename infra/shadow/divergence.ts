// What a shadow decided, event by event, against what was decided live. Promises: the same two streams
// give the same tallies, however they come in pieces; memory is bounded; nothing is counted twice.
//
// Which event is whose counterpart:
// - while a partition is the same byte for byte on both sides, the one at the same offset;
// - from the first difference on, the one of the same topic that has the same ordinal and the same cause. A
//   source event is itself on both sides; a derived cause is the one that was found to be its counterpart.
//   So an order that both sent is compared although an earlier one was sent by one side only.
// A live event whose counterpart does not come within WINDOW_US of event time is missing in the shadow; a
// shadow's event without one is extra, and so is what follows from it. Two counterparts agree where
// effective time and value are the same: where they lie is not what was decided.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent, Position } from "../../streams/event.ts";
import { AgreementCurve } from "./agreement-curve.ts";
import { differingFields, type FieldDifference } from "./fields.ts";

export interface FirstDifference {
  readonly topic: TopicName;
  readonly timeUs: number;
  readonly kind: "differing" | "missing" | "extra";
  /** Null where that side has none. */
  readonly live: AnyEvent | null;
  readonly shadow: AnyEvent | null;
  readonly fields: readonly FieldDifference[];
}

export interface Tally {
  agreed: number;
  differing: number;
  /** Live has it, the shadow does not. */
  missing: number;
  /** The shadow has it, live does not. */
  extra: number;
  /** Top fields that differed, and in how many pairs. */
  readonly fields: Map<string, number>;
  first: FirstDifference | null;
}

interface Waiting {
  readonly live: Map<string, AnyEvent>;
  readonly shadow: Map<string, AnyEvent>;
}

/** How much later than its counterpart an event may be. */
export const WINDOW_US = 60_000_000;
/** Events of one topic and side that wait for their counterpart. */
const WAITING_MAX = 50_000;
/** Counterparts of a partition's events that are remembered, for what follows from them. */
const REMEMBERED = 65_536;

export class Divergence {
  readonly tallies = new Map<TopicName, Tally>();
  /** The earliest of all; by rank where several are of one time. */
  first: FirstDifference | null = null;
  readonly agreement: AgreementCurve;
  private readonly rank: ReadonlyMap<TopicName, number>;
  private readonly sources: ReadonlySet<TopicName>;
  private readonly waiting = new Map<TopicName, Waiting>();
  /** Of the shadow's partitions that have parted: from where on, and what is whose counterpart. */
  private readonly parted = new Map<string, { from: number; live: Map<number, Position> }>();

  /** `topics`: those to compare, in the order of the topology's ranks. */
  constructor(
    topics: readonly TopicName[],
    sources: readonly TopicName[],
    rank: ReadonlyMap<TopicName, number>,
  ) {
    this.rank = rank;
    this.sources = new Set(sources);
    this.agreement = new AgreementCurve(topics);
    for (const topic of topics) {
      const counts = { agreed: 0, differing: 0, missing: 0, extra: 0 };
      this.tallies.set(topic, { ...counts, fields: new Map(), first: null });
      this.waiting.set(topic, { live: new Map(), shadow: new Map() });
    }
  }

  /** An event that both have, the same byte for byte at the same place, or with the same meaning. */
  agree(topic: TopicName, timeUs: number): void {
    this.tally(topic).agreed++;
    this.agreement.add(topic, timeUs, true);
  }

  /** From this offset on the shadow's partition is not the live one. */
  part(topic: TopicName, partition: number, from: number): void {
    this.parted.set(`${topic}/${partition}`, { from, live: new Map() });
  }

  /** What `part` was told of a partition; null: nothing. */
  partedFrom(topic: TopicName, partition: number): number | null {
    return this.parted.get(`${topic}/${partition}`)?.from ?? null;
  }

  /** In any order; before the shadow's counterparts, or at most WINDOW_US after them. */
  addLive(event: AnyEvent): void {
    const id = idOf(event, event.cause as Position);
    const { live, shadow } = this.waiting.get(event.topic) as Waiting;
    const other = shadow.get(id);
    if (other !== undefined) {
      shadow.delete(id);
      this.pair(event, other);
      return;
    }
    live.set(id, event);
    if (live.size > WAITING_MAX) this.giveUp(live, "missing");
  }

  /** In the one order of the shadow's events: causes before what follows from them. */
  addShadow(event: AnyEvent): void {
    const cause = this.counterpart(event.cause as Position);
    if (cause === null) {
      this.count("extra", null, event);
      return;
    }
    const id = idOf(event, cause);
    const { live, shadow } = this.waiting.get(event.topic) as Waiting;
    const other = live.get(id);
    if (other !== undefined) {
      live.delete(id);
      this.pair(other, event);
      return;
    }
    shadow.set(id, event);
    if (shadow.size > WAITING_MAX) this.giveUp(shadow, "extra");
  }

  /**
   * Gives up on counterparts that should have come: all events before `untilUs` have been added, on both
   * sides. Infinity: none will come any more.
   */
  settle(untilUs: number): void {
    for (const { live, shadow } of this.waiting.values()) {
      for (const [waiting, kind] of [
        [live, "missing"],
        [shadow, "extra"],
      ] as const) {
        for (const [id, event] of waiting) {
          if (event.timeUs + WINDOW_US >= untilUs) break;
          waiting.delete(id);
          this.count(kind, kind === "missing" ? event : null, kind === "extra" ? event : null);
        }
      }
    }
  }

  /** Events that wait for their counterpart. */
  get undecided(): number {
    let events = 0;
    for (const { live, shadow } of this.waiting.values()) events += live.size + shadow.size;
    return events;
  }

  private giveUp(waiting: Map<string, AnyEvent>, kind: "missing" | "extra"): void {
    const [oldest] = waiting;
    if (oldest === undefined) return;
    const [id, event] = oldest;
    waiting.delete(id);
    this.count(kind, kind === "missing" ? event : null, kind === "extra" ? event : null);
  }

  /** Where the live counterpart of one of the shadow's events lies; null if it has none. */
  private counterpart(position: Position): Position | null {
    if (this.sources.has(position.topic)) return position;
    const parted = this.parted.get(`${position.topic}/${position.partition}`);
    if (parted === undefined || position.offset < parted.from) return position;
    return parted.live.get(position.offset) ?? null;
  }

  private pair(live: AnyEvent, shadow: AnyEvent): void {
    const parted = this.parted.get(`${shadow.topic}/${shadow.partition}`);
    if (parted !== undefined) {
      const { topic, partition, offset } = live;
      parted.live.set(shadow.offset, { topic, partition, offset });
      if (parted.live.size > REMEMBERED) {
        parted.live.delete(parted.live.keys().next().value as number);
      }
    }
    const fields = differingFields(live, shadow);
    if (fields.length === 0) this.agree(live.topic, live.timeUs);
    else this.count("differing", live, shadow, fields);
  }

  private count(
    kind: FirstDifference["kind"],
    live: AnyEvent | null,
    shadow: AnyEvent | null,
    fields: readonly FieldDifference[] = [],
  ): void {
    const { topic, timeUs } = (live ?? shadow) as AnyEvent;
    const tally = this.tally(topic);
    tally[kind]++;
    this.agreement.add(topic, timeUs, false);
    for (const name of new Set(fields.map(({ field }) => field.split(/[.[]/, 1)[0] as string))) {
      tally.fields.set(name, (tally.fields.get(name) ?? 0) + 1);
    }
    const difference: FirstDifference = { topic, timeUs, kind, live, shadow, fields };
    if (tally.first === null || timeUs < tally.first.timeUs) tally.first = difference;
    if (this.first === null || this.isBefore(difference, this.first)) this.first = difference;
  }

  private isBefore(a: FirstDifference, b: FirstDifference): boolean {
    const rankOf = ({ topic }: FirstDifference): number => this.rank.get(topic) ?? 0;
    return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && rankOf(a) < rankOf(b));
  }

  private tally(topic: TopicName): Tally {
    return this.tallies.get(topic) as Tally;
  }
}

const idOf = ({ ordinal }: AnyEvent, { topic, partition, offset }: Position): string =>
  `${topic}/${partition}/${offset}#${ordinal}`;
