// Every metric of ours as data: its name by Prometheus' conventions (base units, _total for counters),
// what it means, and where its numbers are. The registry, docs/operations.md and the tests of
// rules and dashboard read this table. Names and labels are a promise to other people's alerts.

import type { LatencyHistogram } from "./latency-histogram.ts";
import { readiness } from "./readiness.ts";
import { lagSeconds, type ServiceGauges, type TaskGauges } from "./service-gauges.ts";

/** One series: its value, then the values of the labels in their order. NaN: not known, left out. */
export type Series<Value> = readonly [value: Value, ...labels: readonly string[]];

interface MetricText {
  readonly name: `tapedeck_${string}`;
  readonly help: string;
  readonly labels: readonly string[];
}

/** `Source`: what the numbers are read from. */
export interface NumberMetric<Source = ServiceGauges> extends MetricText {
  readonly kind: "counter" | "gauge";
  series(source: Source): readonly Series<number>[];
}

export interface HistogramMetric<Source = ServiceGauges> extends MetricText {
  readonly kind: "histogram";
  series(source: Source): readonly Series<LatencyHistogram>[];
}

export interface MetricTable<Source> {
  readonly numbers: readonly NumberMetric<Source>[];
  readonly histograms: readonly HistogramMetric<Source>[];
}

type PerTask<Value> = (task: TaskGauges, name: string) => readonly Series<Value>[];

const perTask =
  <Value>(of: PerTask<Value>) =>
  (service: ServiceGauges): readonly Series<Value>[] =>
    [...service.tasks].flatMap(([name, task]) => of(task, name));

const one = (read: (task: TaskGauges) => number) => perTask((task, name) => [[read(task), name]]);

const perGroup = (read: (service: ServiceGauges, group: string) => number) => {
  return (service: ServiceGauges): readonly Series<number>[] =>
    [...service.groups.keys()].map((group) => [read(service, group), group]);
};

