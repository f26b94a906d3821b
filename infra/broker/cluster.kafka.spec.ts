// The harness itself: brokers really die, stall and come back, on their data; security is really on;
// a disk is really full; and nothing is left when the process that started it all is killed.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { patchKafkajs } from "../kafka/client/patches.ts";
import { isAlive, ownerOf } from "../log/owner.ts";
import { describeCluster, describeProcesses, freshPrefix } from "./testing.ts";

patchKafkajs();

const SOON = { timeout: 60_000, interval: 100 };

const client = (brokers: readonly string[], settings: Partial<KafkaConfig> = {}): Kafka =>
  new Kafka({
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: { retries: 8, initialRetryTime: 50, maxRetryTime: 500 },
    ...settings,
  });

async function withAdmin<T>(kafka: Kafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Made, and known to whoever is asked: kafkajs takes one broker's not knowing yet for an error. */
async function createTopic(kafka: Kafka, topic: string, each = [kafka]): Promise<void> {
  await withAdmin(kafka, (admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false }),
  );
  for (const one of each) {
    await withAdmin(one, (admin) =>
      vi.waitFor(() => admin.fetchTopicMetadata({ topics: [topic] }), SOON),
    );
  }
}

async function write(kafka: Kafka, topic: string, values: readonly (string | Buffer)[]) {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  try {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) });
  } finally {
    await producer.disconnect();
  }
}

const highWatermark = (kafka: Kafka, topic: string): Promise<number> =>
  withAdmin(kafka, async (admin) => Number((await admin.fetchTopicOffsets(topic))[0]?.high));

describeCluster("one broker", {}, (cluster) => {
  const only = () => {
    const [node] = cluster().nodes;
    if (node === undefined) throw new Error("a cluster has a broker");
    return node;
  };

  test("killed and started again keeps its port and its data", async () => {
    const kafka = client(cluster().brokers);
    await createTopic(kafka, "kept");
    await write(kafka, "kept", ["1", "2", "3"]);
    const before = ownerOf(only().pid);
    await only().kill9();
    expect([only().alive, isAlive(before)]).toEqual([false, false]);
    await expect(cluster().up()).rejects.toThrow();
    await only().restart();
    expect(only().pid).not.toBe(before.pid);
    expect(await highWatermark(kafka, "kept")).toBe(3);
  });

  test("stopped answers nobody, and continued goes on", async () => {
    only().stop();
    await expect(cluster().up()).rejects.toThrow();
    only().cont();
    await vi.waitFor(async () => expect(await cluster().up()).toEqual([1]), SOON);
  });

  test("shut down ends in good order", async () => {
    await only().shutdown();
    const log = readFileSync(only().logFile, "utf8");
    expect(log.trimEnd().split("\n").at(-1)).toContain("kafka.server for 1 unregistered");
    await only().restart();
    expect(await cluster().up()).toEqual([1]);
  });
});

describeCluster("three brokers", { brokers: 3 }, (cluster) => {
  const eachAlone = (): Kafka[] => cluster().brokers.map((broker) => client([broker]));

  test("go on without the leader, which is let in again", async () => {
    const kafka = client(cluster().brokers);
    await createTopic(kafka, "led", eachAlone());
    await write(kafka, "led", ["1"]);
    const leader = await cluster().leaderOf("led", 0);
    await leader.kill9();
    await vi.waitFor(async () => {
      const next = await cluster().leaderOf("led", 0);
      expect(next.id).not.toBe(leader.id);
    }, SOON);
    await write(kafka, "led", ["2"]);
    expect(await highWatermark(kafka, "led")).toBe(2);
    await leader.restart();
    await vi.waitFor(async () => expect(await cluster().up()).toEqual([1, 2, 3]), SOON);
  });

  test("the coordinator is the broker that takes a group's members in", async () => {
    const kafka = client(cluster().brokers);
    await createTopic(kafka, "grouped", eachAlone());
    for (const groupId of ["alpha", "beta", "gamma", "delta"]) {
      const consumer = kafka.consumer({ groupId });
      const joined = new Promise<string>((done) => {
        consumer.on("consumer.group_join", ({ payload }) => done(payload.groupId));
      });
      await consumer.connect();
      await consumer.subscribe({ topic: "grouped" });
      await consumer.run({ eachBatch: async () => undefined });
      await joined;
      await consumer.disconnect();
      const coordinator = await cluster().coordinatorOf("group", groupId);
      const said = cluster().nodes.filter(({ logFile }) =>
        new RegExp(`Stabilized group ${groupId} generation 1`).test(readFileSync(logFile, "utf8")),
      );
      expect(said.map(({ id }) => id)).toEqual([coordinator.id]);
    }
  });
});

