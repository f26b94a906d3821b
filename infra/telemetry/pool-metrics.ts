// What a pool of devices tells about itself, and the metrics that are made of it: as metric-table.ts for services.

import { LatencyHistogram } from "./latency-histogram.ts";
import type { HistogramMetric, MetricTable, NumberMetric, Series } from "./metric-table.ts";

/** One slot of the pool, which outlives the devices that fill it. */
export interface SlotGauges {
  readonly kind: string;
  /** 1: warm, admitted and believed. */
  ready: number;
  busy: number;
  /** Answers that it gave. */
  answered: number;
  /** Devices that ended or hung in it, by reason. */
  readonly failures: Map<string, number>;
  audited: number;
  /** Empty, or why no device will fill it again. */
  quarantined: string;
}

export interface PoolGauges {
  /** Requests that wait, and the bound at which more are refused. */
  queued: number;
  readonly queueLimit: number;
  running: number;
  /** By kind of work and status or reason. */
  readonly answers: Map<string, Map<string, number>>;
  retried: number;
  /** Rows of inference, and the runs that took them: the ratio is the batch. */
  batchedRequests: number;
  batches: number;
  /** Audits that compared two answers, and those in which they differed. */
  audits: number;
  differences: number;
  /** Answers drawn for an audit when too many were due already. */
  auditsSkipped: number;
  /** Answers given and found wrong after that. */
  recalled: number;
  /** Bytes of scenario sets in shared memory: in use, or kept for the next request. */
  sharedBytes: number;
  /** Sets copied there. */
  copies: number;
  readonly slots: Map<string, SlotGauges>;
  /** Of each kind of work. */
  readonly queuedSeconds: Map<string, LatencyHistogram>;
  readonly ranSeconds: Map<string, LatencyHistogram>;
}

export const newPoolGauges = (queueLimit: number): PoolGauges => ({
  queued: 0,
  queueLimit,
  running: 0,
  answers: new Map(),
  retried: 0,
  batchedRequests: 0,
  batches: 0,
  audits: 0,
  differences: 0,
  auditsSkipped: 0,
  recalled: 0,
  sharedBytes: 0,
  copies: 0,
  slots: new Map(),
  queuedSeconds: new Map(),
  ranSeconds: new Map(),
});

export const newSlotGauges = (kind: string): SlotGauges => ({
  kind,
  ready: 0,
  busy: 0,
  answered: 0,
  failures: new Map(),
  audited: 0,
  quarantined: "",
});

/** The histogram of that label, made where there is none. */
export function histogramOf(of: Map<string, LatencyHistogram>, label: string): LatencyHistogram {
  const known = of.get(label);
  if (known !== undefined) return known;
  const made = new LatencyHistogram();
  of.set(label, made);
  return made;
}

const one = (
  name: NumberMetric["name"],
  kind: NumberMetric["kind"],
  help: string,
  read: (pool: PoolGauges) => number,
): NumberMetric<PoolGauges> => ({
  name,
  kind,
  help,
  labels: [],
  series: (pool) => [[read(pool)]],
});

const perSlot = (
  name: NumberMetric["name"],
  kind: NumberMetric["kind"],
  help: string,
  read: (slot: SlotGauges) => number,
): NumberMetric<PoolGauges> => ({
  name,
  kind,
  help,
  labels: ["device", "kind"],
  series: ({ slots }) => [...slots].map(([device, slot]) => [read(slot), device, slot.kind]),
});

const numbers: readonly NumberMetric<PoolGauges>[] = [
  one("tapedeck_pool_queued", "gauge", "Requests that wait for a device.", (pool) => pool.queued),
  one(
    "tapedeck_pool_queue_limit",
    "gauge",
    "Waiting requests at which more are refused.",
    (pool) => pool.queueLimit,
  ),
  one("tapedeck_pool_running", "gauge", "Requests at a device.", (pool) => pool.running),
  {
    name: "tapedeck_pool_answers_total",
    kind: "counter",
    help: "Answers by kind of work and outcome: DONE, or the reason why there is none.",
    labels: ["work", "outcome"],
    series: ({ answers }) =>
      [...answers].flatMap(([work, outcomes]) =>
        [...outcomes].map(([outcome, count]): Series<number> => [count, work, outcome]),
      ),
  },
  one(
    "tapedeck_pool_retried_total",
    "counter",
    "Requests given to a second device after the first failed.",
    (pool) => pool.retried,
  ),
  one(
    "tapedeck_pool_batched_requests_total",
    "counter",
    "Requests for inference that devices took.",
    (pool) => pool.batchedRequests,
  ),
  one(
    "tapedeck_pool_batches_total",
    "counter",
    "Runs in which devices took them: requests per run is the batch.",
    (pool) => pool.batches,
  ),
  one(
    "tapedeck_pool_audits_total",
    "counter",
    "Answers computed a second time, elsewhere, and compared.",
    (pool) => pool.audits,
  ),
  one(
    "tapedeck_pool_audit_differences_total",
    "counter",
    "Audits in which the two answers differed beyond the tolerance.",
    (pool) => pool.differences,
  ),
  one(
    "tapedeck_pool_audits_skipped_total",
    "counter",
    "Answers drawn for an audit and left out, as too many were due.",
    (pool) => pool.auditsSkipped,
  ),
  one(
    "tapedeck_pool_recalled_total",
    "counter",
    "Answers that were given and found wrong by a later audit of their device.",
    (pool) => pool.recalled,
  ),
  one(
    "tapedeck_pool_shared_bytes",
    "gauge",
    "Scenario sets in shared memory, in use or kept for the next request.",
    (pool) => pool.sharedBytes,
  ),
  one(
    "tapedeck_pool_copies_total",
    "counter",
    "Scenario sets copied into shared memory: one a set, however many requests use it.",
    (pool) => pool.copies,
  ),
  perSlot(
    "tapedeck_pool_device_ready",
    "gauge",
    "1 while a device is warm, admitted and believed.",
    (slot) => slot.ready,
  ),
  perSlot(
    "tapedeck_pool_device_quarantined",
    "gauge",
    "1 once a device was put out for good; the log says why.",
    (slot) => (slot.quarantined === "" ? 0 : 1),
  ),
  perSlot(
    "tapedeck_pool_device_answers_total",
    "counter",
    "Answers that came from a device.",
    (slot) => slot.answered,
  ),
  {
    name: "tapedeck_pool_device_failures_total",
    kind: "counter",
    help: "Devices that ended or hung and were replaced, by reason.",
    labels: ["device", "reason"],
    series: ({ slots }) =>
      [...slots].flatMap(([device, { failures }]) =>
        [...failures].map(([reason, count]): Series<number> => [count, device, reason]),
      ),
  },
];

const histogram = (
  name: HistogramMetric["name"],
  help: string,
  read: (pool: PoolGauges) => Map<string, LatencyHistogram>,
): HistogramMetric<PoolGauges> => ({
  name,
  kind: "histogram",
  help,
  labels: ["work"],
  series: (pool) => [...read(pool)].map(([work, seconds]) => [seconds, work]),
});

export const poolMetrics: MetricTable<PoolGauges> = {
  numbers,
  histograms: [
    histogram(
      "tapedeck_pool_queued_seconds",
      "From a request to a device's taking it.",
      (pool) => pool.queuedSeconds,
    ),
    histogram("tapedeck_pool_ran_seconds", "What a device took for it.", (pool) => pool.ranSeconds),
  ],
};
