// A small live flow on a real broker, for tests: its topics under a prefix of its own, a simulated
// market fed to them, services to start, and the memory log that the market came from as oracle.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnswerRequest } from "../../../../processors/optimiser-pool/optimiser-pool.ts";
import { flowTopology } from "../../../../processors/topology.ts";
import { createOutputs, planTasks } from "../../../../streams/live-plan.ts";
import type { EventLog } from "../../../../streams/log.ts";
import { createMemoryLog } from "../../../../streams/memory-log.ts";
import { freshPrefix } from "../../../broker/testing.ts";
import { loadConfig } from "../../../config/load-config.ts";
import type { RunConfig } from "../../../config/run-config.ts";
import { simulateTape } from "../../../simulate/simulate-tape.ts";
import type { Log } from "../../../telemetry/logs.ts";
import { newServiceGauges, type ServiceGauges } from "../../../telemetry/service-gauges.ts";
import { connectKafka, type KafkaConnection, type KafkaSettings } from "../../client/connection.ts";
import type { ResolvingSchemaIds } from "../../log/decode-resolved.ts";
import { KafkaLog } from "../../log/kafka-log.ts";
import { type LiveRun, planLive } from "../live-run.ts";
import { Service, type ServiceOptions } from "../service.ts";
import { fixedSchemaIds } from "./fixed-schema-ids.ts";

export { fixedSchemaIds } from "./fixed-schema-ids.ts";

export interface LiveFixture {
  readonly app: string;
  readonly prefix: string;
  readonly config: RunConfig;
  readonly connection: KafkaConnection;
  readonly run: LiveRun;
  /** The market's source topics. */
  readonly market: EventLog;
  readonly schemaIds: ResolvingSchemaIds;
  /** Reads the run's topics and changelogs; the feed's own log writes to it. */
  readonly live: KafkaLog;
  readonly feed: KafkaLog;
  /** Folder of this fixture's own; gone after `close`. */
  readonly folder: string;
  /** Copies all of the market to Kafka. */
  feedAll(): Promise<void>;
  start(options?: Partial<ServiceOptions>): RunningService;
  close(): Promise<void>;
}

export interface RunningService {
  readonly service: Service;
  readonly gauges: ServiceGauges;
  /** Resolves when every task has read all there is, and nothing was admitted for a while. */
  quiet(): Promise<void>;
}

export interface FixtureOptions {
  readonly brokers: readonly string[];
  readonly partitions?: number;
  readonly days?: number;
  readonly ticksPerDay?: number;
  readonly seed?: number;
  /** Bars of this length instead of ticks. */
  readonly barsUs?: number;
  /** Another flow than `flowYaml`. */
  readonly yaml?: (tape: string, partitions: number) => string;
  readonly answer?: AnswerRequest;
  readonly isolate?: readonly string[];
  readonly replicationFactor?: number;
  /** How the broker is to be spoken to. */
  readonly sasl?: KafkaSettings["sasl"];
}

export const flowYaml = (tape: string, partitions: number): string => `tape: ${tape}
source: ticks
partitions: ${partitions}
bars: { interval: 5m }
model: ema-cross
features: { emaFast: 10, emaSlow: 20 }
portfolio: { currency: USD, cash: 1000000 }
sizing: { method: inverse-volatility, gross: 1.0 }
risk:
  maxPosition: 100000
  maxGrossExposure: 1500000
  priceCollar: 0.05
  maxOrderValue: 600000
  maxDrawdown: 0.1
orders: { type: market, latency: 50ms }
venue: { fill: next-tick, latency: 1ms, slippage: 0.0001, fee: 0.00005 }
`;

