// A redrive as a process of its own, which ends where TAPEDECK_CRASH_AT says.
// node redrive-process.ts BROKERS APP PREFIX

import { crashPoint, watchRequests } from "../../../faults/crash-points.ts";
import { connectKafka } from "../../client/connection.ts";
import { KafkaLog } from "../../log/kafka-log.ts";
import { operatorOf } from "../ledger.ts";
import { redrive } from "../redrive.ts";
import { laterIds } from "./letter-box.ts";

const [brokers = "", app = "", prefix = ""] = process.argv.slice(2);
const point = crashPoint(process.env.TAPEDECK_CRASH_AT);
watchRequests(point);
const connection = await connectKafka({ brokers: brokers.split(","), clientId: "redrive" });
const common = { connection, prefix, schemaIds: laterIds, stateDir: null };
const cluster = { replicationFactor: 1, minInsyncReplicas: 1 };
const live = new KafkaLog({ ...common, ...cluster, app });
const operator = new KafkaLog({ ...common, ...cluster, app: operatorOf(app), shared: true });
const { decisions } = await redrive({
  connection,
  schemaIds: laterIds,
  live,
  operator,
  app,
  prefix,
  selects: () => true,
  fix: null,
  dryRun: false,
  together: 4,
  at: point,
});
console.log(`done ${decisions.length}`);
await operator.close();
await live.close();
await connection.close();
