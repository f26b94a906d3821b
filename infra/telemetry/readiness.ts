// Whether an instance may be counted on: it knows its tasks, and each has read its inputs to within a bound.
// Pure: the numbers of service-gauges.ts in, the answer with its reasons out.

import { type InputGauges, lagSeconds, type ServiceGauges } from "./service-gauges.ts";

/** Why an instance is not ready, one for each group or input that is behind. */
export type NotReady =
  | { readonly reason: "starting" }
  | { readonly reason: "unassigned"; readonly group: string }
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
  for (const [group, { assigned }] of service.groups) {
    if (!assigned) reasons.push({ reason: "unassigned", group });
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
