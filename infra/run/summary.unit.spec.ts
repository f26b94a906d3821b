import { expect, test } from "vitest";
import { printSummary, type RunSummary } from "./summary.ts";

const interval = { lower: -0.123_45, upper: 0.5, standardError: 0.1 };

const summary = (changes: object): RunSummary =>
  ({
    run: "0123456789abcdef",
    hash: "f".repeat(64),
    counts: { "market.bars": 1 },
    hashes: {},
    report: "report.html",
    metrics: {
      verdicts: { PASS: 0, REDUCE: 0, DENY: 0 },
      orders: 0,
      canceled: 0,
      rejected: 0,
      fills: 0,
      finalEquity: "1.00",
      netProfit: "0.00",
      currency: "USD",
      totalReturn: 0.1,
      maxDrawdown: 0.2,
      sharpe: 1.234,
      ...changes,
    },
  }) as unknown as RunSummary;

const measures = {
  annualReturn: { interval },
  sharpe: { interval },
  probabilisticSharpe: { value: 0.9 },
};

test("says how sure return and Sharpe ratio are, in one line after them", () => {
  const lines = printSummary(summary({ measures })).split("\n");
  const at = lines.findIndex((line) => line.startsWith("performance"));
  expect(lines[at + 1]).toBe(
    "95 % interval return a year -12.35 % to 50.00 % · Sharpe -0.12 to 0.50, above 0 with probability 0.900",
  );
});

test.each([
  ["finished before measures were kept", {}],
  ["too short for an interval", { measures: { ...measures, sharpe: { interval: null } } }],
])("leaves the line out for a run %s", (_, changes) => {
  expect(printSummary(summary(changes))).not.toContain("interval");
});
