// The whole flow with everything switched on that a configuration can switch on, over a market with splits,
// a dividend, halts and busted trades: as deterministic, as hard to kill and as forkable as the plain flow. And
// switched on at zero, it is the plain flow.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventOf } from "../../streams/event.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import { eventsOf } from "../import/testing/imported.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { openSourceWriter } from "../tape/source-writer.ts";
import { killAndResume } from "./testing/killed-run.ts";
import { FIRST_BAR_US, writeMarketTape } from "./testing/market-tape.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-everything-"));
const KILLS = 20;
const LIFE_MS = 1_500;
const MINUTE_US = 60e6;
const BARS = 9_000;
const SYMBOLS = ["AAA", "BBB", "CCC"];
/** The bars begin on a Sunday at 12:26 UTC: these minutes lie in Monday's and Tuesday's sessions. */
const [HALTED, RESUMED, BUSTED, SPLIT, PAID] = [1_600, 1_640, 1_700, 1_800, 1_900];
const minuteUs = (minute: number): number => FIRST_BAR_US + minute * MINUTE_US;

const everything = `
tape: tape
source: bars
portfolio: { lots: fifo, people: { ann: [limits, overlays], bob: [enable, limits, overlays] } }
features: { emaFast: 5, emaSlow: 12, volatility: 20 }
sizing:
  method: volatility-target
  target: 0.3
  barsPerYear: 98280
  maxLeverage: 2
  lots: least-cash
  rebalance: { drift: 0.05, driftOfTarget: 0.3, every: 60 bar, minimumValue: 500, maxTurnover: 0.5, costPerSide: 0.0002 }
risk:
  maxPosition: 100000
  sectors: { AAA: x, BBB: y }
  maxSector: 0.8
  maxNetExposure: 900000
  maxLeverage: 0.5
  maxWeight: 0.6
  maxHerfindahl: 0.5
  maxBeta: 3
  benchmark: AAA
  maxValueAtRisk: 0.003
  maxExpectedShortfall: 0.004
  maxCorrelation: 0.9
  returnsWindow: 60
  tailHorizon: 2
  maxPriceAge: 10m
  drawdownReduceTo: 0.5
  ceilings: { maxLeverage: 0.6 }
  drawdownWarning: 0.005
  drawdownClose: 0.3
  maxDailyLoss: 0.05
  maxTradesADay: 900
  blackouts: [{ from: "19:50", until: "20:05" }]
  onBreach: reduce
  responses: { maxLeverage: scale, maxExpectedShortfall: scale }
  breakers: { hitRate: 0.1, outcomes: 400, dataQuality: 0.5, bars: 60, barEvery: 1m, maxAge: 1h }
  orders:
    priceCollar: 0.05
    maxValue: 300000
    maxQuantity: 20000
    volumeShare: 1
    orderRate: 20 in 1s
    messageRate: 50 in 1s
    repeats: 5 in 10s
    maxPriceAge: 3m
    session: 00:00-23:59
    approvedOnly: true
    shortable: [AAA 1000000, BBB 1000000]
    buyingPower: true
orders:
  type: limit
  limitOffset: -0.002
  stopLoss: 0.01
  takeProfit: 12 atr
  trailingStop: 16 atr
  display: 500
  reprice: 2 atr
  algorithm: { twap: { over: 6m, slices: 3 } }
venue:
  participation: 0.5
  slippage: 0.0001
  price: { halfSpread: 0.0001, volumeShare: 0.01, volatility: 0.05, temporaryImpact: 0.1, permanentImpact: 0.05 }
  fees: { preset: ib-tiered-us }
  levies: [{ preset: us-sells-2021 }, { kind: tax, side: buy, value: 0.0001 }]
  chance:
    toVenue: { distribution: lognormal, median: 20ms, sigma: 0.5 }
    back: { distribution: uniform, least: 1ms, most: 9ms }
    reject: 0.02
  trading: { hours: { open: "08:00", close: "21:00" }, status: true, closed: wait }
  carry: { at: "21:00", borrow: 0.01, financing: 0.05, funding: 0.0001 }
commands:
  - { at: ${formatIsoUs(minuteUs(1_300))}, command: SetOverlay, overlay: restricted-buys, symbol: BBB, until: ${formatIsoUs(minuteUs(1_400))}, who: ann, why: list }
  - { at: ${formatIsoUs(minuteUs(1_310))}, command: SetOverlay, overlay: view, symbol: AAA, expectedReturn: -0.01, confidence: 0.5, until: ${formatIsoUs(minuteUs(1_500))}, who: ann, why: view }
  - { at: ${formatIsoUs(minuteUs(1_320))}, command: SetLimit, limit: maxLeverage, value: 0.55, who: ann, why: wider }
  - { at: ${formatIsoUs(minuteUs(1_330))}, command: SetLimit, limit: maxLeverage, value: 0.55, who: bob, why: agreed }
  - { at: ${formatIsoUs(minuteUs(1_340))}, command: SetLimit, limit: maxWeight, value: 0.5, who: ann, why: tighter }
  - { at: ${formatIsoUs(minuteUs(1_600))}, command: SetOverlay, overlay: target, symbol: BBB, weight: 0.1, until: ${formatIsoUs(minuteUs(1_700))}, who: bob, why: plan }
  - { at: ${formatIsoUs(minuteUs(2_100))}, command: KillTrading, who: ann, why: drill }
  - { at: ${formatIsoUs(minuteUs(2_160))}, command: EnableTrading, who: bob, why: drill over }
`;

