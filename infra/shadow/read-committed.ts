// Reads what is known to be committed. Promises: it is waited for, for some seconds: a commit may be
// known before its records can be read.

import { setTimeout as pause } from "node:timers/promises";
import { TapedeckError } from "../../schemas/errors.ts";
import type { EventLog, RecordBatch } from "../../streams/log.ts";

const ATTEMPTS = 500;
const PAUSE_MS = 20;

/** The batch that holds the offset. STREAMS_OFFSET_OUT_OF_RANGE where it never shows. */
export async function readCommitted(
  log: EventLog,
  topic: string,
  partition: number,
  offset: number,
): Promise<RecordBatch> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const batch = await log.read(topic, partition, offset);
    if (batch !== null) return batch;
    await pause(PAUSE_MS);
  }
  throw new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `${topic}/${partition} ends at ${offset}, though more was committed`,
    { topic, partition, offset },
  );
}
