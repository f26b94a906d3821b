// A shadow at work: it follows a live flow step by step with decisions of its own, writes them to topics of
// its own, and compares. Promises: exactly once, and gone on with after any stop; with live's own
// decisions what it writes is what live wrote, byte for byte, late events included; it reads live
// topics and writes none of them (its principal may not: infra/kafka/topics/acl-rules.ts).

import { flowTopology } from "../../processors/topology.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { partitionCount } from "../../streams/catalogue.ts";
import { type FollowingRun, openFollowing } from "../../streams/closed-run.ts";
import { FollowedOrder } from "../../streams/followed-order.ts";
import type { Topology } from "../../streams/topology.ts";
import type { RunConfig } from "../config/run-config.ts";
import type { KafkaLog } from "../kafka/log/kafka-log.ts";
import { FailedAnswers } from "../kafka/service/failed-answers.ts";
import type { LiveRun } from "../kafka/service/live-run.ts";
import { BehindLive } from "./behind-live.ts";
import { Comparison } from "./comparison.ts";
import { ExposureGap } from "./exposure-gap.ts";
import { LiveLook, type Look } from "./live-look.ts";
import type { ShadowStart } from "./shadow-plan.ts";

export interface ShadowOptions {
  readonly live: LiveRun;
  readonly candidate: RunConfig;
  readonly topology: Topology;
  readonly sameDecisions: boolean;
  /** Where it began; null: at the beginning of the topics. */
  readonly start: ShadowStart | null;
  /** A reader of the live topics, new at each call: one that reads on is not to be thrown off. */
  readonly liveLog: () => KafkaLog;
  readonly shadowLog: KafkaLog;
  readonly livePartitions: (topic: TopicName) => number;
  readonly nowMs: () => number;
}

/** Events in one commit: few enough that what is compared at once fits into memory. */
const EVENTS_PER_STEP = 10_000;

export class ShadowRun {
  readonly comparison: Comparison;
  readonly exposure: ExposureGap;
  readonly behind = new BehindLive();
  readonly orders: ReadonlyMap<string, FollowedOrder>;
  /** Effective time before which all is compared; Infinity: all that there was. */
  reachedUs = 0;
  /** Effective time of the last event processed, and of the newest that live has reached. */
  timeUs = 0;
  newestUs = 0;
  sourceEvents = 0;
  private readonly options: ShadowOptions;
  private readonly liveLook: LiveLook;
  private readonly run: FollowingRun;
  /** Of a flow that asks a pool. */
  private readonly failed: FailedAnswers | null;
  private readonly logs: readonly KafkaLog[];
  private look: Look | null = null;

  private constructor(
    options: ShadowOptions,
    { run, failed }: { readonly run: FollowingRun; readonly failed: FailedAnswers | null },
    orders: ReadonlyMap<string, FollowedOrder>,
    logs: readonly [sources: KafkaLog, outputs: KafkaLog, aside: KafkaLog],
  ) {
    const { live, candidate, topology, sameDecisions, start, livePartitions } = options;
    const [, outputs, aside] = logs;
    this.options = options;
    this.run = run;
    this.failed = failed;
    this.orders = orders;
    this.logs = logs;
    const sources = live.topology.sources.map((topic) => ({
      topic,
      partitions: livePartitions(topic),
    }));
    this.liveLook = new LiveLook({ run: live, log: aside, topology, sameDecisions }, sources);
    const { portfolio } = live.config.flow;
    const own = candidate.flow.portfolio;
    this.exposure = new ExposureGap(portfolio.initialCashMinor, own.initialCashMinor);
    this.comparison = new Comparison({
      topology,
      live: outputs,
      shadow: options.shadowLog,
      exposure: this.exposure,
      portfolios: { live: portfolio.name, shadow: own.name },
      partitionsOf: (side, topic) => partitionsOn(options, side, topic),
      ...(start === null
        ? {}
        : { liveFrom: (topic, partition) => start.derived[`${topic}/${partition}`] ?? 0 }),
    });
  }

  static async open(options: ShadowOptions): Promise<ShadowRun> {
    const { topology, candidate, sameDecisions, start, liveLog, shadowLog } = options;
    const logs = [liveLog(), liveLog(), liveLog()] as const;
    const failed = topology.derived.includes("pool.answers")
      ? new FailedAnswers(logs[2], options.live.partitions)
      : null;
    const orders = new Map<string, FollowedOrder>();
    const numbers = new Map(
      options.live.groups.flatMap(({ members }) =>
        members.map(({ name, number }) => [name, number] as const),
      ),
    );
    const run = await openFollowing({
      topology: failed === null ? topology : flowTopology(candidate.flow, failed.answer),
      partitions: candidate.partitions,
      sourceOf: () => logs[0],
      target: shadowLog,
      rangeOf: (topic, partition) => {
        const fromOffset = start?.sources[`${topic}/${partition}`];
        return fromOffset === undefined ? {} : { fromOffset };
      },
      orderOf: (task) => {
        const first = start?.admissions[String(numbers.get(task) ?? "")] ?? 0;
        const seen = new Map(Object.entries(start?.sources ?? {}));
        const { rank } = topology;
        const order = new FollowedOrder({ rank, byDescent: !sameDecisions, first, seen });
        orders.set(task, order);
        return order;
      },
    });
    return new ShadowRun(options, { run, failed }, orders, logs);
  }

  /** Looks at live, goes on at most one commit, compares; true where more can be done at once. */
  async step(): Promise<boolean> {
    const { nowMs } = this.options;
    const look = this.look ?? (await this.lookAgain());
    const endOf = (topic: string, partition: number) =>
      look.sourceEnds.get(`${topic}/${partition}`) ?? 0;
    const { untilUs } = look;
    const done = await this.run.advance({ untilUs, endOf, most: EVENTS_PER_STEP });
    this.reachedUs = done.reachedUs;
    this.timeUs = done.timeUs;
    this.sourceEvents = done.sourceEvents;
    await this.comparison.step({ untilUs: done.reachedUs, live: look.ends, shadow: done.ends });
    for (const topic of this.options.topology.derived) {
      const partitions = partitionsOn(this.options, "live", topic);
      for (let partition = 0; partition < partitions; partition++) {
        const offset = this.comparison.liveOffset(topic, partition);
        this.behind.compared(topic, partition, offset, nowMs());
      }
    }
    if (done.reachedUs < untilUs) return true;
    this.look = null;
    return done.events > 0;
  }

  private async lookAgain(): Promise<Look> {
    const look = await this.liveLook.look();
    this.behind.seen(look.ends, this.options.nowMs());
    this.newestUs = Math.max(this.newestUs, look.newestUs);
    await this.liveLook.teach(look, this.orders);
    await this.failed?.read();
    this.look = look;
    return look;
  }

  /** Seconds of event time that the shadow is behind live; 0 where it has done all that live has. */
  get lagSeconds(): number {
    if (this.reachedUs === Number.POSITIVE_INFINITY) return 0;
    return Math.max(0, this.newestUs - Math.max(this.reachedUs, this.timeUs)) / 1e6;
  }

  /** The shadow's own log stays open: it is whoever's opened it. */
  async close(): Promise<void> {
    await Promise.all(this.logs.map((log) => log.close()));
  }
}

const partitionsOn = (
  { live, candidate }: ShadowOptions,
  side: "live" | "shadow",
  topic: TopicName,
): number => partitionCount(topic, side === "live" ? live.partitions : candidate.partitions);
