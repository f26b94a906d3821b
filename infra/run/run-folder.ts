// Where runs and tapes lie on disk: <root>/tapes/<name> and <root>/runs/<id>, root .tapedeck in the
// working folder. A run's folder holds manifest.json, config.yaml, hashes.txt, metrics.json,
// report.html and log/, the embedded log of everything that the run wrote.

import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";

export const DEFAULT_ROOT = ".tapedeck";

export interface RunFolder {
  readonly path: string;
  readonly log: string;
  readonly manifest: string;
  readonly hashes: string;
  readonly metrics: string;
  readonly report: string;
}

export const runFolder = (path: string): RunFolder => ({
  path,
  log: join(path, "log"),
  manifest: join(path, "manifest.json"),
  hashes: join(path, "hashes.txt"),
  metrics: join(path, "metrics.json"),
  report: join(path, "report.html"),
});

export const runsOf = (root: string): string => join(root, "runs");
export const tapesOf = (root: string): string => join(root, "tapes");

/** Finds a run by path, id, unique prefix of an id, or "latest". */
export function findRun(name: string, root: string = DEFAULT_ROOT): RunFolder {
  if (existsSync(join(name, "manifest.json"))) return runFolder(resolve(name));
  const runs = runsOf(root);
  const known = existsSync(runs)
    ? readdirSync(runs).filter((id) => existsSync(join(runs, id, "manifest.json")))
    : [];
  const found = name === "latest" ? newest(runs, known) : known.filter((id) => id.startsWith(name));
  if (found.length === 1) return runFolder(resolve(runs, found[0] as string));
  const listed = known.length === 0 ? `no runs in ${runs}` : `${runs} has ${some(known)}`;
  throw new TapedeckError(
    found.length === 0 ? "RUN_UNKNOWN" : "RUN_AMBIGUOUS",
    found.length === 0
      ? `no run ${name}; ${listed}`
      : `${name} is the start of several runs: ${some(found)}`,
    { run: name },
  );
}

const IDS_NAMED = 8;

function some(ids: readonly string[]): string {
  const more = ids.length > IDS_NAMED ? `, and ${ids.length - IDS_NAMED} more` : "";
  return `${ids.slice(0, IDS_NAMED).join(", ")}${more}`;
}

function newest(runs: string, ids: readonly string[]): readonly string[] {
  const age = (id: string) => statSync(join(runs, id, "manifest.json")).mtimeMs;
  const latest = ids.toSorted((a, b) => age(b) - age(a))[0];
  return latest === undefined ? [] : [latest];
}

/** Writes a file whole or not at all: a reader never sees half of it. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
