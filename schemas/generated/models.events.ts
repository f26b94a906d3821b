// Generated from schemas/models.events.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const modelEventKindSymbols = ["TRAINED", "EVALUATED", "PROMOTED", "ROLLED_BACK"] as const;

export type ModelEventKind = (typeof modelEventKindSymbols)[number];

function modelEventKindIndex(value: ModelEventKind): number {
  switch (value) {
    case "TRAINED":
      return 1;
    case "EVALUATED":
      return 2;
    case "PROMOTED":
      return 3;
    case "ROLLED_BACK":
      return 4;
    default:
      return 0;
  }
}

function readEntries(reader: Reader): Readonly<Record<string, number>> {
  const entries: [string, number][] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) entries.push([reader.string(), reader.double()]);
  }
  return Object.fromEntries(entries);
}

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
  writer.enumeration(modelEventKindIndex(value.kind), value.kind);
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
  return {
    model: reader.string(),
    version: reader.string(),
    kind: reader.enumeration(modelEventKindSymbols),
    digest: reader.string(),
    metrics: readEntries(reader),
    who: reader.string(),
    why: reader.string(),
  };
}

export const modelEventCodec: Codec<ModelEvent> = {
  encode: encodeModelEvent,
  decode: decodeModelEvent,
};
