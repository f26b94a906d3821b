import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import { type AnyEvent, emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import {
  bar,
  eventsOf,
  fill,
  logOf,
  MINUTE_US,
  order,
  START_US,
} from "../../streams/testing/tape.ts";
import { engineOf } from "../run/manifest.ts";
import { collectReport } from "./collect-report.ts";
import { pageScript } from "./page-script.ts";
import { renderReport } from "./render-report.ts";
import type { ReportData, RunIdentity } from "./report-data.ts";

const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 10_000_000n };

const identity: RunIdentity = {
  runId: "0123456789abcdef",
  hash: "f".repeat(64),
  forkOf: null,
  tape: ".tapedeck/tapes/demo",
  engine: engineOf(),
  code: { version: "0.1.0", digest: "d".repeat(64) },
  phases: [{ fromUs: null, config: {}, model: { name: "ema-cross", digest: "m".repeat(64) } }],
  inputs: [],
  outputs: [],
};

const snapshot = (amount: bigint, gross: bigint): PortfolioSnapshot => ({
  portfolio: "main",
  currency: "USD",
  cause: "MARK",
  cash: amount - gross,
  equity: amount,
  peakEquity: amount,
  grossExposure: gross,
  netExposure: gross,
  realisedPnl: 0n,
  fees: 0n,
  taxes: 0n,
  foreignCash: [],
  drawdownBps: 0,
  symbol: "IBM",
  quantity: 1,
  cost: 0n,
  mark: 1,
});

const DAY_US = 1440 * MINUTE_US;

/** 40 days: bought at 100.00 on day 1, sold at 110.00 on day 31, equity up 1 % a day but for day 10. */
function quarter(symbol = "IBM"): readonly AnyEvent[] {
  let amount = 10_000_000n;
  const days = Array.from({ length: 40 }, (_, i) => {
    const timeUs = START_US + i * DAY_US;
    amount = i === 10 ? (amount * 80n) / 100n : (amount * 101n) / 100n;
    return [
      { ...emit("market.bars", bar(symbol, timeUs, 10_000 + i)), timeUs },
      {
        ...emit("portfolio.snapshots", snapshot(amount, i >= 1 && i <= 30 ? amount / 2n : 0n)),
        timeUs,
      },
    ];
  }).flat();
  const traded = [
    { quantity: 100, price: 10_000, day: 1 },
    { quantity: -100, price: 11_000, day: 31 },
  ].map(({ quantity, price, day }) => {
    const timeUs = START_US + day * DAY_US;
    const report = fill(quantity, price, { symbol, fee: 500n, slippage: 1, tradeUs: timeUs });
    return { ...emit("fills", report), timeUs: timeUs + 1 };
  });
  return eventsOf([
    { ...emit("market.instruments", equity(symbol)), timeUs: 0 },
    { ...emit("orders", order(1, { symbol })), timeUs: START_US },
    { ...emit("orders", order(2, { symbol, side: "SELL" })), timeUs: START_US + 1 },
    {
      ...emit("risk.verdicts", {
        portfolio: "main",
        outcome: "REDUCE",
        reason: "MaxPositionExceeded",
        state: "ACTIVE",
        targets: [],
        scalePpm: 1_000_000,
        overlays: [],
        events: [],
        answer: "",
        checks: [
          {
            check: "MAX_POSITION",
            symbol,
            limit: 100,
            measured: 250,
            unit: "QUANTITY",
            passed: false,
          },
          {
            check: "MAX_DRAWDOWN",
            symbol: "",
            limit: 2000,
            measured: 500,
            unit: "BPS",
            passed: true,
          },
        ],
      }),
      timeUs: START_US,
    },
    ...days,
    ...traded,
  ]) as readonly AnyEvent[];
}

const collected = async (events: readonly AnyEvent[], run = identity): Promise<ReportData> =>
  collectReport(await logOf(events, 7), run, account);

/** The page without its own script and style. */
const shown = (page: string): string => page.replace(/<(script|style)>.*?<\/\1>/gs, "");

