// How fast a recorded market becomes verified decisions: 500,000 one-minute bars, EMA cross 10/20,
// fixed quantity, every risk check, paper venue, exact books, hashes; read from the embedded log,
// every derived event written back and synced. The clock runs from opening the tape to closing the
// finished run; warming up counts, the report does not.
//
// "On one core" is the processor time of the whole process: the thread that decides, the one that
// writes, the compiler and the collector. It does not move with what else the machine is doing. The
// wall time beside it is with all cores, and once more with every thread kept on one.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { writeCsv } from "./market-tape.ts";
import { type Measured, median, report } from "./measured.ts";
import { clear, eventsOf, prepare, type ReplayOptions, replay } from "./replay.ts";
import type { Replayed } from "./replay-child.ts";

const BARS = 500_000;
const TICK_BARS = 100_000;
const PEER_BARS = 100_000;
const ROUNDS = 5;
/** The peer's figures of the same work on this kind of machine, where it is not installed. */
const STATED = { barsPerSecond: 11_200, quotesPerSecond: 40_000 };

interface Peer {
  readonly against: string;
  readonly wall: number;
  readonly cpu: number;
}

/** The peer on the same bars; its stated figure where no Python has it. */
async function peerOn(csv: string): Promise<Peer> {
  await writeCsv(csv, PEER_BARS);
  const python = process.env.TAPEDECK_PEER_PYTHON ?? "python3";
  const script = join(import.meta.dirname, "peers", "nautilus_ema.py");
  const { status, stdout } = spawnSync(python, [script, csv], { encoding: "utf8" });
  if (status !== 0) {
    const against = "nautilus_trader 1.231, stated, not measured here";
    return { against, wall: STATED.barsPerSecond, cpu: STATED.barsPerSecond };
  }
  const ran = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  console.log(`nautilus_trader ${ran.version}: ${ran.orders} orders on ${ran.bars} bars`);
  const against = `nautilus_trader ${ran.version}`;
  return { against, wall: ran.bars / ran.seconds, cpu: ran.bars / ran.cpuSeconds };
}

function figure(
  name: string,
  unit: string,
  values: readonly number[],
  against: string | null,
  reference: number | null,
  bound?: number,
): void {
  const value = median(values);
  const [low, high] = [Math.min(...values), Math.max(...values)].map(Math.round);
  console.log(`${name}: ${low} to ${high} ${unit} in ${values.length} runs`);
  const measured: Measured = {
    name,
    value,
    unit,
    reference,
    ratio: reference === null ? null : value / reference,
    ...(against === null ? {} : { against }),
    ...(bound !== undefined && value < bound ? { missed: `at least ${bound} ${unit}` } : {}),
  };
  report(measured);
}

const hasTaskset = spawnSync("taskset", ["-c", "0", "true"]).status === 0;

const bench = await prepare(BARS);
try {
  const peer = await peerOn(join(bench.folder, "bars.csv"));
  const free: Replayed[] = [];
  const pinned: Replayed[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    free.push(replay(bench));
    if (hasTaskset) pinned.push(replay(bench, { pinned: true } satisfies ReplayOptions));
  }
  const hashes = new Set([...free, ...pinned].map(({ hash }) => hash));
  if (hashes.size !== 1) throw new Error(`runs differ: ${[...hashes].join(", ")}`);
  const first = free[0] as Replayed;
  const events = eventsOf(first);
  const orders = ((first.counts.orders ?? 0) * 100) / BARS;
  console.log(`${events} events, ${orders.toFixed(1)} orders in 100 bars, hash ${first.hash}`);
  const wall = free.map(({ seconds }) => seconds);
  const cpu = free.map(({ cpuSeconds }) => cpuSeconds);
  const { against } = peer;
  const bars = (seconds: number) => BARS / seconds;
  figure("replay, bars on one core", "bars/s", cpu.map(bars), against, peer.cpu, 300_000);
  figure("replay, bars, wall time", "bars/s", wall.map(bars), against, peer.wall);
  if (hasTaskset) {
    const seconds = pinned.map((run) => run.seconds);
    figure("replay, bars, wall time, one core", "bars/s", seconds.map(bars), against, peer.wall);
  }
  const perSecond = (seconds: number) => events / seconds;
  figure("replay, events on one core", "events/s", cpu.map(perSecond), null, null, 1_000_000);
  figure("replay, events, wall time", "events/s", wall.map(perSecond), null, null);
} finally {
  clear(bench);
}

const ticks = await prepare(TICK_BARS, "ticks");
try {
  const runs = Array.from({ length: ROUNDS }, () => replay(ticks));
  const rates = runs.map((run) => (run.counts["market.ticks"] ?? 0) / run.cpuSeconds);
  const against = "nautilus_trader 1.231 on quotes, stated, not measured here";
  figure("replay, ticks on one core", "ticks/s", rates, against, STATED.quotesPerSecond);
} finally {
  clear(ticks);
}
