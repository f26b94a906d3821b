// Generated from schemas/tape.admissions.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

/** A task processed an event after one with a greater sort key; a replay as it was repeats it. */
export interface LateAdmission {
  readonly task: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly afterTopic: string;
  readonly afterPartition: number;
  readonly afterOffset: number;
}
export function encodeLateAdmission(writer: Writer, value: LateAdmission): void {
  writer.string(value.task);
  writer.string(value.topic);
  writer.int(value.partition);
  writer.long(value.offset);
  writer.string(value.afterTopic);
  writer.int(value.afterPartition);
  writer.long(value.afterOffset);
}
export function decodeLateAdmission(reader: Reader): LateAdmission {
  return {
    task: reader.string(),
    topic: reader.string(),
    partition: reader.int(),
    offset: reader.long(),
    afterTopic: reader.string(),
    afterPartition: reader.int(),
    afterOffset: reader.long(),
  };
}

export const lateAdmissionCodec: Codec<LateAdmission> = {
  encode: encodeLateAdmission,
  decode: decodeLateAdmission,
};