/** What does not go with an algorithm. */
const bracketed = everything
  .replace("type: limit", "type: stop-limit\n  trigger: 1 atr\n  bracket: true")
  .replace("display: 500\n  reprice: 2 atr", "display: 500")
  .replace("volumeShare: 1", "volumeShare: off")
  .replace("algorithm: { twap: { over: 6m, slices: 3 } }", "timeInForce: DAY");

/** Nothing costs anything, and nothing is late but for the least that the flow needs. */
const simple = `
tape: plain
source: bars
orders: { latency: 0s }
venue: { latency: 1us, slippage: 0, fee: 0 }
`;
/** The same, with every part there and at zero, and limits that nothing reaches. */
const atZero = `
tape: plain
source: bars
portfolio: { lots: average }
risk:
  maxSector: 100
  maxNetExposure: 1000000000
  maxLeverage: 100
  maxWeight: 100
  maxTradesADay: 1000000
  orders:
    priceCollar: 0.9
    maxValue: 1000000000
    maxQuantity: 1000000
    orderRate: 10000 in 1s
    messageRate: 10000 in 1s
    repeats: 10000 in 1s
    maxPriceAge: 10000d
    approvedOnly: true
orders: { latency: 0s }
venue:
  latency: 1us
  slippage: 0
  price: { halfSpread: 0, volumeShare: 0, volatility: 0, temporaryImpact: 0, permanentImpact: 0 }
  fees: { preset: zero }
  chance: { reject: 0 }
  trading: { status: true }
  carry: { borrow: 0, financing: 0, funding: 0 }
`;

