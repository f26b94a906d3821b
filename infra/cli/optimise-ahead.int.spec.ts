// Views on returns, and plans of several periods, on the command line.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../quant/random.ts";
import { tapedeckIn } from "./testing/run-command.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-ahead-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { tapedeck, json } = tapedeckIn(() => folder);

const random = new Random(4);
const rows = Array.from({ length: 120 }, (_, t) => {
  const day = new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
  const own = [0.0002, 0.0006, 0.001].map((mean, j) => mean + 0.004 * (j + 1) * random.normal());
  return [day, ...own].join(",");
});
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
file("returns.csv", ["Date,A,B,C", ...rows].join("\n"));

const given = (...args: string[]) => ["optimise", "--returns", "returns.csv", ...args];
const variance = ["--problem", "mean-variance", "--risk-aversion", "10"];
const said = (...args: string[]): string => tapedeck(...given(...args)).err.split("\n")[0] ?? "";

interface Answer {
  readonly expectedReturns: Readonly<Record<string, number>>;
  readonly holdings: readonly { readonly weight: number }[];
  readonly certificate: { readonly upper: number; readonly lower: number };
}
interface Plan extends Pick<Answer, "certificate"> {
  readonly status: string;
  readonly steps: readonly (readonly number[])[];
}
const weights = ({ holdings }: Answer): number[] => holdings.map(({ weight }) => weight);

describe("views", () => {
  const viewed = (content: string): Answer =>
    json<Answer>(...given(...variance, "--views", file("views.yaml", content)));
  const returnsOf = (content: string) => viewed(content).expectedReturns;

  test("that are certain hold, and half trusted go half of the way", () => {
    const none = returnsOf("views: []");
    const apart = ({ A = 0, C = 0 }: Readonly<Record<string, number>>): number => A - C;
    const view = (confidence: number) =>
      returnsOf(`views: [{of: {A: 1, C: -1}, value: 0.003, confidence: ${confidence}}]`);
    expect(apart(view(1))).toBeCloseTo(0.003, 12);
    expect(apart(view(0.5))).toBeCloseTo((apart(none) + 0.003) / 2, 12);
  });

  test("without one the prior's weights are the best", () => {
    const answer = viewed("{prior: {A: 6, B: 3, C: 3}, riskAversion: 10, views: []}");
    // The prior's covariance is shrunk, the problem's is the sample's.
    const [a = 0, b = 0, c = 0] = weights(answer);
    expect(Math.abs(a - 0.5) + Math.abs(b - 0.25) + Math.abs(c - 0.25)).toBeLessThan(0.1);
    const shrunk = ["--covariance", "constant-correlation"];
    const same = weights(json<Answer>(...given(...variance, "--views", "views.yaml", ...shrunk)));
    for (const [j, weight] of [0.5, 0.25, 0.25].entries()) expect(same[j]).toBeCloseTo(weight, 7);
  });

  test("may stand in a problem's file", () => {
    const beliefs = "{views: [{of: {B: 1}, value: 0.002, confidence: 1}]}";
    const objective = "{kind: MEAN_VARIANCE, riskAversion: 10}";
    file("problem.yaml", `objective: ${objective}\nbeliefs: ${beliefs}\n`);
    const answer = json<Answer>(...given("--problem", "problem.yaml"));
    expect(answer.expectedReturns.B).toBeCloseTo(0.002, 12);
    file("both.yaml", `objective: ${objective}\nbeliefs: ${beliefs}\nexpectedReturns: {A: 0}\n`);
    expect(said("--problem", "both.yaml")).toBe(
      "error OPTIMISE_OPTION_INVALID: both.yaml: expectedReturns and beliefs both say what is expected: leave one out",
    );
  });

  test.each([
    [
      "views: [{of: {Z: 1}, value: 0, confidence: 0.5}]",
      "error OPTIMISE_OPTION_INVALID: views: views[0] names Z, no asset here",
    ],
    [
      "{prior: {Z: 1}, views: []}",
      "error OPTIMISE_OPTION_INVALID: views: prior names Z, no asset here",
    ],
    [
      "{prior: {A: 0}, views: []}",
      "error OPTIMISE_OPTION_INVALID: views: the weights of prior sum to 0; they must be above 0 together",
    ],
    [
      "views: [{of: {A: 1}, value: 0}]",
      "error CONFIG_INVALID: bad.yaml:1:9: views[0].confidence: missing: it is needed, a number above 0 and up to 1",
    ],
  ])("%s is refused", (content, message) => {
    expect(said(...variance, "--views", file("bad.yaml", content))).toBe(message);
  });

  test("are refused where no expected return counts", () => {
    file("views.yaml", "views: []");
    const words = "error OPTIMISE_OPTION_INVALID: minimum-cvar takes no views: ";
    expect(said("--problem", "minimum-cvar", "--views", "views.yaml")).toContain(words);
    const target = ["--target-return", "0.00001"];
    expect(said("--problem", "minimum-cvar", "--views", "views.yaml", ...target)).toBe("");
  });
});

