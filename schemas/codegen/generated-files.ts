// What schemas/generated/ must hold, from schemas/*.avsc: a TypeScript type and a codec for each topic,
// in the formatter's style, so that they read like any other file.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { facade, moduleOf, type RecordSchema } from "./render.ts";

const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const formatter = join(repository, "node_modules", "@biomejs", "biome", "bin", "biome");

export interface TopicSchema {
  readonly topic: string;
  readonly schema: RecordSchema;
}

/** The schemas of a folder, by topic. */
export function readSchemas(folder: string): readonly TopicSchema[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".avsc"))
    .map((name) => name.slice(0, -".avsc".length))
    .sort()
    .map((topic) => ({
      topic,
      schema: JSON.parse(readFileSync(join(folder, `${topic}.avsc`), "utf8")) as RecordSchema,
    }));
}

/** Each file's name and text. */
export function generatedFiles(schemas: readonly TopicSchema[]): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { topic, schema } of schemas) {
    files.set(`${topic}.ts`, format(moduleOf(topic, schema)));
  }
  files.set("facts.ts", format(facade(schemas)));
  return files;
}

/** Files of `target` that differ from what they must hold: null where nothing should be. */
export function staleFiles(
  files: ReadonlyMap<string, string>,
  target: string,
): ReadonlyMap<string, string | null> {
  mkdirSync(target, { recursive: true });
  const stale = new Map<string, string | null>();
  for (const name of readdirSync(target)) if (!files.has(name)) stale.set(name, null);
  for (const [name, text] of files) {
    const path = join(target, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) stale.set(name, text);
  }
  return stale;
}

const FORMAT_MS = 60_000;

/** Kept: a formatter is a process of its own, and most files come out as they did before. */
const formatted = new Map<string, string>();

function format(text: string): string {
  const known = formatted.get(text);
  if (known !== undefined) return known;
  // Under a name outside generated/, which the formatter's configuration leaves out.
  const under = "--stdin-file-path=schemas/generated.ts";
  const result = execFileSync(process.execPath, [formatter, "format", under], {
    cwd: repository,
    input: text,
    encoding: "utf8",
    timeout: FORMAT_MS,
    killSignal: "SIGKILL",
  });
  formatted.set(text, result);
  return result;
}