const tapedeck = (...args: string[]) => {
  const ended = runTapedeck(args, { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at /m);
  return ended;
};
const json = (...args: string[]) => {
  const { status, stdout } = tapedeck(...args, "--json");
  expect(status, stdout).toBe(0);
  return JSON.parse(stdout);
};

let run: { readonly run: string; readonly hashes: Record<string, string>; readonly hash: string };

async function addHappenings(tape: string): Promise<void> {
  const log = await openEmbeddedLog(tape, { mode: "write" });
  const writer = await openSourceWriter(log, 1);
  const status = async (minute: number, what: "HALTED" | "TRADING" | "BUSTED", fromUs: number) =>
    writer.append("market.status", minuteUs(minute), {
      symbol: "AAA",
      status: what,
      fromUs,
      toUs: minuteUs(minute),
      reason: "",
    });
  await status(HALTED, "HALTED", minuteUs(HALTED));
  await status(RESUMED, "TRADING", minuteUs(RESUMED));
  await status(BUSTED, "BUSTED", minuteUs(1_000));
  const action = { newShares: 0, oldShares: 0, amountScale: 0, amount: 0, currency: "" };
  const rest = { newSymbol: "", finalPrice: null, withheldPerMillion: 0 };
  await writer.append("market.corporate-actions", minuteUs(SPLIT), {
    ...{ symbol: "BBB", action: "SPLIT", ...action, newShares: 3, oldShares: 2, ...rest },
  });
  await writer.append("market.corporate-actions", minuteUs(PAID), {
    ...{ symbol: "CCC", action: "CASH_DIVIDEND", ...action, amount: 12, amountScale: 2 },
    ...{ currency: "USD", ...rest },
  });
  await writer.flush();
  await log.close();
}

beforeAll(async () => {
  const tape = join(folder, "tape");
  await writeMarketTape(tape, { symbols: SYMBOLS, bars: BARS, seed: 5 });
  await addHappenings(tape);
  writeFileSync(join(folder, "run.yaml"), everything);
  run = json("backtest", "run.yaml");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function written<T extends TopicName>(id: string, topic: T): Promise<EventOf<T>[]> {
  const path = join(folder, ".tapedeck", "runs", id, "log");
  const log = await openEmbeddedLog(path, { mode: "read" });
  const events = await eventsOf(log);
  await log.close();
  return events.filter((event): event is EventOf<T> => event.topic === topic);
}
const kindsOf = <T>(values: Iterable<T>): Set<T> => new Set(values);

describe("with everything on", () => {
  test("everything happens", async () => {
    const fills = (await written(run.run, "fills")).map(({ value }) => value);
    const kinds = kindsOf(fills.map(({ execType }) => execType));
    for (const kind of [
      "FILLED",
      "REPLACED",
      "TRADE_CANCEL",
      "CARRIED",
      "CANCELED",
      "REJECTED",
    ] as const) {
      expect(kinds).toContain(kind);
    }
    const parts = kindsOf(fills.flatMap((fill) => fill.parts.map(({ part }) => part)));
    expect(parts.size).toBeGreaterThanOrEqual(5);
    const verdicts = (await written(run.run, "risk.verdicts")).map(({ value }) => value);
    const outcomes = kindsOf(verdicts.map(({ outcome }) => outcome));
    for (const outcome of ["PASS", "SCALE", "REDUCE", "DENY"] as const) {
      expect(outcomes).toContain(outcome);
    }
    const gate = (await written(run.run, "risk.order-verdicts")).map(({ value }) => value);
    expect(kindsOf(gate.map(({ outcome }) => outcome))).toEqual(new Set(["PASS", "DENY"]));
    const orders = (await written(run.run, "orders")).map(({ value }) => value);
    expect(orders.some(({ sliceNumber }) => sliceNumber > 1)).toBe(true);
    expect(orders.some(({ type }) => type === "TRAILING_STOP")).toBe(true);
  });

  test("a run has the same bytes when it is run again, however often it commits, and is verified", () => {
    const root = join(folder, "often");
    const often = json("backtest", "run.yaml", "--commit-every", "37", "--root", root);
    expect(often.hashes).toEqual(run.hashes);
    expect(tapedeck("verify", run.run).stdout).toMatch(/^identical: [\d,]+ events replayed/);
  });

  test("a fork that changes nothing equals the run it came from", () => {
    for (const minute of [1_000, 1_620, 2_130]) {
      const at = formatIsoUs(minuteUs(minute));
      const fork = json("fork", run.run, "--set", "risk.maxWeight=0.6", "--at", at);
      expect(fork.hashes).toEqual(run.hashes);
    }
  });

  test(`killed ${KILLS} times and resumed it ends with the undisturbed run's hash`, async () => {
    const config = join(folder, "run.yaml");
    const killed = { config, root: join(folder, "killed"), eventsPerCommit: 120 };
    const hashes = await killAndResume(killed, { kills: KILLS, lifeMs: LIFE_MS, seed: 1 });
    expect(new Set(hashes)).toEqual(new Set([run.hash]));
  }, 600_000);
});

describe("with entries that wait for a price, and their exits sent with them", () => {
  test("a run has the same bytes when it is killed and resumed", async () => {
    const config = join(folder, "bracketed.yaml");
    writeFileSync(config, bracketed);
    const whole = json("backtest", "bracketed.yaml");
    const orders = (await written(whole.run, "orders")).map(({ value }) => value);
    const types = kindsOf(orders.filter((one) => !one.reduceOnly).map(({ type }) => type));
    expect(types).toEqual(new Set(["STOP_LIMIT"]));
    expect(orders.some(({ parentOrderId }) => parentOrderId !== null)).toBe(true);
    const fills = (await written(whole.run, "fills")).map(({ value }) => value);
    const released = fills.filter(({ reason, execType }) => {
      return execType === "TRIGGERED" && reason === "LinkedOrder";
    });
    expect(released.length).toBeGreaterThan(5);
    const killed = { config, root: join(folder, "killed-too"), eventsPerCommit: 120 };
    const hashes = await killAndResume(killed, { kills: 5, lifeMs: LIFE_MS, seed: 2 });
    expect(new Set(hashes)).toEqual(new Set([whole.hash]));
  }, 600_000);
});

describe("with everything there and at zero", () => {
  test("each execution and each snapshot is the plain flow's, to the byte", async () => {
    await writeMarketTape(join(folder, "plain"), { symbols: SYMBOLS, bars: 3_000, seed: 9 });
    writeFileSync(join(folder, "simple.yaml"), simple);
    writeFileSync(join(folder, "zero.yaml"), atZero);
    const [plain, zero] = [json("backtest", "simple.yaml"), json("backtest", "zero.yaml")];
    const told = async (id: string) =>
      (await written(id, "fills")).map(({ timeUs, value }) => ({ timeUs, value }));
    const fills = await told(plain.run);
    expect(fills.length).toBeGreaterThan(100);
    expect(await told(zero.run)).toEqual(fills);
    expect(zero.hashes["portfolio.snapshots"]).toBe(plain.hashes["portfolio.snapshots"]);
  });
});
