// Starts replays in processes of their own, as `tapedeck backtest` runs them: a bare heap each time,
// a new run folder each time, and what one used does not count for the next.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fullConfig, runConfig, writeTape } from "./market-tape.ts";
import type { Replayed } from "./replay-child.ts";

export interface Bench {
  readonly folder: string;
  readonly config: string;
}

/**
 * A tape of `bars` bars, or of the prints that make them, and a configuration that replays it; `full`: bars, with
 * all of the trading half on.
 */
export async function prepare(
  bars: number,
  as: "bars" | "ticks" | "full" = "bars",
): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-bench-"));
  const tape = join(folder, "tape");
  await writeTape(tape, bars, as === "ticks" ? "ticks" : "bars");
  const config = join(folder, "run.yaml");
  writeFileSync(config, as === "full" ? fullConfig(tape) : runConfig(tape, as));
  return { folder, config };
}

export const clear = ({ folder }: Bench): void => rmSync(folder, { recursive: true, force: true });

export interface ReplayOptions {
  /** Keep every thread on the first core; Linux only. */
  readonly pinned?: boolean;
  /** Also make the run's report. */
  readonly report?: boolean;
}

export function replay({ folder, config }: Bench, options: ReplayOptions = {}): Replayed {
  const root = mkdtempSync(join(folder, "root-"));
  const child = join(import.meta.dirname, "replay-child.ts");
  const args = [child, config, root, ...(options.report === true ? ["report"] : [])];
  const [command, all] =
    options.pinned === true
      ? ["taskset", ["-c", "0", process.execPath, ...args]]
      : [process.execPath, args];
  const { status, stdout, stderr, error } = spawnSync(command, all, { encoding: "utf8" });
  rmSync(root, { recursive: true, force: true });
  if (status !== 0) throw error ?? new Error(`the replay ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Replayed;
}

/** Records read and written. */
export const eventsOf = ({ counts }: Replayed): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);
