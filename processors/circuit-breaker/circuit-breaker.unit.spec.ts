import { describe, expect, test } from "vitest";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { EventOf } from "../../streams/event.ts";
import { command, renamed, split } from "../../streams/testing/facts.ts";
import { at, given } from "../../streams/testing/given.ts";
import type { BreakersConfig } from "../breakers-config.ts";
import { circuitBreaker } from "./circuit-breaker.ts";

const MINUTE_US = 60_000_000;
const off: BreakersConfig = {
  response: "HALT",
  modelDecay: null,
  dataQuality: null,
  maxAgeUs: null,
};

const seen = (symbol: string, barEndUs: number, timeUs = barEndUs, price = 100) =>
  at(timeUs, "features", {
    symbol,
    barEndUs,
    price,
    logReturn: 0,
    emaFast: price,
    emaSlow: price,
    atr: 0,
    volatility: 0.01,
    warm: true,
  });
const view = (timeUs: number, symbol: string, strength: number, price: number) =>
  at(timeUs, "signals", { symbol, model: "test", strength, price, volatility: 0.01 });
const print = (timeUs: number, symbol: string, suspicious: boolean) =>
  at(timeUs, "market.ticks", { symbol, price: 100, quantity: 1, venue: "", suspicious });
const told = (timeUs: number, name: ControlCommand["command"], portfolio = "main") =>
  at(timeUs, "control.commands", { ...command(name), portfolio });

const watch = (config: Partial<BreakersConfig>, source: "ticks" | "bars" = "bars") =>
  given(circuitBreaker({ ...off, ...config }, "main", source));
type Watch = ReturnType<typeof watch>;
type Happening = readonly EventOf<
  "features" | "signals" | "market.ticks" | "market.corporate-actions" | "control.commands"
>[];
const tripsOf = (task: Watch, ...events: Happening) =>
  task.when(...events).map(({ value }) => [value.breaker, value.measured]);

/** Signals up of one symbol, a minute apart, that were right so many times and wrong so many, wrong last. */
function outcomes(right: number, wrong: number) {
  const prices = [1_000];
  for (let i = 0; i < right + wrong; i++) {
    prices.push((prices.at(-1) as number) + (i < right ? 1 : -1));
  }
  return prices.map((price, i) => view(i * MINUTE_US, "AAA", 1, price));
}

describe("a model that decays", () => {
  const modelDecay = { leastBps: 4_500, outcomes: 20 };

  test("trips below its least share of right signals, not at it", () => {
    expect(tripsOf(watch({ modelDecay }), ...outcomes(10, 10))).toEqual([]);
    expect(tripsOf(watch({ modelDecay }), ...outcomes(9, 11))).toEqual([]);
    expect(watch({ modelDecay }).when(...outcomes(8, 12))).toEqual([
      {
        topic: "risk.breakers",
        value: {
          portfolio: "main",
          breaker: "MODEL_DECAY",
          response: "HALT",
          symbol: "",
          limit: 4_500,
          measured: 4_000,
          unit: "BPS",
          observations: 20,
        },
      },
    ]);
  });

  test("is judged by full windows alone, and trips once until trading is enabled", () => {
    const hour = 60 * MINUTE_US;
    const task = watch({ modelDecay: { leastBps: 4_500, outcomes: 4 } });
    expect(tripsOf(task, ...outcomes(0, 3))).toEqual([]);
    expect(tripsOf(task, view(hour + 9, "AAA", 1, 990))).toEqual([["MODEL_DECAY", 0]]);
    expect(tripsOf(task, view(hour + 10, "AAA", 1, 980), view(hour + 11, "AAA", 1, 970))).toEqual(
      [],
    );
    expect(
      tripsOf(task, told(hour + 12, "HaltTrading"), told(hour + 12, "EnableTrading", "other")),
    ).toEqual([]);
    expect(tripsOf(task, view(hour + 13, "AAA", 1, 960))).toEqual([]);
    expect(tripsOf(task, told(hour + 14, "EnableTrading"))).toEqual([]);
    const wrong = [950, 940, 930].map((price, i) => view(hour + 15 + i, "AAA", 1, price));
    expect(tripsOf(task, ...wrong)).toEqual([]);
    expect(tripsOf(task, view(hour + 18, "AAA", 1, 920))).toEqual([["MODEL_DECAY", 0]]);
  });

  test("has no outcome without a side or a move, one for each side, and all symbols count together", () => {
    const task = watch({ modelDecay: { leastBps: 10_000, outcomes: 2 } });
    const quiet = [view(1, "AAA", 0, 100), view(2, "AAA", 0.1, 90), view(3, "AAA", 1, 90)];
    expect(tripsOf(task, ...quiet)).toEqual([]);
    expect(tripsOf(task, view(4, "AAA", 0, 91), view(5, "BBB", -1, 50))).toEqual([]);
    expect(tripsOf(task, view(6, "BBB", 0, 49))).toEqual([]); // two of two were right
    expect(tripsOf(task, view(7, "BBB", -1, 49), view(8, "BBB", -1, 50))).toEqual([
      ["MODEL_DECAY", 5_000],
    ]);
  });

  test("is not held to a price from before a split, or of another name", () => {
    const task = watch({ modelDecay: { leastBps: 10_000, outcomes: 1 } });
    const events = [
      view(1, "AAA", 1, 100),
      at(2, "market.corporate-actions", split("AAA", 4, 1)),
      view(3, "AAA", 1, 25),
      at(4, "market.corporate-actions", renamed("AAA", "BBB")),
      view(5, "BBB", 1, 20),
    ];
    expect(tripsOf(task, ...events)).toEqual([]);
    expect(tripsOf(task, view(6, "BBB", 1, 19))).toEqual([["MODEL_DECAY", 0]]);
  });
});

