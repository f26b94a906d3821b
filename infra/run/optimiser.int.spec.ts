// Minimum CVaR each month on twenty stocks: the whole flow with a real solver, on the recorded closes of TAPEDECK_DATA.
// TAPEDECK_YEARS=33 takes all of them (1990 to 2022), with 373 problems of 10,000 draws; 4 years unless it is set.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemOf } from "../../processors/pool-work.ts";
import { checkSolution } from "../../quant/optimiser/check-solution.ts";
import type { Facts, TopicName } from "../../schemas/generated/facts.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import { loadConfig } from "../config/load-config.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { cpuDrivers } from "../pool/cpu-device.ts";
import { openPool } from "../pool/open-pool.ts";
import { type Executed, execute, openPlan } from "./execute.ts";
import { openAnswers } from "./pool-answers.ts";
import { calmHash, killAndResume } from "./testing/killed-run.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const file = join(data, "sp500-20-stocks-daily-1990-2022.csv.gz");
const there = existsSync(file);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);
const YEARS = Number(process.env.TAPEDECK_YEARS ?? 4);

const folder = mkdtempSync(join(tmpdir(), "tapedeck-optimiser-"));
const config = join(folder, "examples/minimum-cvar.yaml");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The example's configuration, over fewer years; `changes` are pairs of what is replaced. */
function configured(name: string, ...changes: readonly (readonly [string, string])[]): string {
  let text = readFileSync(config, "utf8");
  for (const [from, to] of changes) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  const path = join(folder, "examples", `${name}.yaml`);
  writeFileSync(path, `${text}\nrange: { to: ${1990 + YEARS}-01-01 }\n`);
  return path;
}

async function run(path: string, name: string, workers?: number): Promise<Executed> {
  const plan = { phases: [{ fromUs: null, config: await loadConfig(path) }] as const };
  const open = await openPlan({ ...plan, forkOf: null, version: "test" });
  try {
    const options = { root: join(folder, name), ...(workers === undefined ? {} : { workers }) };
    return await execute(open, options);
  } finally {
    await open.tape.close();
  }
}

async function written<T extends TopicName>(
  { folder: at }: Executed,
  topic: T,
): Promise<Facts[T][]> {
  const log = await openEmbeddedLog(at.log, { mode: "read" });
  try {
    const found: Facts[T][] = [];
    for await (const events of mergeTopics(log, [topic])) {
      for (const { value } of events) found.push(value as Facts[T]);
    }
    return found;
  } finally {
    await log.close();
  }
}

