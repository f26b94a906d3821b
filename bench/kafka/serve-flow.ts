// An instance of the verdict flow, both of its groups, as `tapedeck run` serves it. Ends with the pipe
// to its parent.
//
//   node bench/kafka/serve-flow.ts BROKERS PREFIX APP WAIT_US LINGER_MS [KEY=VALUE ...]

import { parseOverride } from "../../infra/config/load-config.ts";
import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { planLive } from "../../infra/kafka/service/live-run.ts";
import { Service } from "../../infra/kafka/service/service.ts";
import type { Log } from "../../infra/telemetry/logs.ts";
import { newServiceGauges } from "../../infra/telemetry/service-gauges.ts";
import { schemaIds } from "./copy-flow.ts";
import { verdictConfig } from "./verdict-flow.ts";

const [broker = "", prefix = "", app = "", waitUs = "", lingerMs = "", ...changes] =
  process.argv.slice(2);
const connection = await connectKafka({ brokers: [broker], clientId: "serve-flow" });
const run = await planLive(
  await verdictConfig(changes.map(parseOverride)),
  { app, prefix },
  [],
  (topic) => connection.partitionsOf(topic),
);
const log: Log = {
  write: (level, message, fields) => {
    if (level === "warn" || level === "error") console.error(message, fields);
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
  settings: {
    waitUs: Number(waitUs),
    lagWaitUs: 10_000_000,
    lingerMs: Number(lingerMs),
    maxEvents: 20_000,
  },
  stateDir: null,
  sessionTimeoutMs: 10_000,
  transactionTimeoutMs: 30_000,
  log,
  gauges,
});
service.ended.catch((error) => {
  console.error(error);
  process.exit(1);
});
process.on("disconnect", () => process.exit(0));
process.send?.("serving");
