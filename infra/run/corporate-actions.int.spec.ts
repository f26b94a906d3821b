// Buy and hold through every split of the recorded daily market, 1998 to 2021: what the flow says it is
// worth, against a calculation from split-adjusted prices that shares no code with it but the fills.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FlowConfig } from "../../processors/flow-config.ts";
import { flowTopology } from "../../processors/topology.ts";
import type { TopicName } from "../../schemas/generated/facts.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { AnyEvent, EventOf } from "../../streams/event.ts";
import { joinLogs } from "../../streams/joined-log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { corporateActions } from "../import/action-rows.ts";
import { importFiles } from "../import/import-files.ts";
import { importNotices } from "../import/import-notices.ts";
import { defaultOptions } from "../import/import-options.ts";
import { eventsOf, filesOf } from "../import/testing/imported.ts";
import { collectReport } from "../report/collect-report.ts";
import type { RunIdentity } from "../report/report-data.ts";
import { type AskedAnswer, askedAnswer, balanceOf, sumOf } from "../report/testing/asked-answer.ts";
import { engineOf } from "./manifest.ts";
import { bareFlow, longFrom } from "./testing/bare-flow.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const daily = join(data, "bars-1d-8-equities-1998-2021.csv.gz");
const there = existsSync(daily);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const actionsFile = join(root, "examples/corporate-actions-8-equities.csv");
const everything = ["AAPL", "AIG", "BAC", "EEM", "IBM", "IWM", "QQQ", "SPY"];
const INITIAL_CENTS = 100_000_000n;

/** Fully invested at the first bar, for good: costs and limits off, filled at the next open. */
const holding: FlowConfig = {
  ...bareFlow,
  bars: { intervalUs: 86_400_000_000, suspicious: "include" },
  model: longFrom(0),
  sizing: { method: "EQUAL_WEIGHT", grossBps: 9_500, allowShort: false },
};

interface Row {
  readonly date: string;
  readonly symbol: string;
  /** In hundredths of a cent: exact. */
  readonly open: bigint;
  readonly close: bigint;
}

const units = (text: string): bigint => {
  const [whole = "", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(4, "0"));
};

/** EEM's bars before 2003-04-11 are of another company, which had that symbol. */
const usable = (date: string, symbol: string): boolean => symbol !== "EEM" || date >= "2003-04-11";

function rowsOf(symbols: readonly string[]): { lines: string[]; rows: Row[] } {
  const [header = "", ...all] = gunzipSync(readFileSync(daily)).toString().trim().split("\n");
  const lines = all.filter((line) => {
    const [date = "", symbol = ""] = line.split(",");
    return symbols.includes(symbol) && usable(date, symbol);
  });
  const rows = lines.map((line) => {
    const [date = "", symbol = "", open = "", , , close = ""] = line.split(",");
    return { date, symbol, open: units(open), close: units(close) };
  });
  return { lines: [header, ...lines], rows };
}

async function run(symbols: readonly string[], actions = true) {
  const { lines, rows } = rowsOf(symbols);
  const tape = createMemoryLog();
  const files = filesOf({ "daily.csv.gz": gzipSync(lines.join("\n")) });
  await importFiles(files, defaultOptions("bars"), async () => tape);
  const report = actions
    ? await importNotices(
        corporateActions,
        [actionsFile],
        { session: null, delimiter: null, columns: null },
        async () => tape,
      )
    : null;
  const target = createMemoryLog();
  const topology = flowTopology(holding);
  await runClosed({ topology, partitions: 1, sourceOf: () => tape, target });
  const events = [...(await eventsOf(tape)), ...(await eventsOf(target))];
  const of = <T extends TopicName>(topic: T): EventOf<T>[] =>
    events.filter((event): event is EventOf<T> => event.topic === topic);
  return { rows, report, events, of, rank: topology.rank, logs: [target, tape] };
}

type Ran = Awaited<ReturnType<typeof run>>;

const dateOf = (timeUs: number): string => new Date(timeUs / 1000).toISOString().slice(0, 10);

/** The splits as the file says them, read by the test itself. */
const splits = readFileSync(actionsFile, "utf8")
  .trim()
  .split("\n")
  .slice(1)
  .map((line) => line.split(","))
  .filter(([, , action]) => action === "SPLIT")
  .map(([date = "", symbol = "", , ratio = ""]) => {
    const [fresh = "", old = ""] = ratio.split(":");
    return { date, symbol, fresh: BigInt(fresh), old: BigInt(old) };
  });

/** A fraction of two bigints. */
type Ratio = readonly [bigint, bigint];
const times = ([a, b]: Ratio, [c, d]: Ratio): Ratio => [a * c, b * d];

/** Shares of today that one share of `date` (at its close) has become. */
function factor(symbol: string, date: string): Ratio {
  return splits
    .filter((split) => split.symbol === symbol && split.date > date)
    .reduce<Ratio>((product, { fresh, old }) => times(product, [fresh, old]), [1n, 1n]);
}

