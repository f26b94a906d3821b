// Prints docs/errors.md from the table of errors in schemas/errors.ts.
// `npm run docs:errors` rewrites it; with `-- --check` it exits 1 where the page is stale.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ErrorCode, errorKinds } from "../schemas/errors.ts";

const path = join(import.meta.dirname, "errors.md");

const exits: readonly (readonly [exit: number, meaning: string])[] = [
  [1, "A bug in Tapedeck: please report it with the command that led to it."],
  [2, "Wrong usage or configuration."],
  [3, "Bad input: a file, a value or a range that cannot be used."],
  [4, "The log or the disk: nothing acknowledged is lost."],
  [5, "A processor or a model failed; the run can be resumed."],
  [6, "A proof failed: the replay or the ledger does not agree."],
];

const codes = Object.entries(errorKinds) as [ErrorCode, (typeof errorKinds)[ErrorCode]][];

const sections = exits.flatMap(([exit, meaning]) => {
  const rows = codes
    .filter(([, kind]) => kind.exit === exit)
    .map(([code, { next, retriable }]) => `| \`${code}\` | ${next} | ${retriable ? "yes" : ""} |`);
  const table = ["", "| code | what to do | worth trying again |", "|---|---|---|", ...rows];
  return [`## Exit code ${exit}`, "", meaning, ...(rows.length > 0 ? table : []), ""];
});

const page = [
  "# Errors",
  "",
  "Every error that Tapedeck raises on purpose, by the exit code of the process. A message says what",
  "happened and with which value; this page, and the message's last line, say what to do. With `--json`",
  "an error is one object on stdout. Exit code 0 is success; 130 means stopped by Ctrl-C, to be resumed",
  "by `tapedeck backtest --resume`.",
  "",
  "This page is printed from `schemas/errors.ts` by `npm run docs:errors`.",
  "",
  ...sections,
].join("\n");

if (!existsSync(path) || readFileSync(path, "utf8") !== page) {
  const check = process.argv.includes("--check");
  console.error(`docs/errors.md: ${check ? "stale, run npm run docs:errors" : "written"}`);
  if (check) process.exitCode = 1;
  else writeFileSync(path, page);
}
