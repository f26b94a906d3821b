// The account of a small run, day by day, as people and programs would read it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Statement } from "../../projections/statement.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { split } from "../../streams/testing/facts.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, MINUTE_US, START_US } from "../../streams/testing/tape.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { openSourceWriter } from "../tape/source-writer.ts";
import { runTapedeck } from "./testing/run-command.ts";

const DAYS = ["2013-10-07", "2013-10-08", "2013-10-09"];
const DAY_US = 86_400_000_000;
let folder: string;

const tapedeck = (...args: readonly string[]) => runTapedeck(args, { cwd: folder });

type Made = Statement & {
  readonly from: string;
  readonly to: string;
  readonly actions: readonly unknown[];
};

const statement = (day: string): Made => {
  const { status, stdout, stderr } = tapedeck("statement", "latest", "--day", day, "--json");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
};

const cents = (text: string | null): number => parseScaled(text ?? "", 2) as number;
const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-statement-"));
  mkdirSync(join(folder, ".tapedeck", "tapes"), { recursive: true });
  const log = await openEmbeddedLog(join(folder, ".tapedeck", "tapes", "waves"), { mode: "write" });
  const writer = await openSourceWriter(log, 1);
  await writer.append("market.instruments", START_US - MINUTE_US, equity("IBM"));
  for (const [day] of DAYS.entries()) {
    // Two new shares for one before the last day, at whose prices nothing is left over.
    if (day === 2) {
      const timeUs = START_US + day * DAY_US;
      await writer.append("market.corporate-actions", timeUs, split("IBM", 2, 1));
    }
    for (let i = 1; i <= 120; i++) {
      const price = 10_000 + Math.round(300 * Math.sin((i + 50 * day) / 9));
      const close = day === 2 ? Math.round(price / 2) : price;
      const timeUs = START_US + day * DAY_US + i * MINUTE_US;
      await writer.append("market.bars", timeUs, bar("IBM", timeUs, close));
    }
  }
  await writer.flush();
  await log.close();
  writeFileSync(
    join(folder, "run.yaml"),
    `
tape: .tapedeck/tapes/waves
source: bars
features: { emaFast: 3, emaSlow: 8, atr: 5, volatility: 5 }
portfolio: { cash: 100000, lots: fifo }
sizing: { method: fixed-quantity, quantity: 100 }
venue: { fee: 0.001 }
`,
  );
  expect(tapedeck("backtest", "run.yaml")).toMatchObject({ status: 0 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a statement", () => {
  test("goes from the balances before to the balances after by its entries, which sum to zero", () => {
    for (const day of DAYS) {
      const { balances, entries } = statement(day);
      expect(entries.length).toBeGreaterThan(5);
      expect(sum(entries.map(({ amount }) => cents(amount)))).toBe(0);
      for (const { account, opening, change, closing } of balances) {
        const own = entries.filter((entry) => entry.account === account);
        expect(sum(own.map(({ amount }) => cents(amount)))).toBe(cents(change));
        expect(cents(opening) + cents(change)).toBe(cents(closing));
      }
    }
  });

  test("begins with the capital, and each day where the one before it ended", () => {
    const [first, second, third] = DAYS.map(statement);
    expect(first?.balances.every(({ opening }) => cents(opening) === 0)).toBe(true);
    expect(first?.entries[0]).toMatchObject({ cause: "OPENING", amount: "100000.00" });
    for (const [before, after] of [[first, second] as const, [second, third] as const]) {
      const closing = Object.fromEntries(
        before?.balances.map((one) => [one.account, one.closing]) ?? [],
      );
      for (const { account, opening } of after?.balances ?? []) {
        expect(opening).toBe(closing[account] ?? "0.00");
      }
    }
  });

  test("ends with what is held, in lots that add up, and the equity that the run knew", () => {
    const { positions, equity: lines, total, to } = statement(DAYS[1] as string);
    const [held] = positions;
    expect(sum(held?.lots.map(({ quantity }) => Number(quantity)) ?? [])).toBe(
      Number(held?.quantity),
    );
    expect(sum(held?.lots.map(({ cost }) => cents(cost)) ?? [])).toBe(cents(held?.cost ?? ""));
    expect(cents(lines[0]?.equity ?? "")).toBe(
      cents(lines[0]?.cash ?? "") + cents(lines[0]?.positions ?? ""),
    );
    const asked = tapedeck("inspect", "equity", "latest", "--at", to, "--json");
    expect(JSON.parse(asked.stdout).rows).toMatchObject([{ equity: total }]);
  });

  test("shows what a split did to what was held, though it moves no cash", () => {
    const { actions, entries } = statement(DAYS[2] as string);
    const held = statement(DAYS[1] as string).positions[0]?.quantity ?? "none";
    expect(actions).toEqual([
      {
        at: "2013-10-09T13:30:00Z",
        symbol: "IBM",
        action: "SPLIT",
        terms: "2 for 1",
        quantityBefore: held,
        quantityAfter: String(2 * Number(held)),
      },
    ]);
    expect(entries.some(({ at }) => at === "2013-10-09T13:30:00Z")).toBe(false);
    expect(statement(DAYS[1] as string).actions).toEqual([]);
    const text = tapedeck("statement", "latest", "--day", DAYS[2] as string).stdout;
    expect(text).toMatch(/\nCorporate actions\n.*\n.* IBM +SPLIT +2 for 1 /);
  });

  test("is a table for people, and a file of entries between balances for programs", () => {
    const text = tapedeck("statement", "latest", "--day", DAYS[0] as string);
    expect(text.stdout).toMatch(
      /^Statement of main, run [0-9a-f]{16}, 2013-10-07 \(America\/New_York\)/,
    );
    for (const title of ["Accounts", "Entries", "Positions", "Lots", "Equity", "in all: "]) {
      expect(text.stdout).toContain(`\n${title}`);
    }
    const csv = tapedeck("statement", "latest", "--day", DAYS[0] as string, "--format", "csv");
    const [head, ...rows] = csv.stdout
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(head).toEqual([
      "at",
      "cause",
      "symbol",
      "quantity",
      "price",
      "account",
      "amount",
      "currency",
    ]);
    const cash = rows.filter((row) => row[5] === "cash");
    const [before, ...entries] = cash.map((row) => cents(row[6] ?? ""));
    expect(before).toBe(0);
    expect(sum(entries.slice(0, -1))).toBe(entries.at(-1));
  });

  test.each([
    [["--day", "2013-10-06"], "2013-10-06 is no day of run", "2013-10-07 to 2013-10-09"],
    [["--day", "2013-10-10"], "2013-10-10 is no day of run", "2013-10-07 to 2013-10-09"],
    [["--day", "2013-02-30"], "--day is 2013-02-30", "STATEMENT_DAY_INVALID"],
    [["--day", "monday"], "--day is monday", "STATEMENT_DAY_INVALID"],
    [["--day", "2013-10-07", "--zone", "Mars/Olympus"], "no such IANA time zone", "--zone"],
    [["--day", "2013-10-07", "--format", "xml"], "Allowed choices are text, json, csv", "--format"],
    [[], "required option '--day <date>' not specified", "USAGE_INVALID"],
  ])("of %j is refused with what to do", (words, ...said) => {
    const { status, stderr } = tapedeck("statement", "latest", ...words);
    expect(status).toBe(2);
    for (const part of said) expect(stderr).toContain(part);
    expect(stderr).toContain("→");
  });

  test("is of a run: a tape has no account", () => {
    const { status, stderr } = tapedeck("statement", "waves", "--day", DAYS[0] as string);
    expect(status).toBe(2);
    expect(stderr).toContain("is a tape");
  });
});
