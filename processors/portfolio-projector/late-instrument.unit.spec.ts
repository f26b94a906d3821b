// A fill that comes before its instrument, live: the input that it waits for is not known to be behind.

import { expect, test } from "vitest";
import type { LateAdmission } from "../../schemas/generated/tape.admissions.ts";
import { runClosed } from "../../streams/closed-run.ts";
import { GroupTask } from "../../streams/group-task.ts";
import { createOutputs } from "../../streams/live-plan.ts";
import type { RecordBatch } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { Publisher } from "../../streams/simulator/published.ts";
import {
  firstDifference,
  readWritten,
  type WrittenPartition,
} from "../../streams/simulator/written.ts";
import { type GroupPlan, planGroups } from "../../streams/task-groups.ts";
import { bar, filled } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { buildTopology } from "../../streams/topology.ts";
import { portfolioProjector } from "./portfolio-projector.ts";

const dollars = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 100_000_00n,
};

test("a late instrument stops nothing, and a replay as it was books the same at the same place", async () => {
  const topology = buildTopology({
    sources: ["market.instruments", "market.bars", "market.corporate-actions", "fills"],
    processors: [portfolioProjector(dollars)],
  });
  const [plan] = planGroups(topology, 1, () => 1) as [GroupPlan];
  const log = createMemoryLog();
  for (const topic of topology.sources) await log.createTopic(topic, 1);
  await createOutputs(log, topology, plan.members);
  const tape = new Publisher({ sourcePartitions: () => 1 });
  const facts = [
    { topic: "market.instruments", timeUs: 1, arrivalUs: 1, value: equity("A") },
    { topic: "fills", timeUs: 10, arrivalUs: 10, value: filled(1, "A", 10, 18_00) },
    { topic: "market.bars", timeUs: 20, arrivalUs: 20, value: bar("A", 20, 19_00) },
    { topic: "fills", timeUs: 30, arrivalUs: 30, value: filled(2, "A", -4, 20_00) },
    { topic: "market.bars", timeUs: 40, arrivalUs: 40, value: bar("A", 40, 21_00) },
  ] as const;
  const [listed, ...others] = facts.map((fact) => tape.batch(fact)) as [
    RecordBatch,
    ...RecordBatch[],
  ];
  await log.commit({ produced: [listed, ...others], checkpoints: [] });

  let task = new GroupTask(plan, await log.openTask(plan.name), { waitUs: 0, lagWaitUs: 0 });
  for (const batch of others.slice(0, 3)) task.receive(batch, 0);
  expect(task.admit(0, 9)).toBe(3);
  await log.commit(task.transaction());
  // What waits to be booked outlives a restart.
  task = new GroupTask(plan, await log.openTask(plan.name), { waitUs: 0, lagWaitUs: 0 });
  for (const batch of [listed, ...others]) task.receive(batch, 0);
  expect(task.admit(0, 9)).toBe(2);
  await log.commit(task.transaction());

  const live = await readWritten(log);
  const admissions = live.get("tape.admissions/0")?.events.map(({ value }) => value) ?? [];
  expect(admissions.length).toBe(1);
  const snapshots = live.get("portfolio.snapshots/0") as WrittenPartition;
  expect(snapshots.events.map(({ value }) => value)).toMatchObject([
    { cause: "FILL", quantity: 6, cash: 100_000_00n - 10n * 18_00n + 4n * 20_00n },
    { cause: "MARK", quantity: 6, mark: 21_00 },
  ]);

  const target = createMemoryLog();
  await runClosed({
    topology,
    partitions: 1,
    sourceOf: () => log,
    target,
    admissions: admissions as readonly LateAdmission[],
  });
  const replayed = await readWritten(target);
  const again = replayed.get("portfolio.snapshots/0") as WrittenPartition;
  expect(firstDifference(snapshots, again)).toBeNull();
});
