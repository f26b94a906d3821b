import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, describe, expect, test } from "vitest";
import { readCurrent } from "./current-file.ts";
import { readGroups, readProblemFile } from "./problem-file.ts";
import { type ReturnsOptions, readReturns } from "./returns-file.ts";
import { readScenarios } from "./scenarios-option.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-optimise-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const plain: ReturnsOptions = { prices: false, assets: [], from: null, to: null };
const read = (
  content: string | Uint8Array,
  options: Partial<ReturnsOptions> = {},
  name = "r.csv",
) => readReturns(file(name, content), { ...plain, ...options });

const table = "Date,A,B\n2024-01-01,0.1,-0.2\n2024-01-02,0.3,0.4\n2024-01-03,0.5,0.6\n";
const wanted = {
  history: {
    assets: ["A", "B"],
    count: 3,
    returns: Float64Array.of(0.1, 0.3, 0.5, -0.2, 0.4, 0.6),
  },
  dates: ["2024-01-01", "2024-01-02", "2024-01-03"],
  doubts: [],
};

describe("a file of returns", () => {
  test("is read alike as CSV, gzip'd CSV and Parquet, whatever the delimiter", async () => {
    expect(await read(table)).toEqual(wanted);
    expect(await read(table.replaceAll(",", ";"))).toEqual(wanted);
    expect(await read(gzipSync(table), {}, "r.csv.gz")).toEqual(wanted);
    const parquet = parquetWriteBuffer({
      columnData: [
        { name: "A", type: "DOUBLE", data: [0.1, 0.3, 0.5] },
        { name: "B", type: "DOUBLE", data: [-0.2, 0.4, 0.6] },
        { name: "Date", type: "TIMESTAMP", data: wanted.dates.map((day) => new Date(day)) },
      ],
    });
    expect(await read(new Uint8Array(parquet), {}, "r.parquet")).toEqual(wanted);
  });

  test("may have no dates, or an index without a name as pandas writes it", async () => {
    const bare = await read("A,B\n0.1,-0.2\n0.3,0.4\n0.5,0.6\n");
    expect(bare).toEqual({ ...wanted, dates: [] });
    expect(await read(table.replace("Date", ""))).toEqual(wanted);
  });

  test("gives the assets and days asked for, in the order asked for", async () => {
    const found = await read(table, { assets: ["B", "A"], from: "2024-01-02", to: "2024-01-02" });
    expect(found.dates).toEqual(["2024-01-02"]);
    expect(found.history).toEqual({
      assets: ["B", "A"],
      count: 1,
      returns: Float64Array.of(0.4, 0.3),
    });
  });

  test("of prices gives each over the one before, less 1, dated by the later", async () => {
    const prices = "Date,A\n2024-01-01,100\n2024-01-02,110\n2024-01-03,55\n";
    const { history, dates } = await read(prices, { prices: true });
    expect([...history.returns]).toEqual([110 / 100 - 1, 55 / 110 - 1]);
    expect(dates).toEqual(["2024-01-02", "2024-01-03"]);
  });

  test("that looks like prices or percent is doubted aloud, not changed", async () => {
    const rows = (value: (t: number) => number): string =>
      ["A", ...Array.from({ length: 12 }, (_, t) => value(t))].join("\n");
    const doubts = async (text: string) => (await read(text)).doubts.join();
    expect(await doubts(rows((t) => 100 + t))).toContain("--prices");
    expect(await doubts(rows((t) => (t % 2 === 0 ? 1.3 : -0.7)))).toContain("percent");
    expect(await doubts(rows((t) => (t % 2 === 0 ? 0.013 : -0.007)))).toBe("");
  });

  test("is refused by line and column where it is none", async () => {
    const wrong: readonly (readonly [string, string, Partial<ReturnsOptions>?])[] = [
      ["Date,A,B\n2024-01-01,0.1,x\n", 'line 2: B is "x", no number'],
      ["Date,A,B\n2024-01-01,0.1,0.1\n2024-01-02,,0.1\n", "line 3: A is empty"],
      ["Date,A\n2024-01-01,NaN\n", 'line 2: A is "NaN"'],
      ["Date,A\n2024-01-01,Infinity\n", 'line 2: A is "Infinity"'],
      ["Date,A\n2024-01-02,0.1\n2024-01-01,0.1\n", "not later than the line before"],
      ["Date,A\n2024-01-02,0.1\n2024-01-02,0.1\n", "not later than the line before"],
      ["Date,A,A\n2024-01-02,0.1,0.1\n", "two columns"],
      ["Date,A\nsoon,0.1\n", '"soon" is no ISO date'],
      ["Date,A\n2024-01-02,-1.2\n", "percent"],
      [
        "Date,A\n2024-01-02,1\n2024-01-03,0\n",
        "line 3: A is 0: a price is above 0",
        { prices: true },
      ],
      ["Date,A\n2024-01-02,1\n", "it takes two prices", { prices: true }],
      ["Date,A\n2024-01-02,0.1\n", "in the days asked for", { from: "2025-01-01" }],
      ["Date\n2024-01-02\n", "no column but the dates"],
      ["Date,A\n2024-01-02,0.1\n", 'has no column "Z"', { assets: ["A", "Z"] }],
      ["", "empty"],
    ];
    for (const [content, what, options] of wrong) {
      await expect(read(content, options)).rejects.toThrow(what);
    }
  });
});

