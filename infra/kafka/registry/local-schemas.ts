// The schemas that this program was built from, by topic, with every version that was ever recorded.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { type AvroType, meaningOf, parseAvro } from "./avro-model.ts";
import { readsAsItIs } from "./compatibility.ts";

export interface LocalSchema {
  readonly topic: TopicName;
  /** What is registered: today's schema with its documentation, on one line. */
  readonly text: string;
  readonly model: AvroType;
  readonly meaning: string;
  /** Meanings of the schemas whose bytes today's codec reads as they are, today's among them. */
  readonly readable: ReadonlySet<string>;
}

const folder = fileURLToPath(new URL("../../../schemas/", import.meta.url));

/** Reads the schema and the recorded versions of each topic. */
export const readLocalSchemas = (topics: readonly TopicName[]): readonly LocalSchema[] =>
  topics.map((topic) => {
    const text = oneLine(join(folder, `${topic}.avsc`));
    const past = join(folder, "history", topic);
    const versions = existsSync(past) ? readdirSync(past).sort() : [];
    return localSchema(
      topic,
      text,
      versions.map((name) => oneLine(join(past, name))),
    );
  });

/** A topic's schema from its text, and those of its recorded versions. */
export function localSchema(
  topic: TopicName,
  text: string,
  recorded: readonly string[],
): LocalSchema {
  const model = parseAvro(text);
  const meaning = meaningOf(model);
  const then = recorded.map(parseAvro).filter((version) => readsAsItIs(model, version));
  return { topic, text, model, meaning, readable: new Set([meaning, ...then.map(meaningOf)]) };
}

const oneLine = (path: string): string => JSON.stringify(JSON.parse(readFileSync(path, "utf8")));
