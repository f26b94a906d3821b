// What is kept of an event that could not be used: where it lies, why, and its bytes.

import { Writer } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";
import type { Facts } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import { encodeValue } from "./record.ts";

export function deadLetterOf(event: AnyEvent, failure: TapedeckError): Facts["tape.dead-letters"] {
  const writer = new Writer(256);
  encodeValue(writer, event);
  // What the processor found wrong says more than that it failed.
  const { code, message } = failure.cause instanceof TapedeckError ? failure.cause : failure;
  return {
    origin: event.topic,
    partition: event.partition,
    position: event.offset,
    code,
    detail: message,
    raw: writer.bytes.slice(0, writer.pos),
  };
}