/** Half to even, of a positive fraction. */
function cents([a, b]: Ratio): bigint {
  const whole = a / b;
  const twice = 2n * (a % b);
  return twice > b || (twice === b && whole % 2n === 1n) ? whole + 1n : whole;
}

/**
 * Equity in cents after each day's close, from the fills and split-adjusted prices: a holding is kept in
 * shares of the last day, a fraction; what a split leaves of a share is sold at the close before it.
 */
function adjustedEquity({ rows, of }: Ran): Map<string, bigint> {
  const fills = of("fills").filter(({ value }) => value.execType === "FILLED");
  const named = (symbol: string): string => (symbol === "QQQQ" ? "QQQ" : symbol);
  const held = new Map<string, Ratio>();
  const price = new Map<string, Ratio>();
  let cash = INITIAL_CENTS;
  const equity = new Map<string, bigint>();
  for (const date of [...new Set(rows.map((row) => row.date))]) {
    for (const { symbol, fresh, old } of splits.filter((split) => split.date === date)) {
      const after = factor(symbol, date);
      const [a, b] = held.get(symbol) ?? [0n, 1n];
      const whole = (a * after[1]) / (b * after[0]);
      const kept: Ratio = [whole * after[0], after[1]];
      const fraction: Ratio = [a * kept[1] - kept[0] * b, b * kept[1]];
      // An adjusted price is of a share of the last day, in hundredths of a cent.
      cash += cents(times(times(fraction, price.get(symbol) ?? [0n, 1n]), [1n, 100n]));
      held.set(symbol, kept);
      expect(fresh).not.toBe(old);
    }
    for (const row of rows.filter((each) => each.date === date)) {
      const [n, d] = factor(row.symbol, date);
      price.set(row.symbol, [row.close * d, n]);
    }
    for (const { value } of fills.filter((fill) => dateOf(fill.value.tradeUs) === date)) {
      const symbol = named(value.symbol);
      const opened = rows.find((row) => row.date === date && row.symbol === symbol)?.open;
      expect(BigInt(value.price)).toBe(opened);
      const quantity = BigInt(value.side === "BUY" ? value.quantity : -value.quantity);
      const [n, d] = factor(symbol, date);
      const [a, b] = held.get(symbol) ?? [0n, 1n];
      held.set(symbol, [a * d + quantity * n * b, b * d]);
      const paid = cents([(quantity < 0n ? -quantity : quantity) * (opened ?? 0n), 100n]);
      cash -= quantity < 0n ? -paid : paid;
    }
    let total = cash;
    for (const [symbol, shares] of held) {
      total += cents(times(times(shares, price.get(symbol) ?? [0n, 1n]), [1n, 100n]));
    }
    equity.set(date, total);
  }
  return equity;
}

/** The last snapshot of each day. */
const snapshots = ({ of }: Ran): Map<string, bigint> =>
  new Map(of("portfolio.snapshots").map(({ timeUs, value }) => [dateOf(timeUs), value.equity]));

function differences(ran: Ran): string[] {
  const expected = adjustedEquity(ran);
  return [...snapshots(ran)]
    .filter(([date, equity]) => expected.get(date) !== equity)
    .map(([date, equity]) => `${date}: ${equity}, not ${expected.get(date)}`);
}

/** Equity just before and just after each action. */
function jumps({ of }: Ran): readonly bigint[] {
  const all = of("portfolio.snapshots");
  return all.flatMap(({ value }, i) =>
    value.cause === "ACTION" ? [value.equity - (all[i - 1]?.value.equity ?? 0n)] : [],
  );
}

const paidFractions = ({ of }: Ran): boolean =>
  of("portfolio.snapshots").some(
    ({ value }, i, all) => value.cause === "ACTION" && value.cash !== all[i - 1]?.value.cash,
  );

/** Shows an answer the run in the one order. */
function shown({ events, rank }: Ran, answer: AskedAnswer): AskedAnswer {
  const order = (event: AnyEvent): number => rank.get(event.topic) ?? 0;
  const ordered = [...events].sort(
    (a, b) => a.timeUs - b.timeUs || order(a) - order(b) || a.origin - b.origin,
  );
  for (const event of ordered) answer.see(event);
  return answer;
}

const identity: RunIdentity = {
  runId: "0123456789abcdef",
  hash: "f".repeat(64),
  forkOf: null,
  tape: "daily",
  engine: engineOf(),
  code: { version: "0", digest: "d".repeat(64) },
  phases: [{ fromUs: null, config: {}, model: { name: "long", digest: "m".repeat(64) } }],
  inputs: [],
  outputs: [],
};