describe.skipIf(!there)("minimum CVaR each month", () => {
  let plain: Executed;
  let short: string;
  beforeAll(async () => {
    mkdirSync(join(folder, "examples"));
    cpSync(join(root, "examples/minimum-cvar.yaml"), config);
    const how = ["--as", "bars", "--tick-size", "0.001", "--tape", ".tapedeck/tapes/stocks"];
    expect(runTapedeck(["import", file, ...how], { cwd: folder }).status).toBe(0);
    short = configured("short");
    plain = await run(short, "plain");
  }, 600_000);

  test("asks once a month from the first full window on, and every proposal passes the gate", async () => {
    const requests = await written(plain, "pool.requests");
    const answers = await written(plain, "pool.answers");
    const verdicts = await written(plain, "risk.verdicts");
    // 500 returns are full on 1991-12-24.
    expect(requests.length).toBe(12 * YEARS - 23);
    expect(answers.map(({ request, inputHash }) => [request, inputHash])).toEqual(
      requests.map(({ number, inputHash }) => [number, inputHash]),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["OPTIMAL"]));
    expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(["PASS"]));
    expect(verdicts.length).toBe(requests.length);
  }, 600_000);

  test("each answer is what it says by its request alone, within weights, turnover and gap", async () => {
    const requests = await written(plain, "pool.requests");
    const answers = await written(plain, "pool.answers");
    for (const [i, answer] of answers.entries()) {
      const request = requests[i] as (typeof requests)[number];
      const problem = problemOf(request);
      const { tailScenarios, tailMasses, rowPrices, cvarPrice, weights } = answer;
      const proof = {
        duals: {
          scenarios: Int32Array.from(tailScenarios),
          masses: Float64Array.from(tailMasses),
          rows: Float64Array.from(rowPrices),
        },
        ...(cvarPrice === null ? {} : { cvarPrice }),
      };
      const cash = 1 - weights.reduce((sum, weight) => sum + weight, 0);
      const marginalRisk = Float64Array.from(answer.marginalRisk);
      const status = "OPTIMAL";
      const said = {
        ...answer,
        status,
        weights: Float64Array.from(weights),
        cash,
        marginalRisk,
        proof,
      } as const;
      expect(checkSolution(problem, said)).toEqual([]);
      expect(answer.gap).toBeLessThanOrEqual(1e-8);
      expect(Math.max(...weights)).toBeLessThanOrEqual(0.25 + 1e-9);
      expect(cash).toBeCloseTo(0.02, 9);
      const { current = [] } = problem;
      const turnover = weights.reduce((sum, one, j) => sum + Math.abs(one - (current[j] ?? 0)), 0);
      if (i > 0) expect(turnover).toBeLessThanOrEqual(0.3 + 1e-9);
    }
  }, 600_000);

  test("has the same bytes with one worker, with two, and without", async () => {
    for (const workers of [1, 2]) {
      const other = await run(short, `workers-${workers}`, workers);
      expect(other.manifest.hash).toBe(plain.manifest.hash);
      const told = JSON.parse(readFileSync(join(other.folder.path, "pool.json"), "utf8"));
      expect(told).toMatchObject({ workers, solved: 12 * YEARS - 23, failed: 0 });
      expect(told.ranMs).toBeGreaterThan(0);
    }
  }, 600_000);

  test("is killed with -9 while two workers solve, and ends with the same bytes", async () => {
    const eventsPerCommit = 500;
    const calm = await calmHash({ config: short, root: join(folder, "calm"), eventsPerCommit });
    expect(calm).toBe(plain.manifest.hash);
    const killed = { config: short, root: join(folder, "killed"), eventsPerCommit, workers: 2 };
    const hashes = await killAndResume(killed, { kills: 8, lifeMs: 4_000, seed: 5 });
    expect(new Set(hashes)).toEqual(new Set([calm]));
  }, 900_000);

  test("a problem without a portfolio is answered with the conflict, and nothing is traded", async () => {
    // Twenty names of at most 4 % are 80 %.
    const path = configured("conflict", ["most: 0.25", "most: 0.04"]);
    const executed = await run(path, "conflict");
    const answers = await written(executed, "pool.answers");
    expect(answers.length).toBe(12 * YEARS - 23);
    for (const { status, reasons, weights } of answers) {
      expect([status, weights]).toEqual(["INFEASIBLE", []]);
      expect(reasons.length).toBeGreaterThan(1);
    }
    expect(await written(executed, "weights.proposals")).toEqual([]);
    expect(await written(executed, "orders")).toEqual([]);
  }, 600_000);
});

describe("answers of a pool of threads", () => {
  test.skipIf(!there)(
    "are those of this thread, and it is the pool that gives them",
    async () => {
      const executed = await run(configured("pooled"), "pooled");
      const requests = (await written(executed, "pool.requests")).slice(0, 8);
      const answers = (await written(executed, "pool.answers")).slice(0, 8);
      const pool = await openPool({ drivers: cpuDrivers(2) });
      const threads = await openAnswers(2, pool);
      for (const [i, request] of requests.entries()) {
        const event = { value: request } as Parameters<typeof threads.preparing.prepare>[0];
        await threads.preparing.prepare(event);
        expect(threads.answer(request, 1_000_000)).toEqual(answers[i]);
      }
      expect(pool.metrics().answers.get("solve")?.get("DONE")).toBe(8);
      // What was prepared is used once; then, and where the pool is closed, it is solved here.
      await threads.close();
      const [request] = requests;
      if (request === undefined) throw new Error("nothing was asked");
      expect(threads.answer(request, 1_000_000)).toEqual(answers[0]);
    },
    600_000,
  );
});
