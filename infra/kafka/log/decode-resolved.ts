// A batch with the schemas that it names. The wire decodes without waiting; an id that was not met
// before is asked for at the registry first, once.

import type { RawBatch } from "../wire/record-batch.ts";
import type { SchemaIds } from "../wire/schema-ids.ts";
import type { Decoded, TopicDecoder } from "../wire/topic-decoder.ts";

export interface ResolvingSchemaIds extends SchemaIds {
  /** Afterwards `isKnown` has an answer for each. */
  resolve(ids: readonly number[]): Promise<void>;
}

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
