// A topology for people: the text that a run's manifest keeps, and a picture drawn from that text, so
// that the picture of an old run needs none of its code.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { Producer } from "./identity.ts";
import { outputsOf, type Topology } from "./topology.ts";

/** One line a processor: what it reads, what it writes, after what latency. */
export function printTopology(topology: Topology): string {
  const lines = [`sources  ${topology.sources.join(", ")}`];
  for (const processor of topology.processors) {
    const outputs = outputsOf(processor).map((topic) => {
      const latencyUs = processor.outputs[topic] ?? 0;
      return latencyUs === 0 ? topic : `${topic} (+${latencyUs} µs)`;
    });
    lines.push(
      `${processor.name} v${processor.version} [${processor.scope}]  ${processor.inputs.join(", ")} → ${outputs.join(", ") || "nothing"}`,
    );
  }
  lines.push(`order  ${topology.topics.join(" < ")}`);
  return `${lines.join("\n")}\n`;
}

/** Who writes each topic, from what printTopology gave. */
export function producersIn(printed: string): ReadonlyMap<TopicName, Producer> {
  const producers = new Map<TopicName, Producer>();
  for (const [, name = "", version, outputs = ""] of printed.matchAll(
    /^(\S+) v(\d+) \[\w+\] {2}.* → (.*)$/gm,
  )) {
    for (const output of outputs.split(", ")) {
      producers.set(output.split(" (")[0] as TopicName, { name, version: Number(version) });
    }
  }
  return producers;
}

/** What printTopology gave as a Mermaid flowchart: topics are rounded, processors are boxes. */
export function mermaidOf(printed: string): string {
  const id = (name: string): string => name.replaceAll(/[^a-z0-9]/g, "_");
  const lines = ["flowchart LR"];
  for (const text of printed.split("\n")) {
    const match = /^(\S+) v\d+ \[\w+\] {2}(.*) → (.*)$/.exec(text);
    if (match === null) continue;
    const [, name = "", inputs = "", outputs = ""] = match;
    lines.push(`  p_${id(name)}["${name}"]`);
    for (const topic of inputs.split(", ")) {
      lines.push(`  ${id(topic)}(["${topic}"]) --> p_${id(name)}`);
    }
    for (const output of outputs.split(", ").filter((one) => one !== "nothing")) {
      const [topic = "", latency] = output.split(" (");
      const label = latency === undefined ? "" : `|${latency.replace(")", "")}|`;
      lines.push(`  p_${id(name)} -->${label} ${id(topic)}(["${topic}"])`);
    }
  }
  return `${lines.join("\n")}\n`;
}
