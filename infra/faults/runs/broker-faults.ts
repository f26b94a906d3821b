// Faults of brokers: the leader and the coordinators of a flow killed, stopped, out of disk.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../../schemas/errors.ts";
import { within } from "../../broker/bounded.ts";
import type { BrokerNode } from "../../broker/broker-node.ts";
import type { Cluster } from "../../broker/cluster.ts";
import { changelogOf } from "../../kafka/log/changelog.ts";
import { beginWith, between, type Fault, type Play } from "./fault.ts";
import type { Stage } from "./stage.ts";

const roles = ["leader", "group coordinator", "transaction coordinator"] as const;
type Role = (typeof roles)[number];

const REPLICAS_MS = 60_000;
const POLL_MS = 100;

/** What a broker does for the flow. */
async function rolesOf(
  { run }: Stage,
  cluster: Cluster,
): Promise<ReadonlyMap<BrokerNode, ReadonlySet<Role>>> {
  const found = new Map(cluster.nodes.map((node) => [node, new Set<Role>()]));
  const add = (node: BrokerNode, role: Role) => found.get(node)?.add(role);
  for (const { name, group } of run.groups) {
    const { topic, partition } = changelogOf(run.app, name);
    add(await cluster.leaderOf(topic, partition), "leader");
    add(await cluster.coordinatorOf("group", `${run.app}.${group}`), "group coordinator");
    add(
      await cluster.coordinatorOf("transaction", `${run.app}.${name}`),
      "transaction coordinator",
    );
  }
  return found;
}

/** Every partition that the flow or the cluster needs lies on all brokers again. */
async function untilReplicated({ connection, places }: Stage, cluster: Cluster): Promise<void> {
  const topics = [...new Set(places.map(({ topic }) => topic))];
  const admin = await connection.admin();
  const deadline = performance.now() + REPLICAS_MS;
  for (;;) {
    const names = [...topics, "__consumer_offsets", "__transaction_state"];
    const asked = admin.fetchTopicMetadata({ topics: names });
    const told = await within(REPLICAS_MS, asked, "a question for replicas").catch(() => null);
    const partitions = told?.topics.flatMap((topic) => topic.partitions) ?? [];
    const isWhole = partitions.every(({ isr }) => isr.length === cluster.nodes.length);
    if (partitions.length > 0 && isWhole) return;
    if (performance.now() > deadline)
      throw new TapedeckError("FAULTS_NO_PROGRESS", "the brokers did not come together again");
    await pause(POLL_MS);
  }
}

interface Blow {
  readonly name: string;
  readonly strike: (node: BrokerNode) => Promise<void>;
  readonly mend: (node: BrokerNode) => Promise<void>;
}

/** Strikes a broker that has the role that was struck least; counts the round for all that it had. */
async function brokerRounds(play: Play, { name, strike, mend }: Blow): Promise<void> {
  const { stage, cluster, random, rounds, note, patienceMs } = play;
  await beginWith(play, ["a", "b"]);
  const done = new Map<Role, number>(roles.map((role) => [role, 0]));
  while (Math.min(...done.values()) < rounds) {
    await untilReplicated(stage, cluster);
    const having = await rolesOf(stage, cluster);
    const least = roles.toSorted((a, b) => (done.get(a) ?? 0) - (done.get(b) ?? 0))[0] as Role;
    const candidates = [...having].filter(([, has]) => has.has(least));
    const chosen = candidates[between(random, 0, candidates.length - 1)];
    if (chosen === undefined)
      throw new TapedeckError("FAULTS_NO_PROGRESS", `nobody is the ${least}`);
    const [node, has] = chosen;
    const sinceMs = Date.now();
    await strike(node);
    try {
      const recovery = await stage.reader.recovered(sinceMs, patienceMs);
      for (const role of has) {
        note(`${name} the ${role}`, recovery);
        done.set(role, (done.get(role) ?? 0) + 1);
      }
    } finally {
      await mend(node);
    }
  }
}

const killed: Blow = {
  name: "kill -9",
  strike: (node) => node.kill9(),
  mend: (node) => node.restart(),
};

const stopped: Blow = {
  name: "SIGSTOP",
  strike: async (node) => node.stop(),
  mend: async (node) => {
    node.cont();
    await node.untilUp();
  },
};

const FILLER = "filler";
const FILL_MS = 60_000;

const fullDisk: Blow = {
  name: "disk full:",
  async strike({ dataDir }) {
    // It ends with "No space left on device", which is what is wanted.
    const { error } = spawnSync("dd", ["if=/dev/zero", `of=${join(dataDir, FILLER)}`, "bs=64k"], {
      stdio: "ignore",
      timeout: FILL_MS,
      killSignal: "SIGKILL",
    });
    if (error !== undefined) {
      throw new TapedeckError("FAULTS_NO_PROGRESS", `filling the disk failed: ${error.message}`);
    }
  },
  async mend(node) {
    rmSync(join(node.dataDir, FILLER), { force: true });
    await node.restart();
  },
};

const stage = {
  perSecond: 100,
  replicationFactor: 3,
  sessionTimeoutMs: 2_000,
  requestTimeoutMs: 1_500,
};

export const brokerFaults: readonly Fault[] = [
  {
    name: "broker-kill",
    about: "kill -9 of the leader and of the coordinators, of three brokers",
    rows: 1,
    brokers: 3,
    proxy: false,
    stageRounds: 40,
    stage,
    play: (play) => brokerRounds(play, killed),
  },
  {
    name: "broker-stop",
    about: "SIGSTOP of the leader and of the coordinators until others took over",
    rows: 1,
    brokers: 3,
    proxy: false,
    stageRounds: 40,
    stage,
    play: (play) => brokerRounds(play, stopped),
  },
  {
    name: "disk-full",
    about: "a broker's disk filled, then freed",
    rows: 1,
    brokers: 3,
    proxy: false,
    stageRounds: 40,
    stage,
    play: (play) => brokerRounds(play, fullDisk),
  },
];
