// How long the command line takes to answer --help, against a bare start of the same Node.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { median, report } from "./measured.ts";

const ROUNDS = 21;
const BOUND_MS = 150;
const root = join(import.meta.dirname, "..");

function startMs(args: readonly string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - start;
}

const programs: readonly (readonly [name: string, path: string])[] = [
  ["tapedeck --help, from the sources", join(root, "infra", "cli", "tapedeck.ts")],
  ["tapedeck --help, compiled", join(root, "dist", "infra", "cli", "tapedeck.js")],
];

for (const [name, path] of programs.filter(([, path]) => existsSync(path))) {
  const bare: number[] = [];
  const ours: number[] = [];
  // In turns, so that a slow moment of the machine falls on both.
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(startMs(["-e", "0"]));
    ours.push(startMs([path, "--help"]));
  }
  const [value, reference] = [median(ours), median(bare)];
  report({
    name,
    value,
    unit: "ms",
    reference,
    ratio: reference / value,
    ...(value > BOUND_MS ? { missed: `at most ${BOUND_MS} ms` } : {}),
  });
}
