// One backtest, from topics or from an embedded tape, into an embedded log.
//
//   node bench/kafka/backtest-child.ts kafka|tape BROKERS PREFIX CONFIG FOLDER   prints a Backtested

import { createHash } from "node:crypto";
import { loadConfig } from "../../infra/config/load-config.ts";
import { connectKafka } from "../../infra/kafka/client/connection.ts";
import { openEmbeddedLog } from "../../infra/log/embedded-log.ts";
import { flowTopology } from "../../processors/topology.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { EventLog } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { logOf } from "./copy-flow.ts";

export interface Backtested {
  /** Events that were read from the source. */
  readonly sources: number;
  /** Events that were written. */
  readonly events: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Of every record written, in its order. */
  readonly hash: string;
}

const [from, broker = "", prefix = "", config = "", folder = ""] = process.argv.slice(2);
const { flow, tape } = await loadConfig(config);
const topology = flowTopology(flow);
const begunMs = performance.now();
const begunCpu = process.cpuUsage();
const connection =
  from === "kafka" ? await connectKafka({ brokers: [broker], clientId: "backtest" }) : null;
const source: EventLog =
  connection === null
    ? await openEmbeddedLog(tape, { mode: "read" })
    : logOf(connection, "backtest", prefix);
const nobody = createMemoryLog();
const target = await openEmbeddedLog(folder, { mode: "write" });
const hashes = new Map<string, ReturnType<typeof createHash>>();
let events = 0;
const { sourceEvents } = await runClosed({
  topology,
  partitions: 1,
  sourceOf: (topic) => (topic === "control.commands" ? nobody : source),
  target,
  onBatch({ topic, partition, count, bytes }) {
    events += count;
    const place = `${topic}/${partition}`;
    let hash = hashes.get(place);
    if (hash === undefined) {
      hash = createHash("sha256").update(place);
      hashes.set(place, hash);
    }
    hash.update(bytes);
  },
});
await target.close();
const { user, system } = process.cpuUsage(begunCpu);
const all = createHash("sha256");
for (const [, hash] of [...hashes].sort(([a], [b]) => (a < b ? -1 : 1))) all.update(hash.digest());
const backtested: Backtested = {
  sources: sourceEvents,
  events,
  seconds: (performance.now() - begunMs) / 1000,
  cpuSeconds: (user + system) / 1e6,
  hash: all.digest("hex"),
};
console.log(JSON.stringify(backtested));
await source.close();
await connection?.close();
