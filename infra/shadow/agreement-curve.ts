// Of each topic, how many events agreed and how many did not, over event time. Promises: bounded; the same
// whatever the order in which events are added.

import type { TopicName } from "../../schemas/generated/facts.ts";

const BUCKETS = 300;
const FIRST_WIDTH_US = 2 ** 20;

export interface AgreementPoints {
  /** Beginnings of the stretches that held any event. */
  readonly timeUs: readonly number[];
  /** Of each topic the part that agreed in each stretch; null where it had no event. */
  readonly agreed: Readonly<Record<string, readonly (number | null)[]>>;
}

export class AgreementCurve {
  private readonly topics: readonly TopicName[];
  private readonly places: ReadonlyMap<TopicName, number>;
  /** By stretch: of each topic the events that agreed, then those that did not. */
  private stretches = new Map<number, Float64Array>();
  private widthUs = FIRST_WIDTH_US;

  constructor(topics: readonly TopicName[]) {
    this.topics = topics;
    this.places = new Map(topics.map((topic, index) => [topic, 2 * index]));
  }

  add(topic: TopicName, timeUs: number, agreed: boolean): void {
    const counts = this.at(Math.floor(timeUs / this.widthUs));
    const place = (this.places.get(topic) as number) + (agreed ? 0 : 1);
    counts[place] = (counts[place] as number) + 1;
    while (this.stretches.size > BUCKETS) this.widen();
  }

  private at(index: number): Float64Array {
    const known = this.stretches.get(index);
    if (known !== undefined) return known;
    const made = new Float64Array(2 * this.topics.length);
    this.stretches.set(index, made);
    return made;
  }

  private widen(): void {
    const before = this.stretches;
    this.stretches = new Map();
    this.widthUs *= 2;
    for (const [index, counts] of before) {
      const sums = this.at(Math.floor(index / 2));
      for (let i = 0; i < counts.length; i++) {
        sums[i] = (sums[i] as number) + (counts[i] as number);
      }
    }
  }

  points(): AgreementPoints {
    const stretches = [...this.stretches].sort(([a], [b]) => a - b);
    const shares = this.topics.map((topic, place) => {
      const share = stretches.map(([, counts]) => {
        const [agreed = 0, parted = 0] = counts.subarray(2 * place, 2 * place + 2);
        return agreed + parted === 0 ? null : agreed / (agreed + parted);
      });
      return [topic, share] as const;
    });
    return {
      timeUs: stretches.map(([index]) => index * this.widthUs),
      agreed: Object.fromEntries(shares),
    };
  }
}
