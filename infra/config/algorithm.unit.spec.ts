import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { configFromText, type ReadConfig } from "./load-config.ts";
import { formatProblem, problemsOf } from "./problem.ts";

const PATH = "/home/trader/runs/my-run.yaml";
const MINUTE_US = 60_000_000;

const read = (algorithm: string, orders = ""): ReadConfig =>
  configFromText(`tape: x\norders: { algorithm: ${algorithm}${orders} }`, PATH, []);

function findings(algorithm: string, orders = ""): string[] {
  try {
    read(algorithm, orders);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return problemsOf(error).map((found) => formatProblem("f", found));
  }
  return [];
}

const algorithms = [
  "{ twap: { over: 30m, slices: 6 } }",
  "{ vwap: { over: 6h, slices: 12, days: 5 }, leftover: leave }",
  "{ vwap: { over: 2d, slices: 3, curve: [1, 0, 2.5] }, maxChildren: 3 }",
  "{ pov: { over: 1h, rate: 0.05 } }",
  "{ implementationShortfall: { over: 120m, slices: 8, halfLife: 1800s } }",
];

describe("an execution algorithm", () => {
  test("comes out in machine units", () => {
    const usual = { maxChildren: 100, leftover: "SWEEP" };
    expect(algorithms.map((text) => read(text).flow.orders.algorithm)).toEqual([
      { ...usual, schedule: { method: "TWAP", overUs: 30 * MINUTE_US, slices: 6 } },
      {
        ...usual,
        leftover: "LEAVE",
        schedule: { method: "VWAP", overUs: 360 * MINUTE_US, slices: 12, curve: null, days: 5 },
      },
      {
        ...usual,
        maxChildren: 3,
        schedule: {
          method: "VWAP",
          overUs: 2880 * MINUTE_US,
          slices: 3,
          curve: [1, 0, 2.5],
          days: 20,
        },
      },
      { ...usual, schedule: { method: "POV", overUs: 60 * MINUTE_US, rateBps: 500 } },
      {
        ...usual,
        schedule: {
          method: "IMPLEMENTATION_SHORTFALL",
          overUs: 120 * MINUTE_US,
          slices: 8,
          halfLifeUs: 30 * MINUTE_US,
        },
      },
    ]);
  });

  test("reads back from its own document, in its one form", () => {
    for (const text of algorithms) {
      const config = read(text);
      expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
    }
    const spelt = (text: string) => JSON.stringify(read(text).canonical);
    expect(spelt("{ twap: { over: 60m, slices: 6 }, maxChildren: 100 }")).toBe(
      spelt("{ twap: { over: 1h, slices: 6 }, leftover: sweep }"),
    );
    expect(spelt("{ vwap: { over: 1h, slices: 6, days: 20 } }")).toBe(
      spelt("{ vwap: { over: 1h, slices: 6 } }"),
    );
  });

  test("left out or null is what was before there was any", () => {
    const bare = configFromText("tape: x", PATH, []);
    expect(read("null").canonical).toEqual(bare.canonical);
    expect(bare.canonical.orders).not.toHaveProperty("algorithm");
    expect(bare.flow.orders).not.toHaveProperty("algorithm");
  });

  test("can be set by flags", () => {
    const set = [
      { key: "orders.algorithm.twap.over", value: "5m" },
      { key: "orders.algorithm.twap.slices", value: "5" },
    ];
    const { algorithm } = configFromText("tape: x", PATH, set).flow.orders;
    expect(algorithm?.schedule).toEqual({ method: "TWAP", overUs: 5 * MINUTE_US, slices: 5 });
  });

  test.each([
    ["{}", /orders.algorithm.*found none; must have one of twap, vwap, pov/],
    [
      "{ twap: { over: 1m, slices: 1 }, pov: { over: 1m, rate: 1 } }",
      /found twap and pov; must have one/,
    ],
    ["{ twap: { slices: 2 } }", /twap.over.*missing/],
    ["{ twap: { over: 0s, slices: 2 } }", /twap.over.*must be above 0/],
    ["{ twap: { over: 31d, slices: 2 } }", /twap.over.*must be at most 30d/],
    ["{ twap: { over: 1h, slices: 1.5 } }", /twap.slices.*whole number from 1 to 1000/],
    ["{ twap: { over: 1h, slices: 101 } }", /slices.*at most orders.algorithm.maxChildren \(100\)/],
    ["{ vwap: { over: 25h, slices: 2 } }", /vwap.over.*at most 24h/],
    ["{ vwap: { over: 1h, slices: 2, curve: [1] } }", /curve.*found 1 volumes.*each slice \(2\)/],
    ["{ vwap: { over: 1h, slices: 2, curve: [0, 0] } }", /curve.*must have a volume above/],
    ["{ vwap: { over: 1h, slices: 1, curve: [1], days: 3 } }", /days.*does nothing with a curve/],
    ["{ pov: { over: 1h, rate: 0 } }", /pov.rate/],
    ["{ pov: { over: 1h, rate: 0.00001 } }", /pov.rate.*steps of 0.0001/],
    ["{ pov: { over: 1h, rate: 10 } }", /10 % is 0.1/],
    ["{ implementationShortfall: { over: 1h, slices: 2 } }", /halfLife.*missing/],
    ["{ twapp: { over: 1h, slices: 2 } }", /did you mean orders.algorithm.twap/],
  ])("%s is refused", (text, message) => {
    const found = findings(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  test("does not go with an auction", () => {
    const [found] = findings(algorithms[0] as string, ", timeInForce: AT_THE_CLOSE");
    expect(found).toMatch(/orders.timeInForce.*need DAY, GTC/);
  });

  test("is taken as its page shows it", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/orders.md"), "utf8");
    const examples = [...page.matchAll(/```yaml\n([^`]*algorithm:[^`]+)```/g)].map(
      ([, text]) => text,
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) {
      expect(() => configFromText(`tape: x\n${text}`, PATH, [])).not.toThrow();
    }
  });
});