describe("a plan", () => {
  file("held.csv", "asset,weight\nA,0.8\nB,0.1\nC,0.1\n");
  const held = ["--current", "held.csv"];
  const plan = (...args: string[]): Plan => json<Plan>(...given(...args));

  test("of one step is the portfolio of one period", () => {
    const costs = [...held, "--cost", "0.0001", "--turnover", "0.3"];
    const one = json<Answer>(...given(...variance, ...costs));
    const { steps, certificate } = plan(...variance, ...costs, "--steps", "1");
    for (const [j, weight] of weights(one).entries()) expect(steps[0]?.[j]).toBeCloseTo(weight, 9);
    expect(certificate.upper).toBeCloseTo(one.certificate.upper, 12);
  });

  test.each([
    ["mean-variance", variance],
    ["mean-cvar", ["--problem", "mean-cvar", "--tail", "0.2", "--risk-aversion", "0.1"]],
  ])("of %s keeps to turnover at every step, and proves itself", (_, problem) => {
    const { steps, status, certificate } = plan(
      ...[...problem, ...held, "--turnover", "0.2", "--cost", "0.0001", "--steps", "4"],
    );
    expect([status, steps.length]).toEqual(["OPTIMAL", 4]);
    let before: readonly number[] = [0.8, 0.1, 0.1];
    for (const step of steps) {
      const traded = step.reduce((sum, weight, j) => sum + Math.abs(weight - (before[j] ?? 0)), 0);
      expect(traded).toBeLessThan(0.2 + 1e-9);
      expect(step.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 9);
      before = step;
    }
    const { upper, lower } = certificate;
    expect(upper - lower).toBeLessThanOrEqual(1e-8 * Math.abs(upper));
  });

  test("is no worse than going step by step, and better where impact makes that dear", () => {
    const costs = ["--impact", "0.02"];
    let greedy = 0;
    let current = "held.csv";
    for (let step = 0; step < 3; step++) {
      const how = ["--current", current, "--csv", `step-${step}.csv`];
      greedy += json<Answer>(...given(...variance, ...costs, ...how)).certificate.upper;
      current = `step-${step}.csv`;
    }
    const { certificate } = plan(...variance, ...costs, ...held, "--steps", "3");
    expect(certificate.upper).toBeLessThan(greedy);
  });

  test("is shown step by step, and its CSV reads back as what is held", () => {
    const how = ["--turnover", "0.2", "--steps", "2", "--csv", "plan.csv"];
    const { out } = tapedeck(...given(...variance, ...held, ...how));
    expect(out).toMatch(/plan of 2 steps · OPTIMAL\n\nasset +held % +step 1 % +step 2 %\n/);
    expect(readFileSync(join(folder, "plan.csv"), "utf8")).toMatch(/^asset,weight,step_2\nA,/);
    const next = plan(...variance, "--current", "plan.csv", "--turnover", "0.2", "--steps", "1");
    expect(next.status).toBe("OPTIMAL");
  });

  test.each([
    [
      ["--gross", "2"],
      "--steps takes no account of maximumGross: leave it out, or plan one period",
    ],
    [["--frontier"], "--steps plans one portfolio: leave --frontier out"],
    [["--problem", "kelly"], "--steps plans mean-variance and mean-cvar, not KELLY"],
    [
      ["--problem", "mean-cvar", "--scenarios", "bootstrap:50"],
      "--steps of mean-cvar takes the file's periods as they follow each other",
    ],
  ])("refuses what it takes no account of: %j", (more, message) => {
    const problem = more[0] === "--problem" ? more : ["--problem", "mean-variance", ...more];
    expect(said(...problem, "--steps", "2")).toBe(`error OPTIMISE_OPTION_INVALID: ${message}`);
  });

  test("that keeps to its limits there is none of: the smallest conflict is named", () => {
    const { status, err } = tapedeck(...given(...variance, "--max-weight", "0.2", "--steps", "2"));
    expect([status, err.split("\n")[0]]).toEqual([
      2,
      "error OPTIMISE_INFEASIBLE: no portfolio keeps all of these together: every weight ≤ 20 % and weights sum to 100 %",
    ]);
    const turnover = ["--min-weight", "0.3", "--turnover", "0.1", "--steps", "3"];
    expect(said(...variance, ...held, ...turnover)).toContain("turnover ≤ 10 %");
    expect(said(...variance, "--budget", "-1", "--steps", "2")).toContain("OPTIMISE_INFEASIBLE");
  });
});
