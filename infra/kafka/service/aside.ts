// How far a task has put aside what of one input is no event. Promises: whatever it is killed in the
// middle of, a message becomes one letter, and what is read again is judged as it was the first time:
// a copy of an earlier event is told from a new one only by those before it.
//
// What a restart needs is saved only where such messages come: the last one that was put aside, and
// the last one that lies before all that is still to be read. Between that and the last event that was
// consumed there is none, so reading may begin anywhere between.

import type { PartitionView } from "../log/partition-view.ts";
import type { Poison } from "../wire/poison.ts";

/** The first record at or after a Kafka offset has that logical offset. */
type Place = Parameters<PartitionView["trust"]>[0];

interface Saved {
  /** Kafka offset of the last message that was put aside. */
  readonly last: number;
  readonly from: readonly [logical: number, kafka: number, floorUs: number] | null;
}

export class Aside {
  private last = -1;
  /** Behind the last such message that lies before what is to be read; null: there was none. */
  private base: Place | null = null;
  /** Behind those that lie further on, one for each event that they lie before. */
  private readonly ahead: Place[] = [];
  private changed = false;

  /** `saved`: what `take` gave at the last commit. */
  constructor(saved: Uint8Array | undefined) {
    if (saved === undefined) return;
    const { last, from } = JSON.parse(Buffer.from(saved).toString()) as Saved;
    this.last = last;
    if (from !== null) this.base = { logical: from[0], kafka: from[1], floorUs: from[2] };
  }

  /** Where to begin for `wanted`, all before which was consumed. */
  async start(view: PartitionView, wanted: number): Promise<Place> {
    const place = await this.placeFor(view, wanted);
    // Of what lies before an event that was consumed nothing is new.
    this.last = Math.max(this.last, place.kafka - 1);
    return place;
  }

  private placeFor(view: PartitionView, wanted: number): Place | Promise<Place> {
    const { base } = this;
    if (base !== null && base.logical >= wanted) return base;
    if (base !== null) view.trust(base);
    // With the last event that was consumed: what follows it may have come since.
    return view.placeOf(Math.max(0, wanted - 1));
  }

  /** True the first time that it is shown a message. */
  isNew({ kafkaOffset, next, reachedUs }: Poison): boolean {
    const kafka = kafkaOffset + 1;
    if (next !== null && kafka > (this.ahead.at(-1)?.kafka ?? this.base?.kafka ?? 0)) {
      if (this.ahead.at(-1)?.logical === next) this.ahead.pop();
      this.ahead.push({ logical: next, kafka, floorUs: reachedUs });
    }
    if (kafkaOffset <= this.last) return false;
    this.last = kafkaOffset;
    this.changed = true;
    return true;
  }

  /** What to save with a commit by which all before `consumed` is done; null: nothing has changed. */
  take(consumed: number): Uint8Array | null {
    for (let [first] = this.ahead; first !== undefined && first.logical <= consumed; ) {
      this.base = first;
      this.changed = true;
      this.ahead.shift();
      [first] = this.ahead;
    }
    if (!this.changed) return null;
    this.changed = false;
    const { base, last } = this;
    const from = base === null ? null : ([base.logical, base.kafka, base.floorUs] as const);
    const saved: Saved = { last, from };
    return Buffer.from(JSON.stringify(saved));
  }
}
