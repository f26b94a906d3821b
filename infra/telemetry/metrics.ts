// The registry that /metrics prints: what metric-table.ts lists and the process's own figures. Promises:
// nothing is computed between scrapes; a scrape reads the numbers as they stand and costs time in
// proportion to the series.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { type LatencyHistogram, latencyBoundsSeconds } from "./latency-histogram.ts";
import {
  type HistogramMetric,
  histogramMetrics,
  type MetricTable,
  type NumberMetric,
  numberMetrics,
} from "./metric-table.ts";
import type { ServiceGauges } from "./service-gauges.ts";

/**
 * With `processFigures`: memory, CPU, collector and event loop of the process, under Prometheus' own
 * names. They cost a timer of 10 ms for as long as the process lives, so that tests leave them out.
 */
export const createRegistry = (
  service: ServiceGauges,
  options: { readonly processFigures: boolean },
): Registry =>
  registryOf(service, { numbers: numberMetrics, histograms: histogramMetrics }, options);

/** The same for what is no service. */
export function registryOf<Source>(
  source: Source,
  { numbers, histograms }: MetricTable<Source>,
  { processFigures }: { readonly processFigures: boolean },
): Registry {
  const registry = new Registry();
  for (const metric of numbers) registerNumber(registry, source, metric);
  for (const metric of histograms) registry.registerMetric(new ReadHistogram(source, metric));
  if (processFigures) collectDefaultMetrics({ register: registry });
  return registry;
}

const labelled = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));

function registerNumber<Source>(
  registry: Registry,
  source: Source,
  metric: NumberMetric<Source>,
): void {
  const { name, help, labels } = metric;
  const settings = { name, help, labelNames: [...labels], registers: [registry] };
  const known = () => metric.series(source).filter(([value]) => !Number.isNaN(value));
  if (metric.kind === "gauge") {
    new Gauge({
      ...settings,
      collect() {
        this.reset();
        for (const [value, ...of] of known()) this.set(labelled(labels, of), value);
      },
    });
    return;
  }
  new Counter({
    ...settings,
    collect() {
      this.reset();
      for (const [value, ...of] of known()) this.inc(labelled(labels, of), value);
    },
  });
}

type Values = Awaited<ReturnType<Histogram["get"]>>;

/** A histogram whose counts are kept elsewhere: prom-client's own can only be added to one by one. */
class ReadHistogram<Source> extends Histogram {
  private readonly source: Source;
  private readonly metric: HistogramMetric<Source>;
  /** An empty one, whose answer says what is not in the values. */
  private readonly shape: Histogram;

  constructor(source: Source, metric: HistogramMetric<Source>) {
    const { name, help, labels } = metric;
    super({ name, help, labelNames: [...labels], registers: [] });
    this.shape = new Histogram({ name, help, labelNames: ["shape"], registers: [] });
    this.source = source;
    this.metric = metric;
  }

  override async get(): Promise<Values> {
    const all = this.metric.series(this.source);
    const values = all.flatMap(([of, ...labels]) =>
      this.lines(of, labelled(this.metric.labels, labels)),
    );
    return { ...(await this.shape.get()), values };
  }

  /** What the registry asks for when it prints. */
  getForPromString(): Promise<Values> {
    return this.get();
  }

  private lines(of: LatencyHistogram, labels: Record<string, string>): Values["values"] {
    const { name } = this.metric;
    let below = 0;
    const buckets = [...of.counts].map((count, index) => {
      below += count;
      const le = latencyBoundsSeconds[index] ?? "+Inf";
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: of.sumSeconds },
      { metricName: `${name}_count`, labels, value: of.count },
    ];
  }
}
