// `tapedeck run` as a fault run starts it: the same services, with a history of what they ask of Kafka,
// and a place at which the process is to end or to stop as if somebody had killed it there.
// TAPEDECK_HISTORY=FILE node service-process.ts SETTINGS (a ServiceProcessSettings as JSON)

import { writeSync } from "node:fs";
import { basename } from "node:path";
import { topicNames } from "../../../streams/catalogue.ts";
import { reportFailure } from "../../cli/failure.ts";
import { loadConfig } from "../../config/load-config.ts";
import { connectKafka } from "../../kafka/client/connection.ts";
import { loadCluster } from "../../kafka/cluster/cluster-config.ts";
import { kafkaSettings } from "../../kafka/cluster/kafka-options.ts";
import { KafkaLog } from "../../kafka/log/kafka-log.ts";
import { readLocalSchemas } from "../../kafka/registry/local-schemas.ts";
import { openRegistry } from "../../kafka/registry/registry-client.ts";
import { openSchemaIds } from "../../kafka/registry/schema-ids.ts";
import { registryOf } from "../../kafka/registry/settings.ts";
import { planLive } from "../../kafka/service/live-run.ts";
import { startLive } from "../../kafka/service/start-live.ts";
import { fixedSchemaIds } from "../../kafka/service/testing/fixed-schema-ids.ts";
import type { KafkaSession } from "../../kafka/session.ts";
import { crashPoint, watchRequests } from "../crash-points.ts";
import { createHistory } from "../history/record-history.ts";
import { type DefectName, withDefect } from "./defects.ts";
import { isAtWork, noteRequest, watchConnection } from "./watched-connection.ts";

export interface ServiceProcessSettings {
  readonly config: string;
  readonly cluster: string;
  readonly app: string;
  readonly prefix: string;
  readonly stateDir: string;
  readonly logFile: string;
  readonly sessionTimeoutMs: number;
  /** Place at which it ends, or stops, once SIGUSR2 came; empty: nowhere. */
  readonly at: string;
  readonly signal: "SIGKILL" | "SIGSTOP";
  /** With the registry that the cluster file names, instead of fixed numbers. */
  readonly registry: boolean;
  readonly defect: DefectName | null;
}

const settings = JSON.parse(process.argv[2] ?? "") as ServiceProcessSettings;

/** Written at once: the process may not live to flush anything. */
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

let armed = false;
process.on("SIGUSR2", () => {
  armed = true;
  say("armed");
});

const place = crashPoint(settings.at, () => {
  say(`at ${settings.at}`);
  process.kill(process.pid, settings.signal);
});
const pass = (name: string): void => {
  if (armed) place(name);
};

async function openSession(): Promise<KafkaSession> {
  const cluster = await loadCluster({ file: settings.cluster });
  const registry = settings.registry ? openRegistry(registryOf(cluster)) : null;
  const schemaIds =
    registry === null
      ? fixedSchemaIds
      : await openSchemaIds(registry, readLocalSchemas(topicNames));
  const history = createHistory(process.env.TAPEDECK_HISTORY ?? "");
  const direct = await connectKafka(kafkaSettings(cluster));
  const connection = watchConnection(withDefect(direct, settings.defect), {
    name: basename(process.env.TAPEDECK_HISTORY ?? "", ".jsonl"),
    prefix: settings.prefix,
    record: (operation) => history.record(operation),
  });
  const { replicationFactor, minInsyncReplicas } = cluster;
  const shared = { connection, schemaIds, replicationFactor, minInsyncReplicas, stateDir: null };
  return {
    cluster,
    connection,
    schemaIds,
    log: (app, prefix) => new KafkaLog({ ...shared, app, prefix }),
    async close() {
      registry?.close();
      await connection.close();
    },
  };
}

async function serve(): Promise<void> {
  watchRequests((point) => {
    noteRequest(point);
    if (isAtWork() || point.endsWith("-InitProducerId")) pass(point);
  });
  const config = await loadConfig(settings.config);
  const session = await openSession();
  const { app, prefix } = settings;
  try {
    const run = await planLive(config, { app, prefix }, [], (topic) =>
      session.connection.partitionsOf(topic),
    );
    say("ready");
    await startLive({
      run,
      session,
      only: [],
      settings: { waitUs: 20_000, lagWaitUs: 10_000_000, lingerMs: 20, maxEvents: 20_000 },
      stateDir: settings.stateDir,
      root: settings.stateDir,
      sessionTimeoutMs: settings.sessionTimeoutMs,
      drainMs: 5_000,
      metrics: { host: "127.0.0.1", port: 0 },
      logs: { level: "info", file: settings.logFile },
      at: (point, task) => {
        if (point === "opened") say(`opened ${task}`);
        pass(point);
      },
    });
  } finally {
    await session.close();
  }
}

try {
  await serve();
} catch (error) {
  process.exitCode = reportFailure(error, false);
}
