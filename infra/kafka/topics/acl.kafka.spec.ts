// The printed grants on a real broker with an authorizer: each principal can do all that it needs
// and nothing of another's. What is run is the command line, as an administrator runs it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SignalModel } from "../../../processors/signal-model.ts";
import { flowTopology } from "../../../processors/topology.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { planGroups } from "../../../streams/task-groups.ts";
import { outputsOf } from "../../../streams/topology.ts";
import { describeCluster } from "../../broker/testing.ts";
import { runTapedeck } from "../../cli/testing/run-command.ts";
import { configFromText } from "../../config/load-config.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { recordsOf } from "../client/testing/scratch.ts";
import { loadCluster } from "../cluster/cluster-config.ts";
import { kafkaSettings } from "../cluster/kafka-options.ts";
import { changelogIn, groupIn, namespaceOf } from "./names.ts";

/** Which one is no matter here: a model can be taken out of the tree. */
const anyModel: SignalModel<null> = {
  name: "any",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: () => null,
};

const PARTITIONS = 2;
const TIMEOUT_MS = 20_000;

const { flow } = configFromText("tape: .\n", "defaults");
const topology = flowTopology({ ...flow, model: anyModel });
/** Every processor under a principal of its own: the duties are apart as far as they can be. */
const isolate = topology.processors.map(({ name }) => name);
const live = namespaceOf("");
const tasks = planGroups(topology, PARTITIONS, () => PARTITIONS, isolate).filter(
  ({ partition }) => partition === 0,
);
const roles = [...isolate, "feed", "operator", "redriver", "auditor", "backtest", "shadow-x"];
const passwordOf = (name: string): string => `hunter2-${name}`;
const users = ["admin", ...roles.map((role) => `tapedeck-${role}`)];

const folder = mkdtempSync(join(tmpdir(), "tapedeck-acl-"));
const open = new Map<string, KafkaConnection>();

const whole = ["--isolate", isolate.join(","), "--set", `partitions=${PARTITIONS}`];
const as = (user: string): readonly string[] => ["--cluster", `${user}.yaml`];

/** Runs `tapedeck topics …`; no output of any call may hold a password. */
function topics(...args: readonly string[]) {
  const env = { PATH: process.env.PATH, TAPEDECK_DEBUG: "1" };
  const ended = runTapedeck(["topics", ...args], { cwd: folder, env });
  expect(ended.stdout + ended.stderr).not.toContain("hunter2");
  return ended;
}

/** A connection of the role's principal. */
async function connect(role: string): Promise<KafkaConnection> {
  const known = open.get(role);
  if (known !== undefined) return known;
  const config = await loadCluster({ file: join(folder, `tapedeck-${role}.yaml`), env: {} });
  const connection = await connectKafka(kafkaSettings(config));
  open.set(role, connection);
  return connection;
}

interface Attempt {
  readonly transaction: string;
  readonly topics: readonly string[];
  readonly group?: string;
  readonly consumed?: readonly string[];
}

/** One transaction, as a task makes it: records to every topic, offsets of what was consumed. */
async function commit(role: string, attempt: Attempt): Promise<void> {
  const connection = await connect(role);
  const producer = await connection.producer(attempt.transaction, TIMEOUT_MS);
  try {
    await producer.commit({
      batches: attempt.topics.map((topic) => ({
        topic,
        partition: 0,
        records: recordsOf(["x"], Buffer.from("key")),
      })),
      ...(attempt.group === undefined
        ? {}
        : {
            offsets: {
              groupId: attempt.group,
              offsets: (attempt.consumed ?? []).map((topic) => ({
                topic,
                partition: 0,
                offset: 0,
              })),
            },
          }),
    });
  } finally {
    producer.close();
  }
}

async function refusal(work: Promise<unknown>): Promise<TapedeckError> {
  const error: unknown = await work.then(
    () => null,
    (failure: unknown) => failure,
  );
  expect(error).toBeInstanceOf(TapedeckError);
  expect(error).toMatchObject({ code: "KAFKA_AUTHORIZATION_FAILED", exit: 2 });
  return error as TapedeckError;
}

const idOf = (task: string): string => groupIn(live, task);
const inputsOf = (task: (typeof tasks)[number]) =>
  task.members.flatMap(({ processor }) => processor.inputs);
const writtenBy = (task: (typeof tasks)[number]): readonly string[] => [
  ...task.members.flatMap(({ processor }) => outputsOf(processor)),
  "tape.admissions",
  "tape.dead-letters",
  changelogIn(live, task.group),
];

const secured = {
  sasl: users.map((name) => ({ name, password: passwordOf(name) })),
  acls: { superUsers: ["admin"] },
};

