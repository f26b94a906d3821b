// What a shadow's report says, as plain data: the page is made from it, and it lies beside the page as JSON.
// Promises: amounts are exact decimal text; numbers are for charts and counts; bounded, whatever was
// followed.

import type { TopicName } from "../../schemas/generated/facts.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { partitionCount } from "../../streams/catalogue.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { LatencyHistogram } from "../telemetry/latency-histogram.ts";
import { latencyBoundsSeconds } from "../telemetry/latency-histogram.ts";
import type { AgreementPoints } from "./agreement-curve.ts";
import type { FirstDifference, Tally } from "./divergence.ts";
import { gapOf, type Measure, type Point } from "./exposure-gap.ts";
import type { FieldDifference } from "./fields.ts";
import type { ShadowPlan, ShadowStart } from "./shadow-plan.ts";
import type { ShadowRun } from "./shadow-run.ts";

export interface TopicReport {
  readonly topic: string;
  readonly agreed: number;
  readonly differing: number;
  readonly missing: number;
  readonly extra: number;
  /** Partitions, and those of them that are live's byte for byte so far. */
  readonly partitions: number;
  readonly identical: number;
  /** Fields that differed, most often first. */
  readonly fields: readonly { readonly field: string; readonly events: number }[];
  readonly first: DifferenceReport | null;
}

export interface DifferenceReport {
  readonly topic: string;
  readonly timeUs: number;
  readonly kind: FirstDifference["kind"];
  readonly fields: readonly FieldDifference[];
  /** The event, its cause, that one's cause and so on to the source; empty where there is none. */
  readonly live: readonly AnyEvent[];
  readonly shadow: readonly AnyEvent[];
}

export interface GapReport {
  readonly measure: Measure;
  /** The shadow's less live's. */
  readonly gap: string;
  readonly live: string;
  readonly shadow: string;
  readonly timeUs: number;
}

export interface BehindReport {
  readonly topic: string;
  readonly events: number;
  /** Upper bounds of the quantiles, in seconds. */
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
}

export interface ShadowReport {
  readonly format: 1;
  readonly name: string;
  readonly app: string;
  readonly writtenMs: number;
  readonly following: boolean;
  readonly liveDigest: string;
  readonly candidateDigest: string;
  readonly sameDecisions: boolean;
  readonly changes: ShadowPlan["changes"];
  readonly start: ShadowStart | null;
  /** Of the last event processed; 0: none yet. */
  readonly timeUs: number;
  readonly sourceEvents: number;
  readonly lagSeconds: number;
  readonly undecided: number;
  readonly admissions: {
    readonly followed: number;
    readonly missed: number;
    readonly waiting: number;
  };
  readonly topics: readonly TopicReport[];
  readonly first: DifferenceReport | null;
  readonly currency: string;
  readonly currencyScale: number;
  readonly last: { readonly live: Amounts; readonly shadow: Amounts } | null;
  readonly greatest: readonly GapReport[];
  readonly curve: {
    readonly timeUs: readonly number[];
    readonly equity: readonly [live: readonly number[], shadow: readonly number[]];
    readonly gross: readonly [live: readonly number[], shadow: readonly number[]];
    readonly net: readonly [live: readonly number[], shadow: readonly number[]];
  };
  readonly agreement: AgreementPoints;
  readonly behind: readonly BehindReport[];
}

export type Amounts = Readonly<Record<Measure, string>>;

const MEASURES: readonly Measure[] = ["equity", "gross", "net"];

export interface ReportOptions {
  readonly plan: ShadowPlan;
  readonly start: ShadowStart | null;
  readonly run: ShadowRun;
  readonly writtenMs: number;
  readonly following: boolean;
  /** Of each difference the events with their causes; looked up once and kept by whoever asks. */
  readonly chains: (difference: FirstDifference) => Pick<DifferenceReport, "live" | "shadow">;
}

