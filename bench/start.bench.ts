// How long a newcomer waits: for the command line's --help, against a bare start of the same Node, and
// for the first result of the demo, from the installed package on two cores.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { install } from "./installed.ts";
import { median, report } from "./measured.ts";

const ROUNDS = 21;
const HELP_BOUND_MS = 150;
const DEMO_ROUNDS = 3;
const DEMO_BOUND_MS = 10_000;
const root = join(import.meta.dirname, "..");

function startMs(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

function help(name: string, program: string, boundMs: number | null): void {
  const bare: number[] = [];
  const ours: number[] = [];
  // In turns, so that a slow moment of the machine falls on both.
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(startMs(["-e", "0"]));
    ours.push(startMs([program, "--help"]));
  }
  const [value, reference] = [median(ours), median(bare)];
  report({
    name,
    value,
    unit: "ms",
    reference,
    ratio: reference / value,
    against: "node -e 0",
    ...(boundMs !== null && value > boundMs ? { missed: `at most ${boundMs} ms` } : {}),
  });
}

const hasTaskset = spawnSync("taskset", ["-c", "0,1", "true"]).status === 0;

/** Until the first line on stdout, and until the proof is printed. */
function demoMs(program: string, cwd: string): Promise<{ first: number; whole: number }> {
  const args = [process.execPath, program, "demo"];
  const [command = "", ...rest] = hasTaskset ? ["taskset", "-c", "0,1", ...args] : args;
  const start = performance.now();
  const child = spawn(command, rest, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let first = Number.NaN;
  child.stdout.on("data", () => {
    if (Number.isNaN(first)) first = performance.now() - start;
  });
  return new Promise((resolve, reject) => {
    child.on("close", (status) => {
      if (status === 0) resolve({ first, whole: performance.now() - start });
      else reject(new Error(`tapedeck demo ended with ${status}`));
    });
  });
}

// The sources are stripped of their types at each start: no bound of theirs.
help("tapedeck --help, from the sources", join(root, "infra", "cli", "tapedeck.ts"), null);
const installed = install();
try {
  help("tapedeck --help, installed", installed.program, HELP_BOUND_MS);
  const runs: { first: number; whole: number }[] = [];
  for (let round = 0; round < DEMO_ROUNDS; round++) {
    const cwd = mkdtempSync(join(installed.folder, "demo-"));
    runs.push(await demoMs(installed.program, cwd));
  }
  const value = median(runs.map(({ first }) => first));
  report({
    name: "tapedeck demo, installed, first result",
    value,
    unit: "ms",
    reference: null,
    ratio: null,
    ...(value > DEMO_BOUND_MS ? { missed: `at most ${DEMO_BOUND_MS} ms` } : {}),
  });
  report({
    name: "tapedeck demo, installed, with its proof",
    value: median(runs.map(({ whole }) => whole)),
    unit: "ms",
    reference: null,
    ratio: null,
  });
} finally {
  installed.dispose();
}
