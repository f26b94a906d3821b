// One of several instances that share the copier's tasks. Answers each message of its parent with what
// it has committed and what processor time it has used; ends with the pipe to it.
//
//   node bench/kafka/scaling-instance.ts BROKERS PREFIX APP PARTITIONS

import { connectKafka } from "../../infra/kafka/client/connection.ts";
import type { LiveRun } from "../../infra/kafka/service/live-run.ts";
import { Service } from "../../infra/kafka/service/service.ts";
import type { Log } from "../../infra/telemetry/logs.ts";
import { newServiceGauges } from "../../infra/telemetry/service-gauges.ts";
import { copyPlans, copyTopology, schemaIds } from "./copy-flow.ts";
import { verdictConfig } from "./verdict-flow.ts";

export interface InstanceReport {
  readonly admitted: number;
  readonly cpuSeconds: number;
}

const [broker = "", prefix = "", app = "", count = ""] = process.argv.slice(2);
const partitions = Number(count);
const connection = await connectKafka({ brokers: [broker], clientId: "scaling" });
const groups = copyPlans(partitions);
const run: LiveRun = {
  app,
  prefix,
  config: await verdictConfig(),
  topology: copyTopology(),
  partitions,
  isolate: [],
  groups,
  tasks: groups.length,
  digest: "copier",
};
const log: Log = {
  write: (level, message, fields) => {
    if (level === "error") console.error(message, fields);
  },
  with: () => log,
};
const gauges = newServiceGauges({
  version: "bench",
  codeDigest: "bench",
  readyLagRecords: 0,
  readyLagSeconds: 0,
});
const service = new Service({
  run,
  connection,
  schemaIds,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  only: [],
  settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 20_000 },
  stateDir: null,
  sessionTimeoutMs: 30_000,
  transactionTimeoutMs: 60_000,
  log,
  gauges,
});
service.ended.catch((error) => {
  console.error(error);
  process.exit(1);
});
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  const admitted = [...gauges.tasks.values()].reduce((sum, task) => sum + task.admitted, 0);
  process.send?.({ admitted, cpuSeconds: (user + system) / 1e6 } satisfies InstanceReport);
});
process.on("disconnect", () => process.exit(0));
process.send?.("serving");
