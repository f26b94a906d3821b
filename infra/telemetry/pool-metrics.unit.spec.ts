import { expect, test } from "vitest";
import { registryOf } from "./metrics.ts";
import { histogramOf, newPoolGauges, newSlotGauges, poolMetrics } from "./pool-metrics.ts";

test("a pool's numbers are printed as they stand at the scrape", async () => {
  const gauges = newPoolGauges(4096);
  const registry = registryOf(gauges, poolMetrics, { processFigures: false });
  const slot = newSlotGauges("cpu");
  gauges.slots.set("cpu-0", slot);
  gauges.answers.set("solve", new Map([["DONE", 7]]));
  slot.failures.set("HUNG", 2);
  slot.quarantined = "audit of request 3: answer.valueAtRisk is 1 and 2";
  gauges.queued = 5;
  histogramOf(gauges.ranSeconds, "solve").add(0.004);
  const text = await registry.metrics();
  for (const line of [
    "tapedeck_pool_queued 5",
    "tapedeck_pool_queue_limit 4096",
    'tapedeck_pool_answers_total{work="solve",outcome="DONE"} 7',
    'tapedeck_pool_device_quarantined{device="cpu-0",kind="cpu"} 1',
    'tapedeck_pool_device_failures_total{device="cpu-0",reason="HUNG"} 2',
    'tapedeck_pool_ran_seconds_count{work="solve"} 1',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});

test("a pool's metrics have names of their own", () => {
  const names = [...poolMetrics.numbers, ...poolMetrics.histograms].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
