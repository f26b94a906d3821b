// The part of a tape that a sweep reads, in memory that its threads share. Promises: the tape is read
// once and its bytes are copied once, whatever the number of threads; each thread decodes them for itself,
// once (an event shared as an object would have to be copied for each thread); what comes out is what a
// run over the same plan reads (infra/run/execute.ts).
// Cost: the records' bytes once, and about 250 bytes an event in each thread.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { AnyEvent } from "../../streams/event.ts";
import type { SourceEvents } from "../../streams/observed-run.ts";
import { RecordCursor } from "../../streams/record.ts";
import type { RunConfig } from "../config/run-config.ts";
import { acceptSymbols, type OpenPlan } from "../run/execute.ts";

interface SharedBatch {
  readonly baseOffset: number;
  /** Where its bytes lie in the memory. */
  readonly start: number;
  readonly end: number;
}

interface SharedPartition {
  readonly topic: TopicName;
  readonly partition: number;
  /** Offsets that the plan reads. */
  readonly from: number;
  readonly to: number;
  readonly batches: readonly SharedBatch[];
}

/** May be posted to a thread: the memory is not copied then. */
export interface SharedTape {
  readonly memory: SharedArrayBuffer;
  readonly partitions: readonly SharedPartition[];
  readonly symbols: readonly string[] | null;
}

/** Reads what the plan reads. */
export async function shareTape({ tape, identity, plan }: OpenPlan): Promise<SharedTape> {
  const pieces: Uint8Array[] = [];
  const partitions: SharedPartition[] = [];
  let size = 0;
  for (const { topic, partition, from, to } of identity.inputs) {
    const batches: SharedBatch[] = [];
    for (let offset = from; offset < to; ) {
      const batch = await tape.read(topic, partition, offset);
      if (batch === null) break;
      batches.push({ baseOffset: batch.baseOffset, start: size, end: size + batch.bytes.length });
      pieces.push(batch.bytes);
      size += batch.bytes.length;
      offset = batch.baseOffset + batch.count;
    }
    partitions.push({ topic: topic as TopicName, partition, from, to, batches });
  }
  const memory = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(memory);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { memory, partitions, symbols: plan.phases[0].config.symbols };
}

/** Every event, decoded; commands of the configuration are not among them. */
export function decodeTape({ memory, partitions, symbols }: SharedTape): readonly SourceEvents[] {
  const accept = acceptSymbols(symbols);
  const bytes = new Uint8Array(memory);
  return partitions.map(({ topic, partition, from, to, batches }) => {
    const events: AnyEvent[] = [];
    let reachedUs = 0;
    for (const { baseOffset, start, end } of batches) {
      const cursor = new RecordCursor(topic, partition, baseOffset, bytes.subarray(start, end));
      while (cursor.nextOffset < from) cursor.skip();
      for (;;) {
        const event = cursor.nextOffset < to ? cursor.read(reachedUs) : null;
        if (event === null || event.offset >= to) break;
        reachedUs = event.timeUs;
        if (accept === null || accept(event)) events.push(event);
      }
    }
    return { topic, partition, events };
  });
}

/** The configured operator's commands, as a run would have written them. */
export function commandEvents({ commands }: RunConfig): SourceEvents {
  let reachedUs = 0;
  const events = commands.map(({ timeUs, value }, i): AnyEvent => {
    reachedUs = Math.max(reachedUs, timeUs);
    return {
      topic: "control.commands",
      partition: 0,
      offset: i,
      timeUs: reachedUs,
      origin: i,
      cause: null,
      ordinal: 0,
      value,
    };
  });
  return { topic: "control.commands", partition: 0, events };
}
