// A backtest that is killed with -9 at random moments and resumed, in real processes on a real disk.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../../quant/random.ts";
import { CLOSED_RUN } from "../../../streams/closed-run.ts";
import { decodeState } from "../../../streams/state.ts";
import { openEmbeddedLog } from "../../log/embedded-log.ts";

export interface Killed {
  readonly config: string;
  readonly root: string;
  readonly eventsPerCommit: number;
  /** See ExecuteOptions. */
  readonly workers?: number;
}

/** The run's hash, undisturbed. Throws where it did not end well. */
export async function calmHash(killed: Killed): Promise<string> {
  const { hash, trouble } = await live(killed, null);
  if (hash === null) throw new Error(`the undisturbed run failed: ${trouble}`);
  return hash;
}

/**
 * Kills the run `kills` times and lets it end; one that ends before is begun anew. Returns the hash of each that
 * ended. Throws where a life said something on stderr or lost what it had called durable. A life is at
 * most `lifeMs` long; starting takes a part of it, so some die before they open the log.
 */
export async function killAndResume(
  killed: Killed,
  {
    kills,
    lifeMs,
    seed,
  }: { readonly kills: number; readonly lifeMs: number; readonly seed: number },
): Promise<readonly string[]> {
  const { root } = killed;
  const random = new Random(seed);
  const hashes: string[] = [];
  for (let done = 0; ; ) {
    const last = done >= kills;
    const { durable, hash, trouble } = await live(killed, last ? null : random.integer(lifeMs));
    if (trouble !== "") throw new Error(`after ${done} kills: ${trouble}`);
    if (hash === null) {
      if (last) throw new Error("the last life ended without a hash");
      done++;
      const kept = await checkpointed(root);
      if (kept < durable) throw new Error(`${durable} events were durable, ${kept} are there`);
      continue;
    }
    hashes.push(hash);
    if (last) return hashes;
    rmSync(root, { recursive: true });
  }
}

/** Folder of the only run there. */
export function onlyRun(root: string): string {
  const runs = join(root, "runs");
  return join(runs, existsSync(runs) ? (readdirSync(runs)[0] ?? "none") : "none");
}

interface Life {
  readonly durable: number;
  readonly hash: string | null;
  readonly trouble: string;
}

/** Runs the backtest; kills it after `lifeMs`, if given. */
function live(
  { config, root, eventsPerCommit, workers }: Killed,
  lifeMs: number | null,
): Promise<Life> {
  const victim = new URL("victim.ts", import.meta.url).pathname;
  const args = [victim, config, root, String(eventsPerCommit)];
  if (workers !== undefined) args.push(String(workers));
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let trouble = "";
  child.stdout.on("data", (bytes) => {
    said += bytes;
  });
  child.stderr.on("data", (bytes) => {
    trouble += bytes;
  });
  const timer = lifeMs === null ? null : setTimeout(() => child.kill("SIGKILL"), lifeMs);
  return new Promise((resolve) => {
    child.on("close", () => {
      if (timer !== null) clearTimeout(timer);
      const durable = [...said.matchAll(/durable (\d+)\n/g)].at(-1)?.[1] ?? "0";
      const hash = /hash (\w+)\n/.exec(said)?.[1] ?? null;
      resolve({ durable: Number(durable), hash, trouble });
    });
  });
}

/** Source events that the run's last checkpoint covers. */
async function checkpointed(root: string): Promise<number> {
  const path = join(onlyRun(root), "log");
  if (!existsSync(path)) return 0;
  const log = await openEmbeddedLog(path, { mode: "write" });
  try {
    const { checkpoint } = await log.openTask(CLOSED_RUN);
    if (checkpoint === null) return 0;
    return (decodeState(checkpoint.state) as { sourceEvents: number }).sourceEvents;
  } finally {
    await log.close();
  }
}
