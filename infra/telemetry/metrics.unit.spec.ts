import fc from "fast-check";
import type { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { LatencyHistogram, latencyBoundsSeconds } from "./latency-histogram.ts";
import { histogramMetrics, numberMetrics } from "./metric-table.ts";
import { createRegistry } from "./metrics.ts";
import { newPoolGauges, type PoolGauges } from "./pool-metrics.ts";
import {
  closeTaskGauges,
  count,
  groupGauges,
  newServiceGauges,
  openTaskGauges,
  type ServiceGauges,
} from "./service-gauges.ts";

const settings = { version: "1.2.3", codeDigest: "abc", readyLagRecords: 10, readyLagSeconds: 1 };
const inputs = [
  { topic: "market.ticks", partition: 3 },
  { topic: "market.quotes", partition: 3 },
];

interface Fixture {
  readonly service: ServiceGauges;
  readonly registry: Registry;
  /** Series by name and labels, as a scrape sees them. */
  scrape(): Promise<Map<string, number>>;
}

function fixture(): Fixture {
  const service = newServiceGauges(settings);
  const registry = createRegistry(service, { processFigures: false });
  const scrape = async () =>
    new Map(
      (await registry.metrics())
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"))
        .map((line) => {
          const at = line.lastIndexOf(" ");
          return [line.slice(0, at), Number(line.slice(at + 1))];
        }),
    );
  return { service, registry, scrape };
}

describe("the registry", () => {
  test("shows what the service wrote, at the next scrape", async () => {
    const { service, scrape } = fixture();
    const task = openTaskGauges(service, "bar-builder/3", "bar-builder", inputs, ["WIRE_SHORT"]);
    Object.assign(task.inputs[0] as object, { lagRecords: 7, admittedUs: 1e6, newestUs: 3.5e6 });
    task.admitted = 41;
    task.aborted = 2;
    task.stateEntries = 12;
    count(task.late, "market.ticks");
    groupGauges(service, "bar-builder").rebalances = 4;
    const first = await scrape();
    task.admitted++;
    const second = await scrape();
    const labels = 'task="bar-builder/3",topic="market.ticks",partition="3"';
    expect(Object.fromEntries(first)).toMatchObject({
      'tapedeck_build_info{version="1.2.3",code="abc"}': 1,
      tapedeck_ready: 0,
      [`tapedeck_task_input_lag_records{${labels}}`]: 7,
      [`tapedeck_task_input_lag_seconds{${labels}}`]: 2.5,
      'tapedeck_events_admitted_total{task="bar-builder/3"}': 41,
      'tapedeck_transactions_total{task="bar-builder/3",outcome="aborted"}': 2,
      'tapedeck_transactions_total{task="bar-builder/3",outcome="unknown"}': 0,
      'tapedeck_late_admissions_total{task="bar-builder/3",topic="market.ticks"}': 1,
      'tapedeck_late_admissions_total{task="bar-builder/3",topic="market.quotes"}': 0,
      'tapedeck_dead_letters_total{task="bar-builder/3",code="WIRE_SHORT"}': 0,
      'tapedeck_rebalances_total{group="bar-builder"}': 4,
      'tapedeck_state_entries{task="bar-builder/3"}': 12,
    });
    expect(second.get('tapedeck_events_admitted_total{task="bar-builder/3"}')).toBe(42);
  });

  test("leaves out what is not known instead of showing 0", async () => {
    const { service, scrape } = fixture();
    openTaskGauges(service, "bar-builder/3", "bar-builder", inputs, []);
    const names = [...(await scrape()).keys()].join("\n");
    expect(names).not.toContain("lag_records");
    expect(names).not.toContain("state_entries");
  });

  test("an input in which nothing is left is not behind, even if its times are not known", async () => {
    const { service, scrape } = fixture();
    groupGauges(service, "g").assigned = true;
    const task = openTaskGauges(service, "t", "g", inputs, []);
    for (const input of task.inputs) input.lagRecords = 0;
    Object.assign(task.inputs[0] as object, { admittedUs: 1e6, newestUs: 9e6 });
    const series = await scrape();
    for (const { topic } of inputs) {
      const labels = `task="t",topic="${topic}",partition="3"`;
      expect(series.get(`tapedeck_task_input_lag_seconds{${labels}}`)).toBe(0);
    }
    expect(series.get("tapedeck_ready")).toBe(1);
  });

  test("a task that left keeps its counters and loses its lag, and goes on counting when back", async () => {
    const { service, scrape } = fixture();
    const task = openTaskGauges(service, "t", "g", inputs, []);
    for (const input of task.inputs) input.lagRecords = 5;
    task.committed = 9;
    closeTaskGauges(task);
    const gone = await scrape();
    expect(gone.get('tapedeck_task_running{task="t"}')).toBe(0);
    expect([...gone.keys()].some((name) => name.includes("lag_records"))).toBe(false);
    expect(gone.get('tapedeck_transactions_total{task="t",outcome="committed"}')).toBe(9);
    expect(openTaskGauges(service, "t", "g", inputs, [])).toBe(task);
    task.committed++;
    const back = await scrape();
    expect(back.get('tapedeck_transactions_total{task="t",outcome="committed"}')).toBe(10);
  });

  test("histograms are cumulative, end with +Inf, and agree with their count and sum", async () => {
    const { service, scrape } = fixture();
    for (const seconds of [0.0004, 0.012, 0.012, 99]) service.tickToVerdictSeconds.add(seconds);
    const series = await scrape();
    const bucket = (le: string | number) =>
      series.get(`tapedeck_tick_to_verdict_seconds_bucket{le="${le}"}`);
    expect([0.0005, 0.01, 0.015, 60, "+Inf"].map(bucket)).toEqual([1, 1, 3, 3, 4]);
    expect(series.get("tapedeck_tick_to_verdict_seconds_count")).toBe(4);
    expect(series.get("tapedeck_tick_to_verdict_seconds_sum")).toBeCloseTo(99.0244, 10);
  });

  test("names follow Prometheus: base units last, _total on counters alone, each explained once", () => {
    const all = [...numberMetrics, ...histogramMetrics];
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    for (const { name, kind, help } of all) {
      expect(name).toMatch(/^tapedeck_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith("_total")).toBe(kind === "counter");
      expect(name).not.toMatch(/_(ms|us|millis|kb|mb|minutes|percent)(_|$)/);
      expect(help).toMatch(/^[A-Z0-9].*\.$/);
      expect(name).not.toMatch(/_(count|sum|bucket)$/);
    }
  });

  test("every series has a value for each label", () => {
    const { service } = fixture();
    openTaskGauges(service, "t", "g", inputs, ["X"]);
    for (const metric of [...numberMetrics, ...histogramMetrics]) {
      const found = metric.series(service);
      expect(found.length, metric.name).toBeGreaterThan(0);
      for (const [, ...values] of found) expect(values.length).toBe(metric.labels.length);
    }
  });
});

describe("a latency histogram", () => {
  test("counts each duration in the first bucket whose bound it does not exceed", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 100, noNaN: true })), (durations) => {
        const histogram = new LatencyHistogram();
        for (const seconds of durations) histogram.add(seconds);
        const expected = [...latencyBoundsSeconds, Number.POSITIVE_INFINITY].map((bound, index) => {
          const above = latencyBoundsSeconds[index - 1] ?? Number.NEGATIVE_INFINITY;
          return durations.filter((seconds) => seconds > above && seconds <= bound).length;
        });
        expect([...histogram.counts]).toEqual(expected);
        expect(histogram.count).toBe(durations.length);
      }),
    );
  });

  test("ignores what is no number", () => {
    const histogram = new LatencyHistogram();
    histogram.add(Number.NaN);
    expect([histogram.count, histogram.sumSeconds]).toEqual([0, 0]);
  });
});

test("a service that asks a pool shows its metrics, another one does not", async () => {
  const { registry: plain } = fixture();
  expect(await plain.metrics()).not.toContain("tapedeck_pool_");
  let pool: PoolGauges | null = null;
  const options = { processFigures: false, pool: () => pool };
  const registry = createRegistry(newServiceGauges(settings), options);
  expect(await registry.metrics()).toMatch(/^tapedeck_pool_queue_limit 0$/m);
  pool = newPoolGauges(7);
  pool.ranSeconds.set("solve", new LatencyHistogram());
  const text = await registry.metrics();
  expect(text).toMatch(/^tapedeck_pool_queue_limit 7$/m);
  expect(text).toMatch(/^tapedeck_pool_ran_seconds_count\{work="solve"\} 0$/m);
  expect(text).toMatch(/^tapedeck_ready /m);
});