export async function openLiveFixture(options: FixtureOptions): Promise<LiveFixture> {
  const { brokers, partitions = 2, days = 2, ticksPerDay = 500, seed = 3 } = options;
  const prefix = freshPrefix();
  const app = prefix.slice(0, -1);
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-live-"));
  const { yaml = flowYaml, barsUs = null } = options;
  writeFileSync(join(folder, "flow.yaml"), yaml(folder, partitions));
  const config = await loadConfig(join(folder, "flow.yaml"));
  const { sasl = null } = options;
  const connection = await connectKafka({ brokers, clientId: "live-fixture", sasl });
  const { replicationFactor = 1 } = options;
  const minInsyncReplicas = Math.max(1, replicationFactor - 1);
  const cluster = { replicationFactor, minInsyncReplicas };
  const common = { connection, prefix, schemaIds: fixedSchemaIds, ...cluster, stateDir: null };
  // As `tapedeck play` opens it: an operator may write the same topics.
  const feed = new KafkaLog({ ...common, app: `${app}.feed`, shared: true });
  const live = new KafkaLog({ ...common, app });
  const market = createMemoryLog();
  const firstDayUs = Date.UTC(2024, 0, 2) * 1000;
  const shape = { seed, instruments: 6, days, ticksPerDay, firstDayUs, barsUs, partitions };
  await simulateTape(market, shape);
  await market.createTopic("control.commands", 1);
  await market.createTopic("market.corporate-actions", partitions);
  for (const [topic, count] of partitionCounts(await market.partitions())) {
    await feed.createTopic(topic, count);
  }
  const topology = flowTopology(config.flow);
  await createOutputs(
    feed,
    topology,
    planTasks(topology, partitions, () => partitions),
  );
  const { isolate = [], answer } = options;
  const partitionsOf = (topic: string) => connection.partitionsOf(topic);
  const run = await planLive(config, { app, prefix }, isolate, partitionsOf, answer);
  const services: Service[] = [];
  return {
    app,
    prefix,
    config,
    connection,
    run,
    market,
    schemaIds: fixedSchemaIds,
    live,
    feed,
    folder,
    feedAll: () => copyAll(market, feed),
    start(overrides = {}) {
      const gauges = overrides.gauges ?? gaugesOf();
      const service = new Service({
        run,
        connection,
        schemaIds: fixedSchemaIds,
        ...cluster,
        only: [],
        settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 5, maxEvents: 10_000 },
        stateDir: null,
        sessionTimeoutMs: 6_000,
        transactionTimeoutMs: 10_000,
        log: silent,
        ...overrides,
        gauges,
      });
      services.push(service);
      return { service, gauges, quiet: () => quiet(service, run, gauges) };
    },
    async close() {
      for (const service of services) await service.stop(5_000);
      await feed.close();
      await live.close();
      const admin = await connection.admin();
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
      await admin.deleteTopics({ topics });
      await connection.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const silent: Log = { write: () => undefined, with: () => silent };

const gaugesOf = (): ServiceGauges =>
  newServiceGauges({
    version: "test",
    codeDigest: "test",
    readyLagRecords: 0,
    readyLagSeconds: 0,
  });

function partitionCounts(
  ranges: readonly { readonly topic: string }[],
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { topic } of ranges) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  return counts;
}

async function copyAll(from: EventLog, to: EventLog): Promise<void> {
  for (const { topic, partition, start, end } of await from.partitions()) {
    const commits: Promise<void>[] = [];
    for (let next = start; next < end; ) {
      const batch = await from.read(topic, partition, next);
      if (batch === null) break;
      commits.push(to.commit({ produced: [batch], checkpoints: [] }));
      next = batch.baseOffset + batch.count;
    }
    await Promise.all(commits);
  }
}

const LOOK_MS = 50;
/** Longer than any wait of a task for an input. */
const QUIET_LOOKS = 12;

/** Polls what the tasks tell: nothing else says when a flow with cycles has come to rest. */
async function quiet(service: Service, run: LiveRun, gauges: ServiceGauges): Promise<void> {
  let failure: unknown = null;
  service.ended.catch((error) => {
    failure = error;
  });
  let before = "";
  for (let looks = 0; looks < QUIET_LOOKS; ) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    if (failure !== null) throw failure;
    const tasks = [...gauges.tasks.values()].filter(({ inputs }) => inputs.length > 0);
    const read = tasks.every(({ inputs }) => inputs.every(({ lagRecords }) => lagRecords === 0));
    const now = tasks.map(({ admitted, committed }) => `${admitted} ${committed}`).join();
    looks = read && now === before && tasks.length === run.groups.length ? looks + 1 : 0;
    before = now;
  }
}
