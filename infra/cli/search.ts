// What commands that try many settings have in common: progress on the way, Ctrl-C that leaves what is done
// for the same command to go on from, and the result as text or JSON.

import { stopOnInterrupt } from "./interrupt.ts";
import { progressLine } from "./progress.ts";

/** What a search heeds. */
export interface Control {
  readonly onProgress: (done: number, total: number) => void;
  readonly stopRequested: () => boolean;
}

interface Stopped {
  /** Folder of what there is so far. */
  readonly stopped: string;
  readonly done: number;
}

export interface Search<T extends object> {
  run(control: Control): Promise<T | Stopped>;
  /** For --json. */
  summary(found: T): unknown;
  text(found: T): string;
}

/** Prints what was found; stopped by Ctrl-C it says so and leaves exit code 130. */
export async function search<T extends object>(
  doing: string,
  json: boolean,
  { run, summary, text }: Search<T>,
): Promise<void> {
  const line = progressLine(doing, "trials");
  const stop = stopOnInterrupt();
  try {
    const found = await run({
      onProgress: (done, total) => line.update(done, total),
      stopRequested: stop.requested,
    });
    line.end();
    if ("stopped" in found) {
      process.exitCode = 130;
      if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
      process.stderr.write(`stopped after ${found.done} trials; the same command goes on\n`);
      return;
    }
    process.stdout.write(json ? `${JSON.stringify(summary(found))}\n` : text(found));
  } finally {
    line.end();
    stop.release();
  }
}
