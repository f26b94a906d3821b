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
  type Series,
} from "./metric-table.ts";
import { type PoolGauges, poolMetrics } from "./pool-metrics.ts";
import type { ServiceGauges } from "./service-gauges.ts";

/**
 * With `processFigures`: memory, CPU, collector and event loop of the process, under Prometheus' own
 * names. They cost a timer of 10 ms for as long as the process lives, so that tests leave them out.
 */
export function createRegistry(
  service: ServiceGauges,
  options: {
    readonly processFigures: boolean;
    /** Of the pool that the service asks; null while it has none. */
    readonly pool?: () => PoolGauges | null;
  },
): Registry {
  const own = { numbers: numberMetrics, histograms: histogramMetrics };
  const registry = registryOf(service, own, options);
  if (options.pool !== undefined) register(registry, { pool: options.pool }, pooled);
  return registry;
}

interface Pooled {
  pool(): PoolGauges | null;
}

const whereOpen =
  <Value>(series: (pool: PoolGauges) => readonly Series<Value>[]) =>
  ({ pool }: Pooled): readonly Series<Value>[] => {
    const open = pool();
    return open === null ? [] : series(open);
  };

const pooled: MetricTable<Pooled> = {
  numbers: poolMetrics.numbers.map((metric) => ({ ...metric, series: whereOpen(metric.series) })),
  histograms: poolMetrics.histograms.map((metric) => ({
    ...metric,
    series: whereOpen(metric.series),
  })),
};

/** The same for what is no service. */
export function registryOf<Source>(
  source: Source,
  table: MetricTable<Source>,
  { processFigures }: { readonly processFigures: boolean },
): Registry {
  const registry = new Registry();
  register(registry, source, table);
  if (processFigures) collectDefaultMetrics({ register: registry });
  return registry;
}

function register<Source>(
  registry: Registry,
  source: Source,
  { numbers, histograms }: MetricTable<Source>,
): void {
  for (const metric of numbers) registerNumber(registry, source, metric);
  for (const metric of histograms) registry.registerMetric(new ReadHistogram(source, metric));
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
