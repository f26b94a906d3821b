import { describe, expect, test } from "vitest";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { checklist, type Found, isReady, type Kill, type RunFound } from "./checklist.ts";
import type { Quarter } from "./quarters.ts";

const us = (day: string): number => parseIsoUs(day) as number;
const asked = { walkMonths: 6, paperDays: 90 };
const quarter = (name: string, regime: Quarter["regime"]): Quarter => ({
  name,
  regime,
  market: 0,
  own: 0.01,
});
const crisis = (name: string) => ({
  name,
  fromUs: 0,
  lastUs: 1,
  change: -0.1,
  drawdown: 0.2,
  stopped: false,
  benchmark: null,
});
const kill: Kill = { command: "KillTrading", who: "ann", timeUs: 0, ordersAfter: 0 };
const run: RunFound = {
  run: "r1",
  crises: [crisis("Financial crisis"), crisis("Covid")],
  quarters: [quarter("a", "bull"), quarter("b", "bear"), quarter("c", "sideways")],
  kills: [kill],
};
const walk = (toUs: string) => ({
  place: "w",
  fromUs: us("2020-01-01"),
  toUs: us(toUs),
  windows: 3,
  sharpe: 1,
  totalReturn: 0.1,
});
const whole: Found = {
  subject: "s",
  walks: [walk("2020-07-02")],
  otherWalks: 0,
  papers: [{ place: "p", fromUs: us("2020-01-01"), toUs: us("2020-03-31") }],
  live: [],
  runs: [run],
  limits: [{ key: "risk.maxDrawdown", on: true, asked: true }],
  verified: { run: "r1", records: 9, identical: true },
  faults: { place: "f", rounds: 20, anomalies: 0, faults: ["zombie"], sameCode: true },
  compliance: { place: "c", sha256: "0" },
};

/** Status of the item whose name begins so. */
const statusOf = (name: string, changes: Partial<Found>): string | undefined =>
  checklist({ ...whole, ...changes }, asked).find((item) => item.name.startsWith(name))?.status;

describe("a checklist", () => {
  test("is ready where every item was shown, and not where one is missing", () => {
    expect(checklist(whole, asked).map(({ status }) => status)).toEqual(Array(9).fill("PASS"));
    expect(isReady(checklist(whole, asked))).toBe(true);
    expect(isReady(checklist({ ...whole, compliance: null }, asked))).toBe(false);
  });

  test("passes nothing because nobody looked", () => {
    const nothing: Found = {
      ...whole,
      walks: [],
      papers: [],
      runs: [],
      limits: [],
      verified: null,
      faults: null,
      compliance: null,
    };
    const statuses = checklist(nothing, asked).map(({ name, status }) => [name, status]);
    expect(statuses.filter(([, status]) => status !== "MISSING")).toEqual([["Limits", "PASS"]]);
  });

  test("asks for so many months of walk and days of paper, the longest of each", () => {
    expect(statusOf("Walk", { walks: [walk("2020-06-30")] })).toBe("FAIL");
    expect(statusOf("Walk", { walks: [walk("2020-02-01"), walk("2020-07-02")] })).toBe("PASS");
    const paper = (toUs: number) => ({ papers: [{ place: "p", fromUs: 0, toUs }] });
    const days = 90 * 86_400_000_000;
    expect(statusOf("Paper", paper(days - 1))).toBe("FAIL");
    expect(statusOf("Paper", paper(days))).toBe("PASS");
  });

  test("asks for a quarter of each market, from any of the runs", () => {
    const bulls = { ...run, quarters: [quarter("a", "bull")] };
    const rest = { ...run, quarters: [quarter("b", "bear"), quarter("c", "sideways")] };
    expect(statusOf("Bull", { runs: [bulls] })).toBe("FAIL");
    expect(statusOf("Bull", { runs: [bulls, rest] })).toBe("PASS");
    // The same quarter in two runs is one.
    const [, , market] = checklist({ ...whole, runs: [bulls, bulls, rest] }, asked);
    expect(market?.evidence[0]).toMatch(/^bull: 1 quarter,/);
  });

  test("asks for both crises, with a limit on", () => {
    const half = { ...run, crises: [crisis("Covid")] };
    expect(statusOf("2008", { runs: [half] })).toBe("MISSING");
    const stopped = { ...crisis("Financial crisis"), stopped: true };
    const halted = { ...run, crises: [stopped, crisis("Covid")] };
    expect(statusOf("2008", { runs: [halted] })).toBe("MISSING");
    expect(statusOf("2008", { runs: [halted, run] })).toBe("PASS");
    expect(statusOf("2008", { limits: [{ key: "x", on: false, asked: true }] })).toBe("FAIL");
  });

  test("counts fault runs of this code alone, and any anomaly against it", () => {
    const faults = whole.faults as NonNullable<Found["faults"]>;
    expect(statusOf("Recovery", { faults: { ...faults, anomalies: 1 } })).toBe("FAIL");
    expect(statusOf("Recovery", { faults: { ...faults, sameCode: false } })).toBe("MISSING");
    expect(statusOf("Recovery", { faults: { ...faults, rounds: 0 } })).toBe("MISSING");
  });

  test("fails where bytes differ, a limit that is asked for is off, or a kill was traded through", () => {
    expect(statusOf("Determinism", { verified: { run: "r", records: 1, identical: false } })).toBe(
      "FAIL",
    );
    const off = { key: "risk.maxBeta", on: false };
    expect(statusOf("Limits", { limits: [{ ...off, asked: true }] })).toBe("FAIL");
    expect(statusOf("Limits", { limits: [{ ...off, asked: false }] })).toBe("PASS");
    const late = { ...run, kills: [kill, { ...kill, ordersAfter: 1 }] };
    expect(statusOf("Kill", { runs: [late] })).toBe("FAIL");
    expect(statusOf("Kill", { runs: [{ ...run, kills: [] }] })).toBe("MISSING");
  });
});
