// One task of ours copying, by the path that services use: fetcher, decoder, a group's task,
// encoder, one transaction with offsets and state.
//
//   node bench/kafka/copy-ours.ts BROKERS PREFIX APP FROM UNTIL   prints a Span

import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { TaskRunner } from "../../infra/kafka/service/task-runner.ts";
import { newServiceGauges } from "../../infra/telemetry/service-gauges.ts";
import { TickArrivals } from "../../infra/telemetry/tick-arrivals.ts";
import type { GroupPlan } from "../../streams/task-groups.ts";
import { copyPlans, createCopyOutputs, logOf, schemaIds } from "./copy-flow.ts";
import { SpanMeter } from "./span.ts";

const [brokers = "", prefix = "", app = "", from = "", until = ""] = process.argv.slice(2);
const connection = await connectKafka({ brokers: [brokers], clientId: "copy-ours" });
const log = logOf(connection, app, prefix);
await createCopyOutputs(log, 1);
const gauges = newServiceGauges({
  version: "bench",
  codeDigest: "bench",
  readyLagRecords: 0,
  readyLagSeconds: 0,
});
const plan = copyPlans(1)[0] as GroupPlan;
const meter = new SpanMeter(Number(from), Number(until));
const runner = new TaskRunner({
  plan,
  connection,
  log,
  schemaIds,
  settings: {
    waitUs: 20_000,
    lagWaitUs: 10_000_000,
    lingerMs: Number(process.env.LINGER_MS ?? 5),
    maxEvents: Number(process.env.MAX_EVENTS ?? 20_000),
  },
  gauges,
  arrivals: new TickArrivals(),
  putsAside: () => true,
  at(point) {
    if (point !== "committed") return;
    // One transaction is under way at a time: all that was counted is committed.
    const span = meter.reached(gauges.tasks.get(plan.name)?.admitted ?? 0);
    if (span === null) return;
    console.log(JSON.stringify({ ...span, commits: gauges.tasks.get(plan.name)?.committed }));
    runner.stop();
  },
});
await runner.run();
await connection.close();