describe("what a report says", () => {
  test("agrees with figures worked out by hand", async () => {
    const { metrics, drawdowns, verdicts, trades, years, span } = await collected(quarter());
    const growth = 1.01 ** 39 * 0.8;
    expect(metrics).toMatchObject({
      initialEquity: "100000.00",
      trades: 1,
      winRate: 1,
      profitFactor: null,
      expectancy: 990,
      averageHoldingSeconds: 30 * 86_400,
      timeInMarket: 30 / 40,
      averageExposure: expect.closeTo(0.375, 6),
      orders: 2,
      fills: 2,
      rejected: 0,
      valueTraded: "21000.00",
      fees: "10.00",
      slippage: "2.00",
      costBps: (12 / 21_000) * 10_000,
      verdicts: { PASS: 0, REDUCE: 1, DENY: 0 },
      sampling: { period: "day", samples: 40, perYear: 365 },
    });
    // Cents were cut off at each of 40 steps.
    expect(metrics.totalReturn).toBeCloseTo(growth - 1, 5);
    expect(metrics.annualReturn).toBeCloseTo(growth ** (365 / 40) - 1, 3);
    expect(metrics.maxDrawdown).toBeCloseTo(0.2, 6);
    expect(drawdowns).toMatchObject([
      {
        peakUs: START_US + 9 * DAY_US,
        troughUs: START_US + 10 * DAY_US,
        recoveredUs: START_US + 33 * DAY_US,
      },
    ]);
    expect(verdicts.checks).toEqual([
      { check: "MAX_POSITION", judged: 1, failed: 1, highestUse: 2.5 },
      { check: "MAX_DRAWDOWN", judged: 1, failed: 0, highestUse: 0.25 },
    ]);
    expect(trades).toMatchObject([{ direction: "LONG", profit: "990.00", entryPrice: "100.0000" }]);
    expect(years).toMatchObject([{ year: 2013 }]);
    const months = years[0]?.months.flatMap((change, i) => (change === null ? [] : [i + 1]));
    expect(months).toEqual([10, 11]);
    expect(span).toEqual({ fromUs: START_US - MINUTE_US, toUs: START_US + 39 * DAY_US });
  });

  test("a run without market or trades has null measures, and a page that says so", async () => {
    const data = await collected(
      eventsOf([emit("market.instruments", equity("IBM"))]) as AnyEvent[],
    );
    expect(data.metrics).toMatchObject({ finalEquity: "100000.00", sharpe: null, trades: 0 });
    const page = renderReport(data);
    expect(page).toContain("No order was filled in this run");
    expect(page).toContain("No proposal reached the risk gate");
    expect(shown(page)).not.toMatch(/NaN|Infinity|undefined/);
  });

  test("a book that an optimiser weighs is named by what is optimised, with the model that feeds it", async () => {
    const data = await collected(
      eventsOf([emit("market.instruments", equity("IBM"))]) as AnyEvent[],
    );
    const [phase] = data.run.phases;
    if (phase === undefined) throw new Error("a run has a phase");
    const titled = (optimiser: object) => {
      const config = { sizing: { method: "optimised", optimiser } } as typeof phase.config;
      const run = { ...data.run, phases: [{ ...phase, config }] };
      return /<h1>([^<]*)/.exec(renderReport({ ...data, run }))?.[1];
    };
    expect(titled({ objective: "minimum-cvar" })).toMatch(/^minimum-cvar/);
    const fed = { objective: "mean-cvar", expected: { from: "signals" } };
    expect(titled(fed)).toMatch(new RegExp(`^${phase.model.name}, mean-cvar`));
  });

  test("all lost: no annual figures, no returns, but a page", async () => {
    const events = eventsOf(
      Array.from({ length: 60 }, (_, i) => [
        {
          ...emit("market.bars", bar("IBM", START_US + i * DAY_US, 100)),
          timeUs: START_US + i * DAY_US,
        },
        {
          ...emit("portfolio.snapshots", snapshot(5_000_000n - BigInt(i) * 1_000_000n, 1n)),
          timeUs: START_US + i * DAY_US,
        },
      ]).flat(),
    ) as readonly AnyEvent[];
    const data = await collected(events);
    expect(data.metrics).toMatchObject({ annualReturn: null, sharpe: null });
    expect(data.metrics.maxDrawdown).toBeGreaterThan(1);
    expect(shown(renderReport(data))).not.toMatch(/NaN|Infinity|undefined/);
  });
});

/** Ten years of days, bars and equity of IBM, up and down. */
function decade(): readonly AnyEvent[] {
  const days = Array.from({ length: 3653 }, (_, i) => {
    const timeUs = START_US + i * DAY_US;
    const amount = 10_000_000n + BigInt(i) * 3000n + BigInt(((i * 7919) % 997) * 400);
    return [
      { ...emit("market.bars", bar("IBM", timeUs, 10_000 + (i % 100))), timeUs },
      { ...emit("portfolio.snapshots", snapshot(amount, amount / 2n)), timeUs },
    ];
  }).flat();
  return eventsOf([
    { ...emit("market.instruments", equity("IBM")), timeUs: 0 },
    ...days,
  ]) as readonly AnyEvent[];
}

