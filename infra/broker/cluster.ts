// A real Kafka cluster of one or three brokers, as processes of this machine. Promises: it answers when
// startCluster returns; each broker can be killed, stopped, continued and started again on the same
// port and data; nothing of it outlives this process, killed or not.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import { type Certificates, makeCertificates } from "./authority.ts";
import { BrokerNode } from "./broker-node.ts";
import { type JvmProfile, makeClusterFolder } from "./cluster-folder.ts";
import { type Insider, insiderOf } from "./insider.ts";
import { partitionOfId } from "./java-hash.ts";
import { kafkaRuntime } from "./kafka-runtime.ts";
import { freePorts } from "./ports.ts";
import { makeScratchFolder } from "./scratch-folder.ts";
import { type ClusterSettings, isSecured, type SaslUser } from "./server-properties.ts";
import { mountSmallDisk, unmount } from "./small-disk.ts";

export interface ClusterOptions {
  readonly brokers?: 1 | 3;
  /** Clients log in as one of these, by PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER. */
  readonly sasl?: readonly SaslUser[];
  /** ACLs decide, and these users may do all. */
  readonly acls?: { readonly superUsers: readonly string[] };
  readonly tls?: { readonly clientAuth: "none" | "requested" | "required" };
  /** Data lies on a file system of this size, so that it can be filled. Linux, as root. */
  readonly diskMegabytes?: number;
  /** Server properties that are added, or replace ours. */
  readonly config?: Readonly<Record<string, string>>;
  readonly profile?: JvmProfile;
}

export interface Cluster {
  /** host:port of each broker, for clients. */
  readonly brokers: readonly string[];
  readonly nodes: readonly BrokerNode[];
  readonly tls: Certificates | null;
  /** Ids of the brokers that the cluster counts in. */
  up(): Promise<readonly number[]>;
  /** As the cluster says now; waits while it knows none, as it may just after the topic was made. */
  leaderOf(topic: string, partition: number): Promise<BrokerNode>;
  /** The coordinator of a consumer group or of a transactional id. Its topic must exist: use it first. */
  coordinatorOf(kind: "group" | "transaction", id: string): Promise<BrokerNode>;
  close(): Promise<void>;
}

const PORT_TRIES = 3;
const LEADER_MS = 30_000;
const POLL_MS = 50;

/**
 * Starts a cluster: about 2 s for one broker, 4 s for three, after the first time. BROKER_UNAVAILABLE
 * without Java, BROKER_INSTALL_FAILED, BROKER_START_FAILED.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryToStart(options);
    } catch (error) {
      const taken = error instanceof TapedeckError && error.message.includes("already in use");
      if (!taken || tries === PORT_TRIES) throw error;
    }
  }
}

async function tryToStart(options: ClusterOptions): Promise<Cluster> {
  const runtime = await kafkaRuntime();
  const root = makeScratchFolder("kafka");
  const nodes: BrokerNode[] = [];
  const mounts: string[] = [];
  const close = async () => {
    await Promise.all(nodes.map((node) => node.release()));
    for (const mount of mounts) unmount(mount);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    const certificates =
      options.tls === undefined ? null : makeCertificates(join(root, "broker-1", "tls"), "client");
    const settings = await settingsOf(root, options, certificates);
    for (const { dataDir } of options.diskMegabytes === undefined ? [] : settings.nodes) {
      mountSmallDisk(dataDir, options.diskMegabytes ?? 0);
      mounts.push(dataDir);
    }
    const secured = isSecured(settings.security);
    const insider = insiderOf(
      settings.nodes.map(({ id, host, port, internalPort }) => ({
        id,
        address: `${host}:${secured ? internalPort : port}`,
      })),
      secured,
    );
    const profile = options.profile ?? "test";
    for (const folder of await makeClusterFolder(root, settings, profile, runtime)) {
      nodes.push(new BrokerNode(folder, mounts.includes(folder.node.dataDir), insider));
    }
    await Promise.all(nodes.map((node) => node.launch()));
    await Promise.all(nodes.map((node) => node.untilUp()));
    return clusterOf(nodes, insider, certificates, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function settingsOf(
  root: string,
  options: ClusterOptions,
  certificates: Certificates | null,
): Promise<ClusterSettings> {
  const count = options.brokers ?? 1;
  const ports = await freePorts(3 * count);
  const port = (index: number) => ports[index] ?? 0;
  const { sasl = null, acls = null, config = {} } = options;
  const clientAuth = options.tls?.clientAuth ?? "none";
  const tls =
    certificates === null
      ? null
      : { ca: certificates.ca, keystore: certificates.broker, clientAuth };
  return {
    nodes: Array.from({ length: count }, (_, index) => ({
      id: index + 1,
      host: "127.0.0.1",
      port: port(3 * index),
      controllerPort: port(3 * index + 1),
      internalPort: port(3 * index + 2),
      dataDir: join(root, `broker-${index + 1}`, "data"),
    })),
    security: { sasl, tls, acls },
    config,
  };
}

function clusterOf(
  nodes: readonly BrokerNode[],
  insider: Insider,
  tls: Certificates | null,
  close: () => Promise<void>,
): Cluster {
  const leaderOf = async (topic: string, partition: number) => {
    const deadline = performance.now() + LEADER_MS;
    while (performance.now() < deadline) {
      const leaders = await insider.leaders(topic).catch(() => null);
      const leader = nodes.find(({ id }) => id === leaders?.get(partition));
      if (leader !== undefined) return leader;
      await pause(POLL_MS);
    }
    const what = `${topic}/${partition} has no leader after ${LEADER_MS / 1000} s`;
    throw new TapedeckError("BROKER_START_FAILED", what);
  };
  return {
    brokers: nodes.map(({ address }) => address),
    nodes,
    tls,
    up: () => insider.up(),
    leaderOf,
    async coordinatorOf(kind, id) {
      const topic = kind === "group" ? "__consumer_offsets" : "__transaction_state";
      return leaderOf(topic, partitionOfId(id, (await insider.leaders(topic)).size));
    },
    close,
  };
}
