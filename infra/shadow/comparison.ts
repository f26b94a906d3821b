// Reads what live and shadow wrote side by side and hands it to divergence.ts and exposure-gap.ts in the
// order that they need. Promises: a partition that is the same on both sides costs a comparison of bytes a
// record; what is told depends on the two logs alone, not on the steps.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { EventLog } from "../../streams/log.ts";
import type { Topology } from "../../streams/topology.ts";
import { Divergence } from "./divergence.ts";
import type { ExposureGap } from "./exposure-gap.ts";
import { FrameLane } from "./frame-lane.ts";

export interface ComparisonOptions {
  readonly topology: Topology;
  readonly live: EventLog;
  readonly shadow: EventLog;
  readonly exposure: ExposureGap;
  /** Portfolios whose snapshots are compared: the live one's and the shadow's. */
  readonly portfolios: { readonly live: string; readonly shadow: string };
  /** Partitions of a topic, on each side. */
  readonly partitionsOf: (side: "live" | "shadow", topic: TopicName) => number;
  /** Where to begin; left out: at the beginning of both. Else nothing lies at the same offset. */
  readonly liveFrom?: (topic: TopicName, partition: number) => number;
}

export interface ComparisonStep {
  /** Events before it are complete on both sides. */
  readonly untilUs: number;
  /** Ends up to which they are, by "topic/partition". */
  readonly live: ReadonlyMap<string, number>;
  readonly shadow: ReadonlyMap<string, number>;
}

/** So much later the shadow's events are looked at, that an earlier cause can have a later counterpart. */
const HEAD_START_US = 5_000_000;

interface Pair {
  readonly topic: TopicName;
  readonly partition: number;
  readonly live: FrameLane;
  readonly shadow: FrameLane;
}

export class Comparison {
  readonly divergence: Divergence;
  private readonly options: ComparisonOptions;
  /** Partitions that are the same on both sides so far. */
  private alike: Pair[] = [];
  private readonly live: FrameLane[] = [];
  private readonly shadow: FrameLane[] = [];
  private readonly rank: ReadonlyMap<TopicName, number>;

  constructor(options: ComparisonOptions) {
    const { topology, partitionsOf, liveFrom } = options;
    this.options = options;
    this.rank = topology.rank;
    this.divergence = new Divergence(topology.derived, topology.sources, topology.rank);
    for (const topic of topology.derived) {
      const counts = [partitionsOf("live", topic), partitionsOf("shadow", topic)] as const;
      for (let partition = 0; partition < Math.max(...counts); partition++) {
        const from = liveFrom?.(topic, partition) ?? 0;
        const live = new FrameLane(options.live, topic, partition, from);
        const shadow = new FrameLane(options.shadow, topic, partition, 0);
        const pair = { topic, partition, live, shadow };
        if (liveFrom === undefined && counts[0] === counts[1]) this.alike.push(pair);
        else this.part(pair);
      }
    }
  }

  /** Live offsets compared so far, by "topic/partition". */
  liveOffset(topic: TopicName, partition: number): number {
    const fits = (lane: FrameLane) => lane.topic === topic && lane.partition === partition;
    return (this.alike.map(({ live }) => live).find(fits) ?? this.live.find(fits))?.next ?? 0;
  }

  async step({ untilUs, live, shadow }: ComparisonStep): Promise<void> {
    const endIn = (ends: ReadonlyMap<string, number>, lane: FrameLane) =>
      ends.get(`${lane.topic}/${lane.partition}`) ?? 0;
    const pairs = this.alike;
    for (const lane of [...pairs.map((pair) => pair.live), ...this.live]) {
      lane.extend(endIn(live, lane));
    }
    for (const lane of [...pairs.map((pair) => pair.shadow), ...this.shadow]) {
      lane.extend(endIn(shadow, lane));
    }
    this.alike = [];
    for (const pair of pairs) {
      if (await this.compare(pair, untilUs)) this.alike.push(pair);
      else this.part(pair);
    }
    const shadowUs = untilUs - HEAD_START_US;
    await this.merge(this.live, untilUs, (event) => this.addLive(event));
    await this.merge(this.shadow, shadowUs, (event) => this.addShadow(event));
    this.divergence.settle(shadowUs);
    this.options.exposure.settle(shadowUs);
  }

  /** Up to `untilUs`; false from the first record that is not the same on both sides. */
  private async compare({ topic, live, shadow }: Pair, untilUs: number): Promise<boolean> {
    for (;;) {
      if (live.dry) await live.fill();
      if (shadow.dry) await shadow.fill();
      const a = live.head !== null && live.head.timeUs < untilUs ? live.head : null;
      const b = shadow.head !== null && shadow.head.timeUs < untilUs ? shadow.head : null;
      if (a === null && b === null) return true;
      if (a === null || b === null || Buffer.compare(a.bytes, b.bytes) !== 0) return false;
      if (topic === "portfolio.snapshots") {
        const event = live.event();
        this.see("live", event);
        this.see("shadow", event);
      }
      this.divergence.agree(topic, a.timeUs);
      live.take();
      shadow.take();
    }
  }

  private part({ topic, partition, live, shadow }: Pair): void {
    this.divergence.part(topic, partition, shadow.next);
    this.live.push(live);
    this.shadow.push(shadow);
  }

  /** Takes what lies before `untilUs`, in the one order. */
  private async merge(
    lanes: readonly FrameLane[],
    untilUs: number,
    add: (event: AnyEvent) => void,
  ): Promise<void> {
    for (const lane of lanes) if (lane.dry) await lane.fill();
    for (;;) {
      let first: FrameLane | null = null;
      for (const lane of lanes) {
        if (lane.head === null || lane.head.timeUs >= untilUs) continue;
        if (first === null || this.isBefore(lane, first)) first = lane;
      }
      if (first === null) return;
      add(first.event());
      first.take();
      if (first.dry) await first.fill();
    }
  }

  private isBefore(a: FrameLane, b: FrameLane): boolean {
    const [x, y] = [a.head?.timeUs ?? 0, b.head?.timeUs ?? 0];
    return x < y || (x === y && (this.rank.get(a.topic) ?? 0) < (this.rank.get(b.topic) ?? 0));
  }

  private addLive(event: AnyEvent): void {
    this.see("live", event);
    this.divergence.addLive(event);
  }

  private addShadow(event: AnyEvent): void {
    this.see("shadow", event);
    this.divergence.addShadow(event);
  }

  private see(side: "live" | "shadow", { topic, timeUs, value }: AnyEvent): void {
    if (topic !== "portfolio.snapshots" || value.portfolio !== this.options.portfolios[side])
      return;
    this.options.exposure.add(side, timeUs, value);
  }
}
