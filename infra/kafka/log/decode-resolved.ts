// A batch with the schemas that it names. The wire decodes without waiting; an id that was not met
// before is asked for at the registry first, once.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { Place } from "../wire/envelope.ts";
import type { RawBatch } from "../wire/record-batch.ts";
import type { SchemaIds } from "../wire/schema-ids.ts";
import { type Decoded, TopicDecoder } from "../wire/topic-decoder.ts";

export interface ResolvingSchemaIds extends SchemaIds {
  /** Afterwards `isKnown` has an answer for each. */
  resolve(ids: readonly number[]): Promise<void>;
}

/** For who only reads. `at`: what is known of what comes first; null where nothing is. */
export function decoderAt(
  place: Place,
  schemas: SchemaIds | null,
  at: { readonly logical: number; readonly floorUs: number } | null,
): TopicDecoder {
  const decoder = new TopicDecoder(place, schemas, at?.logical ?? null, at?.floorUs ?? 0);
  decoder.derivesTraces = false;
  return decoder;
}

export const isMissing = (error: unknown): error is TapedeckError =>
  error instanceof TapedeckError && error.code === "WIRE_OFFSET_MISSING";

export async function decodeResolved(
  decoder: TopicDecoder,
  raw: RawBatch,
  schemas: ResolvingSchemaIds | null,
): Promise<Decoded> {
  for (;;) {
    const decoded = decoder.decode(raw);
    if (decoded.unresolved.length === 0) return decoded;
    await schemas?.resolve(decoded.unresolved);
  }
}
