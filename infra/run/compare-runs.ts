// Two runs side by side: the first event in which they part, topic by topic.

import { type EmbeddedLog, openEmbeddedLog } from "../log/embedded-log.ts";
import { Comparator, type Difference } from "./comparator.ts";
import type { RunFolder } from "./run-folder.ts";

/** Differences of `b` from `a`, the first of each partition, in the order of time. */
export async function compareRuns(a: RunFolder, b: RunFolder): Promise<readonly Difference[]> {
  const [before, after] = await Promise.all([openRead(a), openRead(b)]);
  try {
    const comparator = new Comparator(before);
    const topics = new Set<string>();
    for (const { topic, partition, start, end } of await after.partitions()) {
      topics.add(topic);
      for (let offset = start; offset < end; ) {
        const batch = await after.read(topic, partition, offset);
        if (batch === null) break;
        await comparator.add(batch);
        offset = batch.baseOffset + batch.count;
      }
    }
    await comparator.finish(after, [...topics]);
    return comparator.differences;
  } finally {
    await Promise.all([before.close(), after.close()]);
  }
}

const openRead = (run: RunFolder): Promise<EmbeddedLog> =>
  openEmbeddedLog(run.log, { mode: "read" });
