// kill -9 at random moments of a backtest, real processes on a real disk. TAPEDECK_KILLS sets how
// many (default 200).

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answersOf } from "../../projections/answers.ts";
import { Random } from "../../quant/random.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { CLOSED_RUN } from "../../streams/closed-run.ts";
import { joinLogs } from "../../streams/joined-log.ts";
import { projectAt } from "../../streams/project.ts";
import { decodeState } from "../../streams/state.ts";
import { loadConfig } from "../config/load-config.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { writeMarketTape } from "./testing/market-tape.ts";

const KILLS = Number(process.env.TAPEDECK_KILLS ?? 200);
const BARS = 12_000;
const EVENTS_PER_COMMIT = 120;
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

interface Life {
  readonly durable: number;
  readonly hash: string | null;
  readonly trouble: string;
}

/** Runs the backtest; kills it after `lifeMs`, if given. */
function live(root: string, lifeMs: number | null): Promise<Life> {
  const victim = new URL("testing/victim.ts", import.meta.url).pathname;
  const args = [victim, config, root, String(EVENTS_PER_COMMIT)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let trouble = "";
  child.stdout.on("data", (bytes) => {
    said += bytes;
  });
  child.stderr.on("data", (bytes) => {
    trouble += bytes;
  });
  const timer = lifeMs === null ? null : setTimeout(() => child.kill("SIGKILL"), lifeMs);
  return new Promise((resolve) => {
    child.on("close", () => {
      if (timer !== null) clearTimeout(timer);
      const durable = [...said.matchAll(/durable (\d+)\n/g)].at(-1)?.[1] ?? "0";
      const hash = /hash (\w+)\n/.exec(said)?.[1] ?? null;
      resolve({ durable: Number(durable), hash, trouble });
    });
  });
}

const onlyRun = (root: string): string => {
  const runs = join(root, "runs");
  return join(runs, existsSync(runs) ? (readdirSync(runs)[0] ?? "none") : "none");
};

/** Source events that the run's last checkpoint covers. */
async function checkpointed(root: string): Promise<number> {
  const path = join(onlyRun(root), "log");
  if (!existsSync(path)) return 0;
  const log = await openEmbeddedLog(path, { mode: "write" });
  try {
    const { checkpoint } = await log.openTask(CLOSED_RUN);
    if (checkpoint === null) return 0;
    return (decodeState(checkpoint.state) as { sourceEvents: number }).sourceEvents;
  } finally {
    await log.close();
  }
}

describe("a backtest that is killed", () => {
  test(`${KILLS} times and resumed ends with the undisturbed run's hash, and nothing durable is lost`, async () => {
    const calm = await live(join(folder, "calm"), null);
    expect(calm.hash, calm.trouble).not.toBeNull();
    const random = new Random(Number(process.env.TAPEDECK_SEED ?? 1));
    const root = join(folder, "killed");
    let kills = 0;
    let isWhole = false;
    while (kills < KILLS || !isWhole) {
      const last = kills >= KILLS;
      const life = await live(root, last ? null : random.integer(LIFE_MS));
      expect(life.trouble).toBe("");
      isWhole = life.hash !== null;
      if (!isWhole) {
        kills++;
        expect(await checkpointed(root)).toBeGreaterThanOrEqual(life.durable);
        continue;
      }
      expect(life.hash).toBe(calm.hash);
      if (kills < KILLS) rmSync(root, { recursive: true });
    }
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
