// tapedeck topics plan and apply against a real broker, as commands: what is planned is done, once,
// and nothing else.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeKafka, freshPrefix } from "../../broker/testing.ts";
import { runTapedeck } from "../../cli/testing/run-command.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-topics-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeKafka("topics", ({ brokers }) => {
  let connection: KafkaConnection;
  let admin: Admin;
  const prefixes: string[] = [];

  beforeAll(async () => {
    connection = await connectKafka({ brokers, clientId: "test" });
    admin = await connection.admin();
  });

  afterAll(async () => {
    const left = (await admin.listTopics()).filter((name) =>
      prefixes.some((prefix) => name.startsWith(prefix)),
    );
    if (left.length > 0) await admin.deleteTopics({ topics: left });
    await connection.close();
  });

  /** The commands in a namespace of the test's own. */
  function namespace() {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    const run = (command: string, ...args: readonly string[]) => {
      const env = { PATH: process.env.PATH, TAPEDECK_KAFKA: brokers.join(",") };
      const words = ["topics", command, "--prefix", prefix, ...args];
      const ended = runTapedeck(words, { cwd: folder, env });
      expect(ended.stderr).not.toMatch(/^\s+at /m);
      return ended;
    };
    const names = async () =>
      (await admin.listTopics()).filter((name) => name.startsWith(prefix)).sort();
    return { prefix, run, names };
  }

  async function settingsOf(topic: string): Promise<Readonly<Record<string, string>>> {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic }],
    });
    const entries = resources[0]?.configEntries ?? [];
    return Object.fromEntries(
      entries.map(({ configName, configValue }) => [configName, configValue]),
    );
  }

  const set = (topic: string, settings: Readonly<Record<string, string>>) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: 2,
          name: topic,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    });

  test("are planned, made, and then as wanted", async () => {
    const { prefix, run, names } = namespace();
    const plan = run("plan", "--set", "partitions=3");
    expect(plan.status).toBe(7);
    expect(plan.stdout).toContain("16 to create");
    expect(await names()).toEqual([]);
    const apply = run("apply", "--set", "partitions=3", "--yes");
    expect(apply).toMatchObject({ status: 0, stderr: "" });
    expect(run("plan", "--set", "partitions=3")).toMatchObject({ status: 0, stderr: "" });
    expect(run("apply", "--set", "partitions=3")).toMatchObject({ status: 0, stderr: "" });
    expect(await names()).toHaveLength(16);
    expect(await connection.partitionsOf(`${prefix}signals`)).toBe(3);
    expect(await connection.partitionsOf(`${prefix}risk.verdicts`)).toBe(1);
    // bar-builder, feature-builder, signal-model and paper-venue thrice, and four of the portfolio.
    expect(await connection.partitionsOf(`${prefix}tape.admissions`)).toBe(16);
    expect(await connection.partitionsOf(`${prefix}bar-builder.changelog`)).toBe(3);
    expect(await settingsOf(`${prefix}market.instruments`)).toMatchObject({
      "cleanup.policy": "delete",
      "retention.ms": "-1",
      "message.timestamp.type": "CreateTime",
    });
    expect(await settingsOf(`${prefix}bar-builder.changelog`)).toMatchObject({
      "cleanup.policy": "compact",
      "min.cleanable.dirty.ratio": "0.1",
    });
  });

  test("whose settings were changed are changed back; what else was set on them stays", async () => {
    const { prefix, run } = namespace();
    run("apply", "--yes");
    const topic = `${prefix}orders`;
    await set(topic, { "retention.ms": "1000", "cleanup.policy": "delete", "flush.ms": "1234567" });
    const plan = run("plan", "--json");
    expect(plan.status).toBe(7);
    const { topics } = JSON.parse(plan.stdout) as {
      readonly topics: readonly { readonly name: string; readonly action: string }[];
    };
    expect(topics.filter(({ action }) => action !== "keep")).toMatchObject([
      {
        name: topic,
        action: "change",
        settings: expect.arrayContaining([{ name: "retention.ms", from: "1000", to: "-1" }]),
      },
    ]);
    expect(run("apply", "--yes")).toMatchObject({ status: 0 });
    expect(await settingsOf(topic)).toMatchObject({
      "retention.ms": "-1",
      "flush.ms": "1234567",
      "message.timestamp.type": "CreateTime",
    });
  });

  test("are not made without a yes", async () => {
    const { run, names } = namespace();
    const { status, stderr } = run("apply");
    expect(status).toBe(2);
    expect(stderr).toContain("TOPICS_UNCONFIRMED");
    expect(run("apply", "--json")).toMatchObject({ status: 2 });
    expect(await names()).toEqual([]);
  });

  test("never shrink, and grow only where that was asked for", async () => {
    const { prefix, run } = namespace();
    run("apply", "--yes", "--set", "partitions=2");
    const fewer = run("apply", "--yes", "--set", "partitions=1", "--allow-repartition");
    expect(fewer.status).toBe(7);
    expect(fewer.stdout).toContain("! 2 partitions, wanted are 1");
    expect(await connection.partitionsOf(`${prefix}signals`)).toBe(2);
    const more = run("apply", "--yes", "--set", "partitions=4");
    expect(more.status).toBe(7);
    expect(more.stdout).toContain("→ --allow-repartition");
    expect(await connection.partitionsOf(`${prefix}signals`)).toBe(2);
    const grown = run("apply", "--yes", "--set", "partitions=4", "--allow-repartition");
    expect(grown.status).toBe(0);
    expect(grown.stdout).toContain("another partition than its past");
    expect(await connection.partitionsOf(`${prefix}signals`)).toBe(4);
    expect(run("plan", "--set", "partitions=4")).toMatchObject({ status: 0 });
  });

  test("that are of no use are told, and go only by name", async () => {
    const { prefix, run, names } = namespace();
    run("apply", "--yes");
    const topic = `${prefix}regimes`;
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic }] });
    const plan = run("plan");
    expect(plan).toMatchObject({ status: 0 });
    expect(plan.stdout).toContain(`→ --delete ${topic}`);
    run("apply", "--yes");
    expect(await names()).toContain(topic);
    for (const name of [`${prefix}orders`, "test.somebody-else.orders"]) {
      const refused = run("apply", "--yes", "--delete", name);
      expect(refused.status).toBe(2);
      expect(refused.stderr).toContain("TOPICS_DELETE_REFUSED");
    }
    expect(run("apply", "--yes", "--delete", topic)).toMatchObject({ status: 0 });
    expect(await names()).not.toContain(topic);
    expect(run("apply", "--yes", "--delete", topic)).toMatchObject({ status: 0 });
  });

  test("of which one cannot be made: the others are, and it is told by name", async () => {
    const { prefix, run, names } = namespace();
    // Kafka takes a dot and an underscore for the same in its metrics, and refuses the second name.
    const rival = `${prefix}risk_verdicts`;
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic: rival }] });
    const { status, stdout, stderr } = run("apply", "--yes");
    expect(status).toBe(4);
    expect(stderr).toContain("TOPICS_APPLY_FAILED: 1 of 16 topics failed");
    expect(stderr).toContain(`${prefix}risk.verdicts: `);
    expect(stdout).toContain(`done    create ${prefix}orders\n`);
    expect(await names()).toHaveLength(16);
    await admin.deleteTopics({ topics: [rival] });
    expect(run("apply", "--yes")).toMatchObject({ status: 0 });
    expect(await names()).toHaveLength(16);
  });

  test("a namespace that follows live has no sources of its own", async () => {
    const { run } = namespace();
    const { stdout } = run("plan", "--prefix", `shadow.${freshPrefix()}`);
    expect(stdout).not.toContain("market.ticks ");
    expect(stdout).toContain("12 to create");
  });

  test("more copies than brokers are refused before anything is made", async () => {
    const { run, names } = namespace();
    const three = Array.from({ length: 3 }, () => brokers[0]).join(",");
    expect(brokers).toHaveLength(1);
    const env = { PATH: process.env.PATH, TAPEDECK_KAFKA: three };
    const line = ["topics", "apply", "--yes", "--prefix", freshPrefix()];
    const done = runTapedeck(line, { cwd: folder, env });
    expect(done.status).toBe(2);
    expect(done.stderr).toContain("TOPICS_REPLICATION_IMPOSSIBLE");
    expect(run("plan")).toMatchObject({ status: 7 });
    expect(await names()).toEqual([]);
  });
});

test("without a cluster that is named, or one that answers, all is told", () => {
  const run = (env: Record<string, string>, ...args: readonly string[]) => {
    const base = { PATH: process.env.PATH, ...env };
    return runTapedeck(["topics", "plan", ...args], { cwd: folder, env: base });
  };
  expect(run({})).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("KAFKA_NOT_CONFIGURED"),
  });
  const away = run({ TAPEDECK_KAFKA: "127.0.0.1:1" });
  expect(away.status).toBe(4);
  expect(away.stderr).toMatch(
    /^error KAFKA_UNREACHABLE: could not plan topics at 127.0.0.1:1: .*ECONNREFUSED/,
  );
  for (const args of [
    ["--prefix", "a b."],
    ["--prefix", "x"],
    ["--app", "*"],
  ]) {
    const wrong = run({ TAPEDECK_KAFKA: "127.0.0.1:1" }, ...args);
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining("USAGE_INVALID") });
  }
  const isolate = run({ TAPEDECK_KAFKA: "127.0.0.1:1" }, "--isolate", "risk-gat");
  expect(isolate).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("there are bar-builder"),
  });
});