describe("bars that do not come", () => {
  const dataQuality = { leastBps: 9_000, bars: 20, every: null };
  /** Rows of two symbols; BBB has none in those named. */
  const rows = (count: number, ...missing: readonly number[]) =>
    Array.from({ length: count }, (_, i) => i).flatMap((i) => [
      seen("AAA", i * MINUTE_US),
      ...(missing.includes(i) ? [] : [seen("BBB", i * MINUTE_US)]),
    ]);

  test("trip below the least share, not at it: one row is kept open for what is late", () => {
    expect(tripsOf(watch({ dataQuality }), ...rows(40, 3))).toEqual([]); // 19 of 20
    expect(tripsOf(watch({ dataQuality }), ...rows(40, 3, 4))).toEqual([]); // 18 of 20
    expect(tripsOf(watch({ dataQuality }), ...rows(40, 3, 4, 5))).toEqual([
      ["DATA_QUALITY", 8_500],
    ]);
    // A bar of the row before is in time.
    const late = [
      ...rows(6, 5),
      seen("AAA", 6 * MINUTE_US),
      seen("BBB", 5 * MINUTE_US, 6 * MINUTE_US),
    ];
    const task = watch({ dataQuality: { leastBps: 10_000, bars: 2, every: null } });
    expect(tripsOf(task, ...late, ...rows(9).slice(13))).toEqual([]);
  });

  test("are not expected before a symbol's first bar, nor after it was renamed", () => {
    const task = watch({ dataQuality: { leastBps: 10_000, bars: 2, every: null } });
    const first = [0, 1, 2, 3].map((i) => seen("AAA", i));
    const both = [4, 5, 6].flatMap((i) => [seen("AAA", i), seen("BBB", i)]);
    expect(tripsOf(task, ...first, ...both)).toEqual([]);
    expect(tripsOf(task, at(6, "market.corporate-actions", renamed("BBB", "CCC")))).toEqual([]);
    expect(tripsOf(task, ...[7, 8, 9].map((i) => seen("AAA", i)))).toEqual([]);
    // The other way round, the symbol that is left out is missed.
    expect(tripsOf(task, ...[10, 11, 12].map((i) => seen("DDD", i)))).toEqual([
      ["DATA_QUALITY", 5_000],
    ]);
  });

  test("of one symbol are missed where the market is open: a gap, but not a closed market", () => {
    const every = { barUs: MINUTE_US, closedUs: 60 * MINUTE_US };
    const tripsAfter = (gap: number) =>
      tripsOf(
        watch({ dataQuality: { leastBps: 9_000, bars: 10, every } }),
        ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((i) => seen("AAA", i * MINUTE_US)),
        seen("AAA", (11 + gap) * MINUTE_US),
      );
    expect(tripsAfter(1)).toEqual([]);
    expect(tripsAfter(2)).toEqual([]); // 9 of 10
    expect(tripsAfter(3)).toEqual([["DATA_QUALITY", 8_000]]);
    expect(tripsAfter(59)).toEqual([["DATA_QUALITY", 0]]);
    expect(tripsAfter(60)).toEqual([]);
  });

  test("or hold a suspicious print, count alike; a print at a bar's end belongs to the next", () => {
    const quality = { leastBps: 10_000, bars: 1, every: null };
    const row = (i: number) => seen("AAA", i * MINUTE_US);
    const clean = watch({ dataQuality: quality }, "ticks");
    expect(tripsOf(clean, row(1), print(90_000_000, "AAA", false), row(2), row(3), row(4))).toEqual(
      [],
    );
    const flagged = watch({ dataQuality: quality }, "ticks");
    const events = [row(1), print(2 * MINUTE_US, "AAA", true), row(2), row(3), row(4)];
    expect(tripsOf(flagged, ...events)).toEqual([]);
    expect(tripsOf(flagged, row(5))).toEqual([["DATA_QUALITY", 0]]);
  });
});

describe("a decision from an old bar", () => {
  test("trips beyond the greatest age, not at it, and names whose bar it was", () => {
    const task = watch({ maxAgeUs: 1_000_000, response: "REDUCE_ONLY" });
    expect(tripsOf(task, seen("AAA", 0, 999_999))).toEqual([]);
    expect(tripsOf(task, seen("AAA", 1, 1_000_001))).toEqual([]);
    expect(task.when(seen("BBB", 2, 1_000_003)).map(({ value }) => value)).toEqual([
      {
        portfolio: "main",
        breaker: "LATENCY",
        response: "REDUCE_ONLY",
        symbol: "BBB",
        limit: 1_000_000,
        measured: 1_000_001,
        unit: "MICROSECONDS",
        observations: 1,
      },
    ]);
  });

  test("counts the latest that was seen before it: what was let in late is old", () => {
    const task = watch({ maxAgeUs: 10 });
    expect(tripsOf(task, seen("AAA", 100, 100), view(111, "AAA", 1, 100))).toEqual([]);
    expect(tripsOf(task, seen("BBB", 100, 111))).toEqual([["LATENCY", 11]]);
  });
});

test("several breakers trip on their own, each once", () => {
  const dataQuality = { leastBps: 10_000, bars: 1, every: { barUs: 1, closedUs: 100 } };
  const task = watch({ dataQuality, maxAgeUs: 5 });
  expect(tripsOf(task, seen("AAA", 1, 1), seen("AAA", 2, 8))).toEqual([["LATENCY", 6]]);
  expect(tripsOf(task, seen("AAA", 9, 9))).toEqual([["DATA_QUALITY", 0]]);
});