/** Falls of the equity below its highest close so far, the deepest first. */
function falls(equity: ReadonlyMap<string, bigint>) {
  const found: { peak: string; trough: string; recovered: string | null; depth: number }[] = [];
  let high: readonly [date: string, value: bigint] = ["", INITIAL_CENTS];
  let low: readonly [date: string, value: bigint] = high;
  const close = (recovered: string | null): void => {
    if (low[1] >= high[1]) return;
    const depth = Number(high[1] - low[1]) / Number(high[1]);
    found.push({ peak: high[0], trough: low[0], recovered, depth });
  };
  for (const [date, value] of equity) {
    if (value >= high[1]) {
      close(date);
      high = [date, value];
      low = high;
    } else if (value < low[1]) low = [date, value];
  }
  close(null);
  return found.sort((a, b) => b.depth - a.depth);
}

/** From the last close up to the one day to that of the other, and the deepest fall between closes on the way. */
function between(equity: ReadonlyMap<string, bigint>, from: string, to: string) {
  const values = [...equity]
    .filter(([date]) => date > from && date <= to)
    .map(([, value]) => value);
  const start = [...equity].filter(([date]) => date <= from).at(-1)?.[1] ?? 0n;
  let high = start;
  let deepest = 0;
  for (const value of values) {
    if (value > high) high = value;
    deepest = Math.max(deepest, Number(high - value) / Number(high));
  }
  return { change: Number(values.at(-1) ?? start) / Number(start) - 1, drawdown: deepest };
}

describe.runIf(there)("buy and hold through every split", () => {
  test.each([
    [["AAPL"], 4],
    [["AIG"], 4],
    [everything, 16],
  ])(
    "%s is worth what its adjusted prices say, on every day, to the cent",
    async (symbols, held) => {
      const ran = await run(symbols);
      expect(ran.report?.events).toBe(held);
      expect(snapshots(ran).size).toBeGreaterThan(5_800);
      expect(differences(ran)).toEqual([]);
      const own = jumps(ran);
      expect(own.length).toBeGreaterThanOrEqual(symbols.length === 1 ? held : 14);
      expect(own.every((jump) => jump === 0n)).toBe(true);
      // AIG's 3:2, 5:4 and 1:20 leave fractions; AAPL's splits cannot.
      expect(paidFractions(ran)).toBe(symbols.includes("AIG"));
    },
  );

  test("the answers and the snapshots agree, and the ledger sums to zero", async () => {
    const ran = await run(everything);
    const last = ran.of("portfolio.snapshots").at(-1)?.value;
    const rowsOf = (name: string) => {
      const answer = askedAnswer(holding.portfolio, name);
      return answer === null ? null : shown(ran, answer).rows();
    };
    const held = rowsOf("positions");
    if (held !== null) {
      expect(sumOf(held, "marketValue")).toBe(last?.netExposure);
      expect(sumOf(held, "realised")).toBe(last?.realisedPnl);
    }
    const ledger = rowsOf("cash-ledger");
    if (ledger !== null) {
      expect(sumOf(ledger, "debit")).toBe(sumOf(ledger, "credit"));
      expect(balanceOf(ledger, "cash")).toBe(last?.cash);
      expect(-balanceOf(ledger, "realised")).toBe(last?.realisedPnl);
    }
    const open = rowsOf("trades")?.filter(({ exit }) => exit === null);
    if (open !== undefined) expect(open.map(({ symbol }) => symbol).sort()).toEqual(everything);
  });

  test.each([[["AAPL"]], [["AIG"]], [everything]])(
    "the report of %s around 2008 and 2020 says what adjusted prices say: change, fall, recovery",
    async (symbols) => {
      const ran = await run(symbols);
      const log = await joinLogs(ran.logs.map((one) => ({ log: one, ranges: null })));
      const { crises, drawdowns } = await collectReport(log, identity, holding.portfolio);
      const equity = adjustedEquity(ran);
      const windows = [
        ["Financial crisis", "2007-10-09", "2009-03-09"],
        ["Covid", "2020-02-19", "2020-03-23"],
      ] as const;
      for (const [name, from, to] of windows) {
        const told = crises.find((crisis) => crisis.name === name);
        const expected = between(equity, from, to);
        expect(expected.drawdown, name).toBeGreaterThan(0.25);
        expect(told?.change, name).toBeCloseTo(expected.change, 12);
        expect(told?.drawdown, name).toBeCloseTo(expected.drawdown, 12);
      }
      const worst = falls(equity).slice(0, drawdowns.length);
      expect(drawdowns.length).toBeGreaterThan(2);
      expect(
        drawdowns.map(({ peakUs, troughUs, recoveredUs }) => [
          dateOf(peakUs),
          dateOf(troughUs),
          recoveredUs === null ? null : dateOf(recoveredUs),
        ]),
      ).toEqual(worst.map(({ peak, trough, recovered }) => [peak, trough, recovered]));
      for (const [i, { depth }] of drawdowns.entries()) {
        expect(depth).toBeCloseTo(worst[i]?.depth ?? 0, 12);
      }
    },
  );

  test("without the actions the same book falls off a cliff", async () => {
    const ran = await run(["AAPL"], false);
    expect(differences(ran).length).toBeGreaterThan(5_000);
  });
});
