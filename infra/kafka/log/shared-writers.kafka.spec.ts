// Two writers of one partition on a real broker.

import { afterAll, beforeAll, expect, test } from "vitest";
import { TapedeckError } from "../../../schemas/errors.ts";
import { batchAt } from "../../../streams/testing/log-fixtures.ts";
import { describeKafka, freshPrefix } from "../../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../client/connection.ts";
import { TopicDecoder } from "../wire/topic-decoder.ts";
import { KafkaLog } from "./kafka-log.ts";

describeKafka("two writers of one partition", ({ brokers }) => {
  const prefix = freshPrefix();
  const logs: KafkaLog[] = [];
  let connection: KafkaConnection;
  let topics = 0;
  let topic = "";

  const open = (name: string, shared: boolean): KafkaLog => {
    const common = { connection, prefix, schemaIds: null, stateDir: null };
    const app = `${prefix}${name}`;
    const cluster = { replicationFactor: 1, minInsyncReplicas: 1 };
    const log = new KafkaLog({ ...common, ...cluster, app, shared });
    logs.push(log);
    return log;
  };
  /** What a consumer finds: events, and what is none. */
  async function consumed(): Promise<{ readonly events: number; readonly poison: number }> {
    const decoder = new TopicDecoder({ topic, partition: 0 }, null, 0);
    const end = await connection.listOffset(`${prefix}${topic}`, 0, "end");
    let poison = 0;
    for (let next = 0; next < end; ) {
      const fetched = await connection.fetch(`${prefix}${topic}`, 0, next, { waitMs: 1_000 });
      for (const raw of fetched.batches) poison += decoder.decode(raw).poison.length;
      next = fetched.nextOffset;
    }
    return { events: decoder.next ?? 0, poison };
  }
  const append = (log: KafkaLog, base: number, count = 1) =>
    log.commit({ produced: [batchAt(topic, 0, base, Array(count).fill(7))], checkpoints: [] });
  /** A commit is answered before its marker is written: until then others do not see it. */
  const seen = async (log: KafkaLog) => (await log.view(topic, 0)).settled();

  /** As who shares a partition must: an end that another writer moved is looked at again. */
  async function goOn(write: () => Promise<void>): Promise<number> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        await write();
        return conflicts;
      } catch (error) {
        const isKnown = error instanceof TapedeckError && error.code === "STREAMS_OFFSET_CONFLICT";
        if (!isKnown) throw error;
      }
    }
  }

  beforeAll(async () => {
    connection = await connectKafka({ brokers, clientId: "shared-writers" });
  });
  const fresh = async (): Promise<void> => {
    topic = `bars-${topics++}`;
    await open("maker", true).createTopic(topic, 1);
  };
  afterAll(async () => {
    for (const log of logs) await log.close();
    const admin = await connection.admin();
    const all = await admin.listTopics();
    await admin.deleteTopics({ topics: all.filter((name) => name.startsWith(prefix)) });
    await connection.close();
  });

  test("who was overtaken is told, leaves nothing behind, and goes on at once", async () => {
    await fresh();
    const [feed, operator] = [open("feed", true), open("operator", true)];
    await append(feed, 0, 2);
    await seen(feed);
    await append(operator, 2);
    // It remembers the end at 2.
    await expect(append(feed, 2)).rejects.toMatchObject({ code: "STREAMS_OFFSET_CONFLICT" });
    // What it had begun, and took back, holds nobody up.
    const beganMs = performance.now();
    await goOn(() => append(operator, 3));
    await goOn(() => append(feed, 4));
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    expect(await consumed()).toEqual({ events: 5, poison: 0 });
  });

  test("without that agreement the second one's records are no events", async () => {
    await fresh();
    const [feed, other] = [open("alone", false), open("other", false)];
    await append(feed, 0, 2);
    await seen(feed);
    await append(other, 2);
    await append(feed, 2);
    expect(await consumed()).toEqual({ events: 3, poison: 1 });
  });

  test("both get through at full speed, without a duplicate or a hole", async () => {
    await fresh();
    const rounds = 60;
    const conflicts = { feed: 0, operator: 0 };
    const write = async (name: "feed" | "operator"): Promise<void> => {
      const log = open(`fast-${name}`, true);
      for (let done = 0; done < rounds; done++) {
        conflicts[name] += await goOn(async () => {
          const [range] = (await log.partitions()).filter((one) => one.topic === topic);
          await append(log, range?.end ?? 0, 3);
        });
      }
    };
    await Promise.all([write("feed"), write("operator")]);
    expect(await consumed()).toEqual({ events: 2 * 3 * rounds, poison: 0 });
    expect(conflicts.feed + conflicts.operator).toBeGreaterThan(0);
    console.log(`two writers, ${2 * rounds} commits: ${JSON.stringify(conflicts)} conflicts`);
  });
});
