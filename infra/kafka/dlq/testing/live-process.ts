// A live flow's service as a process of its own. Once SIGUSR2 came it ends, as if somebody had killed it,
// at the place that it was told.
// node live-process.ts BROKERS CONFIG APP PREFIX [POINT]

import { writeSync } from "node:fs";
import type { PoolRequest } from "../../../../schemas/generated/pool.requests.ts";
import { loadConfig } from "../../../config/load-config.ts";
import { asksPool, liveAnswers, threadPool } from "../../../run/live-answers.ts";
import { newServiceGauges } from "../../../telemetry/service-gauges.ts";
import { connectKafka } from "../../client/connection.ts";
import { planLive } from "../../service/live-run.ts";
import { Service, type ServiceOptions } from "../../service/service.ts";
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
const answers = asksPool(config.flow) ? liveAnswers(threadPool(1)) : null;
const partitionsOf = (topic: string) => connection.partitionsOf(topic);
const run = await planLive(config, { app, prefix }, [], partitionsOf, answers?.answer);
/** Says what is asked for, so that the process can be killed before the answer is there. */
function asked(): Partial<Pick<ServiceOptions, "asked">> {
  if (answers === null) return {};
  const { processor, prepare } = answers.asked(silent);
  return {
    asked: {
      processor,
      prepare(event, signal) {
        const { number } = event.value as PoolRequest;
        writeSync(1, `asked ${number}\n`);
        return prepare(event, signal);
      },
    },
  };
}

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
  ...asked(),
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
