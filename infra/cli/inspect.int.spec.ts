// One small run made for real, then looked at through the command as people and programs would.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { equity } from "../../streams/testing/given.ts";
import { bar, MINUTE_US, START_US } from "../../streams/testing/tape.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { openSourceWriter } from "../tape/source-writer.ts";
import { tapedeckIn } from "./testing/run-command.ts";

const BARS = 400;
let folder: string;

const { tapedeck, json } = tapedeckIn(() => folder);

const config = `
tape: .tapedeck/tapes/waves
source: bars
features: { emaFast: 3, emaSlow: 8, atr: 5, volatility: 5 }
sizing: { method: fixed-quantity, quantity: 10 }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tapedeck-inspect-"));
  mkdirSync(join(folder, ".tapedeck", "tapes"), { recursive: true });
  const log = await openEmbeddedLog(join(folder, ".tapedeck", "tapes", "waves"), { mode: "write" });
  const writer = await openSourceWriter(log, 2);
  for (const symbol of ["BAC", "IBM"]) {
    await writer.append("market.instruments", START_US - MINUTE_US, equity(symbol));
  }
  for (let i = 1; i <= BARS; i++) {
    for (const [symbol, phase] of [["BAC", 0] as const, ["IBM", 7] as const]) {
      const close = 10_000 + Math.round(200 * Math.sin((i + phase) / 9));
      const timeUs = START_US + i * MINUTE_US;
      await writer.append("market.bars", timeUs, bar(symbol, timeUs, close));
    }
  }
  await writer.flush();
  await log.close();
  writeFileSync(join(folder, "run.yaml"), config);
  expect(tapedeck("backtest", "run.yaml")).toMatchObject({ status: 0 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Answered {
  readonly asOf: string;
  readonly events: number;
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
}

describe("inspect", () => {
  test("lists runs and tapes; a run is found by id, prefix and latest", () => {
    const [run] = json<{ run: string; state: string }[]>("inspect", "runs");
    expect(run?.state).toBe("complete");
    const id = run?.run ?? "";
    for (const name of [id, id.slice(0, 5), "latest", join(".tapedeck", "runs", id)]) {
      expect(json<{ runId: string }>("inspect", "run", name).runId).toBe(id);
    }
    expect(json("inspect", "tapes")).toMatchObject([{ tape: "waves", records: 2 * BARS + 2 }]);
    expect(tapedeck("inspect", "run", "latest").out).toContain("report");
  });

  test("topics tells what a tape and a run hold, the run's market included", () => {
    const topics = json<{ topic: string; records: number; first: string }[]>(
      "inspect",
      "topics",
      "latest",
    );
    const bars = topics.find(({ topic }) => topic === "market.bars");
    expect(bars).toMatchObject({ records: 2 * BARS, first: "2013-10-07T13:31:00Z" });
    expect(topics.some(({ topic, records }) => topic === "fills" && records > 0)).toBe(true);
    expect(tapedeck("inspect", "topics", "waves").out).toMatch(/market\.bars +symbol +2 +800/);
  });

  test("events come in the one order, from a time or an offset, as lines or as JSON", () => {
    const lines = tapedeck("inspect", "events", "latest", "--limit", "200", "--json").out.trim();
    const times = lines.split("\n").map((line) => (JSON.parse(line) as { timeUs: number }).timeUs);
    expect(times.length).toBe(200);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    const at = "2013-10-07T15:00:00Z";
    const text = tapedeck("inspect", "events", "waves", "--topic", "market.bars", "--at", at);
    expect(text.out.split("\n")[0]).toMatch(
      /^2013-10-07T15:00:00Z {2}market\.bars\/\d\/\d+ .*close=\d+\.\d\d/,
    );
    const from = tapedeck(
      "inspect",
      "events",
      "latest",
      "--topic",
      "fills",
      "--from",
      "1",
      "--limit",
      "1",
    );
    expect(from.out).toMatch(/fills\/\d\/1 .*price=\d+\.\d\d .*fee=\d+\.\d\d/);
  });

  test("answers hold at any past time and any past event", () => {
    const fills = tapedeck(
      "inspect",
      "events",
      "latest",
      "--topic",
      "fills",
      "--limit",
      "3",
      "--json",
    );
    const [first, , third] = fills.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const before = new Date(first.timeUs / 1000 - 1000).toISOString();
    expect(json<Answered>("inspect", "positions", "latest", "--at", before).rows).toEqual([]);
    const position = `fills/${third.partition}/${third.offset}`;
    const ledger = json<Answered>("inspect", "cash-ledger", "latest", "--at", position);
    const sum = (side: string) =>
      ledger.rows.reduce((total, row) => total + Math.round(Number(row[side] ?? 0) * 100), 0);
    expect(sum("debit")).toBe(sum("credit"));
    const trades = json<Answered>("inspect", "trades", "latest");
    const early = json<Answered>("inspect", "trades", "latest", "--at", position);
    expect(early.rows.length).toBeLessThan(trades.rows.length);
    expect(tapedeck("inspect", "equity", "latest").out).toContain("maxDrawdownPercent");
    expect(json<Answered>("inspect", "open-orders", "latest").rows.length).toBeLessThan(3);
  });

  test("a fill is explained back to the bars", () => {
    const fills = tapedeck(
      "inspect",
      "events",
      "latest",
      "--topic",
      "fills",
      "--limit",
      "1",
      "--json",
    );
    const fill = JSON.parse(fills.out);
    const at = `fills/${fill.partition}/${fill.offset}`;
    const told = tapedeck("inspect", "lineage", "latest", at).out;
    const topics = ["fills", "orders", "risk.verdicts", "weights.proposals", "signals", "features"];
    for (const topic of [...topics, "market.bars"]) expect(told).toContain(`${topic}/`);
    expect(tapedeck("inspect", "events", "latest", "--explain", at).out).toBe(told);
  });

  test("the topology prints as text and as Mermaid", () => {
    expect(tapedeck("inspect", "topology", "latest").out).toContain("risk-gate v");
    expect(tapedeck("inspect", "topology", "latest", "--mermaid").out).toMatch(
      /^flowchart LR\n {2}/,
    );
  });

  test.each([
    [["run", "nothing-like-it"], 2, "RUN_UNKNOWN"],
    [["events", "latest", "--topic", "market.bar"], 2, "STREAMS_TOPIC_UNKNOWN"],
    [["events", "latest", "--limit", "-3"], 2, "INSPECT_ARGUMENT_INVALID"],
    [["positions", "latest", "--at", "yesterday"], 2, "INSPECT_ARGUMENT_INVALID"],
    [["positions", "waves"], 2, "INSPECT_ARGUMENT_INVALID"],
    [["lineage", "latest", "fills/0/999999"], 3, "STREAMS_OFFSET_OUT_OF_RANGE"],
    [["lineage", "latest", "fills/0"], 2, "INSPECT_ARGUMENT_INVALID"],
  ] as const)("%j ends with %i and %s, without a stack trace", (args, status, code) => {
    const done = tapedeck("inspect", ...args);
    expect(done.status).toBe(status);
    expect(done.err).toContain(code);
    expect(done.err).not.toMatch(/\n\s+at /);
  });
});
