// What is kept of an event that could not be used: where it lies, why, and its bytes. Promises: a
// letter can always be written, whatever it is about; what it had to leave out it tells, and the
// whole still lies where the letter says.

import { Writer } from "../schemas/avro.ts";
import { TapedeckError } from "../schemas/errors.ts";
import type { Facts } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "./event.ts";
import { encodeValue } from "./record.ts";

type Letter = Facts["tape.dead-letters"];

/** Bytes of what was refused that a letter keeps: with all else it fits what any broker takes (1 MB). */
export const LETTER_RAW_BYTES = 960 * 1024;
const DETAIL_UNITS = 1000;

export function deadLetterOf(event: AnyEvent, failure: TapedeckError): Letter {
  const writer = new Writer(256);
  encodeValue(writer, event);
  // What the processor found wrong says more than that it failed.
  const { code, message } = failure.cause instanceof TapedeckError ? failure.cause : failure;
  return writableLetter({
    origin: event.topic,
    partition: event.partition,
    position: event.offset,
    code,
    detail: message,
    raw: writer.bytes.slice(0, writer.pos),
  });
}

/** The letter with a detail that every log takes, and no more of its bytes than fit. */
export function writableLetter(letter: Letter): Letter {
  const { detail, raw } = letter;
  const text = detail.length > DETAIL_UNITS ? `${detail.slice(0, DETAIL_UNITS)}…` : detail;
  if (raw.length <= LETTER_RAW_BYTES) return { ...letter, detail: text.toWellFormed() };
  const kept = `(kept: the first ${LETTER_RAW_BYTES} of ${raw.length} bytes)`;
  return {
    ...letter,
    detail: `${text} ${kept}`.toWellFormed(),
    raw: raw.slice(0, LETTER_RAW_BYTES),
  };
}
