// Of each topic, how many events agreed and how many did not, over event time. Promises: bounded.

import { addToBuckets, type Buckets, emptyBuckets } from "../../quant/down-sample.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import type { Tally } from "./divergence.ts";

type Counts = Readonly<Record<string, readonly [agreed: number, parted: number]>>;

const BUCKETS = 300;

function merge(earlier: Counts, later: Counts): Counts {
  const sum: Record<string, readonly [number, number]> = { ...earlier };
  for (const [topic, [agreed, parted]] of Object.entries(later)) {
    const [a, p] = sum[topic] ?? [0, 0];
    sum[topic] = [a + agreed, p + parted];
  }
  return sum;
}

const partedOf = ({ differing, missing, extra }: Tally): number => differing + missing + extra;

export class AgreementCurve {
  private readonly buckets: Buckets<Counts> = emptyBuckets(BUCKETS);
  private readonly told = new Map<TopicName, readonly [number, number]>();
  private reachedUs = 0;

  /** After a step that has reached this effective time. */
  add(timeUs: number, tallies: ReadonlyMap<TopicName, Tally>): void {
    const counts: Record<string, readonly [number, number]> = {};
    for (const [topic, tally] of tallies) {
      const [agreed, parted] = this.told.get(topic) ?? [0, 0];
      const now = [tally.agreed, partedOf(tally)] as const;
      if (now[0] === agreed && now[1] === parted) continue;
      counts[topic] = [now[0] - agreed, now[1] - parted];
      this.told.set(topic, now);
    }
    if (Object.keys(counts).length === 0) return;
    this.reachedUs = Math.max(this.reachedUs, timeUs);
    addToBuckets(this.buckets, this.reachedUs, counts, merge);
  }

  /** At the end of each stretch, the parts that agreed in it; null where a topic had no event. */
  points(topics: readonly TopicName[]): {
    readonly timeUs: readonly number[];
    readonly agreed: Readonly<Record<string, readonly (number | null)[]>>;
  } {
    const { items, width } = this.buckets;
    const shares = topics.map((topic) => {
      const share = items.map(({ value }) => {
        const [agreed, parted] = value[topic] ?? [0, 0];
        return agreed + parted === 0 ? null : agreed / (agreed + parted);
      });
      return [topic, share] as const;
    });
    return { timeUs: items.map(({ index }) => index * width), agreed: Object.fromEntries(shares) };
  }
}
