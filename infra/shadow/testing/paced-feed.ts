// A recorded market brought to a live flow a stretch of its time after the other, partition by partition, as
// a feed with slow lines would: some of it comes late.

import { setTimeout as pause } from "node:timers/promises";
import { fromOffset } from "../../../streams/batch.ts";
import type { EventLog, RecordBatch } from "../../../streams/log.ts";

const SLICE_US = 600_000_000;

export interface PacedFeed {
  /** Brings what comes before an effective time; Infinity: all that is left. */
  until(timeUs: number): Promise<void>;
}

/** `fromUs`: of the market's first tick. The pause after each commit gives live its turn. */
export async function pacedFeed(
  market: EventLog,
  feed: EventLog,
  fromUs: number,
  pauseMs: number,
): Promise<PacedFeed> {
  const ranges = (await market.partitions()).map((range) => ({ ...range, next: range.start }));
  let reachedUs = fromUs;
  const bring = async (untilUs: number): Promise<void> => {
    for (const range of ranges) {
      const { topic, partition } = range;
      const to = await market.offsetAt(topic, partition, untilUs);
      while (range.next < to) {
        const batch = await market.read(topic, partition, range.next);
        if (batch === null) break;
        await feed.commit({ produced: [upTo(batch, to)], checkpoints: [] });
        range.next = Math.min(to, batch.baseOffset + batch.count);
        await pause(pauseMs);
      }
    }
  };
  return {
    async until(timeUs) {
      while (reachedUs < timeUs && ranges.some(({ next, end }) => next < end)) {
        reachedUs += SLICE_US;
        await bring(Math.min(reachedUs, timeUs));
      }
    },
  };
}

function upTo(batch: RecordBatch, end: number): RecordBatch {
  if (batch.baseOffset + batch.count <= end) return batch;
  const rest = fromOffset(batch, end);
  const bytes = batch.bytes.subarray(0, batch.bytes.length - rest.bytes.length);
  return { ...batch, count: end - batch.baseOffset, bytes };
}
