// What a shadow tells about itself, and the metrics that are made of it: as metric-table.ts for services.

import type { LatencyHistogram } from "./latency-histogram.ts";
import type { HistogramMetric, MetricTable, NumberMetric, Series } from "./metric-table.ts";
import type { Readiness } from "./readiness.ts";

export interface ShadowTally {
  readonly agreed: number;
  readonly differing: number;
  readonly missing: number;
  readonly extra: number;
}

/** Plain numbers, written as the shadow works, read by a scrape. NaN: not known yet. */
export interface ShadowGauges {
  readonly shadow: string;
  readonly currency: string;
  readonly topics: Map<string, ShadowTally>;
  /** From a look that saw live's record to the shadow's being compared with it. */
  readonly behind: Map<string, LatencyHistogram>;
  /** It has compared all that live had done at the last look. */
  caughtUp: boolean;
  /** Kafka has not answered for a while: how far live is, nobody knows. */
  kafkaSilent: boolean;
  lagSeconds: number;
  undecided: number;
  admissionsMissed: number;
  /** The shadow's less live's, in units of the currency. */
  readonly gaps: Record<"equity" | "gross" | "net", number>;
  restarts: number;
}

export const newShadowGauges = (shadow: string, currency: string): ShadowGauges => ({
  shadow,
  currency,
  topics: new Map(),
  behind: new Map(),
  caughtUp: false,
  kafkaSilent: false,
  lagSeconds: Number.NaN,
  undecided: 0,
  admissionsMissed: 0,
  gaps: { equity: Number.NaN, gross: Number.NaN, net: Number.NaN },
  restarts: 0,
});

const READY_LAG_SECONDS = 60;

export const shadowReadiness = ({ caughtUp, lagSeconds, kafkaSilent }: ShadowGauges): Readiness => {
  if (kafkaSilent) return { ready: false, reasons: [{ reason: "kafka-silent" }] };
  const ready = caughtUp || lagSeconds <= READY_LAG_SECONDS;
  return { ready, reasons: ready ? [] : [{ reason: "starting" }] };
};

const perTopic =
  (kind: keyof ShadowTally) =>
  ({ shadow, topics }: ShadowGauges): readonly Series<number>[] =>
    [...topics].map(([topic, tally]) => [tally[kind], shadow, topic]);

const counter = (
  name: NumberMetric["name"],
  help: string,
  kind: keyof ShadowTally,
): NumberMetric<ShadowGauges> => ({
  name,
  kind: "counter",
  help,
  labels: ["shadow", "topic"],
  series: perTopic(kind),
});

const gap = (
  name: NumberMetric["name"],
  help: string,
  measure: keyof ShadowGauges["gaps"],
): NumberMetric<ShadowGauges> => ({
  name,
  kind: "gauge",
  help,
  labels: ["shadow", "currency"],
  series: ({ shadow, currency, gaps }) => [[gaps[measure], shadow, currency]],
});

const numbers: readonly NumberMetric<ShadowGauges>[] = [
  counter(
    "tapedeck_shadow_agreed_total",
    "Events that the shadow decided as live did, time and value.",
    "agreed",
  ),
  counter(
    "tapedeck_shadow_differing_total",
    "Events that both decided, with another time or value.",
    "differing",
  ),
  counter(
    "tapedeck_shadow_missing_total",
    "Events that live decided and the shadow did not.",
    "missing",
  ),
  counter(
    "tapedeck_shadow_extra_total",
    "Events that the shadow decided and live did not.",
    "extra",
  ),
  {
    name: "tapedeck_shadow_undecided",
    kind: "gauge",
    help: "Events that still wait for their counterpart.",
    labels: ["shadow"],
    series: ({ shadow, undecided }) => [[undecided, shadow]],
  },
  {
    name: "tapedeck_shadow_lag_seconds",
    kind: "gauge",
    help: "Event time that the shadow is behind live; 0 where it has done all that live has.",
    labels: ["shadow"],
    series: ({ shadow, lagSeconds, kafkaSilent }) => [
      [kafkaSilent ? Number.NaN : lagSeconds, shadow],
    ],
  },
  gap("tapedeck_shadow_equity_gap", "Equity of the shadow less live's.", "equity"),
  gap("tapedeck_shadow_gross_exposure_gap", "Gross exposure of the shadow less live's.", "gross"),
  gap("tapedeck_shadow_net_exposure_gap", "Net exposure of the shadow less live's.", "net"),
  {
    name: "tapedeck_shadow_admissions_missed_total",
    kind: "counter",
    help: "Late admissions of live that the shadow could not repeat: the event was another, or not there.",
    labels: ["shadow"],
    series: ({ shadow, admissionsMissed }) => [[admissionsMissed, shadow]],
  },
  {
    name: "tapedeck_shadow_restarts_total",
    kind: "counter",
    help: "Times that the shadow was opened again after the cluster failed it.",
    labels: ["shadow"],
    series: ({ shadow, restarts }) => [[restarts, shadow]],
  },
];

const histograms: readonly HistogramMetric<ShadowGauges>[] = [
  {
    name: "tapedeck_shadow_behind_live_seconds",
    kind: "histogram",
    help: "From the look that saw a live record committed to the shadow's being committed and compared.",
    labels: ["shadow", "topic"],
    series: ({ shadow, behind }) => [...behind].map(([topic, seconds]) => [seconds, shadow, topic]),
  },
];

export const shadowMetrics: MetricTable<ShadowGauges> = { numbers, histograms };
