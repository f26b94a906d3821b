// A process that writes commits whose every byte follows from their number, and says on stdout
// which of them it was told are durable: for tests that stop it at any moment.
// node writing-process.ts DIR [COMMITS] [IN FLIGHT]

import { writeSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Checkpoint, Commit } from "../../../streams/log.ts";
import { batchAt } from "../../../streams/testing/log-fixtures.ts";
import { openEmbeddedLog } from "../embedded-log.ts";

export const TASK = "writer";
export const TOPICS: readonly string[] = ["a", "b", "c"];
export const PARTITIONS = 2;

/** Written before it returns. The pipe is not blocking: while nobody reads it may be full. */
function say(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/** Records that commit `i` puts into a topic. */
const records = (topic: string, i: number): number =>
  topic === "a" ? 1 + (i % 5) : topic === "b" ? 1 : 2;

/** Where a partition ends once all commits below `commits` are in. Commits take turns. */
export function endAfter(topic: string, partition: number, commits: number): number {
  let end = 0;
  for (let i = partition; i < commits; i += PARTITIONS) end += records(topic, i);
  return end;
}

export function commitNumber(
  i: number,
  ends: Readonly<Record<string, number>>,
  epoch: number,
): Commit {
  const partition = i % PARTITIONS;
  const payload = i % 16 === 0 ? 2500 : 20 + (i % 90);
  const produced = TOPICS.map((topic) =>
    batchAt(
      topic,
      partition,
      ends[`${topic}/${partition}`] ?? 0,
      Array.from({ length: records(topic, i) }, () => i),
      { floorUs: i, payload, fill: (i * 31 + topic.charCodeAt(0)) & 0xff },
    ),
  );
  const state = new Uint8Array(i % 3000).fill(i & 0xff);
  const consumed = [{ topic: "source", partition: 0, next: i + 1 }];
  const checkpoint: Checkpoint = { task: TASK, epoch, consumed, state };
  return { produced, checkpoints: [checkpoint] };
}

async function main([dir = "", commits = "1e9", flight = "8"]: readonly string[]): Promise<void> {
  const startedMs = performance.now();
  const log = await openEmbeddedLog(dir);
  const openMs = performance.now() - startedMs;
  for (const topic of TOPICS) await log.createTopic(topic, PARTITIONS);
  const { epoch, checkpoint } = await log.openTask(TASK);
  const first = checkpoint?.consumed[0]?.next ?? 0;
  const ends: Record<string, number> = {};
  for (const { topic, partition, end } of await log.partitions())
    ends[`${topic}/${partition}`] = end;
  say(`open ${openMs.toFixed(0)} from ${first}\n`);
  const underWay = new Set<Promise<void>>();
  for (let i = first; i < Number(commits); i++) {
    const commit = commitNumber(i, ends, epoch);
    for (const { topic, partition, count } of commit.produced) {
      const id = `${topic}/${partition}`;
      ends[id] = (ends[id] ?? 0) + count;
    }
    const done: Promise<void> = log.commit(commit).then(() => {
      underWay.delete(done);
      say(`ack ${i}\n`);
    });
    underWay.add(done);
    done.catch(() => {});
    while (underWay.size >= Number(flight)) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  await log.close();
  say("closed\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main(process.argv.slice(2)).catch((error: { code?: string; message: string }) => {
    say(`failed ${error.code} ${error.message}\n`);
    process.exit(1);
  });
}
