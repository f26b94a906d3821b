// Source facts as records of a tape. Promises: origins are places in the order of arrival; times are
// written as they are claimed, also where they run back, for readers to clamp.

import { Writer } from "../../schemas/avro.ts";
import { keyOf } from "../catalogue.ts";
import type { EventLog, RecordBatch } from "../log.ts";
import { partitionOf } from "../partition.ts";
import { writeRecord } from "../record.ts";
import type { Scenario, SourceFact } from "./scenario.ts";

/** Makes batches of source facts, one record each. */
export class Publisher {
  private readonly scenario: Pick<Scenario, "sourcePartitions">;
  private readonly reached = new Map<string, { end: number; timeUs: number }>();
  private origin = 0;

  constructor(scenario: Pick<Scenario, "sourcePartitions">) {
    this.scenario = scenario;
  }

  batch({ topic, timeUs, value }: SourceFact): RecordBatch {
    const partition = partitionOf(keyOf(topic, value), this.scenario.sourcePartitions(topic));
    const name = `${topic}/${partition}`;
    const known = this.reached.get(name) ?? { end: 0, timeUs: 0 };
    const maxTimeUs = Math.max(known.timeUs, timeUs);
    this.reached.set(name, { end: known.end + 1, timeUs: maxTimeUs });
    const writer = new Writer(128);
    writeRecord(writer, topic, timeUs, this.origin++, null, 0, value);
    const bytes = writer.bytes.subarray(0, writer.pos);
    return { topic, partition, baseOffset: known.end, count: 1, maxTimeUs, bytes };
  }
}

/** Makes the source topics. */
export async function createSources(log: EventLog, scenario: Scenario): Promise<void> {
  for (const topic of scenario.topology.sources) {
    await log.createTopic(topic, scenario.sourcePartitions(topic));
  }
}

/** The whole tape at once: what a closed run reads. */
export async function publishAll(log: EventLog, scenario: Scenario): Promise<void> {
  await createSources(log, scenario);
  const publisher = new Publisher(scenario);
  const produced = scenario.facts.map((fact) => publisher.batch(fact));
  await log.commit({ produced, checkpoints: [] });
}
