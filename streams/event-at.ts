// One event of a log by its position, and the last one before a time that fits.

import { TapedeckError } from "../schemas/errors.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent, EventOf, Position } from "./event.ts";
import type { EventLog, PartitionRange } from "./log.ts";
import { mergeTopics } from "./merge.ts";
import { RecordCursor } from "./record.ts";

const FIRST_WINDOW = 64;

const rangeText = ({ start, end }: PartitionRange): string =>
  end > start ? `holds ${start} to ${end - 1}` : "holds nothing";

/** Throws STREAMS_OFFSET_OUT_OF_RANGE where no event lies there. Cost: one look-up. */
export async function eventAt(log: EventLog, position: Position): Promise<AnyEvent> {
  const { topic, partition, offset } = position;
  const known = (await log.partitions()).find(
    (one) => one.topic === topic && one.partition === partition,
  );
  const inRange = known !== undefined && offset >= known.start && offset < known.end;
  const batch = inRange ? await log.read(topic, partition, offset) : null;
  if (batch !== null) {
    const cursor = new RecordCursor(topic, partition, batch.baseOffset, batch.bytes);
    while (cursor.nextOffset < offset && cursor.skip());
    const event = cursor.read();
    if (event?.offset === offset) return event;
  }
  const range = known === undefined ? "is not in this log" : rangeText(known);
  throw new TapedeckError(
    "STREAMS_OFFSET_OUT_OF_RANGE",
    `no event at offset ${offset}: ${topic}/${partition} ${range}`,
    { topic, partition, offset },
  );
}

/**
 * The last event of a partition at or before `untilUs` that `fits`; null if there is none.
 * Looks back in growing windows: the cost grows with the distance to it.
 */
export async function lastBefore<T extends TopicName>(
  log: EventLog,
  topic: T,
  partition: number,
  untilUs: number,
  fits: (event: EventOf<T>) => boolean,
): Promise<EventOf<T> | null> {
  const known = (await log.partitions()).find(
    (one) => one.topic === topic && one.partition === partition,
  );
  if (known === undefined) return null;
  let toOffset = await log.offsetAt(topic, partition, untilUs + 1);
  for (let size = FIRST_WINDOW; toOffset > known.start; size *= 4) {
    const fromOffset = Math.max(known.start, toOffset - size);
    let found: EventOf<T> | null = null;
    const chunks = mergeTopics(log, [topic], (_, one) =>
      one === partition ? { fromOffset, toOffset } : { toOffset: 0 },
    );
    for await (const chunk of chunks) {
      for (const event of chunk as readonly EventOf<T>[]) if (fits(event)) found = event;
    }
    if (found !== null) return found;
    toOffset = fromOffset;
  }
  return null;
}
