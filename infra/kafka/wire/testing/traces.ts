// The traces of single places as text, for tests: the wire writes them into messages.

import { placesOf, TRACEPARENT_LENGTH } from "../trace.ts";

const scratch = Buffer.alloc(TRACEPARENT_LENGTH);

/** The traceparent of a source event that came without one. */
export function sourceTrace(topic: string, partition: number, offset: number): string {
  placesOf(topic, partition).writeSource(scratch, 0, offset);
  return scratch.toString("latin1");
}

/** The traceparent of an event made from one that has `trace`: same trace, its own span. */
export function childOf(trace: string, topic: string, partition: number, offset: number): string {
  placesOf(topic, partition).writeSpan(scratch, 0, offset);
  return `${trace.slice(0, 36)}${scratch.toString("latin1", 0, 16)}${trace.slice(52)}`;
}
