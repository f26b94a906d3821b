// Writes schemas/generated/ from schemas/*.avsc: a TypeScript type and a codec for each topic, in the
// formatter's style, so that they read like any other file.
// `npm run generate` rewrites; `npm run generate -- --check` exits 1 where a file is stale.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { facade, moduleOf, type RecordSchema } from "./render.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(root, "generated");
const formatter = join(root, "..", "node_modules", "@biomejs", "biome", "bin", "biome");
const check = process.argv.includes("--check");

const topics = readdirSync(root)
  .filter((name) => name.endsWith(".avsc"))
  .map((name) => name.slice(0, -".avsc".length))
  .sort();
const schemas = topics.map((topic) => ({
  topic,
  schema: JSON.parse(readFileSync(join(root, `${topic}.avsc`), "utf8")) as RecordSchema,
}));

/** Formatted under a name outside generated/, which the formatter's configuration leaves out. */
const format = (text: string): string =>
  execFileSync(process.execPath, [formatter, "format", "--stdin-file-path=schemas/generated.ts"], {
    cwd: join(root, ".."),
    input: text,
    encoding: "utf8",
  });

const files = new Map<string, string>();
for (const { topic, schema } of schemas) files.set(`${topic}.ts`, format(moduleOf(topic, schema)));
files.set("facts.ts", format(facade(schemas)));

let stale = 0;
mkdirSync(target, { recursive: true });
for (const name of readdirSync(target)) {
  if (files.has(name)) continue;
  stale++;
  console.error(`schemas/generated/${name}: no schema writes it`);
  if (!check) rmSync(join(target, name));
}
for (const [name, text] of files) {
  const path = join(target, name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  stale++;
  console.error(`schemas/generated/${name}: ${check ? "stale, run npm run generate" : "written"}`);
  if (!check) writeFileSync(path, text);
}
if (check && stale > 0) process.exit(1);
