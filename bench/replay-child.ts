// One replay in a process of its own: node replay-child.ts CONFIG ROOT [report]. Prints one JSON line:
// how long the run took from opening the tape to the last durable byte, and what it wrote.

import { readFileSync } from "node:fs";
import { loadConfig } from "../infra/config/load-config.ts";
import { openEmbeddedLog } from "../infra/log/embedded-log.ts";
import { execute, openPlan } from "../infra/run/execute.ts";
import { finishRun } from "../infra/run/summary.ts";

export interface Replayed {
  /** Wall time of opening, hashing the input, running and closing; without the report. */
  readonly seconds: number;
  /** User and system time of all threads over the same stretch. */
  readonly cpuSeconds: number;
  readonly reportSeconds: number;
  readonly hash: string;
  /** Records by topic, source topics included. */
  readonly counts: Readonly<Record<string, number>>;
  /** Peak resident set, in bytes: of the replay, then of the whole process. */
  readonly replayPeakBytes: number;
  readonly peakBytes: number;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What the kernel has seen at most; resourceUsage says the same where there is no /proc. */
const peakBytes = (): number => {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (line !== null) return Number(line[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
};

const [configPath = "", root = "", report] = process.argv.slice(2);
const config = await loadConfig(configPath);
const cpuBefore = cpuSeconds();
const start = performance.now();
const open = await openPlan({ phases: [{ fromUs: null, config }], forkOf: null, version: "bench" });
const run = await execute(open, { root });
await open.tape.close();
const seconds = (performance.now() - start) / 1000;
const cpu = cpuSeconds() - cpuBefore;
const replayPeakBytes = peakBytes();

const reportStart = performance.now();
if (report === "report") {
  const tape = await openEmbeddedLog(config.tape, { mode: "read" });
  await finishRun(run.folder, run.manifest, tape, config.flow.portfolio);
  await tape.close();
}

const counts: Record<string, number> = {};
for (const { topic, from, to } of [...run.manifest.inputs, ...run.manifest.outputs]) {
  counts[topic] = (counts[topic] ?? 0) + to - from;
}
const replayed: Replayed = {
  seconds,
  cpuSeconds: cpu,
  reportSeconds: (performance.now() - reportStart) / 1000,
  hash: run.manifest.hash ?? "",
  counts,
  replayPeakBytes,
  peakBytes: peakBytes(),
};
console.log(JSON.stringify(replayed));