describe("the measures of a run", () => {
  test("are of daily closes, and agree with the figures beside them", async () => {
    const { metrics, daily } = await collected(decade());
    const { measures } = metrics;
    expect(daily.returns.length).toBe(3653);
    expect(metrics.daily).toMatchObject({ days: 3653, perYear: 365, bootstrap: { seed: 0 } });
    for (const name of ["totalReturn", "annualReturn", "annualVolatility", "sharpe"] as const) {
      expect(measures[name].value).toBeCloseTo(metrics[name] as number, 9);
    }
    expect(measures.sortino.value).toBeCloseTo(metrics.sortino as number, 9);
    expect(measures.calmar.value).toBe(metrics.calmar);
    expect(measures.sharpe.convention).toContain("√(365 days)");
  });

  test("are drawn with the seed of the run's configuration", async () => {
    const phases = [{ ...identity.phases[0], config: { seed: 41 } }] as RunIdentity["phases"];
    const { metrics } = await collected(quarter(), { ...identity, phases });
    expect(metrics.daily.bootstrap?.seed).toBe(41);
    const other = await collected(quarter());
    expect(other.metrics.measures.sharpe).not.toEqual(metrics.measures.sharpe);
    expect(other.metrics.measures.sharpe.value).toBe(metrics.measures.sharpe.value);
  });

  test("are against the benchmark that the configuration names, or say that it has no bars", async () => {
    const told = (benchmark: string): RunIdentity["phases"] =>
      [{ ...identity.phases[0], config: { report: { benchmark, trials: 5 } } }] as never;
    const { metrics } = await collected(quarter(), { ...identity, phases: told("IBM") });
    expect([metrics.benchmark, metrics.benchmarkMissing, metrics.trials]).toEqual(["IBM", null, 5]);
    expect(metrics.measures.beta.value).not.toBeNull();
    expect(metrics.measures.deflatedSharpe.value).not.toBeNull();
    const other = await collected(quarter(), { ...identity, phases: told("<XYZ>") });
    expect([other.metrics.benchmark, other.metrics.benchmarkMissing]).toEqual([null, "<XYZ>"]);
    expect(renderReport(other)).toContain("The run read no bar of its benchmark &lt;XYZ&gt;");
    expect(renderReport({ ...other, metrics })).not.toContain("no bar of its benchmark");
  });

  test("of two days are of the samples and the trades alone, never NaN", async () => {
    const minutes = Array.from({ length: 2 * 1440 }, (_, i) => {
      const timeUs = START_US - (START_US % DAY_US) + (i + 1) * MINUTE_US;
      const amount = 10_000_000n + BigInt((i * 31) % 97);
      return [
        { ...emit("market.bars", bar("IBM", timeUs, 100)), timeUs },
        { ...emit("portfolio.snapshots", snapshot(amount, 0n)), timeUs },
      ];
    });
    const { metrics, ...rest } = await collected(eventsOf(minutes.flat()) as readonly AnyEvent[]);
    expect(metrics.sampling.period).toBe("hour");
    expect([metrics.sharpe, metrics.sortino, metrics.annualVolatility]).toEqual([null, null, null]);
    expect(metrics.periodSharpe).not.toBeNull();
    expect(metrics.daily).toEqual({ days: 2, perYear: 252, bootstrap: null });
    const { timeInMarket, averageExposure, annualTurnover, ...others } = metrics.measures;
    for (const { value } of [timeInMarket, averageExposure, annualTurnover]) expect(value).toBe(0);
    for (const { value, interval } of Object.values(others)) {
      expect([value, interval]).toEqual([null, null]);
    }
    expect(shown(renderReport({ metrics, ...rest }))).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("a tearsheet", () => {
  test("of ten years has months, crises, the days' distribution, rolling charts and measures", async () => {
    const data = await collected(decade());
    const page = renderReport(data);
    const text = shown(page);
    expect(page.length).toBeLessThan(400_000);
    expect(text).toContain("<h3>Return by month, %</h3>");
    expect(text.match(/<td class="heat-\d (up|down)">/g)?.length).toBeGreaterThan(100);
    for (const { name } of data.crises) expect(text).toContain(`<th scope="row">${name}</th>`);
    expect(data.crises.map(({ name }) => name)).toContain("Covid");
    expect(text).toContain("Daily returns of 3,653 days");
    expect(text).toContain('id="rolling-sharpe"');
    expect(text).toContain("Sharpe ratio over 183 days");
    for (const { label, value } of Object.values(data.metrics.measures)) {
      if (value !== null) expect(text).toContain(`<th scope="row">${label}</th>`);
    }
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
    const bins = [
      ...text.matchAll(
        /<rect class="(?:up|down|flat)" x="[^"]+" y="[^"]+" width="0.88" height="([^"]+)"/g,
      ),
    ];
    expect(bins.length).toBe(41);
    expect(Math.max(...bins.map(([, height]) => Number(height)))).toBeLessThanOrEqual(96);
  });
});

describe("a run that multiplied its money", () => {
  test("is drawn on a logarithmic scale, and says so; its figures stay on one line", async () => {
    const data = await collected(quarter());
    expect(shown(renderReport(data))).not.toContain("logarithmic scale");
    const times = data.equity.equity.map((value, i) => value * 1.1 ** i);
    const metrics = { ...data.metrics, finalEquity: "1397968300.36" };
    const steep = { ...data, metrics, equity: { ...data.equity, equity: times } };
    const text = shown(renderReport(steep));
    expect(text).toContain('id="equity-reading" aria-live="polite">logarithmic scale</div>');
    expect(text).toContain('<dd class="long">1,397,968,300.36<small>');
  });
});

describe("the page", () => {
  const policyOf = (page: string): string =>
    /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? "";

  test("asks for nothing from anywhere, and its policy admits its own script and style only", async () => {
    const page = renderReport(await collected(quarter()));
    expect(page).not.toMatch(
      /\s(src|href)=|@import|url\(|fetch\(|XMLHttpRequest|<link|<iframe|<img/,
    );
    const inline = [...page.matchAll(/<(script|style)>(.*?)<\/\1>/gs)];
    expect(inline.length).toBe(3);
    for (const [, , text = ""] of inline) {
      const digest = createHash("sha256").update(text).digest("base64");
      expect(policyOf(page)).toContain(`'sha256-${digest}'`);
    }
    expect(policyOf(page)).toMatch(/^default-src 'none'; /);
    expect(page).not.toMatch(/ style=| on[a-z]+=/);
    expect(() => new Script(pageScript)).not.toThrow();
  });

  test("hostile names stay text", async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror="x">'\u2028\u202e`;
    const run: RunIdentity = {
      ...identity,
      runId: evil,
      tape: evil,
      forkOf: evil,
      phases: [{ fromUs: null, config: { [evil]: evil }, model: { name: evil, digest: evil } }],
      outputs: [{ topic: evil, partition: 0, from: 0, to: 1, sha256: evil }],
    };
    const page = renderReport(await collected(quarter(evil), run));
    expect(page).not.toContain("<script>alert");
    expect(page).not.toContain("<img");
    expect(page).not.toMatch(/[\u2028\u202e]/);
    expect([...page.matchAll(/<\/script>/g)].length).toBe(3);
    const data =
      /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "";
    expect(JSON.parse(data).symbols[0].symbol).toBe(evil);
  });

  test("stays small for a long run of many symbols", async () => {
    const symbols = Array.from({ length: 15 }, (_, i) => `S${i}`);
    const facts = Array.from({ length: 60_000 }, (_, i) => {
      const timeUs = START_US + i * MINUTE_US;
      const symbol = symbols[i % symbols.length] as string;
      const price = 10_000 + ((i * 7919) % 997);
      if (i % 3 === 0) {
        const amount = 10_000_000n + BigInt((i * 31) % 4001);
        return { ...emit("portfolio.snapshots", snapshot(amount, amount / 3n)), timeUs };
      }
      return i % 3 === 1
        ? {
            ...emit("fills", fill(i % 2 === 0 ? 1 : -1, price, { symbol, tradeUs: timeUs })),
            timeUs,
          }
        : { ...emit("market.bars", bar(symbol, timeUs, price)), timeUs };
    });
    const instruments = symbols.map((symbol) => ({
      ...emit("market.instruments", equity(symbol)),
      timeUs: 0,
    }));
    const data = await collected(eventsOf([...instruments, ...facts]) as readonly AnyEvent[]);
    expect(data.equity.timeUs.length).toBeLessThanOrEqual(2000);
    for (const { timeUs } of data.symbols) expect(timeUs.length).toBeLessThanOrEqual(2000);
    expect(data.symbols.length).toBe(5);
    expect(renderReport(data).length).toBeLessThan(1_000_000);
  });
});
