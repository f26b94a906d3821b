// A week of bars cut by hand, and a flow run inside one of the windows.

import { describe, expect, test } from "vitest";
import type { SignalModel } from "../../processors/signal-model.ts";
import { flowTopology } from "../../processors/topology.ts";
import { Random } from "../../quant/random.ts";
import type { AnyEvent, EventOf } from "../../streams/event.ts";
import { runObserved, type SourceEvents } from "../../streams/observed-run.ts";
import { equity } from "../../streams/testing/given.ts";
import { configFromText } from "../config/load-config.ts";
import { inWindow, windowedModel } from "./trade-window.ts";
import { windowsOf } from "./walk-windows.ts";

const DAY_US = 86_400_000_000;
const HOUR_US = DAY_US / 24;
const at = (day: number, hour: number): number => day * DAY_US + hour * HOUR_US;

/** Days 100 … 104 and 107 … 109: bars that end at 10, 16 and 24 hours. */
const days = [100, 101, 102, 103, 104, 107, 108, 109];
const times = days.flatMap((day) => [at(day, 10), at(day, 16), at(day, 24)]);
const lengths = { inSample: 3, outOfSample: 2, purge: 1, warmUp: 2, anchored: false };

describe("windows of days", () => {
  test("are cut where a day ends: what happens at midnight belongs to the day before", () => {
    expect(windowsOf(times, lengths, null)).toEqual([
      {
        inSample: {
          warmFromUs: at(100, 0) + 1,
          fromUs: at(100, 0) + 1,
          flatFromUs: at(102, 16),
          toUs: at(103, 0) + 1,
        },
        outOfSample: {
          warmFromUs: at(102, 0) + 1,
          fromUs: at(104, 0) + 1,
          flatFromUs: at(107, 16),
          toUs: at(108, 0) + 1,
        },
      },
      {
        inSample: {
          warmFromUs: at(100, 0) + 1,
          fromUs: at(102, 0) + 1,
          flatFromUs: at(104, 16),
          toUs: at(105, 0) + 1,
        },
        outOfSample: {
          warmFromUs: at(104, 0) + 1,
          fromUs: at(108, 0) + 1,
          flatFromUs: at(109, 16),
          toUs: at(110, 0) + 1,
        },
      },
    ]);
  });

  test("of ticks leave room for two bars that are still to be built", () => {
    const [first] = windowsOf(times, lengths, HOUR_US);
    expect(first?.inSample.flatFromUs).toBe(at(102, 22));
  });

  test("are refused where there are too few days", () => {
    expect(() => windowsOf(times.slice(0, 12), lengths, null)).toThrow("4 days of prices");
  });
});

/** Minutes of a walk. */
function market(bars: number): readonly SourceEvents[] {
  const random = new Random(5);
  let close = 10_000;
  const of = (topic: string, i: number, timeUs: number, value: unknown): AnyEvent =>
    ({
      topic,
      partition: 0,
      offset: i,
      timeUs,
      origin: i,
      cause: null,
      ordinal: 0,
      value,
    }) as AnyEvent;
  const events = Array.from({ length: bars }, (_, i) => {
    const open = close;
    close = Math.round(open * (1 + 0.001 * random.normal()));
    const high = Math.max(open, close);
    const low = Math.min(open, close);
    const endUs = at(100, 0) + (i + 1) * 60e6;
    const own = { symbol: "AAA", startUs: endUs - 60e6, endUs, volume: 1000, trades: 0 };
    return of("market.bars", i, endUs, { ...own, open, high, low, close });
  });
  const instruments = [of("market.instruments", 0, 0, equity("AAA"))];
  return [
    { topic: "market.instruments", partition: 0, events: instruments },
    { topic: "market.bars", partition: 0, events },
  ];
}

/** Turns every few bars. */
const crossing: SignalModel<null> = {
  name: "crossing",
  version: 1,
  initial: () => null,
  evolve: (state) => state,
  signal: (_, { warm, emaFast, emaSlow }) => (warm ? Math.sign(emaFast - emaSlow) : null),
};

describe("a flow in a window", () => {
  const { flow } = configFromText("tape: .\nsource: bars\n", "run.yaml");
  const config = { ...flow, model: crossing };
  const seenIn = (sources: readonly SourceEvents[], model = config.model) => {
    const seen: AnyEvent[] = [];
    runObserved({
      topology: flowTopology({ ...config, model }),
      sources,
      see: (event) => seen.push(event),
    });
    return <T extends AnyEvent["topic"]>(topic: T) =>
      seen.filter((event) => event.topic === topic) as unknown as readonly EventOf<T>[];
  };
  const tape = market(2 * 1440);
  // The second day, warmed up by 500 minutes of the first.
  const window = {
    warmFromUs: at(100, 0) + 940 * 60e6 + 1,
    fromUs: at(101, 0) + 1,
    flatFromUs: at(101, 20),
    toUs: at(101, 22) + 1,
  };
  const of = seenIn(inWindow(tape, window), windowedModel(crossing, window) as typeof crossing);

  test("sees the bars before it, and has no view before it", () => {
    expect(of("features")[0]?.timeUs).toBe(at(100, 0) + 941 * 60e6);
    const first = of("signals")[0];
    expect(first?.timeUs).toBe(at(101, 0) + 60e6);
    const whole = seenIn(tape)("signals").find(({ timeUs }) => timeUs === first?.timeUs);
    expect(first?.value.strength).toBe(whole?.value.strength);
    expect(of("orders")[0]?.value.decidedUs).toBeGreaterThanOrEqual(window.fromUs);
  });

  test("trades in it, and ends flat", () => {
    const fills = of("fills").filter(({ value }) => value.execType === "FILLED");
    expect(fills.length).toBeGreaterThan(10);
    expect(of("portfolio.snapshots").at(-1)?.value.quantity).toBe(0);
    expect(Math.max(...fills.map(({ value }) => value.tradeUs))).toBeLessThanOrEqual(
      window.flatFromUs + 60e6,
    );
  });

  test("reads nothing after it", () => {
    expect(of("features").at(-1)?.timeUs).toBe(at(101, 22));
  });
});
