// The graph of a run as data: which topics come in, which processors write which topics. Promises:
// a Topology that exists keeps the design's rules: one writer a topic, no cycle without latency,
// partitions that fit; so a scheduler may trust its ranks.

import { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import { catalogue, isTopicName } from "./catalogue.ts";
import type { Processor } from "./processor.ts";

/** Any processor, whatever its state and topics. */
export type AnyProcessor = Omit<Processor, "outputs"> & {
  readonly outputs: Readonly<Partial<Record<TopicName, number>>>;
};

export interface TopologySpec {
  /** Topics that are read but written by nobody here: recorded, imported or typed in. */
  readonly sources: readonly TopicName[];
  readonly processors: readonly AnyProcessor[];
}

export interface Topology extends TopologySpec {
  /** Every topic of the graph in rank order. */
  readonly topics: readonly TopicName[];
  /** A topic's place in the one order at one instant: greater than its zero-latency causes'. */
  readonly rank: ReadonlyMap<TopicName, number>;
  /** Topics written here. */
  readonly derived: readonly TopicName[];
}

/** Checks the rules and ranks the topics. Throws STREAMS_… naming what breaks which rule. */
export function buildTopology(spec: TopologySpec): Topology {
  const writers = checkWriters(spec);
  checkInputs(spec, writers);
  for (const processor of spec.processors) checkPartitioning(processor);
  const depth = depths(spec, writers);
  const topics = [...depth.keys()].sort(
    (a, b) =>
      (depth.get(a) as number) - (depth.get(b) as number) ||
      placeOf(a) - placeOf(b) ||
      catalogue[a].id - catalogue[b].id,
  );
  return {
    ...spec,
    topics,
    rank: new Map(topics.map((topic, index) => [topic, index])),
    derived: topics.filter((topic) => writers.has(topic)),
  };
}

const placeOf = (topic: TopicName): number => catalogue[topic].place ?? catalogue[topic].id;

export const outputsOf = (processor: AnyProcessor): readonly TopicName[] =>
  Object.keys(processor.outputs) as TopicName[];

function checkWriters(spec: TopologySpec): ReadonlyMap<TopicName, AnyProcessor> {
  const writers = new Map<TopicName, AnyProcessor>();
  const names = new Set<string>();
  for (const processor of spec.processors) {
    if (names.has(processor.name)) {
      throw new TapedeckError(
        "STREAMS_DUPLICATE_PROCESSOR",
        `two processors are named ${processor.name}`,
        { processor: processor.name },
      );
    }
    names.add(processor.name);
    for (const topic of outputsOf(processor)) {
      if (!isTopicName(topic)) throw unknown(topic, processor.name);
      const other = spec.sources.includes(topic) ? "the source" : writers.get(topic)?.name;
      if (other !== undefined) {
        throw new TapedeckError(
          "STREAMS_TWO_WRITERS",
          `${topic} is written by ${other} and by ${processor.name}`,
          { topic, first: other, second: processor.name },
        );
      }
      writers.set(topic, processor);
    }
  }
  return writers;
}

function checkInputs(spec: TopologySpec, writers: ReadonlyMap<TopicName, AnyProcessor>): void {
  for (const topic of spec.sources) if (!isTopicName(topic)) throw unknown(topic, "the source");
  for (const processor of spec.processors) {
    for (const topic of processor.inputs) {
      if (!isTopicName(topic)) throw unknown(topic, processor.name);
      if (writers.has(topic) || spec.sources.includes(topic)) continue;
      throw new TapedeckError(
        "STREAMS_INPUT_UNWRITTEN",
        `${processor.name} reads ${topic}, which nobody writes`,
        { topic, processor: processor.name },
      );
    }
  }
}

/** A task of scope symbol owns one partition: everything it reads must be partitioned by symbol. */
function checkPartitioning(processor: AnyProcessor): void {
  if (processor.scope !== "symbol") return;
  for (const topic of processor.inputs) {
    if (catalogue[topic].key === "symbol") continue;
    throw new TapedeckError(
      "STREAMS_NOT_COPARTITIONED",
      `${processor.name} has scope symbol but reads ${topic}, which is keyed by ${catalogue[topic].key}`,
      { topic, processor: processor.name, key: catalogue[topic].key },
    );
  }
  // Two tasks of one processor must never append to one partition: their order would be chance.
  for (const topic of outputsOf(processor)) {
    if (catalogue[topic].key === "symbol") continue;
    throw new TapedeckError(
      "STREAMS_NOT_COPARTITIONED",
      `${processor.name} has scope symbol but writes ${topic}, which is keyed by ${catalogue[topic].key}`,
      { topic, processor: processor.name, key: catalogue[topic].key },
    );
  }
}

/** Longest path from the sources over edges of latency 0; a cycle of such edges is refused. */
function depths(
  spec: TopologySpec,
  writers: ReadonlyMap<TopicName, AnyProcessor>,
): Map<TopicName, number> {
  const depth = new Map<TopicName, number>();
  const path: string[] = [];
  const onPath = new Set<TopicName>();

  const visit = (topic: TopicName): number => {
    const known = depth.get(topic);
    if (known !== undefined) return known;
    if (onPath.has(topic)) {
      const cycle = [...path.slice(path.indexOf(topic)), topic].join(" → ");
      throw new TapedeckError("STREAMS_ZERO_LATENCY_CYCLE", `no latency on the cycle ${cycle}`, {
        cycle,
      });
    }
    const writer = writers.get(topic);
    const latencyUs = writer?.outputs[topic] ?? 0;
    if (!Number.isSafeInteger(latencyUs) || latencyUs < 0) {
      throw new TapedeckError(
        "STREAMS_LATENCY_INVALID",
        `${writer?.name}: the latency of ${topic} is ${latencyUs}`,
        { topic, latencyUs },
      );
    }
    let deepest = 0;
    if (writer !== undefined && latencyUs === 0) {
      onPath.add(topic);
      path.push(topic);
      for (const input of writer.inputs) deepest = Math.max(deepest, visit(input) + 1);
      path.pop();
      onPath.delete(topic);
    }
    depth.set(topic, deepest);
    return deepest;
  };

  for (const topic of spec.sources) visit(topic);
  for (const processor of spec.processors) {
    for (const topic of [...processor.inputs, ...outputsOf(processor)]) visit(topic);
  }
  return depth;
}

const unknown = (topic: string, processor: string): TapedeckError =>
  new TapedeckError("STREAMS_TOPIC_UNKNOWN", `${processor} names the topic ${topic}`, {
    topic,
    processor,
  });
