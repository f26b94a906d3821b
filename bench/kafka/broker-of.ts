// What every figure here begins with: the broker that the run was given, how long it may take, topics of
// its own. `bench/kafka/run.ts` starts the broker; a figure alone takes the one that TAPEDECK_KAFKA names.

import type { KafkaConnection } from "../../infra/kafka/client/connection.ts";

/** host:port of the broker to measure on. */
export function brokerOf(): string {
  const [broker] = (process.env.TAPEDECK_KAFKA ?? "").split(",");
  if (broker !== undefined && broker !== "") return broker;
  throw new Error("TAPEDECK_KAFKA names no broker: use npm run bench:kafka, or name one");
}

/** The first where the run only has to show that the benchmarks work (BENCH_QUICK=1). */
export const quickOr = (quick: number, whole: number): number =>
  process.env.BENCH_QUICK === "1" ? quick : whole;

const FOR_EVER = "-1";
const LONGEST = "9223372036854775807";

/** A topic of one partition that takes any time and keeps it. */
export async function createBareTopic(connection: KafkaConnection, topic: string): Promise<void> {
  const admin = await connection.admin();
  const config = {
    "retention.ms": FOR_EVER,
    "message.timestamp.before.max.ms": LONGEST,
    "message.timestamp.after.max.ms": LONGEST,
    "max.message.bytes": String(4 << 20),
  };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({
    topics: [{ topic, numPartitions: 1, replicationFactor: 1, configEntries }],
  });
}

/** Deletes topics and waits until the cluster no longer tells of them. */
export async function deleteTopics(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<void> {
  const admin = await connection.admin();
  const there = new Set(await admin.listTopics());
  const doomed = topics.filter((topic) => there.has(topic));
  if (doomed.length === 0) return;
  await admin.deleteTopics({ topics: doomed });
  for (const topic of doomed) {
    while ((await connection.partitionsOf(topic)) !== null) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
