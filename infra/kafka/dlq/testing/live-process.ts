// A live flow's service as a process of its own. Once SIGUSR2 came it ends, as if somebody had killed it,
// at the place that it was told.
// node live-process.ts BROKERS CONFIG APP PREFIX [POINT]

import { writeSync } from "node:fs";
import { loadConfig } from "../../../config/load-config.ts";
import { newServiceGauges } from "../../../telemetry/service-gauges.ts";
import { connectKafka } from "../../client/connection.ts";
import { planLive } from "../../service/live-run.ts";
import { Service } from "../../service/service.ts";
import { fixedSchemaIds } from "../../service/testing/fixed-schema-ids.ts";
import { silent } from "../../service/testing/live-fixture.ts";

const [brokers = "", path = "", app = "", prefix = "", wanted = ""] = process.argv.slice(2);

let armed = false;
process.on("SIGUSR2", () => {
  armed = true;
  writeSync(1, "armed\n");
});

const config = await loadConfig(path);
const connection = await connectKafka({ brokers: brokers.split(","), clientId: "live-process" });
const run = await planLive(config, { app, prefix }, [], (topic) => connection.partitionsOf(topic));
const service = new Service({
  run,
  connection,
  schemaIds: fixedSchemaIds,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  only: [],
  settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 10_000 },
  stateDir: null,
  sessionTimeoutMs: 6_000,
  transactionTimeoutMs: 10_000,
  log: silent,
  gauges: newServiceGauges({
    version: "test",
    codeDigest: "test",
    readyLagRecords: 0,
    readyLagSeconds: 0,
  }),
  at(point, task) {
    if (point === "opened") writeSync(1, `opened ${task}\n`);
    if (armed && point === wanted) process.kill(process.pid, "SIGKILL");
  },
});
await service.ended;