describeCluster(
  "a broker with logins and ACLs",
  {
    sasl: [
      { name: "gate", password: "g" },
      { name: "admin", password: "a" },
    ],
    acls: { superUsers: ["admin"] },
  },
  (cluster) => {
    const as = (username: string, password: string) =>
      client(cluster().brokers, {
        sasl: { mechanism: "scram-sha-512", username, password },
        retry: { retries: 0 },
      });

    test("lets a super user do all, others nothing, strangers not in", async () => {
      await createTopic(as("admin", "a"), "fills");
      await write(as("admin", "a"), "fills", ["1"]);
      await expect(write(as("gate", "g"), "fills", ["2"])).rejects.toThrow(/authoriz|metadata/i);
      await expect(write(as("gate", "wrong"), "fills", ["2"])).rejects.toThrow(/authenticat/i);
      expect(await highWatermark(as("admin", "a"), "fills")).toBe(1);
    });

    test("comes back after kill -9, with its users", async () => {
      await cluster().nodes[0]?.kill9();
      await cluster().nodes[0]?.restart();
      expect(await highWatermark(as("admin", "a"), "fills")).toBe(1);
    });
  },
);

describeCluster("a broker with TLS", { tls: { clientAuth: "required" } }, (cluster) => {
  const pem = (path: string | undefined) => readFileSync(path ?? "", "utf8");

  test("lets in who has a certificate of its authority, and nobody else", async () => {
    const { ca, clientKey, clientCert } = cluster().tls ?? {};
    const ssl = { ca: pem(ca), key: pem(clientKey), cert: pem(clientCert) };
    await createTopic(client(cluster().brokers, { ssl }), "safe");
    const once = { retry: { retries: 0 } };
    const noKey = client(cluster().brokers, { ssl: { ca: pem(ca) }, ...once });
    await expect(createTopic(noKey, "other")).rejects.toThrow();
    const noAuthority = client(cluster().brokers, { ssl: true, ...once });
    await expect(createTopic(noAuthority, "other")).rejects.toThrow(/certificate/);
  });
});

describeCluster(
  "a broker on a small disk",
  { diskMegabytes: 40, config: { "log.segment.bytes": "4194304" } },
  (cluster) => {
    test("refuses what does not fit, and ends", async () => {
      const kafka = client(cluster().brokers, { retry: { retries: 0 }, requestTimeout: 5000 });
      await createTopic(kafka, "filling");
      const fill = async () => {
        for (let megabytes = 0; megabytes < 60; megabytes++) {
          await write(kafka, "filling", [Buffer.alloc(1_000_000)]);
        }
      };
      // A request may also end by its own time-out, before the disk is full: then there is more to write.
      await vi.waitFor(async () => {
        await expect(fill()).rejects.toThrow();
        expect(cluster().nodes[0]?.alive).toBe(false);
      }, SOON);
      expect(readFileSync(cluster().nodes[0]?.logFile ?? "", "utf8")).toContain("No space left");
    });
  },
);

describeProcesses("a process that is killed", () => {
  const harness = (name: string) => JSON.stringify(join(import.meta.dirname, name));

  test("takes its brokers, its registry and their data with it", async () => {
    const code = `
      import { startCluster } from ${harness("cluster.ts")};
      import { startRegistry } from ${harness("registry.ts")};
      const cluster = await startCluster({ brokers: 3 });
      const registry = await startRegistry();
      await cluster.nodes[2].kill9();
      cluster.nodes[1].stop();
      console.log(JSON.stringify({
        pids: [...cluster.nodes.map(({ pid }) => pid), registry.pid],
        folders: cluster.nodes.map(({ dataDir }) => dataDir),
      }));
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module-typescript", "-e", code]);
    onTestFinished(() => void parent.kill("SIGKILL"));
    parent.stderr.pipe(process.stderr);
    const told = await new Promise<string>((done) => {
      parent.stdout.once("data", (text: Buffer) => done(text.toString()));
    });
    const { pids, folders } = JSON.parse(told) as { pids: number[]; folders: string[] };
    const servers = pids.map(ownerOf);
    expect(servers.map(isAlive)).toEqual([true, true, false, true]);
    expect(folders.every((folder) => existsSync(folder))).toBe(true);
    parent.kill("SIGKILL");
    await vi.waitFor(() => {
      expect(servers.some(isAlive)).toBe(false);
      expect(folders.some((folder) => existsSync(join(folder, "..", "..")))).toBe(false);
    }, SOON);
  });
});

describe("a topic prefix", () => {
  test("is another one each time", () => {
    expect(new Set(Array.from({ length: 100 }, freshPrefix)).size).toBe(100);
  });
});
