// Whether an instance may be counted on: Kafka answers it, it knows its tasks, and each is open and has read
// its inputs to within a bound.
// Pure: the numbers of service-gauges.ts in, the answer with its reasons out.

import { type InputGauges, lagSeconds, type ServiceGauges } from "./service-gauges.ts";

/** Why an instance is not ready, one for each group, task or input that is behind. */
export type NotReady =
  | { readonly reason: "starting" | "kafka-silent" }
  | { readonly reason: "unassigned"; readonly group: string }
  | { readonly reason: "task-closed"; readonly task: string }
  | {
      readonly reason: "lag-unknown" | "behind";
      readonly task: string;
      readonly topic: string;
      readonly partition: number;
      readonly lagRecords: number | null;
      readonly lagSeconds: number | null;
    };

export interface Readiness {
  readonly ready: boolean;
  readonly reasons: readonly NotReady[];
}

/** An instance without tasks is ready once its groups have told it so: it stands by. */
export function readiness(service: ServiceGauges): Readiness {
  const reasons: NotReady[] = [];
  if (service.groups.size === 0) reasons.push({ reason: "starting" });
  if (service.kafkaSilent) reasons.push({ reason: "kafka-silent" });
  for (const [group, { assigned, tasks }] of service.groups) {
    if (!assigned) reasons.push({ reason: "unassigned", group });
    for (const task of tasks) {
      const open = (service.tasks.get(task)?.inputs.length ?? 0) > 0;
      if (!open) reasons.push({ reason: "task-closed", task });
    }
  }
  const { readyLagRecords, readyLagSeconds } = service.settings;
  for (const [task, { inputs }] of service.tasks) {
    for (const input of inputs) {
      const near = input.lagRecords <= readyLagRecords || lagSeconds(input) <= readyLagSeconds;
      if (!near) reasons.push(behind(task, input));
    }
  }
  return { ready: reasons.length === 0, reasons };
}

function behind(task: string, input: InputGauges): NotReady {
  const { topic, partition, lagRecords } = input;
  const seconds = lagSeconds(input);
  return {
    reason: Number.isNaN(lagRecords) ? "lag-unknown" : "behind",
    task,
    topic,
    partition,
    lagRecords: Number.isNaN(lagRecords) ? null : lagRecords,
    lagSeconds: Number.isNaN(seconds) ? null : seconds,
  };
}
