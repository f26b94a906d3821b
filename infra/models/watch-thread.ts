// The thread beside a model: counts ticks in which a call does not come back, and at the limit ends
// the process. A signal is the only thing that a thread at work inside a loop still obeys.

import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { errorKinds } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { ModelActivity, WatchOrder } from "./watched-model.ts";

const TICK_MS = 250;
const STDERR = 2;

const { activity, source, limitMs } = workerData as WatchOrder;
let seen = 0;
let ticks = 0;

setInterval(() => {
  const now = Atomics.load(activity.calls, 0);
  ticks = now === seen && now % 2 !== 0 ? ticks + 1 : 0;
  seen = now;
  if (ticks * TICK_MS < limitMs) return;
  // Not process.stderr: a thread's goes through the main one.
  writeSync(STDERR, report(activity));
  process.kill(process.pid, "SIGKILL");
}, TICK_MS);

function report({ barEndUs, symbol }: ModelActivity): string {
  const name = String.fromCharCode(...symbol.subarray(0, symbol.indexOf(0)));
  const time = formatIsoUs(barEndUs[0] as number);
  const what = `the model did not come back for ${limitMs / 1000} s: the process is killed`;
  const bar = `on the bar of ${name} that ended at ${time}`;
  return `error MODEL_FAILED: ${source}: ${what}\n  ${bar}\n  → ${errorKinds.MODEL_FAILED.next}\n`;
}