describe("a problem file", () => {
  const of = (text: string) => readProblemFile(file("problem.yaml", text));

  test("says what problem.ts says, by name", () => {
    const problem = {
      objective: {
        kind: "RISK_PARITY",
        measure: "CVAR",
        tailMass: 0.05,
        budgets: { A: 0.5, B: 0.5 },
      },
      scenarios: {
        kind: "BOOTSTRAP",
        count: 10,
        seed: 1,
        stress: [{ probability: 0.1, returns: { A: -0.5 } }],
      },
      constraints: {
        upper: { A: 0.3 },
        lower: 0.1,
        maximumCvar: { tailMass: 0.05, limit: 0.1 },
        restrictions: { B: "NO_SELL" },
      },
      current: { A: 1 },
      costs: { linear: 0.001 },
    };
    expect(of(JSON.stringify(problem))).toEqual(problem);
  });

  test("is refused with the line and what would do", () => {
    const objective = "objective: {kind: MINIMUM_CVAR, tailMass: 0.05}\n";
    const wrong = [
      [
        "objective: {kind: MINIMUM_CVAR, tailMass: 0.05, radius: 1}",
        "objective.radius is no setting of MINIMUM_CVAR: it takes tailMass",
      ],
      ["objective: {kind: MINIMUM_CVAR}", "objective.tailMass is missing: MINIMUM_CVAR needs it"],
      ["objective: {tailMass: 0.1}", "objective.kind is missing"],
      ["objective: {kind: MINIMUM_CVAR, tailMass: 2}", "problem.yaml:1:"],
      [`${objective}constraint: {}`, "problem.yaml:2:"],
      [`${objective}constraints: {upper: much}`, "problem.yaml:2:"],
      [
        `${objective}scenarios: {kind: GAUSSIAN, count: 5, seed: 1, decay: 0.9}`,
        "scenarios.decay is no setting of GAUSSIAN",
      ],
      [`${objective}scenarios: {kind: GAUSSIAN, count: 5}`, "scenarios.seed is missing"],
      [`${objective}constraints: {exposures: [{upper: 1}]}`, "needs a name and coefficients"],
    ] as const;
    for (const [text, what] of wrong) expect(() => of(text)).toThrow(what);
  });
});

describe("groups and holdings", () => {
  test("are read by name", async () => {
    expect(
      readGroups(
        file(
          "g.yaml",
          "Tech: {assets: [A, B], upper: 0.3}\nbeta: {coefficients: {A: 1.2}, lower: 0}\n",
        ),
      ),
    ).toEqual([
      { name: "Tech", coefficients: { A: 1, B: 1 }, upper: 0.3 },
      { name: "beta", coefficients: { A: 1.2 }, lower: 0 },
    ]);
    const held = { A: 0.25, B: -0.5 };
    expect(
      await readCurrent(file("now.csv", "asset,weight,more\nA,0.25,1\nB,-0.5,2\ncash,1.25,\n")),
    ).toEqual(held);
    expect(await readCurrent(file("now.yaml", "A: 0.25\nB: -0.5\n"))).toEqual(held);
  });

  test("are refused where they say nothing or nonsense", async () => {
    const groups = (text: string) => () => readGroups(file("g.yaml", text));
    expect(groups("Tech: {assets: [A]}")).toThrow("needs a lower or an upper limit");
    expect(groups("Tech: {upper: 0.3}")).toThrow("needs either assets or coefficients");
    await expect(readCurrent(file("now.csv", "asset,weight\nA,x\n"))).rejects.toThrow(
      'the weight "x" of A',
    );
    await expect(readCurrent(file("now.csv", "asset,weight\nA,1\nA,1\n"))).rejects.toThrow(
      "A stands there twice",
    );
    await expect(readCurrent(file("now.csv", "asset\nA\n"))).rejects.toThrow(
      "needs a column of assets",
    );
  });
});

describe("--scenarios", () => {
  test("names a method, how many, and of factors how many", () => {
    expect(readScenarios("historical", 1)).toEqual({ kind: "HISTORICAL" });
    expect(readScenarios("bootstrap:500", 3)).toEqual({ kind: "BOOTSTRAP", count: 500, seed: 3 });
    expect(readScenarios("student-t", 3)).toEqual({ kind: "STUDENT_T", count: 10_000, seed: 3 });
    expect(readScenarios("factor:500:4", 3)).toEqual({
      kind: "FACTOR",
      count: 500,
      seed: 3,
      factors: 4,
    });
  });

  test("is refused where it is not one of them", () => {
    for (const text of [
      "magic",
      "bootstrap:0",
      "bootstrap:x",
      "bootstrap:5:5",
      "historical:5",
      "factor:5:0",
      "gaussian:1e9",
      "constructor",
    ]) {
      expect(typeof readScenarios(text, 1)).toBe("string");
    }
  });
});