export function shadowReport(options: ReportOptions): ShadowReport {
  const { plan, start, run, writtenMs, following } = options;
  const { divergence } = run.comparison;
  const { portfolio } = plan.candidate.flow;
  const scale = portfolio.currencyScale;
  const points = run.exposure.points();
  const units = (amount: bigint): number => Number(amount) / 10 ** scale;
  const pair = (measure: Measure) =>
    [
      points.map(({ live }) => units(live[measure])),
      points.map(({ shadow }) => units(shadow[measure])),
    ] as const;
  const amounts = (side: "live" | "shadow", point: Point): Amounts => ({
    equity: formatScaled(point[side].equity, scale),
    gross: formatScaled(point[side].gross, scale),
    net: formatScaled(point[side].net, scale),
  });
  const { last } = run.exposure;
  const said = (difference: FirstDifference | null): DifferenceReport | null => {
    if (difference === null) return null;
    const { topic, timeUs, kind, fields } = difference;
    return { topic, timeUs, kind, fields, ...options.chains(difference) };
  };
  return {
    format: 1,
    name: plan.name,
    app: plan.live.app,
    writtenMs,
    following,
    liveDigest: plan.liveDigest,
    candidateDigest: plan.digest,
    sameDecisions: plan.sameDecisions,
    changes: plan.changes,
    start,
    timeUs: run.timeUs,
    sourceEvents: run.sourceEvents,
    lagSeconds: run.lagSeconds,
    undecided: divergence.undecided,
    admissions: admissionsOf(run),
    topics: [...divergence.tallies].map(([topic, tally]) => {
      const partitions = partitionCount(topic, plan.candidate.partitions);
      const all = Array.from({ length: partitions }, (_, partition) => partition);
      const same = all.filter((one) => divergence.partedFrom(topic, one) === null);
      return { ...topicOf(topic, tally, said), partitions, identical: same.length };
    }),
    first: said(divergence.first),
    currency: portfolio.currency,
    currencyScale: scale,
    last: last === null ? null : { live: amounts("live", last), shadow: amounts("shadow", last) },
    greatest: MEASURES.flatMap((measure): GapReport[] => {
      const point = run.exposure.greatest[measure];
      if (point === null) return [];
      const gap = formatScaled(gapOf(point, measure), scale);
      const { timeUs } = point;
      const [live, shadow] = [amounts("live", point)[measure], amounts("shadow", point)[measure]];
      return [{ measure, gap, live, shadow, timeUs }];
    }),
    curve: {
      timeUs: points.map(({ timeUs }) => timeUs),
      equity: pair("equity"),
      gross: pair("gross"),
      net: pair("net"),
    },
    agreement: divergence.agreement.points(),
    behind: [...run.behind.topics].map(([topic, { seconds, worst }]) => ({
      topic,
      events: seconds.count,
      p50: Math.min(quantile(seconds, 0.5), worst),
      p99: Math.min(quantile(seconds, 0.99), worst),
      worst,
    })),
  };
}

function admissionsOf({ orders }: ShadowRun): ShadowReport["admissions"] {
  let [followed, missed, waiting] = [0, 0, 0];
  for (const order of orders.values()) {
    followed += order.followed;
    missed += order.missed;
    waiting += order.waiting;
  }
  return { followed, missed, waiting };
}

const topicOf = (
  topic: TopicName,
  { agreed, differing, missing, extra, fields, first }: Tally,
  said: (difference: FirstDifference | null) => DifferenceReport | null,
): Omit<TopicReport, "partitions" | "identical"> => ({
  topic,
  agreed,
  differing,
  missing,
  extra,
  fields: [...fields]
    .map(([field, events]) => ({ field, events }))
    .sort((a, b) => b.events - a.events),
  first: said(first),
});

/** The bound that the quantile lies at or below; Infinity where it lies above all of them. */
function quantile({ counts, count }: LatencyHistogram, part: number): number {
  let below = 0;
  for (const [index, of] of counts.entries()) {
    below += of;
    if (below >= part * count) return latencyBoundsSeconds[index] ?? Number.POSITIVE_INFINITY;
  }
  return Number.POSITIVE_INFINITY;
}

/** JSON in which bigints are decimal text and bytes hexadecimal digits. */
export const reportJson = (report: ShadowReport): string =>
  `${JSON.stringify(report, (_, value: unknown) => {
    if (typeof value === "bigint") return String(value);
    return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
  })}\n`;
