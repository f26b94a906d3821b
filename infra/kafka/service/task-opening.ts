// How a task of a group begins on Kafka. Promises: whoever had it before is fenced; it stands where
// its last commit left it, with what its members had written and not yet read; what others have written
// to its topics is refused; where it fails, it is shown nowhere as open.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { GroupInput } from "../../../streams/group-input.ts";
import { GroupTask } from "../../../streams/group-task.ts";
import type { Waits } from "../../../streams/live-merge.ts";
import type { GroupPlan } from "../../../streams/task-groups.ts";
import {
  closeTaskGauges,
  type InputGauges,
  openTaskGauges,
  type ServiceGauges,
  type TaskGauges,
} from "../../telemetry/service-gauges.ts";
import type { ResolvingSchemaIds } from "../log/decode-resolved.ts";
import type { KafkaLog } from "../log/kafka-log.ts";
import { TopicDecoder } from "../wire/topic-decoder.ts";
import { Aside } from "./aside.ts";
import type { Asked } from "./asking.ts";

/** One input partition as it comes from Kafka. */
export interface Source {
  readonly input: GroupInput;
  readonly decoder: TopicDecoder;
  readonly gauges: InputGauges;
  readonly kafkaTopic: string;
  readonly aside: Aside;
  paused: boolean;
}

export interface OpeningOptions {
  readonly plan: GroupPlan;
  readonly log: KafkaLog;
  readonly schemaIds: ResolvingSchemaIds | null;
  readonly settings: Waits;
  readonly gauges: ServiceGauges;
  readonly asked?: Pick<Asked, "processor">;
}

export interface OpenGroup {
  readonly group: GroupTask;
  /** By Kafka's name of the topic and partition, as in "market.ticks/0". */
  readonly sources: ReadonlyMap<string, Source>;
  readonly gauges: TaskGauges;
}

/** Where a task keeps what it put aside of a partition. */
export const asideKey = (topic: string, partition: number): string => `aside ${topic}/${partition}`;

/** Cost: reads the task's state, from the local cache where it can, and what is missing between members. */
export async function openGroup(options: OpeningOptions, nowUs: () => number): Promise<OpenGroup> {
  const { plan, log, schemaIds, settings, asked } = options;
  const begunMs = performance.now();
  const opened = await log.openTask(plan.name);
  const awaits = asked === undefined ? {} : { awaits: asked.processor };
  const group = new GroupTask(plan, opened, { ...settings, ...awaits });
  await refuseForeign(group, opened.epoch, log);
  const names = plan.external.map(({ topic, partition }) => ({ topic, partition }));
  const gauges = openTaskGauges(options.gauges, plan.name, plan.group, names, []);
  const sources = new Map<string, Source>();
  for (const [index, input] of group.inputs.entries()) {
    const { topic, partition } = input;
    const kafkaTopic = log.kafkaName(topic);
    sources.set(`${kafkaTopic}/${partition}`, {
      input,
      decoder: new TopicDecoder({ topic, partition }, schemaIds),
      gauges: gauges.inputs[index] as InputGauges,
      kafkaTopic,
      aside: new Aside(opened.entries.get(asideKey(topic, partition))),
      paused: false,
    });
  }
  try {
    await refill(group, log, nowUs);
  } catch (error) {
    closeTaskGauges(gauges);
    throw error;
  }
  gauges.stateEntries = group.entries;
  gauges.restoreSeconds = (performance.now() - begunMs) / 1000;
  if (log.lastRestore?.cached ?? 0) gauges.warmRestores++;
  else gauges.coldRestores++;
  return { group, sources, gauges };
}

/** Events that this application did not write would be in the way of its own for ever. */
async function refuseForeign(
  { plan, written }: GroupTask,
  epoch: number,
  log: KafkaLog,
): Promise<void> {
  const found = await Promise.all(
    written.map(async ({ topic, partition, next }) => {
      const { logical } = await (await log.view(topic, partition)).end();
      return { place: `${log.kafkaName(topic)}/${partition}`, events: logical - next };
    }),
  );
  const foreign = found.filter(({ events }) => events > 0);
  if (foreign.length === 0) return;
  // Whoever was held up here may have been given up since: then they are the next owner's. It
  // announced itself before it wrote any of them.
  await log.requireOwned(plan.name, epoch);
  const events = foreign.reduce((sum, one) => sum + one.events, 0);
  const places = foreign.map(({ place }) => place).join(", ");
  throw new TapedeckError(
    "LIVE_TOPICS_TAKEN",
    `${places} hold ${events} events that ${plan.name} of this application did not write`,
    { task: plan.name, events, places },
  );
}

async function refill(group: GroupTask, log: KafkaLog, nowUs: () => number): Promise<void> {
  const task = group.plan.name;
  for (const { topic, partition, from, to } of group.missing) {
    for (let next = from; next < to; ) {
      const batch = await log.read(topic, partition, next);
      if (batch === null) {
        throw new TapedeckError(
          "STREAMS_OFFSET_OUT_OF_RANGE",
          `${task} has written ${topic}/${partition} up to ${to}, but the log ends at ${next}`,
          { task, topic, partition, next, to },
        );
      }
      group.receive(batch, nowUs());
      next = batch.baseOffset + batch.count;
    }
  }
}
