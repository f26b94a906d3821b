// A flow whose task groups each run under a principal of their own, with the rights that are printed for
// them and no others.

import { afterAll, beforeAll, expect, test } from "vitest";
import { describeCluster } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { changelogOf } from "../log/changelog.ts";
import { compareAcls, grantAcls } from "../topics/acl-admin.ts";
import { leastGrants } from "../topics/acl-rules.ts";
import { planLive } from "./live-run.ts";
import { type LiveFixture, openLiveFixture, type RunningService } from "./testing/live-fixture.ts";

const isolate = ["risk-gate", "paper-venue"];
const groups = ["bar-builder", "portfolio-builder", ...isolate, "order-router"];
const secured = {
  sasl: ["admin", ...groups].map((name) => ({ name, password: `secret-${name}` })),
  acls: { superUsers: ["admin"] },
};
const saslOf = (username: string) =>
  ({ mechanism: "plain", username, password: `secret-${username}` }) as const;

describeCluster("a flow of least rights", secured, (cluster) => {
  let live: LiveFixture;
  const own: KafkaConnection[] = [];
  beforeAll(async () => {
    const { brokers } = cluster();
    live = await openLiveFixture({ brokers, days: 1, isolate, sasl: saslOf("admin") });
    const { app, prefix, run } = live;
    const namespace = { app, prefix };
    const principal = "User:{role}";
    const flow = { topology: run.topology, isolate, namespace, shadows: [], principal };
    const grants = leastGrants(flow).filter(({ role }) => groups.includes(role));
    const admin = await live.connection.admin();
    await grantAcls(admin, (await compareAcls(admin, grants)).missing);
    // As `tapedeck topics apply` leaves them.
    const changelogs = new Map<string, number>();
    for (const { name } of run.groups) {
      const { topic, partition } = changelogOf(app, name);
      changelogs.set(topic, Math.max(changelogs.get(topic) ?? 0, partition + 1));
    }
    await admin.createTopics({
      topics: [...changelogs].map(([topic, numPartitions]) => ({ topic, numPartitions })),
    });
  });
  afterAll(async () => {
    await live.close();
    for (const connection of own) await connection.close();
  });

  const countOf = async (topic: string): Promise<number> =>
    (await live.live.partitions())
      .filter((range) => range.topic === topic)
      .reduce((sum, { start, end }) => sum + end - start, 0);

  test("runs, stops and goes on: each group plans, joins, reads and writes", async () => {
    const named = [...new Set(live.run.groups.map(({ group }) => group))];
    expect(groups.toSorted()).toEqual(named.toSorted());
    const { brokers } = cluster();
    const names = { app: live.app, prefix: live.prefix };
    const start = async (group: string): Promise<RunningService> => {
      const connection = await connectKafka({ brokers, clientId: group, sasl: saslOf(group) });
      own.push(connection);
      const partitionsOf = (topic: string) => connection.partitionsOf(topic);
      const run = await planLive(live.config, names, isolate, partitionsOf);
      return live.start({ run, connection, only: [group] });
    };
    const running = await Promise.all(named.map(start));
    const failures: unknown[] = [];
    for (const { service } of running) service.ended.catch((error) => failures.push(error));
    await live.feedAll();
    for (const topic of ["market.bars", "weights.proposals", "risk.verdicts", "orders", "fills"]) {
      await expect
        .poll(async () => failures.length > 0 || (await countOf(topic)) > 0, { timeout: 60_000 })
        .toBe(true);
    }
    for (const { service } of running) await service.stop(5_000);
    expect(failures).toEqual([]);
    const next = await Promise.all(named.map(start));
    for (const { service } of next) service.ended.catch((error) => failures.push(error));
    const opened = ({ gauges }: RunningService): boolean => {
      const tasks = [...gauges.tasks.values()];
      return tasks.length > 0 && tasks.every(({ restoreSeconds }) => restoreSeconds > 0);
    };
    await expect
      .poll(() => failures.length > 0 || next.every(opened), { timeout: 60_000 })
      .toBe(true);
    expect(failures).toEqual([]);
  });
});
