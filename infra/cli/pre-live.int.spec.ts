// tapedeck pre-live on a small strategy: what is not shown is missing, what is shown is found.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Item } from "../pre-live/checklist.ts";
import { codeDigest } from "../run/code-digest.ts";
import { FIRST_BAR_US, writeMarketTape } from "../run/testing/market-tape.ts";
import { tapedeckIn } from "./testing/run-command.ts";

let folder = "";
const { tapedeck, json } = tapedeckIn(() => folder);
const LIMITS = `maxPosition: 100, maxSector: 0.9, maxDrawdown: 0.5, maxDailyLoss: 0.5, maxWeeklyLoss: 0.5, maxTradesADay: 5000,
  breakers: { hitRate: 0.0001, dataQuality: 0.5, maxAge: 1h }`;
const yaml = (limits: string, more = "") =>
  `tape: tape\nsource: bars\nfeatures: { emaFast: 3, emaSlow: 8, volatility: 5 }\nsizing: { quantity: 10 }\nrisk: { ${limits} }\n${more}`;

interface Printed {
  readonly ready: boolean;
  readonly items: readonly Item[];
}

/** The checklist, which ends with 6 as long as something is missing. */
function look(...args: readonly string[]): ReadonlyMap<string, Item> {
  const { status, out, err } = tapedeck("pre-live", ...args, "--json");
  expect([status, err]).toEqual([6, ""]);
  const { ready, items } = JSON.parse(out) as Printed;
  expect(ready).toBe(false);
  return new Map(items.map((item) => [item.name, item]));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-pre-live-"));
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 3000, seed: 5 });
  const at = new Date((FIRST_BAR_US + 600 * 60e6) / 1000).toISOString();
  writeFileSync(join(folder, "run.yaml"), yaml(LIMITS));
  writeFileSync(
    join(folder, "drill.yaml"),
    yaml(LIMITS, `commands: [{ at: ${at}, command: KillTrading, who: ann, why: drill }]\n`),
  );
  writeFileSync(join(folder, "loose.yaml"), yaml("maxDrawdown: off"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("of a configuration that was never run nothing is shown but its limits", () => {
  const items = look("run.yaml");
  expect(items.get("Limits")?.status).toBe("PASS");
  const others = [...items.values()].filter(({ name }) => name !== "Limits");
  expect(new Set(others.map(({ status }) => status))).toEqual(new Set(["MISSING"]));
  const loose = look("loose.yaml").get("Limits");
  expect(loose?.status).toBe("FAIL");
  expect(loose?.evidence).toContain("off: risk.maxDrawdown (asked for)");
  expect(loose?.evidence).toContain("off: risk.orders");
});

test("finds the walk, the drill, the replay and what is named, and writes page and data", () => {
  json("backtest", "run.yaml");
  json("backtest", "drill.yaml");
  // A day is too short for a measure of days.
  const set = ["--set", "features.emaFast=3,4", "--measure", "periodSharpe"];
  json("walk-forward", "run.yaml", "--in-sample", "1", "--out-of-sample", "1", ...set);
  json("walk-forward", "loose.yaml", "--in-sample", "1", "--out-of-sample", "1", ...set);
  writeFileSync(join(folder, "approval.txt"), "approved");
  const faults = [{ fault: "zombie", rounds: 3, anomalies: 0 }];
  const record = { format: 1, code: codeDigest(), faults };
  writeFileSync(join(folder, ".tapedeck", "faults.json"), JSON.stringify(record));
  const items = look("run.yaml", "--compliance", "approval.txt", "--out", "page.html");
  const statuses = Object.fromEntries(
    [...items.values()].map(({ name, status }) => [name, status]),
  );
  expect(statuses).toEqual({
    "Walk-forward": "FAIL", // a day is not six months
    "Paper or shadow": "MISSING",
    "Bull, bear and sideways markets": "MISSING",
    "2008 and 2020 with limits on": "MISSING",
    "Recovery from faults": "PASS",
    Determinism: "PASS",
    Limits: "PASS",
    "Kill switch": "PASS",
    "Compliance documents": "PASS",
  });
  expect(items.get("Walk-forward")?.evidence).toHaveLength(1);
  expect(items.get("Kill switch")?.evidence.join()).toMatch(/KillTrading by ann .*, 0 new orders/);
  const page = readFileSync(join(folder, "page.html"), "utf8");
  for (const { name } of items.values()) expect(page).toContain(name);
  expect(existsSync(join(folder, "page.json"))).toBe(true);
  // By a run it is the same strategy.
  const latest = look("latest", "--no-verify");
  expect(latest.get("Walk-forward")).toEqual(items.get("Walk-forward"));
  expect(latest.get("Determinism")?.status).toBe("MISSING");
});

test("a file that is not there, or no report of a shadow, is refused", () => {
  const none = tapedeck("pre-live", "run.yaml", "--compliance", "nothing.pdf");
  expect([none.status, none.err]).toEqual([2, expect.stringContaining("nothing.pdf")]);
  const shadow = tapedeck("pre-live", "run.yaml", "--shadow", "approval.txt");
  expect([shadow.status, shadow.err]).toEqual([2, expect.stringContaining("approval.txt")]);
});
