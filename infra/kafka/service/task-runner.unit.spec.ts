// What becomes of what a runner holds, where it ends before it has begun.

import { expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { newServiceGauges } from "../../telemetry/service-gauges.ts";
import { TickArrivals } from "../../telemetry/tick-arrivals.ts";
import { TaskRunner } from "./task-runner.ts";

test("a task that cannot be opened gives its log back", async () => {
  const fenced = new TapedeckError("STREAMS_FENCED", "another owner came");
  const calls: string[] = [];
  const log = {
    async openTask() {
      calls.push("open");
      throw fenced;
    },
    async close() {
      calls.push("close");
    },
  };
  const connection = { fetcher: () => ({ close: () => calls.push("close fetcher") }) };
  const plan = { name: "risk-gate/0", group: "risk-gate", external: [] };
  const gauges = newServiceGauges({
    version: "test",
    codeDigest: "test",
    readyLagRecords: 0,
    readyLagSeconds: 0,
  });
  const settings = { waitUs: 0, lagWaitUs: 0, lingerMs: 0, maxEvents: 1 };
  const options = { plan, connection, log, schemaIds: null, settings, gauges };
  const runner = new TaskRunner({
    ...(options as unknown as ConstructorParameters<typeof TaskRunner>[0]),
    arrivals: new TickArrivals(),
    putsAside: () => true,
  });
  await expect(runner.run()).rejects.toBe(fenced);
  expect(calls).toEqual(["open", "close"]);
  expect(gauges.tasks.size).toBe(0);
});
