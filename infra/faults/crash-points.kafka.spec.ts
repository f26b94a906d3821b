// kill -9 of a process around each request of its transaction on a real broker: what the next owner of
// the transactional id leaves and a reader finds is whole.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { describeKafka, freshPrefix } from "../broker/testing.ts";
import { connectKafka, type KafkaConnection } from "../kafka/client/connection.ts";
import { describeAnomaly } from "./history/anomaly.ts";
import { checkHistory } from "./history/check-history.ts";
import type { Operation } from "./history/operation.ts";
import { readHistories } from "./history/record-history.ts";
import { FaultProcesses } from "./processes.ts";
import { finalRead } from "./testing/final-read.ts";

const COMMITTING = join(import.meta.dirname, "testing/committing-process.ts");

/** Each request of a transaction that goes to the broker; the second of each has transactions before. */
const points = ["AddPartitionsToTxn", "Produce", "EndTxn"].flatMap((api) =>
  ["before", "sent", "answered"].map((when) => `${when}-${api}#2`),
);

describeKafka("a process that is killed at a point of its transaction", ({ brokers }) => {
  const prefix = freshPrefix();
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-crash-"));
  const made: string[] = [];
  let topics: string[] = [];
  let connection: KafkaConnection;
  let processes: FaultProcesses;

  beforeAll(async () => {
    connection = await connectKafka({ brokers: [...brokers], clientId: "direct" });
  });

  beforeEach(async () => {
    const id = `${prefix}${made.length}`;
    topics = [`${id}.one`, `${id}.other`];
    made.push(...topics);
    processes = new FaultProcesses(join(folder, id));
    const admin = await connection.admin();
    await admin.createTopics({
      topics: topics.map((topic) => ({ topic, numPartitions: 1, replicationFactor: 1 })),
    });
  });

  afterEach(() => processes.close());

  afterAll(async () => {
    const admin = await connection.admin();
    await admin.deleteTopics({ topics: made });
    await connection.close();
    rmSync(folder, { recursive: true });
  });

  test.each(points)(
    "%s: all of each transaction or nothing, and the next owner goes on",
    async (at) => {
      const start = (name: string, env: Record<string, string>) =>
        processes.start({
          name,
          script: COMMITTING,
          args: [brokers[0] as string, topics[0] as string, ...topics, name, "3"],
          env,
        });
      const killed = await start("killed", { TAPEDECK_CRASH_AT: at });
      expect(await killed.ended, killed.errors()).toEqual({ code: null, signal: 9 });
      expect(killed.lines).toEqual(["ready", "committed 0"]);
      const next = await start("next", {});
      expect(await next.ended, next.errors()).toEqual({ code: 0, signal: null });
      const history: Operation[] = [...readHistories(processes.histories())];
      for (const topic of topics) {
        await finalRead(connection, "reader", topic, 0, (operation) => history.push(operation));
      }
      const { examples, seen } = checkHistory(history);
      expect(examples.map(describeAnomaly)).toEqual([]);
      // Of the transaction that was cut short the broker knows the end, or there is none.
      const whole = at.startsWith("answered-EndTxn");
      const perhaps = whole || at.startsWith("sent-EndTxn");
      expect([8, ...(perhaps ? [10] : [])]).toContain(seen.records);
      if (whole) expect(seen.records).toBe(10);
      expect(seen.transactions).toEqual({ committed: 4, aborted: 0, unknown: 1 });
    },
  );
});
