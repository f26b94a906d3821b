// How long a tearsheet takes, and how large its page is: ten years of days, eight symbols, 10,000 round trips,
// against one of its symbols as benchmark. From the records of the run in memory to the page as text; each
// round is the first of its process, as it is for whoever waits for it.

import { spawnSync } from "node:child_process";
import { collectReport } from "../infra/report/collect-report.ts";
import { renderReport } from "../infra/report/render-report.ts";
import { engineOf } from "../infra/run/manifest.ts";
import { type AnyEvent, emit } from "../streams/event.ts";
import { equity } from "../streams/testing/given.ts";
import { bar, eventsOf, fill, logOf, order, type Told } from "../streams/testing/tape.ts";
import { median, report } from "./measured.ts";

const ROUNDS = 5;
const DAYS = 2520;
const TRIPS = 10_000;
const BOUND_MS = 1500;
const BOUND_BYTES = 1_500_000;
const DAY_US = 86_400_000_000;
const FIRST_DAY = 14_977; // 2011-01-03, a Monday
const symbols = ["S0", "S1", "S2", "S3", "S4", "S5", "S6", "S7"];
const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_000n };

const run = {
  runId: "0123456789abcdef",
  hash: "f".repeat(64),
  forkOf: null,
  tape: "bench",
  engine: engineOf(),
  code: { version: "0", digest: "d".repeat(64) },
  phases: [{ fromUs: null, config: {}, model: { name: "bench", digest: "m".repeat(64) } }],
  inputs: [],
  outputs: [],
};

function decade(): readonly AnyEvent[] {
  const facts: Told<AnyEvent["topic"]>[] = symbols.map((symbol) => ({
    ...emit("market.instruments", equity(symbol)),
    timeUs: 0,
  }));
  let [equityMinor, orders, trips] = [account.initialCashMinor, 0, 0];
  const open = new Map<string, number>();
  for (let i = 0; i < DAYS; i++) {
    const day = FIRST_DAY + 7 * Math.floor(i / 5) + (i % 5);
    const timeUs = (day + 1) * DAY_US;
    symbols.forEach((symbol, at) => {
      const noise = ((i * 7919 + at * 104_729) % 997) - 498;
      const price = 10_000 + 2 * i + 4 * noise;
      const kept = { ...bar(symbol, timeUs, price), startUs: day * DAY_US, volume: 1_000_000 };
      facts.push({ ...emit("market.bars", kept), timeUs });
      const view = { symbol, model: "bench", strength: noise / 498, price, volatility: 0.01 };
      facts.push({ ...emit("signals", view), timeUs });
      equityMinor += BigInt(noise * 40 + 30);
      const mark = (cause: "FILL" | "MARK", quantity: number, when: number): void => {
        const totals = { cash: equityMinor, equity: equityMinor, peakEquity: equityMinor };
        const rest = {
          grossExposure: equityMinor / 2n,
          netExposure: 0n,
          realisedPnl: 0n,
          fees: 0n,
          taxes: 0n,
          foreignCash: [],
        };
        const changed = { symbol, quantity, cost: 0n, mark: price, drawdownBps: 0 };
        const value = { portfolio: "main", currency: "USD", cause, ...totals, ...rest, ...changed };
        facts.push({ ...emit("portfolio.snapshots", value), timeUs: when });
      };
      mark("MARK", open.get(symbol) ?? 0, timeUs);
      const held = open.get(symbol) ?? 0;
      if (held === 0 && trips >= TRIPS) return;
      const quantity = held === 0 ? (noise < 0 ? -100 : 100) : -held;
      const orderId = ++orders;
      const side = quantity > 0 ? "BUY" : "SELL";
      const sent = order(orderId, { symbol, side, referencePrice: price - 3 });
      facts.push({ ...emit("orders", sent), timeUs: timeUs + 1 });
      const done = fill(quantity, price, { symbol, orderId, fee: 50n, tradeUs: timeUs + 1 });
      facts.push({ ...emit("fills", done), timeUs: timeUs + 2 });
      if (held !== 0) trips++;
      open.set(symbol, held + quantity);
      mark("FILL", held + quantity, timeUs + 3);
    });
  }
  return eventsOf(facts) as readonly AnyEvent[];
}

interface Round {
  readonly ms: number;
  /** Of the processor: what it is on a machine that others use, too. */
  readonly cpuMs: number;
  readonly bytes: number;
  readonly trades: number;
}

async function round(): Promise<Round> {
  const log = await logOf(decade(), 1000);
  const start = performance.now();
  const used = process.cpuUsage();
  const data = await collectReport(log, run, account, { benchmark: "S0", trials: 40 });
  const page = renderReport(data);
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(used);
  return {
    ms,
    cpuMs: (user + system) / 1000,
    bytes: Buffer.byteLength(page),
    trades: data.metrics.trades,
  };
}

function measure(): void {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const child = spawnSync(process.execPath, [import.meta.filename, "--round"], {
      encoding: "utf8",
    });
    if (child.status !== 0) throw new Error(`a round ended with ${child.status}: ${child.stderr}`);
    return JSON.parse(child.stdout) as Round;
  });
  const trades = Math.min(...rounds.map((one) => one.trades));
  if (trades < TRIPS) throw new Error(`the run has ${trades} round trips, not ${TRIPS}`);
  const none = { reference: null, ratio: null };
  const ms = median(rounds.map((one) => one.ms));
  const late = ms > BOUND_MS ? { missed: `at most ${BOUND_MS} ms` } : {};
  report({ name: "tearsheet, 10 years, 10,000 trades", value: ms, unit: "ms", ...none, ...late });
  const cpuMs = median(rounds.map((one) => one.cpuMs));
  report({ name: "its processor time", value: cpuMs, unit: "ms", ...none });
  const bytes = median(rounds.map((one) => one.bytes));
  const large = bytes > BOUND_BYTES ? { missed: `at most ${BOUND_BYTES} bytes` } : {};
  report({ name: "its page", value: bytes, unit: "bytes", ...none, ...large });
}

if (process.argv.includes("--round")) process.stdout.write(JSON.stringify(await round()));
else measure();
