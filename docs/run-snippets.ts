// Runs what README.md tells its reader to type, as it stands there, from the repository's root.
// `npm run docs:snippets` runs the blocks marked <!-- run -->, `-- --test` the test command; a page
// may be named. Exits 1 at the first block that fails or does not end in time.

import { readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { boundedShell } from "./bounded-shell.ts";
import { type Snippet, snippetsOf } from "./snippets.ts";

/** The tests take 35 minutes where each fault is played often (.ci/run), the longest other block one. */
const LIMITS_S: Readonly<Record<Snippet["kind"], number>> = { test: 4_000, run: 600 };

const root = join(import.meta.dirname, "..");
const words = process.argv.slice(2);
const kind = words.includes("--test") ? "test" : "run";
const pages = words.filter((word) => !word.startsWith("--"));

// A reader has no node_modules/.bin on the path.
const path = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);

for (const page of pages.length > 0 ? pages : ["README.md"]) {
  const snippets = snippetsOf(readFileSync(join(root, page), "utf8"));
  const wanted = snippets.filter((snippet) => snippet.kind === kind);
  if (wanted.length === 0) throw new Error(`${page} has no block marked <!-- ${kind} -->`);
  for (const { line, commands } of wanted) {
    console.error(`${page}:${line}\n${commands.replace(/^/gm, "  $ ")}`);
    const start = performance.now();
    const { status, because } = await boundedShell(commands, {
      cwd: root,
      env: { ...process.env, PATH: path },
      limitMs: LIMITS_S[kind] * 1000,
    });
    console.error(`  ${((performance.now() - start) / 1000).toFixed(1)} s`);
    if (status === 0 && because === null) continue;
    const why = {
      limit: `did not end within ${LIMITS_S[kind]} s`,
      signal: "was told to end",
      failure: `failed with exit code ${status}`,
    }[because ?? "failure"];
    console.error(`${page}:${line} ${why}`);
    process.exit(1);
  }
}
