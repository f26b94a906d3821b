// Where faults are played: a live flow of its own on a real cluster, fed at a steady pace, read while
// it runs. Promises: services are real processes; whatever they, the feed and the reader did is in
// histories; nothing of it is left after `close` but its topics, which the cluster takes along.

import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { topicNames } from "../../../streams/catalogue.ts";
import { createOutputs, planTasks } from "../../../streams/live-plan.ts";
import type { EventLog } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { within } from "../../broker/bounded.ts";
import { loadConfig } from "../../config/load-config.ts";
import { connectKafka, type KafkaConnection } from "../../kafka/client/connection.ts";
import { changelogOf } from "../../kafka/log/changelog.ts";
import { KafkaLog } from "../../kafka/log/kafka-log.ts";
import { readLocalSchemas } from "../../kafka/registry/local-schemas.ts";
import { openRegistry } from "../../kafka/registry/registry-client.ts";
import { openSchemaIds, type SchemaIds } from "../../kafka/registry/schema-ids.ts";
import { registryAt } from "../../kafka/registry/settings.ts";
import { type LiveRun, planLive } from "../../kafka/service/live-run.ts";
import { fixedSchemaIds } from "../../kafka/service/testing/fixed-schema-ids.ts";
import { changelogSettings } from "../../kafka/topics/topic-settings.ts";
import { simulateTape } from "../../simulate/simulate-tape.ts";
import { watchRequests } from "../crash-points.ts";
import { createHistory, type HistoryFile } from "../history/record-history.ts";
import { type FaultProcess, FaultProcesses } from "../processes.ts";
import { COMPILE_CACHE } from "./compile-cache.ts";
import type { DefectName } from "./defects.ts";
import { Feed } from "./feed.ts";
import type { ServiceProcessSettings } from "./service-process.ts";
import { type ReadPlace, TapeReader } from "./tape-reader.ts";
import { noteRequest, watchConnection } from "./watched-connection.ts";

export interface StageOptions {
  readonly brokers: readonly string[];
  /** Addresses that the services and the feed are given: a proxy's. The reader goes directly. */
  readonly through?: readonly string[];
  readonly partitions?: number;
  /** Ticks. */
  readonly perSecond?: number;
  readonly seed: number;
  readonly replicationFactor?: number;
  readonly sessionTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  /** The registry's address; absent: schema ids are fixed. */
  readonly registry?: string;
  readonly defect?: DefectName | null;
  /** Folder for histories, logs and configuration, left there; absent: a temporary one. */
  readonly keep?: string;
}

export interface ServiceStart {
  readonly at?: string;
  readonly signal?: "SIGKILL" | "SIGSTOP";
}

export interface Stage {
  readonly options: StageOptions;
  readonly run: LiveRun;
  readonly market: EventLog;
  /** Goes to the brokers directly. */
  readonly connection: KafkaConnection;
  readonly live: KafkaLog;
  readonly feed: Feed;
  readonly reader: TapeReader;
  readonly places: readonly ReadPlace[];
  /** Those that have work as long as the feed plays. */
  readonly tasks: readonly string[];
  readonly processes: FaultProcesses;
  /** All services that were started, without those that had to fail. */
  readonly services: readonly FaultProcess[];
  /** It failed, as it had to. */
  expect(service: FaultProcess): void;
  readonly histories: () => readonly string[];
  record: HistoryFile["record"];
  /** Resolves when the process exists. Its local cache of state is that of earlier ones of the name. */
  start(name: string, options?: ServiceStart): Promise<FaultProcess>;
  /** What the services of this name have logged so far. */
  logOf(name: string): string;
  /** Histories, logs, configuration. */
  readonly folder: string;
  /** `keep`: the folder stays. */
  close(keep: boolean): Promise<void>;
}

