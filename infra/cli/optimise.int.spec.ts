import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { tapedeckIn } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-optimise-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { tapedeck, json } = tapedeckIn(() => folder);

/** 120 days of three assets: A is calm, B middling, C wild and best paid. */
const days = Array.from({ length: 120 }, (_, t) =>
  new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10),
);
const random = new Random(4);
const returns = days.map(() =>
  [0.0002, 0.0006, 0.002].map((mean, j) => mean + 0.004 * (j + 1) * random.normal()),
);
const csv = (rows: readonly (readonly number[])[]): string =>
  ["Date,A,B,C", ...rows.map((row, t) => [days[t], ...row].join(","))].join("\n");
const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
file("returns.csv", csv(returns));

interface Answer {
  readonly status: string;
  readonly holdings: readonly { readonly asset: string; readonly weight: number }[];
  readonly cash: number;
  readonly cvar: number;
  readonly expectedReturn: number;
  readonly scenarioHash: string;
  readonly certificate: { readonly upper: number; readonly lower: number };
}

const optimise = (...args: string[]): Answer =>
  json<Answer>("optimise", "--returns", "returns.csv", ...args);
const weights = ({ holdings }: Answer): number[] => holdings.map(({ weight }) => weight);

describe("tapedeck optimise", () => {
  test("gives weights with the bounds that prove them", () => {
    const answer = optimise("--problem", "minimum-cvar");
    expect(answer.status).toBe("OPTIMAL");
    expect(weights(answer).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(answer.certificate.upper - answer.certificate.lower).toBeLessThan(1e-9);
    expect(answer.cvar).toBeCloseTo(answer.certificate.upper, 12);
    // No single asset and no even mix does better.
    const losses = (mix: readonly number[]): number => {
      const worst = returns
        .map((row) => row.reduce((sum, r, j) => sum - r * (mix[j] ?? 0), 0))
        .sort((a, b) => b - a)
        .slice(0, 6);
      return worst.reduce((sum, loss) => sum + loss, 0) / 6;
    };
    expect(losses(weights(answer))).toBeCloseTo(answer.cvar, 12);
    for (const mix of [
      [1, 0, 0],
      [0, 1, 0],
      [1 / 3, 1 / 3, 1 / 3],
    ]) {
      expect(losses(mix)).toBeGreaterThanOrEqual(answer.cvar);
    }
  });

  test("says the same as text, for people", () => {
    const { status, out, err } = tapedeck(
      "optimise",
      ...["--returns", "returns.csv", "--problem", "minimum-cvar"],
    );
    expect(err).toBe("");
    expect(status).toBe(0);
    expect(out).toMatch(
      /^minimum-cvar · 3 assets · 120 scenarios .* 2024-01-01 to 2024-04-29 · OPTIMAL/,
    );
    expect(out).toContain("CVaR at 95 %");
    expect(out).toContain("weights sum to 100 %");
  });

  test("reads prices as it reads the returns they make, plain or gzip'd", () => {
    let level = [100, 50, 20];
    const prices = [
      level,
      ...returns.slice(1).map((row) => (level = level.map((p, j) => p * (1 + (row[j] ?? 0))))),
    ];
    file("prices.csv.gz", gzipSync(csv(prices)));
    const found = json<Answer>(
      "optimise",
      ...["--returns", "prices.csv.gz", "--prices", "--problem", "minimum-cvar"],
    );
    const direct = optimise("--problem", "minimum-cvar", "--from", "2024-01-02");
    weights(found).forEach((weight, j) => {
      expect(weight).toBeCloseTo(weights(direct)[j] ?? 0, 6);
    });
  });

  test("keeps to limits on weights, groups, return and turnover", () => {
    file("sectors.yaml", "calm: {assets: [A], upper: 0.3}\nwild: {assets: [B, C], lower: 0.5}\n");
    file("now.csv", "asset,weight\nA,0.2\nB,0.4\nC,0.4\n");
    const answer = optimise(
      ...["--problem", "minimum-cvar", "--max-weight", "0.6", "--groups", "sectors.yaml"],
      ...["--current", "now.csv", "--turnover", "0.2"],
    );
    const [a = 0, b = 0, c = 0] = weights(answer);
    expect(a).toBeLessThanOrEqual(0.3 + 1e-9);
    expect(Math.abs(a - 0.2) + Math.abs(b - 0.4) + Math.abs(c - 0.4)).toBeLessThanOrEqual(
      0.2 + 1e-9,
    );
    expect(a + b + c).toBeCloseTo(1, 12);
    expect(b).toBeLessThanOrEqual(0.6);
  });

  test("ends with 2 and the smallest conflict in words where limits contradict each other", () => {
    const args = ["--returns", "returns.csv", "--problem", "minimum-cvar", "--max-weight", "0.3"];
    const { status, out, err } = tapedeck("optimise", ...args);
    expect(status).toBe(2);
    expect(out).toBe("");
    expect(err).toMatch(/OPTIMISE_INFEASIBLE.*every weight ≤ 30 % and weights sum to 100 %/);
    const told = JSON.parse(tapedeck("optimise", ...args, "--json").out);
    expect(told.error.code).toBe("OPTIMISE_INFEASIBLE");
  });

  test("takes a problem from a file, and flags before it", () => {
    file(
      "problem.yaml",
      [
        "objective: {kind: MEAN_CVAR, tailMass: 0.1, riskAversion: 0.5}",
        "scenarios: {kind: BOOTSTRAP, count: 2000, seed: 3}",
        "constraints:",
        "  upper: {A: 0.25}",
        "  exposures: [{name: fast, coefficients: {C: 1}, upper: 0.5}]",
        "current: {A: 1}",
        "costs: {linear: 0.0001}",
      ].join("\n"),
    );
    const answer = optimise("--problem", "problem.yaml");
    expect(answer.status).toBe("OPTIMAL");
    expect(weights(answer)[0]).toBeLessThanOrEqual(0.25 + 1e-9);
    expect(weights(answer)[2]).toBeLessThanOrEqual(0.5 + 1e-9);
    const narrow = optimise("--problem", "problem.yaml", "--max-weight", "0.4");
    expect(Math.max(...weights(narrow))).toBeLessThanOrEqual(0.4 + 1e-9);
  });

  test("draws scenarios by seed: the same seed the same answer", () => {
    const drawn = (seed: string): Answer =>
      optimise("--problem", "minimum-cvar", "--scenarios", "gaussian:500", "--seed", seed);
    expect(drawn("1")).toEqual(drawn("1"));
    expect(drawn("2").scenarioHash).not.toBe(drawn("1").scenarioHash);
  });

  test("takes a shrunk covariance for problems of variance, and only for them", () => {
    const sample = optimise("--problem", "minimum-variance");
    const shrunk = optimise("--problem", "minimum-variance", "--covariance", "identity");
    expect(weights(shrunk)).not.toEqual(weights(sample));
    // Nearer to even weights.
    const spread = (answer: Answer): number =>
      Math.max(...weights(answer)) - Math.min(...weights(answer));
    expect(spread(shrunk)).toBeLessThan(spread(sample));
    const { status, err } = tapedeck(
      "optimise",
      ...["--returns", "returns.csv", "--problem", "minimum-cvar", "--covariance", "identity"],
    );
    expect(status).toBe(2);
    expect(err).toContain("takes no --covariance");
  });

  test("writes weights that it reads back as holdings", () => {
    optimise("--problem", "minimum-cvar", "--csv", "weights.csv");
    const text = readFileSync(join(folder, "weights.csv"), "utf8");
    expect(text).toMatch(/^asset,weight,marginal_risk\nA,0\./);
    const still = optimise(
      "--problem",
      "minimum-cvar",
      "--current",
      "weights.csv",
      "--turnover",
      "0",
    );
    expect(still.cvar).toBeCloseTo(optimise("--problem", "minimum-cvar").cvar, 12);
  });

  test("writes the frontier as a page that asks for nothing, and as a table", () => {
    const { status, err } = tapedeck(
      "optimise",
      ...["--returns", "returns.csv", "--problem", "minimum-cvar", "--frontier", "8"],
      ...["--html", "frontier.html", "--csv", "frontier.csv"],
    );
    expect([status, err]).toEqual([0, ""]);
    const page = readFileSync(join(folder, "frontier.html"), "utf8");
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
    const rows = readFileSync(join(folder, "frontier.csv"), "utf8").trim().split("\n");
    expect(rows[0]).toBe("expected_return,volatility,cvar,gap,A,B,C");
    const points = rows.slice(1).map((row) => row.split(",").map(Number));
    expect(points).toHaveLength(8);
    for (let k = 1; k < points.length; k++) {
      expect(points[k]?.[0]).toBeGreaterThan(points[k - 1]?.[0] ?? 1);
      expect(points[k]?.[2]).toBeGreaterThanOrEqual(points[k - 1]?.[2] ?? 1);
    }
    expect(points.at(-1)?.[6]).toBeCloseTo(1, 9);
  });
});

describe("what is wrong is said, without a stack", () => {
  const refusal = (...args: string[]): string => {
    const { status, out, err } = tapedeck("optimise", "--returns", "returns.csv", ...args);
    expect(out).toBe("");
    expect([2, 3]).toContain(status);
    expect(err).not.toMatch(/BUG|at .*\.ts:/);
    return err;
  };

  test("of the flags", () => {
    expect(refusal("--problem", "best")).toContain("neither a YAML file nor one of minimum-cvar");
    expect(refusal("--problem", "minimum-cvar", "--radius", "1")).toContain("takes no --radius");
    expect(refusal("--problem", "minimum-cvar", "--seed", "1")).toContain("--seed goes with drawn");
    expect(refusal("--problem", "minimum-cvar", "--scenarios", "magic")).toContain(
      "magic is no method",
    );
    expect(refusal("--problem", "minimum-cvar", "--max-weight", "lots")).toContain("give a number");
    expect(refusal("--problem", "maximum-return", "--frontier")).toContain("--frontier needs");
  });

  test("of a file", () => {
    file("gap.csv", "Date,A\n2024-01-01,\n");
    expect(refusal("--returns", "gap.csv", "--problem", "minimum-cvar")).toContain("A is empty");
    expect(refusal("--returns", "absent.csv", "--problem", "minimum-cvar")).toContain("absent.csv");
  });
});
