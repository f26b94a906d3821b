// kill -9 at random moments of a backtest, real processes on a real disk. TAPEDECK_KILLS sets how
// many (default 200).

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answersOf } from "../../projections/answers.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { joinLogs } from "../../streams/joined-log.ts";
import { projectAt } from "../../streams/project.ts";
import { loadConfig } from "../config/load-config.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { calmHash, killAndResume, onlyRun } from "./testing/killed-run.ts";
import { writeMarketTape } from "./testing/market-tape.ts";

const KILLS = Number(process.env.TAPEDECK_KILLS ?? 200);
const BARS = 12_000;
const eventsPerCommit = 120;
/** A life is at most this long; starting takes a part of it, so some die before they open the log. */
const LIFE_MS = 600;

const folder = mkdtempSync(join(tmpdir(), "tapedeck-kill-"));
const config = join(folder, "run.yaml");
const tape = join(folder, "tape");

beforeAll(async () => {
  await writeMarketTape(tape, { symbols: ["AAA", "BBB", "CCC"], bars: BARS, seed: 11 });
  writeFileSync(config, "tape: tape\nsource: bars\n");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a backtest that is killed", () => {
  test(`${KILLS} times and resumed ends with the undisturbed run's hash, and nothing durable is lost`, async () => {
    const calm = await calmHash({ config, root: join(folder, "calm"), eventsPerCommit });
    const seed = Number(process.env.TAPEDECK_SEED ?? 1);
    const root = join(folder, "killed");
    const often = { kills: KILLS, lifeMs: LIFE_MS, seed };
    const hashes = await killAndResume({ config, root, eventsPerCommit }, often);
    expect(new Set(hashes)).toEqual(new Set([calm]));
    await expectExactLedger(onlyRun(root));
  }, 900_000);
});

async function expectExactLedger(run: string): Promise<void> {
  const { portfolio } = (await loadConfig(config)).flow;
  const written = await openEmbeddedLog(join(run, "log"), { mode: "read" });
  const source = await openEmbeddedLog(tape, { mode: "read" });
  const log = await joinLogs([
    { log: written, ranges: null },
    { log: source, ranges: null },
  ]);
  const ledger = answersOf(portfolio).find(({ projection }) => projection.name === "cash-ledger");
  if (ledger === undefined) throw new Error("there is no cash-ledger");
  const { state, events } = await projectAt(log, ledger.projection);
  expect(events).toBeGreaterThan(100);
  const accounts = ledger.rows(state);
  const minor = (amount: unknown) => parseScaled(String(amount ?? "0"), portfolio.currencyScale);
  const sums = accounts.map(({ debit, credit }) => Number(minor(debit)) - Number(minor(credit)));
  expect(sums.reduce((sum, each) => sum + each, 0)).toBe(0);
  expect(sums.filter((each) => each !== 0).length).toBeGreaterThan(3);
  await log.close();
}