const FLOW = (folder: string, partitions: number): string => `tape: ${folder}
source: ticks
partitions: ${partitions}
bars: { interval: 1m }
model: ema-cross
features: { emaFast: 3, emaSlow: 6 }
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

const CREATED_PAUSE_MS = 20;
const END_MS = 60_000;
const INSTRUMENTS_A_PARTITION = 3;
const TICKS_PER_DAY = 400;
/** Longer than any play: a feed that had run dry would look like a flow that stands still. */
const LONGEST_S = 3_600;
const FIRST_DAY_US = Date.UTC(2024, 0, 2) * 1000;
const SERVICE = join(import.meta.dirname, "service-process.ts");

let watching = false;

export async function openStage(options: StageOptions): Promise<Stage> {
  if (!watching) watchRequests(noteRequest);
  watching = true;
  const { brokers, through = brokers, partitions = 2, perSecond = 60, seed } = options;
  if (options.keep !== undefined) mkdirSync(options.keep, { recursive: true });
  const folder = mkdtempSync(join(options.keep ?? tmpdir(), "tapedeck-faults-"));
  const prefix = `test.${randomUUID().slice(0, 8)}.`;
  const app = prefix.slice(0, -1);
  writeFileSync(join(folder, "flow.yaml"), FLOW(folder, partitions));
  const config = await loadConfig(join(folder, "flow.yaml"));
  const timeouts = { requestTimeoutMs: options.requestTimeoutMs ?? 2_000 };
  const connection = await connectKafka({ brokers, clientId: "direct", ...timeouts });
  const feeding = await connectKafka({ brokers: through, clientId: "feed", ...timeouts });
  const { replicationFactor = 1 } = options;
  const minInsyncReplicas = Math.max(1, replicationFactor - 1);
  const schemaIds = options.registry === undefined ? fixedSchemaIds : await idsOf(options.registry);
  const shared = {
    prefix,
    schemaIds,
    replicationFactor,
    minInsyncReplicas,
    stateDir: null,
  };
  const history = createHistory(join(folder, "harness.jsonl"));
  const record = history.record;
  const market = await simulate(seed, partitions, perSecond * LONGEST_S);
  const live = new KafkaLog({ ...shared, connection, app });
  await makeTopics(live, market);
  const run = await prepare(config, { app, prefix }, live, connection);
  await makeChangelogs(run, connection, replicationFactor);
  const feedLog = new KafkaLog({
    ...shared,
    connection: watchConnection(feeding, { name: "feed", prefix, record }),
    app: `${app}.feed`,
    transactionTimeoutMs: 10_000,
  });
  const feed = await Feed.open(feedLog, market, perSecond);
  const places = await placesOf(run, connection);
  const tasks = await tasksAtWork(run, market);
  const reader = new TapeReader(connection, places, tasks, record);
  const processes = new FaultProcesses(join(folder, "processes"));
  const services: FaultProcess[] = [];
  const logOf = (name: string): string => join(folder, `${name}.log`);
  mkdirSync(join(folder, "state"));
  return {
    options,
    run,
    market,
    connection,
    live,
    feed,
    reader,
    places,
    tasks,
    processes,
    services,
    record,
    histories: () => [join(folder, "harness.jsonl"), ...processes.histories()],
    async start(name, { at = "", signal = "SIGKILL" } = {}) {
      const cluster = join(folder, `${name}.cluster.yaml`);
      writeFileSync(cluster, clusterYaml(name, options, through));
      const settings: ServiceProcessSettings = {
        config: join(folder, "flow.yaml"),
        cluster,
        app,
        prefix,
        stateDir: join(folder, "state", name),
        logFile: logOf(name),
        sessionTimeoutMs: options.sessionTimeoutMs ?? 1_000,
        at,
        signal,
        registry: options.registry !== undefined,
        defect: options.defect ?? null,
      };
      const service = await processes.start({
        name,
        script: SERVICE,
        args: [JSON.stringify(settings)],
        // Whoever started this process may have others in its environment.
        env: {
          NODE_COMPILE_CACHE: COMPILE_CACHE,
          TAPEDECK_KAFKA: through.join(","),
          TAPEDECK_REGISTRY: options.registry ?? "",
        },
      });
      services.push(service);
      return service;
    },
    expect(service) {
      services.splice(services.indexOf(service), 1);
    },
    logOf: (name) => readFileSync(logOf(name), "utf8"),
    folder,
    async close(keep) {
      // Whoever does not end by itself ends with its connections.
      await within(END_MS, feed.stop(), "the feed").catch(() => undefined);
      await processes.close();
      await within(END_MS, reader.stop(), "the reader").catch(() => undefined);
      await feedLog.close();
      await live.close();
      history.close();
      await feeding.close();
      await connection.close();
      if (!keep && options.keep === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function simulate(seed: number, partitions: number, ticks: number): Promise<EventLog> {
  const market = createMemoryLog();
  const instruments = partitions * INSTRUMENTS_A_PARTITION;
  await simulateTape(market, {
    seed,
    instruments,
    days: Math.ceil(ticks / (instruments * TICKS_PER_DAY)),
    ticksPerDay: TICKS_PER_DAY,
    firstDayUs: FIRST_DAY_US,
    barsUs: null,
    partitions,
  });
  await market.createTopic("control.commands", 1);
  await market.createTopic("market.corporate-actions", partitions);
  return market;
}

/** Asked for once: the stage itself outlives its registry. */
async function idsOf(address: string): Promise<SchemaIds> {
  const registry = openRegistry(registryAt(address));
  try {
    return await openSchemaIds(registry, readLocalSchemas(topicNames));
  } finally {
    registry.close();
  }
}

async function makeTopics(log: KafkaLog, market: EventLog): Promise<void> {
  const counts = new Map<string, number>();
  for (const { topic } of await market.partitions()) {
    counts.set(topic, (counts.get(topic) ?? 0) + 1);
  }
  for (const [topic, count] of counts) await log.createTopic(topic, count);
}

async function prepare(
  config: Awaited<ReturnType<typeof loadConfig>>,
  names: { readonly app: string; readonly prefix: string },
  log: KafkaLog,
  connection: KafkaConnection,
): Promise<LiveRun> {
  const { flowTopology } = await import("../../../processors/topology.ts");
  const topology = flowTopology(config.flow);
  const { partitions } = config;
  await createOutputs(
    log,
    topology,
    planTasks(topology, partitions, () => partitions),
  );
  return planLive(config, names, [], (topic) => connection.partitionsOf(topic));
}

/** Before anybody needs one, so that the reader is there from their first records on. */
async function makeChangelogs(
  { app, groups }: LiveRun,
  connection: KafkaConnection,
  replicationFactor: number,
): Promise<void> {
  const counts = new Map<string, number>();
  for (const { name } of groups) {
    const { topic, partition } = changelogOf(app, name);
    counts.set(topic, Math.max(counts.get(topic) ?? 0, partition + 1));
  }
  const settings = {
    ...changelogSettings(Math.max(1, replicationFactor - 1)),
    // What the broker compacts away in a long run would look like writes that were lost.
    "min.compaction.lag.ms": String(Number.MAX_SAFE_INTEGER),
  };
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  const admin = await connection.admin();
  await admin.createTopics({
    topics: [...counts].map(([topic, numPartitions]) => ({
      topic,
      numPartitions,
      replicationFactor,
      configEntries,
    })),
    waitForLeaders: false,
  });
  // Brokers hear of a new topic one after the other.
  for (const topic of counts.keys()) {
    while ((await connection.partitionsOf(topic)) === null) await pause(CREATED_PAUSE_MS);
  }
}

/** All that services write, and the changelogs of their tasks. */
async function placesOf(
  { app, prefix, topology, groups }: LiveRun,
  connection: KafkaConnection,
): Promise<readonly ReadPlace[]> {
  const places: ReadPlace[] = [];
  const topics = [...topology.sources, ...topology.derived, "tape.admissions", "tape.dead-letters"];
  for (const name of topics) {
    const topic = `${prefix}${name}`;
    const count = (await connection.partitionsOf(topic)) ?? 0;
    for (let partition = 0; partition < count; partition++) {
      places.push({ topic, partition, task: null });
    }
  }
  return [...places, ...groups.map(({ name }) => ({ ...changelogOf(app, name), task: name }))];
}

/** Symbols are dealt out by hash: a partition may have none. */
async function tasksAtWork({ groups }: LiveRun, market: EventLog): Promise<readonly string[]> {
  const ranges = await market.partitions();
  const idle = ranges.filter(({ topic, end }) => topic === "market.ticks" && end === 0);
  return groups
    .filter(({ name, partition }) => {
      return !name.includes("/") || idle.every((one) => one.partition !== partition);
    })
    .map(({ name }) => name);
}

const clusterYaml = (
  clientId: string,
  { replicationFactor = 1, requestTimeoutMs = 2_000, registry }: StageOptions,
  brokers: readonly string[],
): string => `brokers: [${brokers.map((broker) => JSON.stringify(broker)).join(", ")}]
clientId: ${clientId}
requestTimeout: ${requestTimeoutMs}ms
replicationFactor: ${replicationFactor}
minInsyncReplicas: ${Math.max(1, replicationFactor - 1)}
${registry === undefined ? "" : `registry: { url: ${JSON.stringify(registry)} }\n`}`;
