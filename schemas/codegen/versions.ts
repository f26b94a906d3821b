// Every version of every schema that was ever recorded: schemas/history/<topic>/vN.avsc, with golden
// records in schemas/golden/<topic>/vN.json. A change is refused unless each version reads every other.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fullIncompatibility } from "./compatibility.ts";
import { readSchemas } from "./generated-files.ts";
import { fingerprint, type Golden, goldenOf } from "./golden.ts";
import type { RecordSchema } from "./render.ts";

export interface Version {
  readonly version: number;
  readonly schema: RecordSchema;
  readonly golden: Golden;
}

/** The recorded versions of a topic, from 1. Throws where one is missing or was changed. */
export function readVersions(root: string, topic: string): readonly Version[] {
  const folder = join(root, "history", topic);
  const count = existsSync(folder) ? readdirSync(folder).length : 0;
  return Array.from({ length: count }, (_, i) => {
    const version = i + 1;
    const schemaPath = join(folder, `v${version}.avsc`);
    const goldenPath = join(root, "golden", topic, `v${version}.json`);
    for (const path of [schemaPath, goldenPath]) {
      if (!existsSync(path)) throw new Error(`${topic}: ${path} is missing`);
    }
    const schema = JSON.parse(readFileSync(schemaPath, "utf8")) as RecordSchema;
    const golden = JSON.parse(readFileSync(goldenPath, "utf8")) as Golden;
    if (golden.fingerprint !== fingerprint(schema)) {
      throw new Error(`${topic}: version ${version} was changed after it was recorded`);
    }
    return { version, schema, golden };
  });
}

/** What is wrong, a line each; empty if every schema is recorded and may follow those before it. */
export function findProblems(root: string): readonly string[] {
  const schemas = new Map(readSchemas(root).map(({ topic, schema }) => [topic, schema]));
  const history = join(root, "history");
  const recorded = existsSync(history) ? readdirSync(history) : [];
  const problems: string[] = [];
  for (const topic of recorded) {
    if (!schemas.has(topic))
      problems.push(`${topic}: its schema is gone, but tapes hold its events`);
  }
  for (const [topic, schema] of schemas) {
    try {
      const versions = readVersions(root, topic);
      const broken = findBroken(schema, versions);
      const last = versions.at(-1);
      if (broken !== null) problems.push(`${topic}: ${broken}`);
      else if (last === undefined || fingerprint(last.schema) !== fingerprint(schema)) {
        const next = versions.length + 1;
        problems.push(`${topic}: version ${next} is not recorded, run npm run schemas:record`);
      }
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
  return problems;
}

function findBroken(schema: RecordSchema, versions: readonly Version[]): string | null {
  for (const { version, schema: then } of versions) {
    const broken = fullIncompatibility(schema, then);
    if (broken !== null) return `not compatible with version ${version}: ${broken}`;
    const had = then.fields.map(({ name }) => name);
    const added = schema.fields.slice(had.length).every(({ since = 1 }) => since > version);
    const others = schema.fields.slice(0, had.length).filter(({ name }) => !had.includes(name));
    if (!added || others.length > 0) {
      return `a field that came after version ${version} goes to the end and says "since": ${version + 1} or later`;
    }
  }
  return null;
}

/**
 * Records what is not recorded yet, and returns a line for each. `amend` replaces the newest version
 * instead: only for one that no tape outside this repository holds. Refuses what is incompatible.
 */
export function recordVersions(root: string, amend: boolean): readonly string[] {
  const lines: string[] = [];
  for (const { topic, schema } of readSchemas(root)) {
    const versions = readVersions(root, topic);
    const last = versions.at(-1);
    if (last !== undefined && fingerprint(last.schema) === fingerprint(schema)) continue;
    const kept = amend ? versions.slice(0, -1) : versions;
    const broken = findBroken(schema, kept);
    if (broken !== null) throw new Error(`${topic}: ${broken}`);
    const version = kept.length + 1;
    for (const [kind, name, content] of [
      ["history", `v${version}.avsc`, schema],
      ["golden", `v${version}.json`, goldenOf(schema)],
    ] as const) {
      mkdirSync(join(root, kind, topic), { recursive: true });
      writeFileSync(join(root, kind, topic, name), `${JSON.stringify(content, null, 2)}\n`);
    }
    lines.push(`${topic}: version ${version} recorded`);
  }
  return lines;
}
