// Generated from schemas/tape.dead-letters.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** Input that could not be used: where it came from, why, and its bytes. */
export interface DeadLetter {
  /** topic or file */
  readonly origin: string;
  readonly partition: number;
  /** offset in a topic, line in a file */
  readonly position: number;
  /** closed error code */
  readonly code: string;
  readonly detail: string;
  readonly raw: Uint8Array;
}
export function encodeDeadLetter(writer: Writer, value: DeadLetter): void {
  writer.string(value.origin);
  writer.int(value.partition);
  writer.long(value.position);
  writer.string(value.code);
  writer.string(value.detail);
  writer.blob(value.raw);
}
export function decodeDeadLetter(reader: Reader): DeadLetter {
  return {
    origin: reader.string(),
    partition: reader.int(),
    position: reader.long(),
    code: reader.string(),
    detail: reader.string(),
    raw: reader.blob(),
  };
}

export const deadLetterCodec: Codec<DeadLetter> = {
  encode: encodeDeadLetter,
  decode: decodeDeadLetter,
};
