// How fast bars become money with all of the trading half on (fullConfig in market-tape.ts): limits on proposals with a
// window of returns, the order gate, prices part by part, a fee schedule, carry, exact books by first in, first out. An order
// in about 20 bars. Once over bars in memory: what deciding costs. Once from a tape with every event written back,
// synced and hashed, as `tapedeck backtest` does: what a run costs.
//
// "On one core" is the processor time of the whole process, warming up included; see replay.bench.ts.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { median, report } from "./measured.ts";
import { clear, prepare, replay } from "./replay.ts";
import type { Decided } from "./trading-child.ts";

const BARS = 1_500_000;
const ROUNDS = 3;
const BOUND = 300_000;

function decide(config: string): Decided {
  const child = join(import.meta.dirname, "trading-child.ts");
  const args = [child, config, String(BARS)];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`the run ended with ${status}: ${stderr}`);
  return JSON.parse(stdout) as Decided;
}

function figure(name: string, seconds: readonly number[]): void {
  const rates = seconds.map((one) => BARS / one);
  const value = median(rates);
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map(Math.round);
  console.log(`${name}: ${low} to ${high} bars/s in ${rates.length} runs`);
  report({
    name,
    value,
    unit: "bars/s",
    reference: BOUND,
    ratio: value / BOUND,
    against: "bound",
    ...(value < BOUND ? { missed: `at least ${BOUND} bars/s` } : {}),
  });
}

const bench = await prepare(BARS, "full");
try {
  const decided = Array.from({ length: ROUNDS }, () => decide(bench.config));
  const ends = new Set(
    decided.map(({ orders, fills, finalEquity }) => `${orders} ${fills} ${finalEquity}`),
  );
  if (ends.size !== 1) throw new Error(`runs differ: ${[...ends].join(", ")}`);
  const { orders, finalEquity } = decided[0] as Decided;
  console.log(`an order in ${(BARS / orders).toFixed(1)} bars, final equity ${finalEquity}`);
  figure(
    "trading half, deciding, on one core",
    decided.map(({ cpuSeconds }) => cpuSeconds),
  );
  const runs = Array.from({ length: ROUNDS }, () => replay(bench));
  figure(
    "trading half, from tape to tape, on one core",
    runs.map(({ cpuSeconds }) => cpuSeconds),
  );
  figure(
    "trading half, from tape to tape, wall time",
    runs.map(({ seconds }) => seconds),
  );
} finally {
  clear(bench);
}