export const numberMetrics: readonly NumberMetric[] = [
  {
    name: "tapedeck_build_info",
    kind: "gauge",
    help: "Always 1; the labels say which version and which deciding code runs.",
    labels: ["version", "code"],
    series: ({ settings }) => [[1, settings.version, settings.codeDigest]],
  },
  {
    name: "tapedeck_ready",
    kind: "gauge",
    help: "1 while every task of this instance is caught up within the bounds, as /readyz says.",
    labels: [],
    series: (service) => [[readiness(service).ready ? 1 : 0]],
  },
  {
    name: "tapedeck_task_running",
    kind: "gauge",
    help: "1 while this instance runs the task, 0 after it was given to another.",
    labels: ["task"],
    series: one(({ inputs }) => (inputs.length > 0 ? 1 : 0)),
  },
  {
    name: "tapedeck_task_input_lag_records",
    kind: "gauge",
    help: "Committed records in an input partition that the task has not admitted yet.",
    labels: ["task", "topic", "partition"],
    series: perTask(({ inputs }, name) =>
      inputs.map((input) => [input.lagRecords, name, input.topic, String(input.partition)]),
    ),
  },
  {
    name: "tapedeck_task_input_lag_seconds",
    kind: "gauge",
    help: "Event time between the newest record known in an input partition and the one admitted last.",
    labels: ["task", "topic", "partition"],
    series: perTask(({ inputs }, name) =>
      inputs.map((input) => [lagSeconds(input), name, input.topic, String(input.partition)]),
    ),
  },
  {
    name: "tapedeck_events_admitted_total",
    kind: "counter",
    help: "Events that a task has processed.",
    labels: ["task"],
    series: one(({ admitted }) => admitted),
  },
  {
    name: "tapedeck_transactions_total",
    kind: "counter",
    help: "Transactions by outcome: committed, aborted, unknown (the task is then opened again and reads back).",
    labels: ["task", "outcome"],
    series: perTask((task, name) => [
      [task.committed, name, "committed"],
      [task.aborted, name, "aborted"],
      [task.unknown, name, "unknown"],
    ]),
  },
  {
    name: "tapedeck_late_admissions_total",
    kind: "counter",
    help: "Events admitted after one with a greater sort key, and recorded in tape.admissions.",
    labels: ["task", "topic"],
    series: perTask(({ late }, name) => [...late].map(([topic, events]) => [events, name, topic])),
  },
  {
    name: "tapedeck_dead_letters_total",
    kind: "counter",
    help: "Records put aside in the dead-letter topic, by the code of the reason.",
    labels: ["task", "code"],
    series: perTask(({ deadLetters }, name) =>
      [...deadLetters].map(([code, letters]) => [letters, name, code]),
    ),
  },
  {
    name: "tapedeck_fenced_total",
    kind: "counter",
    help: "Times that this instance found a task of its own taken over by another.",
    labels: ["task"],
    series: one(({ fenced }) => fenced),
  },
  {
    name: "tapedeck_watchdog_trips_total",
    kind: "counter",
    help: "Times that a task had records to read and made no progress for the watchdog's bound.",
    labels: ["task"],
    series: one(({ watchdogTrips }) => watchdogTrips),
  },
  {
    name: "tapedeck_rebalances_total",
    kind: "counter",
    help: "Times that a consumer group dealt its partitions out anew, as this instance saw it.",
    labels: ["group"],
    series: perGroup(({ groups }, group) => groups.get(group)?.rebalances ?? 0),
  },
  {
    name: "tapedeck_group_assigned",
    kind: "gauge",
    help: "1 once the group has said which tasks are this instance's, be it none.",
    labels: ["group"],
    series: perGroup(({ groups }, group) => (groups.get(group)?.assigned === true ? 1 : 0)),
  },
  {
    name: "tapedeck_state_entries",
    kind: "gauge",
    help: "Entries in the keyed state of a task.",
    labels: ["task"],
    series: one(({ stateEntries }) => stateEntries),
  },
  {
    name: "tapedeck_state_restores_total",
    kind: "counter",
    help: "Restores of a task's state: from the local cache, or cold from the whole changelog.",
    labels: ["task", "source"],
    series: perTask((task, name) => [
      [task.warmRestores, name, "cache"],
      [task.coldRestores, name, "changelog"],
    ]),
  },
  {
    name: "tapedeck_state_restore_seconds",
    kind: "gauge",
    help: "Duration of the last restore of a task's state.",
    labels: ["task"],
    series: one(({ restoreSeconds }) => restoreSeconds),
  },
  {
    name: "tapedeck_verdicts_unmeasured_total",
    kind: "counter",
    help: "Verdicts that are not in tick to verdict: their tick came in at another instance or before this one began.",
    labels: [],
    series: ({ verdictsUnmeasured }) => [[verdictsUnmeasured]],
  },
  {
    name: "tapedeck_buffer_bytes",
    kind: "gauge",
    help: "Bytes fetched and not taken up by the task yet.",
    labels: [],
    series: ({ bufferBytes }) => [[bufferBytes]],
  },
  {
    name: "tapedeck_buffer_limit_bytes",
    kind: "gauge",
    help: "Bytes at which fetching waits until some are admitted.",
    labels: [],
    series: ({ bufferLimitBytes }) => [[bufferLimitBytes]],
  },
];

export const histogramMetrics: readonly HistogramMetric[] = [
  {
    name: "tapedeck_commit_duration_seconds",
    kind: "histogram",
    help: "From the start of a transaction's requests to the answer that ends it.",
    labels: ["task"],
    series: perTask(({ commitSeconds }, name) => [[commitSeconds, name]]),
  },
  {
    name: "tapedeck_tick_to_verdict_seconds",
    kind: "histogram",
    help: "From a tick's arrival at this instance to the commit of the verdict that it led to.",
    labels: [],
    series: ({ tickToVerdictSeconds }) => [[tickToVerdictSeconds]],
  },
];
