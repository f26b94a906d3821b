// What a log must hold after writing-process.ts was stopped: everything it was told is durable, and
// of each commit all or nothing.

import { readAll, same } from "../../../streams/testing/log-fixtures.ts";
import { checkLog } from "../check.ts";
import { openEmbeddedLog } from "../embedded-log.ts";
import { commitNumber, endAfter, PARTITIONS, TASK, TOPICS } from "./writing-process.ts";

/** Compares byte by byte from this many commits before the end; all of them if it is absent. */
export async function wrongIn(
  dir: string,
  acked: number,
  recent?: number | undefined,
): Promise<string[]> {
  const wrong: string[] = [];
  const log = await openEmbeddedLog(dir, { mode: "read" });
  try {
    const checkpoint = await log.getCheckpoint(TASK);
    const commits = checkpoint?.consumed[0]?.next ?? 0;
    if (commits < acked) wrong.push(`${acked} commits acknowledged, ${commits} there`);
    for (const { topic, partition, end } of await log.partitions()) {
      const expected = endAfter(topic, partition, commits);
      if (end !== expected) wrong.push(`${topic}/${partition} ends at ${end}, not ${expected}`);
    }
    // Stopped before it had made its topics, the writer was told nothing yet.
    const topics = new Set((await log.partitions()).map(({ topic }) => topic));
    const from = recent === undefined ? 0 : Math.max(0, commits - recent);
    for (const topic of TOPICS.filter((name) => commits > 0 || topics.has(name))) {
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const first = endAfter(topic, partition, from);
        const found = await readAll(log, topic, partition, first).catch((error) => {
          wrong.push(`${topic}/${partition}: ${error.message}`);
          return null;
        });
        if (found !== null && !same(found.bytes, expectedBytes(topic, partition, from, commits))) {
          wrong.push(`${topic}/${partition} differs from offset ${first} on`);
        }
      }
    }
  } finally {
    await log.close();
  }
  const { faults } = checkLog(dir);
  return [...wrong, ...faults.map(({ what, reason }) => `${what}: ${reason}`)];
}

function expectedBytes(topic: string, partition: number, from: number, to: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let i = from; i < to; i++) {
    if (i % PARTITIONS !== partition) continue;
    const batch = commitNumber(i, {}, 1).produced.find((each) => each.topic === topic);
    if (batch !== undefined) parts.push(batch.bytes);
  }
  return Buffer.concat(parts);
}
