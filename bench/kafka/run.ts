// Everything that is measured on Kafka, side by side in one run on one broker of its own. Prints a table
// (or with --json the figures as they came); with --write puts it into docs/performance.md, with the
// machine and the date. Promises: a figure that fails makes the run fail; one that misses its bound is
// marked, and the exit code is then 1.
//
//   npm run bench:kafka                          all of them, about 15 minutes
//   npm run bench:kafka -- exactly-once restart  those named
//   npm run bench:kafka -- --write               all of them, and into the documentation
//
// TAPEDECK_KAFKA names another broker than one of its own. BENCH_QUICK=1 only shows that all of it works.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { startCluster } from "../../infra/broker/cluster.ts";
import type { Measured } from "../measured.ts";
import { writePage } from "./page.ts";
import { heading, rowOf } from "./table.ts";

export const FIGURES = [
  "exactly-once",
  "tick-to-verdict",
  "kill-switch",
  "restart",
  "scaling",
  "backtest",
] as const;

const args = process.argv.slice(2);
const words = args.filter((word) => !word.startsWith("--"));
const json = args.includes("--json");
const wanted = FIGURES.filter((name) => words.length === 0 || words.includes(name));

const measuredIn = (line: string): Measured | null =>
  line.startsWith("{") ? (JSON.parse(line) as Measured) : null;

interface Ran {
  readonly figures: readonly Measured[];
  readonly notes: readonly string[];
}

/** Runs one in a process of its own; throws where it fails. */
async function run(name: string, broker: string): Promise<Ran> {
  const child = spawn(process.execPath, [join(import.meta.dirname, `${name}.ts`)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, TAPEDECK_KAFKA: broker },
  });
  const figures: Measured[] = [];
  const notes: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    const measured = measuredIn(line);
    if (measured === null) {
      notes.push(line);
      process.stderr.write(`${line}\n`);
      return;
    }
    figures.push(measured);
    console.log(json ? line : rowOf(measured));
  });
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
  return { figures, notes };
}

if (wanted.length === 0) {
  console.error(`there is ${FIGURES.join(", ")}; not ${words.join(", ")}`);
  process.exit(2);
}
const named = (process.env.TAPEDECK_KAFKA ?? "").split(",")[0] ?? "";
const cluster = named === "" ? await startCluster({ profile: "load" }) : null;
const all = new Map<string, Ran>();
try {
  if (!json) console.log(heading);
  for (const name of wanted) all.set(name, await run(name, cluster?.brokers[0] ?? named));
} finally {
  await cluster?.close();
}
if (args.includes("--write")) writePage(all);
const missed = [...all.values()].some((ran) => ran.figures.some((one) => one.missed !== undefined));
process.exitCode = missed ? 1 : 0;
