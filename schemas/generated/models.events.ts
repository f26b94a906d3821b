// Generated from schemas/models.events.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const modelEventKindSymbols = ["TRAINED","EVALUATED","PROMOTED","ROLLED_BACK"] as const;

export type ModelEventKind = (typeof modelEventKindSymbols)[number];

const modelEventKindIndex: Readonly<Record<string, number>> = {"TRAINED":0,"EVALUATED":1,"PROMOTED":2,"ROLLED_BACK":3};

/** A model was trained, evaluated, promoted or rolled back: a hot swap is an event at an offset. */
export interface ModelEvent {
  readonly model: string;
  readonly version: string;
  readonly kind: ModelEventKind;
  /** SHA-256 of the model's bytes */
  readonly digest: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly who: string;
  readonly why: string;
}
export function encodeModelEvent(writer: Writer, value: ModelEvent): void {
writer.string(value.model);
writer.string(value.version);
writer.enumeration(modelEventKindIndex[value.kind], value.kind);
writer.string(value.digest);
{
const entries = Object.entries(value.metrics);
if (entries.length > 0) {
writer.long(entries.length);
for (const [name, item] of entries) {
writer.string(name);
writer.double(item);
}
}
writer.long(0);
}
writer.string(value.who);
writer.string(value.why);
}
export function decodeModelEvent(reader: Reader): ModelEvent {
  return { model: reader.string(), version: reader.string(), kind: reader.enumeration(modelEventKindSymbols), digest: reader.string(), metrics: readMap(reader, () => reader.double()), who: reader.string(), why: reader.string() };
}
function readMap<T>(reader: Reader, item: () => T): Readonly<Record<string, T>> {
  const entries: [string, T][] = [];
  reader.blocks(() => {
    const name = reader.string();
    entries.push([name, item()]);
  });
  return Object.fromEntries(entries);
}
export const modelEventCodec: Codec<ModelEvent> = { encode: encodeModelEvent, decode: decodeModelEvent };
