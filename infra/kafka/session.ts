// A command's way to a cluster: connection, registry and logs, opened together and closed together.
// Promises: schemas are looked up, never registered; what is wrong with the settings, the cluster or
// the registry is said before anything is read or written.

import { topicNames } from "../../streams/catalogue.ts";
import { connectKafka, type KafkaConnection } from "./client/connection.ts";
import { type ClusterConfig, loadCluster } from "./cluster/cluster-config.ts";
import { kafkaSettings } from "./cluster/kafka-options.ts";
import { sayWaiting } from "./cluster/say-waiting.ts";
import { KafkaLog } from "./log/kafka-log.ts";
import { readLocalSchemas } from "./registry/local-schemas.ts";
import { openRegistry } from "./registry/registry-client.ts";
import { openSchemaIds, type SchemaIds } from "./registry/schema-ids.ts";
import { registryOf } from "./registry/settings.ts";

export interface KafkaSession {
  readonly cluster: ClusterConfig;
  readonly connection: KafkaConnection;
  readonly schemaIds: SchemaIds;
  /**
   * A log under a name of its own: two of one name that write fence each other. `shared`: others
   * write to the same partitions, under other names.
   */
  log(app: string, prefix: string, shared?: boolean): KafkaLog;
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Cluster file; left out: TAPEDECK_CLUSTER, the environment, the developer's broker. */
  readonly cluster?: string | undefined;
}

export async function openKafka(options: SessionOptions = {}): Promise<KafkaSession> {
  const { cluster: file } = options;
  const cluster = await loadCluster(file === undefined ? {} : { file });
  for (const warning of cluster.warnings) process.stderr.write(`warning: ${warning}\n`);
  const registry = openRegistry(registryOf(cluster));
  let opened: KafkaConnection | null = null;
  try {
    const connecting = connectKafka(kafkaSettings(cluster));
    const connection = await sayWaiting(`Kafka at ${cluster.brokers.join(", ")}`, connecting);
    opened = connection;
    const schemaIds = await sayWaiting(
      `the schema registry at ${registry.url}`,
      openSchemaIds(registry, readLocalSchemas(topicNames)),
    );
    const { replicationFactor, minInsyncReplicas } = cluster;
    const common = { connection, schemaIds, replicationFactor, minInsyncReplicas, stateDir: null };
    return {
      cluster,
      connection,
      schemaIds,
      log: (app, prefix, shared = false) => new KafkaLog({ ...common, app, prefix, shared }),
      async close() {
        registry.close();
        await connection.close();
      },
    };
  } catch (error) {
    registry.close();
    await opened?.close();
    throw error;
  }
}