describeCluster("with the printed grants", secured, (cluster) => {
  beforeAll(() => {
    for (const name of users) {
      writeFileSync(join(folder, `${name}.password`), passwordOf(name), { mode: 0o600 });
      const sasl = `{ mechanism: plain, username: ${name}, passwordFile: ${name}.password }`;
      const copies = "replicationFactor: 1\nminInsyncReplicas: 1\n";
      const text = `brokers: [${cluster().brokers.join(", ")}]\nsasl: ${sasl}\n${copies}`;
      writeFileSync(join(folder, `${name}.yaml`), text);
    }
    expect(topics("apply", "--yes", ...as("admin"), ...whole)).toMatchObject({ status: 0 });
    const granted = topics("acl", "--apply", "--shadow", "x", ...as("admin"), ...whole);
    expect(granted).toMatchObject({ status: 0 });
    expect(granted.stdout).toMatch(/^\d+ granted, 0 there already\n$/);
  });

  afterAll(async () => {
    for (const connection of open.values()) await connection.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe.each(tasks.map((task) => [task.group, task] as const))("%s", (role, task) => {
    test("reads its inputs, and commits outputs, state and offsets in one transaction", async () => {
      const connection = await connect(role);
      for (const topic of [...inputsOf(task), ...writtenBy(task)]) {
        expect(await connection.listOffset(topic, 0, "stable-end")).toBeGreaterThanOrEqual(0);
        await connection.fetch(topic, 0, await connection.listOffset(topic, 0, "start"));
      }
      await commit(role, {
        transaction: idOf(task.name),
        topics: writtenBy(task),
        group: idOf(role),
        consumed: inputsOf(task),
      });
    });

    test("joins its consumer group and reads its offsets", async () => {
      const { kafka } = await connect(role);
      const consumer = kafka.consumer({ groupId: idOf(role), allowAutoTopicCreation: false });
      const joined = new Promise<void>((resolve, reject) => {
        consumer.on(consumer.events.GROUP_JOIN, () => resolve());
        consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      });
      try {
        await consumer.connect();
        await consumer.subscribe({ topics: [...inputsOf(task)] });
        await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
        await joined;
      } finally {
        await consumer.disconnect();
      }
    });

    test("writes no topic of another's", async () => {
      const others = [...topology.topics, ...isolate.map((name) => changelogIn(live, name))];
      for (const topic of others.filter((name) => !writtenBy(task).includes(name))) {
        const { facts } = await refusal(
          commit(role, { transaction: idOf(task.name), topics: [topic] }),
        );
        expect(facts).toMatchObject({ error: "TOPIC_AUTHORIZATION_FAILED", topic });
      }
    });
  });

  describe("the risk gate", () => {
    test("cannot write fills, by kafkajs' own producer either", async () => {
      const transaction = idOf("risk-gate");
      const { facts } = await refusal(commit("risk-gate", { transaction, topics: ["fills"] }));
      expect(facts).toMatchObject({ error: "TOPIC_AUTHORIZATION_FAILED", topic: "fills" });
      const producer = (await connect("risk-gate")).kafka.producer({ retry: { retries: 0 } });
      await producer.connect();
      try {
        const sent = producer.send({ topic: "fills", messages: [{ value: "x" }] });
        await expect(sent).rejects.toMatchObject({ type: "TOPIC_AUTHORIZATION_FAILED" });
      } finally {
        await producer.disconnect();
      }
    });

    test("cannot take over another task's transactions or group", async () => {
      const stolen = commit("risk-gate", { transaction: idOf("order-router"), topics: [] });
      expect((await refusal(stolen)).facts).toMatchObject({
        error: "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
      });
      const foreign = commit("risk-gate", {
        transaction: idOf("risk-gate"),
        topics: ["risk.verdicts"],
        group: idOf("order-router"),
        consumed: ["weights.proposals"],
      });
      expect((await refusal(foreign)).facts).toMatchObject({ error: "GROUP_AUTHORIZATION_FAILED" });
    });

    test("cannot command itself to go on", async () => {
      const command = { transaction: idOf("risk-gate"), topics: ["control.commands"] };
      expect((await refusal(commit("risk-gate", command))).facts).toMatchObject({
        topic: "control.commands",
      });
    });
  });

  describe("a shadow", () => {
    const transaction = "shadow.x.bar-builder/0";

    test("makes and writes topics of its own, and reads what is live", async () => {
      const admin = await (await connect("shadow-x")).admin();
      await admin.createTopics({ waitForLeaders: false, topics: [{ topic: "shadow.x.orders" }] });
      await commit("shadow-x", { transaction, topics: ["shadow.x.orders"] });
      for (const topic of topology.topics) {
        await (await connect("shadow-x")).fetch(topic, 0, 0);
      }
    });

    test("cannot write orders, nor any other live topic: it orders nothing", async () => {
      for (const topic of [...topology.topics, "tape.admissions", "tape.dead-letters"]) {
        const { facts } = await refusal(commit("shadow-x", { transaction, topics: [topic] }));
        expect(facts).toMatchObject({ error: "TOPIC_AUTHORIZATION_FAILED", topic });
      }
    });

    test("cannot make topics elsewhere, nor stand in for a live task", async () => {
      const admin = await (await connect("shadow-x")).admin();
      for (const topic of ["shadow.xy.orders", "orders2"]) {
        await expect(admin.createTopics({ topics: [{ topic }] })).rejects.toMatchObject({
          errors: [{ type: "TOPIC_AUTHORIZATION_FAILED" }],
        });
      }
      await refusal(commit("shadow-x", { transaction: idOf("order-router"), topics: [] }));
    });
  });

  describe("other roles", () => {
    test("a feed brings the market and an operator commands; neither does the other's", async () => {
      await commit("feed", { transaction: "tapedeck.feed.writer", topics: ["market.ticks"] });
      await commit("operator", {
        transaction: "tapedeck.operator.writer",
        topics: ["control.commands"],
      });
      const feed = { transaction: "tapedeck.feed.writer", topics: ["control.commands"] };
      await refusal(commit("feed", feed));
      const operator = { transaction: "tapedeck.operator.writer", topics: ["market.ticks"] };
      await refusal(commit("operator", operator));
    });

    test("who sends dead letters again writes ticks, and no command, order or fill", async () => {
      const transaction = "tapedeck.operator.dlq-redrive";
      await commit("redriver", { transaction, topics: ["market.ticks"] });
      for (const topic of ["control.commands", "orders", "fills"]) {
        await refusal(commit("redriver", { transaction, topics: [topic] }));
      }
    });

    test("an auditor plans, and can change nothing", async () => {
      const plan = topics("plan", ...as("tapedeck-auditor"), ...whole);
      expect(plan).toMatchObject({ status: 0 });
      expect(plan.stdout).toContain("nothing to do");
      const more = ["--isolate", isolate.join(","), "--set", "partitions=3", "--allow-repartition"];
      const apply = topics("apply", "--yes", ...as("tapedeck-auditor"), ...more);
      expect(apply).toMatchObject({ status: 4 });
      expect(apply.stderr).toContain("TOPIC_AUTHORIZATION_FAILED");
      await refusal(commit("auditor", { transaction: idOf("risk-gate"), topics: ["orders"] }));
    });

    test("nobody but an administrator gives grants", () => {
      const { status, stderr } = topics("acl", "--apply", ...as("tapedeck-risk-gate"), ...whole);
      expect(status).toBe(2);
      expect(stderr).toContain("KAFKA_AUTHORIZATION_FAILED");
    });
  });

  describe("grants", () => {
    const shadow = ["--shadow", "x"];

    test("given again are there already", () => {
      const { status, stdout } = topics("acl", "--apply", ...shadow, ...as("admin"), ...whole);
      expect(stdout).toMatch(/^0 granted, \d+ there already\n$/);
      expect(status).toBe(0);
    });

    test("beyond the least are told, and taken away where that was asked for", async () => {
      const config = await loadCluster({ file: join(folder, "admin.yaml"), env: {} });
      const connection = await connectKafka(kafkaSettings(config));
      try {
        const entry = {
          principal: "User:tapedeck-risk-gate",
          host: "*",
          permissionType: 3,
          operation: 4,
          resourceType: 2,
          resourceName: "fills",
          resourcePatternType: 3,
        };
        await (await connection.admin()).createAcls({ acl: [entry] });
      } finally {
        await connection.close();
      }
      await commit("risk-gate", { transaction: idOf("risk-gate"), topics: ["fills"] });
      const told = topics("acl", "--apply", ...shadow, ...as("admin"), ...whole);
      expect(told.stdout).toContain("! User:tapedeck-risk-gate may Write topic fills (literal)\n");
      expect(told.status).toBe(7);
      const taken = topics("acl", "--apply", "--revoke", ...shadow, ...as("admin"), ...whole);
      expect(taken.stdout).toContain("1 taken away");
      expect(taken.status).toBe(0);
      await refusal(commit("risk-gate", { transaction: idOf("risk-gate"), topics: ["fills"] }));
    });
  });
});
