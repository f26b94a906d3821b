// One look at a live flow on Kafka: how far it has come, and where its late events were let in. Promises:
// nothing live is touched or slowed; what a look says stays true whatever live does next.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { LateAdmission } from "../../schemas/generated/tape.admissions.ts";
import type { AnyEvent, Position } from "../../streams/event.ts";
import type { FollowedAdmission, FollowedOrder } from "../../streams/followed-order.ts";
import { type Frontier, LiveFrontier } from "../../streams/frontier.ts";
import type { Checkpoint } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import type { Topology } from "../../streams/topology.ts";
import type { KafkaLog } from "../kafka/log/kafka-log.ts";
import type { LiveRun } from "../kafka/service/live-run.ts";
import { readCommitted } from "./read-committed.ts";

export interface LiveLookOptions {
  readonly run: LiveRun;
  /** Reads the live topics and changelogs; nothing else reads by it. */
  readonly log: KafkaLog;
  /** The follower's. */
  readonly topology: Topology;
  /**
   * The follower decides what live decides: what lies at a live position is the same there. Else derived
   * events are known by what they follow from.
   */
  readonly sameDecisions: boolean;
}

export interface Look extends Frontier {
  /** Ends of the sources' partitions, by "topic/partition". */
  readonly sourceEnds: ReadonlyMap<string, number>;
}

export class LiveLook {
  private readonly options: LiveLookOptions;
  private readonly frontier: LiveFrontier;
  private readonly sources: readonly { readonly topic: TopicName; readonly partitions: number }[];

  constructor(
    options: LiveLookOptions,
    sources: readonly { readonly topic: TopicName; readonly partitions: number }[],
  ) {
    this.options = options;
    this.frontier = new LiveFrontier(options.run.groups, options.log);
    this.sources = sources;
  }

  /** Cost: the last commit of each group, and an end for each partition of the sources. */
  async look(): Promise<Look> {
    const { run, log } = this.options;
    const checkpoints = new Map<string, Checkpoint | null>();
    await Promise.all(
      run.groups.map(async ({ name }) => checkpoints.set(name, await log.getCheckpoint(name))),
    );
    // After the checkpoints: whatever a group has admitted lies before these ends.
    const sourceEnds = new Map<string, number>();
    await Promise.all(
      this.sources.flatMap(({ topic, partitions }) =>
        Array.from({ length: partitions }, async (_, partition) => {
          const { logical } = await (await log.view(topic, partition)).end();
          sourceEnds.set(`${topic}/${partition}`, logical);
        }),
      ),
    );
    const frontier = await this.frontier.look(
      (group) => checkpoints.get(group) ?? null,
      (topic, partition) => sourceEnds.get(`${topic}/${partition}`) ?? 0,
    );
    return { ...frontier, sourceEnds };
  }

  /** Tells each task's order of the late events that it must know for this look. */
  async teach(look: Look, orders: ReadonlyMap<string, FollowedOrder>): Promise<void> {
    for (const { members } of this.options.run.groups) {
      for (const { name, number } of members) {
        const order = orders.get(name);
        const known = look.admissions.get(number) ?? 0;
        if (order === undefined || order.wanted >= known) continue;
        order.learn(await this.admissions(number, order.wanted, known));
      }
    }
  }

  private async admissions(
    partition: number,
    from: number,
    to: number,
  ): Promise<readonly FollowedAdmission[]> {
    const found: FollowedAdmission[] = [];
    const { log } = this.options;
    for (let next = from; next < to; ) {
      const batch = await readCommitted(log, "tape.admissions", partition, next);
      const { bytes, baseOffset, count } = batch;
      const records = new RecordCursor("tape.admissions", partition, baseOffset, bytes);
      for (let event = records.read(); event !== null; event = records.read()) {
        if (event.offset < to) found.push(await this.followed(event.value as LateAdmission));
      }
      next = baseOffset + count;
    }
    return found;
  }

  private async followed(admission: LateAdmission): Promise<FollowedAdmission> {
    const { sameDecisions, topology } = this.options;
    const late = placeOf(admission.topic, admission.partition, admission.offset);
    const { afterTopic, afterPartition, afterOffset } = admission;
    const after = placeOf(afterTopic, afterPartition, afterOffset);
    const isShared = ({ topic }: Position): boolean =>
      sameDecisions || topology.sources.includes(topic);
    return {
      late,
      after,
      lateBy: isShared(late) ? null : descentOf(await this.event(late)),
      afterBy: isShared(after) ? null : descentOf(await this.event(after)),
    };
  }

  private async event({ topic, partition, offset }: Position): Promise<AnyEvent> {
    const { log } = this.options;
    const { bytes, baseOffset } = await readCommitted(log, topic, partition, offset);
    return new RecordCursor(topic, partition, baseOffset, bytes).read() as AnyEvent;
  }
}

const descentOf = ({ timeUs, cause, ordinal }: AnyEvent): FollowedAdmission["afterBy"] =>
  cause === null ? null : { timeUs, cause, ordinal };

const placeOf = (topic: string, partition: number, offset: number): Position => ({
  topic: topic as TopicName,
  partition,
  offset,
});
