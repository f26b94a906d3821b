// The task with much state, in a process of its own. `fill` works until all is read and stops; `open`
// opens the task and says what that took.
//
//   node bench/kafka/restart-child.ts fill|open BROKERS PREFIX APP STATE-DIR|none EVENTS

import { connectKafka, type KafkaConnection } from "../../infra/kafka/client/connection.ts";
import { TaskRunner } from "../../infra/kafka/service/task-runner.ts";
import { newServiceGauges } from "../../infra/telemetry/service-gauges.ts";
import { TickArrivals } from "../../infra/telemetry/tick-arrivals.ts";
import { createOutputs, planTasks } from "../../streams/live-plan.ts";
import { logOf, schemaIds } from "./copy-flow.ts";
import { keeperPlan, keeperTopology } from "./keeper-flow.ts";

/** Of a task that was opened. */
export interface Opened {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly entries: number;
  /** Of the local cache. */
  readonly cached: number;
  /** Of the changelog, from Kafka. */
  readonly records: number;
  readonly bytes: number;
  readonly residentBytes: number;
}

const [what, broker = "", prefix = "", app = "", folder = "", events = ""] = process.argv.slice(2);
const connection = await connectKafka({ brokers: [broker], clientId: "restart" });
let bytes = 0;
/** Counts what single fetches bring: a task's inputs come by a fetcher, its state by these. */
const counting = Object.create(connection, {
  fetch: {
    value: async (...args: Parameters<KafkaConnection["fetch"]>) => {
      const fetched = await connection.fetch(...args);
      bytes += fetched.batches.reduce((sum, { records }) => sum + records.length, 0);
      return fetched;
    },
  },
}) as KafkaConnection;
const log = logOf(counting, app, prefix, folder === "none" ? null : folder);
const plan = keeperPlan();
await createOutputs(
  log,
  keeperTopology(),
  planTasks(keeperTopology(), 1, () => 1),
);
const gauges = newServiceGauges({
  version: "bench",
  codeDigest: "bench",
  readyLagRecords: 0,
  readyLagSeconds: 0,
});
const begunMs = performance.now();
const begunCpu = process.cpuUsage();
const runner = new TaskRunner({
  plan,
  connection: counting,
  log,
  schemaIds,
  settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 20_000 },
  gauges,
  arrivals: new TickArrivals(),
  putsAside: () => true,
  at(point) {
    const task = gauges.tasks.get(plan.name);
    if (what === "fill") {
      if (point === "committed" && (task?.admitted ?? 0) >= Number(events)) runner.stop();
      return;
    }
    if (point !== "opened") return;
    const { user, system } = process.cpuUsage(begunCpu);
    const opened: Opened = {
      seconds: (performance.now() - begunMs) / 1000,
      cpuSeconds: (user + system) / 1e6,
      entries: task?.stateEntries ?? 0,
      cached: log.lastRestore?.cached ?? 0,
      records: log.lastRestore?.read ?? 0,
      bytes,
      residentBytes: process.memoryUsage.rss(),
    };
    console.log(JSON.stringify(opened));
    runner.stop();
  },
});
await runner.run();
// By what opened the admin client, if anything did.
await counting.close();
