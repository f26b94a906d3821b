// Schema ids of the wire: which to write, and which to believe. Promises: registers nothing; once it is
// open, writing needs no registry, nor does reading under ids that were met before; an id is believed
// only where its schema is one that was recorded for that topic and that today's codec reads.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { meaningOf, parseAvro } from "./avro-model.ts";
import type { LocalSchema } from "./local-schemas.ts";
import type { RegistryClient } from "./registry-client.ts";

export interface SchemaIds {
  /** Id under which this program writes the topic. */
  idOf(topic: TopicName): number;
  /** Whether records under this id can be read from the topic; "unknown": resolve it, then ask again. */
  isKnown(topic: TopicName, id: number): true | false | "unknown";
  /**
   * Asks the registry for the ids that are unknown; after it none of them is. Throws as a request does
   * (REGISTRY_UNREACHABLE after its patience): then nothing is decided, and it may be called again.
   */
  resolve(ids: Iterable<number>): Promise<void>;
  /** Why the id is not believed: what the record's dead letter says. Only where isKnown is false. */
  refusal(topic: TopicName, id: number): string;
}

/** Many requests at once would only queue in the registry. */
const REQUESTS_AT_ONCE = 8;
/** An id that the registry had not may be asked for again after this time: never kept for ever. */
const MISS_LIFE_MS = 30_000;

/**
 * Looks up each topic's schema under its subject. Throws REGISTRY_NOT_PUBLISHED with every topic whose
 * schema is not there, or what a request throws. `nowMs` is for tests.
 */
export async function openSchemaIds(
  client: RegistryClient,
  schemas: readonly LocalSchema[],
  nowMs: () => number = () => performance.now(),
): Promise<SchemaIds> {
  const local = new Map(schemas.map((schema) => [schema.topic, schema]));
  const ids = new Map<TopicName, number>();
  const meanings = new Map<number, string>();
  const missedMs = new Map<number, number>();

  const missing: string[] = [];
  await eachOf(schemas, async (schema) => {
    const found = await findId(client, schema);
    if (typeof found === "string") missing.push(found);
    else {
      ids.set(schema.topic, found);
      meanings.set(found, schema.meaning);
    }
  });
  if (missing.length > 0) {
    const what = `${client.url} has not what this program writes: ${missing.sort().join("; ")}`;
    const facts = { url: client.url, missing: missing.length };
    throw new TapedeckError("REGISTRY_NOT_PUBLISHED", what, facts);
  }

  const isMissed = (id: number): boolean => {
    const at = missedMs.get(id);
    return at !== undefined && nowMs() - at < MISS_LIFE_MS;
  };
  const schemaOf = (topic: TopicName): LocalSchema => {
    const schema = local.get(topic);
    if (schema !== undefined) return schema;
    throw new TapedeckError("STREAMS_TOPIC_UNKNOWN", `${topic} was not asked for at the start`);
  };

  return {
    idOf(topic) {
      return ids.get(schemaOf(topic).topic) as number;
    },
    isKnown(topic, id) {
      const meaning = meanings.get(id);
      if (meaning !== undefined) return schemaOf(topic).readable.has(meaning);
      return isMissed(id) ? false : "unknown";
    },
    async resolve(wanted) {
      const open = [...new Set(wanted)].filter((id) => !meanings.has(id) && !isMissed(id));
      await eachOf(open, async (id) => {
        const text = await client.schemaText(id);
        if (text === null) missedMs.set(id, nowMs());
        else {
          missedMs.delete(id);
          meanings.set(id, meaningOfText(text));
        }
      });
    },
    refusal(topic, id) {
      return meanings.has(id)
        ? `schema ${id} of ${client.url} is none that was recorded for ${topic}, or not readable now`
        : `${client.url} has no schema ${id}`;
    },
  };
}

/** The id of a topic's schema; else what is missing, in words. */
async function findId(client: RegistryClient, schema: LocalSchema): Promise<number | string> {
  const subject = client.subjectOf(schema.topic);
  const found = await client.lookUp(subject, schema.text);
  if (found === "no-subject") return `no subject ${subject}`;
  if (found !== "no-schema") return found.id;
  // Confluent's registry compares documentation too: words that were mended make no other schema.
  const versions = await client.versions(subject);
  const same = versions.findLast(({ text }) => meaningOfText(text) === schema.meaning);
  if (same !== undefined) return same.id;
  const list = versions.map(({ version }) => version).join(", ");
  return `${subject} has versions ${list}, none of them today's`;
}

/** What is no Avro means nothing to us. */
export function meaningOfText(text: string): string {
  try {
    return meaningOf(parseAvro(text));
  } catch {
    return "";
  }
}

/** `work` on each item, a few at a time; the first failure ends it. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(REQUESTS_AT_ONCE, items.length) }, worker));
}
