// A user's model in a backtest, through the command line as a user has it: what it decides counts,
// and what it does wrong is told with its line and the event, the run stopped with exit code 5.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeMarketTape } from "../run/testing/market-tape.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-own-model-"));
const program = fileURLToPath(new URL("../cli/tapedeck.ts", import.meta.url));

beforeAll(async () => {
  await writeMarketTape(join(folder, "tape"), { symbols: ["AAA", "BBB"], bars: 400, seed: 7 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `tapedeck ARGS` in the folder. */
function tapedeck(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { cwd: folder });
  let out = "";
  let err = "";
  child.stdout.on("data", (data) => {
    out += data;
  });
  child.stderr.on("data", (data) => {
    err += data;
  });
  return new Promise((done) => child.on("close", (code) => done({ code, out, err })));
}

let runs = 0;

/** A backtest with a model whose evolve and signal are these. */
async function backtest(evolve: string, signal: string, ...args: string[]): Promise<Ended> {
  const name = `run-${++runs}`;
  const model = `import type { SignalModel } from "tapedeck";

const model: SignalModel<{ bars: number; kept: unknown }> = {
  name: "${name}",
  version: 1,
  initial: () => ({ bars: 0, kept: null }),
  evolve(state, features) {
    state.bars++;
    ${evolve}
    return state;
  },
  signal(state, { warm }) {
    ${signal}
  },
};

export default model;
`;
  writeFileSync(join(folder, `${name}.ts`), model);
  writeFileSync(
    join(folder, `${name}.yaml`),
    `tape: tape\nsource: bars\nmodel: ./${name}.ts\nfeatures: { emaFast: 2, emaSlow: 3, atr: 2, volatility: 2 }\n`,
  );
  return tapedeck("backtest", `${name}.yaml`, ...args);
}

const LINE_OF_EVOLVE = 9;
const LINE_OF_SIGNAL = 13;

describe("a user's model", () => {
  test("trades, and its run is verified", async () => {
    const { code, out, err } = await backtest(
      "",
      "return warm ? (state.bars % 2) * 2 - 1 : null;",
      "--json",
    );
    expect(err).toBe("");
    expect(code).toBe(0);
    const { run, counts } = JSON.parse(out);
    expect(counts.fills).toBeGreaterThan(100);
    const verified = await tapedeck("verify", run, "--json");
    expect([verified.err, verified.code]).toEqual(["", 0]);
  });

  test.each([
    [
      "evolve",
      "if (state.bars === 100) throw new RangeError(features.symbol);",
      "return 0;",
      LINE_OF_EVOLVE,
    ],
    ["signal", "", 'if (state.bars === 100) JSON.parse("{"); return 0;', LINE_OF_SIGNAL],
  ])("that throws in %s is told with line and event", async (name, evolve, signal, line) => {
    const { code, out, err } = await backtest(evolve, signal);
    const file = join(folder, `run-${runs}.ts`);
    expect([code, out]).toEqual([5, ""]);
    expect(err).toContain(`error MODEL_FAILED: ${file}:${line}:`);
    expect(err).toMatch(
      name === "evolve" ? /evolve\(\) threw RangeError: AAA/ : /signal\(\) threw SyntaxError: /,
    );
    // Bar 100 of the first symbol: bars go round two symbols, from 0, a minute apart.
    expect(err).toContain("on features/0 offset 198: AAA at 2020-09-13T14:06:40Z");
    expect(err).not.toMatch(/\n\s+at /);
  });

  test("that throws what is no error is told without a line", async () => {
    const { code, err } = await backtest('if (state.bars === 2) throw "enough";', "return 0;");
    expect(code).toBe(5);
    expect(err).toContain(`run-${runs}.ts: the model threw "enough"`);
    expect(err).toContain("on features/0 offset 2: AAA");
  });

  test.each([
    ["NaN", "return state.bars === 100 ? Number.NaN : 0;"],
    ["1.5", "return state.bars === 100 ? 1.5 : 0;"],
    ["undefined", "return state.bars === 100 ? (undefined as unknown as number) : 0;"],
  ])("whose signal is %s is told with the line of signal", async (found, signal) => {
    const { code, err } = await backtest("", signal);
    expect(code).toBe(5);
    expect(err).toContain(`run-${runs}.ts:12:3: signal() must give a number from -1 to 1, or null`);
    expect(err).toContain(`gave ${found} for AAA`);
    expect(err).toContain("on features/0 offset 198: AAA at 2020-09-13T14:06:40Z");
  });

  test("whose state is not plain data is told by the path of the state", async () => {
    const { code, err } = await backtest("state.kept = new Set();", "return 0;");
    expect(code).toBe(5);
    expect(err).toContain(`run-${runs}.ts:7:3: the model's state is not plain data: state`);
    expect(err).toContain("kept");
  });

  test("that never comes back is told with the bar, and its process killed", async () => {
    const loop = "while (state.bars === 100) state.kept = null;";
    const { code, err } = await backtest(loop, "return 0;");
    expect(code).toBe(null);
    expect(err).toContain(`run-${runs}.ts: the model did not come back for 10 s`);
    expect(err).toContain("on the bar of AAA that ended at 2020-09-13T14:06:40Z");
  });

  test("with a type error does not begin", async () => {
    const { code, err } = await backtest("state.bar++;", "return 0;");
    expect(code).toBe(2);
    expect(err).toContain(`run-${runs}.ts:9:11: Property 'bar' does not exist`);
  });

  test("is checked, and described, without a run", async () => {
    const { code, out } = await tapedeck("config", "check", "run-1.yaml", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      fit: true,
      model: { name: "run-1", version: 1, source: join(folder, "run-1.ts") },
      settings: { model: "run-1.ts", source: "bars" },
    });
    const unfit = await tapedeck("config", "check", "run-1.yaml", "--set", "seed=x", "--json");
    expect(unfit.code).toBe(2);
    expect(JSON.parse(unfit.out)).toMatchObject({
      fit: false,
      problems: [{ flag: "seed=x", key: "seed", code: "CONFIG_INVALID" }],
    });
  });
});
