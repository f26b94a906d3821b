// avsc as the independent reading of our schemas. Its own longs are numbers; here they are bigints, so
// that all 64 bits pass through it.

import avsc, { type Type } from "avsc";
import type { RecordSchema } from "./render.ts";

const bigLong = avsc.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

const isLong = (schema: unknown): boolean =>
  schema === "long" || (schema as { type?: unknown } | null)?.type === "long";

/** avsc's type of a schema: every Avro long is a bigint in its values. */
export const oracleOf = (schema: RecordSchema): Type =>
  avsc.Type.forSchema(schema as unknown as avsc.Schema, {
    typeHook: (part) => (isLong(part) ? bigLong : undefined) as Type,
  });

/** avsc's type of a schema with its own longs: what its rules of schema resolution work on. */
export const plainTypeOf = (schema: RecordSchema): Type =>
  avsc.Type.forSchema(schema as unknown as avsc.Schema);
