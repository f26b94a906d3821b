// What a service tells about itself: plain numbers that it writes as it works and that a scrape
// reads. Promises: writing one costs an assignment; a counter never goes back while the process lives, though
// its task may leave and return; what only the owner of a task knows is shown only while it has it.

import { LatencyHistogram } from "./latency-histogram.ts";

/** One partition that a task reads. NaN: not known yet, shown as absent and as not ready. */
export interface InputGauges {
  readonly topic: string;
  readonly partition: number;
  /** Committed records that lie in the partition and were not admitted yet. */
  lagRecords: number;
  /** Kafka does not say any more how much lies there: the lag is not known. */
  unheard: boolean;
  /** Effective time, in µs, of the event admitted last. */
  admittedUs: number;
  /** Effective time, in µs, of the newest record known in the partition. */
  newestUs: number;
}

/** One task. `inputs` is empty while another instance has it. */
export interface TaskGauges {
  readonly group: string;
  inputs: readonly InputGauges[];
  admitted: number;
  committed: number;
  aborted: number;
  /** Transactions of which it could not be told whether they were committed. */
  unknown: number;
  fenced: number;
  watchdogTrips: number;
  /** Late events let in, by topic. */
  readonly late: Map<string, number>;
  /** Records put aside, by the code of the reason. */
  readonly deadLetters: Map<string, number>;
  /** Entries of the keyed state. */
  stateEntries: number;
  /** Times that the state came from the local cache, and from the whole changelog. */
  warmRestores: number;
  coldRestores: number;
  /** What the last restore took. */
  restoreSeconds: number;
  /** From the start of a transaction's requests to the answer that ends it. */
  readonly commitSeconds: LatencyHistogram;
}

export interface GroupGauges {
  /** Whether the group has said which tasks are this instance's (there may be none). */
  assigned: boolean;
  /** Names of those tasks, as of now. */
  tasks: readonly string[];
  rebalances: number;
}

/** What an instance is; it does not change while the process lives. */
export interface ServiceSettings {
  /** The package's version, and the digest of the code that decides (infra/run/code-digest.ts). */
  readonly version: string;
  readonly codeDigest: string;
  /** An input is caught up when its lag is within either bound. */
  readonly readyLagRecords: number;
  readonly readyLagSeconds: number;
}

export interface ServiceGauges {
  readonly settings: ServiceSettings;
  readonly groups: Map<string, GroupGauges>;
  readonly tasks: Map<string, TaskGauges>;
  /** Kafka has not answered for a while. */
  kafkaSilent: boolean;
  /** Fetched and not admitted yet; and the bound at which fetching waits. */
  bufferBytes: number;
  bufferLimitBytes: number;
  /** From a tick's arrival at this instance to the commit of its verdict (tick-arrivals.ts). */
  readonly tickToVerdictSeconds: LatencyHistogram;
  /** Verdicts whose tick came in at another instance, or before this one began. */
  verdictsUnmeasured: number;
}

export const newServiceGauges = (settings: ServiceSettings): ServiceGauges => ({
  settings,
  groups: new Map(),
  tasks: new Map(),
  kafkaSilent: false,
  bufferBytes: 0,
  bufferLimitBytes: 0,
  tickToVerdictSeconds: new LatencyHistogram(),
  verdictsUnmeasured: 0,
});

/** The group's gauges, made where there are none. */
export function groupGauges(service: ServiceGauges, group: string): GroupGauges {
  const known = service.groups.get(group);
  if (known !== undefined) return known;
  const made: GroupGauges = { assigned: false, tasks: [], rebalances: 0 };
  service.groups.set(group, made);
  return made;
}

/**
 * The task's gauges, made where there are none; its inputs are unknown from here on. Call it when a
 * task is opened. Counters of each topic and code start at 0, since the first of a kind would
 * else be invisible: Prometheus sees a rise only between two values.
 */
export function openTaskGauges(
  service: ServiceGauges,
  task: string,
  group: string,
  inputs: readonly { readonly topic: string; readonly partition: number }[],
  deadLetterCodes: readonly string[],
): TaskGauges {
  groupGauges(service, group);
  const gauges = service.tasks.get(task) ?? newTaskGauges(group);
  service.tasks.set(task, gauges);
  gauges.inputs = inputs.map(({ topic, partition }) => ({
    topic,
    partition,
    lagRecords: Number.NaN,
    unheard: false,
    admittedUs: Number.NaN,
    newestUs: Number.NaN,
  }));
  for (const { topic } of inputs) count(gauges.late, topic, 0);
  for (const code of deadLetterCodes) count(gauges.deadLetters, code, 0);
  return gauges;
}

/** The task is another instance's now: its counters stay, its lag and state are no longer ours to tell. */
export function closeTaskGauges(gauges: TaskGauges): void {
  gauges.inputs = [];
  gauges.stateEntries = Number.NaN;
}

/** Adds to one of the counters that are kept by topic or by code. */
export function count(counters: Map<string, number>, label: string, by = 1): void {
  counters.set(label, (counters.get(label) ?? 0) + by);
}

/** Seconds of event time between what was admitted and what is there; 0 where nothing is left, NaN: not known. */
export function lagSeconds(input: InputGauges): number {
  if (Number.isNaN(input.lagRecords)) return Number.NaN;
  if (input.lagRecords === 0) return 0;
  return Math.max(0, input.newestUs - input.admittedUs) / 1e6;
}

const newTaskGauges = (group: string): TaskGauges => ({
  group,
  inputs: [],
  admitted: 0,
  committed: 0,
  aborted: 0,
  unknown: 0,
  fenced: 0,
  watchdogTrips: 0,
  late: new Map(),
  deadLetters: new Map(),
  stateEntries: Number.NaN,
  warmRestores: 0,
  coldRestores: 0,
  restoreSeconds: Number.NaN,
  commitSeconds: new LatencyHistogram(),
});
