// How fast the optimiser proves a portfolio, beside HiGHS in the same run on the same scenarios: medians of processor
// time, one thread, every answer certified. HiGHS is timed in the form that is its fastest here (the dual: a column a scenario; with the net
// weights as variables where there are shorts), its model built beforehand, its own default tolerances of 1e-7.
//
//   npm run bench:quant              all of it: some minutes
//   npm run bench:quant -- --quick   the small ones
//   npm run bench:quant -- --frontier   the frontier alone
//   npm run bench:quant -- --names   at most 10 names of 392

import { spawnSync } from "node:child_process";
import { type NamedOutcome, solveNames } from "../quant/optimiser/cardinality.ts";
import { cvarFrontier, type FrontierVertex } from "../quant/optimiser/frontier.ts";
import { certifyVertices } from "../quant/optimiser/frontier-proof.ts";
import { evenlySpaced } from "../quant/optimiser/frontier-samples.ts";
import type { Outcome, Program } from "../quant/optimiser/program.ts";
import { varianceParity } from "../quant/optimiser/risk-parity.ts";
import { solveSmooth } from "../quant/optimiser/smooth-core.ts";
import { solveTail } from "../quant/optimiser/tail-simplex.ts";
import { elasticProgram } from "../quant/optimiser/testing/elastic-program.ts";
import { namesByHighs } from "../quant/optimiser/testing/highs-names.spec.ts";
import { dualModel, highs } from "../quant/optimiser/testing/highs-oracle.spec.ts";
import { bootstrapScenarios } from "../quant/scenarios/bootstrap.ts";
import { gaussianScenarios } from "../quant/scenarios/gaussian.ts";
import { weightedCovariance } from "../quant/scenarios/weighted-moments.ts";
import { type Measured, median, report } from "./measured.ts";
import {
  cvarLessMean,
  heavyTailedScenarios,
  leveraged,
  meanReturns,
  minimumCvar,
  publishedExample,
  robust,
  stockLikeScenarios,
  withTarget,
} from "./portfolio-programs.ts";
import { stockScenarios } from "./stock-scenarios.ts";

const quick = process.argv.includes("--quick");
const SEED = 1;
const FRONTIER_POINTS = 50;

const solve = (program: Program): Outcome =>
  program.smooth === undefined ? solveTail(program) : solveSmooth(program);

/** Processor time of this thread: who else uses the machine hardly counts. */
function clock(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** A process that has computed such things before: so long, or once. */
const WARMING_MS = 1500;
/** What is shorter is run so often that it takes as long: the system counts processor time by ticks of 4 ms. */
const LEAST_MS = 100;

function timed<T>(rounds: number, run: () => T): { readonly ms: number; readonly answer: T } {
  const times: number[] = [];
  const begun = performance.now();
  let answer = run();
  let warmed = 1;
  for (; performance.now() - begun < WARMING_MS; warmed++) answer = run();
  const each = Math.ceil((LEAST_MS * warmed) / (performance.now() - begun));
  for (let round = 0; round < rounds; round++) {
    const start = clock();
    for (let k = 0; k < each; k++) answer = run();
    times.push((clock() - start) / each);
  }
  return { ms: median(times), answer };
}

/** Relative to the objective. */
function gapOf(outcome: Outcome | NamedOutcome): number {
  if (outcome.status !== "OPTIMAL" && outcome.status !== "FEASIBLE")
    return Number.POSITIVE_INFINITY;
  const { upper, lower, feasibility } = outcome.certificate;
  return feasibility > 1e-9 ? Number.POSITIVE_INFINITY : (upper - lower) / Math.abs(upper);
}

interface Target {
  /** Largest gap. */
  readonly gap: number;
  readonly ms?: number;
  /** Times faster than HiGHS. */
  readonly ratio?: number;
}

function missedOf(target: Target, ms: number, ratio: number | null, gap: number) {
  const missed = [
    gap > target.gap ? `gap ${gap.toPrecision(2)}, at most ${target.gap}` : "",
    target.ms !== undefined && ms > target.ms ? `at most ${target.ms} ms` : "",
    target.ratio !== undefined && ratio !== null && ratio < target.ratio
      ? `at least ${target.ratio} × HiGHS`
      : "",
  ].filter((words) => words !== "");
  return missed.length > 0 ? { missed: missed.join("; ") } : {};
}

function sayMs(
  name: string,
  value: number,
  gap: number,
  target: Target,
  peer: { readonly ms: number; readonly words: string } | null = null,
): void {
  const ratio = peer === null ? null : peer.ms / value;
  const measured: Measured = { name, value, unit: "ms", reference: peer?.ms ?? null, ratio };
  const against = peer === null ? {} : { against: peer.words };
  report({ ...measured, ...against, ...missedOf(target, value, ratio, gap) });
}

interface HighsRun {
  readonly ms: number;
  readonly words: string;
  readonly objective: number;
}

/** The dual form by simplex, with and without presolve: the faster of the two medians. */
function byHighs(program: Program, rounds: number, compact: boolean): HighsRun {
  const elastic = elasticProgram(program, compact);
  const { model: data } = dualModel(elastic);
  const runs = (["off", "on"] as const).map((presolve) => {
    const run = (): number =>
      highs.withModel(data, (model) => {
        model.options.set({ output_flag: false, solver: "simplex", presolve });
        model.run();
        if (model.getModelStatus() !== highs.constants.modelStatus.optimal) return Number.NaN;
        return model.getObjectiveValue() * elastic.unit;
      });
    const times: number[] = [];
    let objective = Number.NaN;
    for (let round = 0; round < rounds; round++) {
      const start = clock();
      objective = run();
      times.push(clock() - start);
    }
    const form = compact ? "compact dual form" : "dual form";
    return { ms: median(times), objective, words: `HiGHS ${form}, presolve ${presolve}` };
  });
  return runs.reduce((best, run) => (run.ms < best.ms ? run : best));
}

/** Both answers to the same question agree to what HiGHS promises, or the figure is worth nothing. */
function agree(name: string, outcome: Outcome, peer: HighsRun): void {
  if (outcome.status !== "OPTIMAL" && outcome.status !== "FEASIBLE") {
    throw new Error(`${name}: ${outcome.status}`);
  }
  const { upper } = outcome.certificate;
  if (!(Math.abs(upper - peer.objective) <= 1e-6 * Math.max(1e-3, Math.abs(upper)))) {
    throw new Error(`${name}: ${upper} here, ${peer.objective} by HiGHS`);
  }
}

function compare(
  name: string,
  program: Program,
  target: Target,
  { rounds = 9, peerRounds = 3, compact = false } = {},
): void {
  const { ms, answer } = timed(rounds, () => solve(program));
  const peer = byHighs(program, peerRounds, compact);
  agree(name, answer, peer);
  sayMs(name, ms, gapOf(answer), target, peer);
}

/** The first solve of a fresh process: nothing compiled yet. Drawing the scenarios is not timed. */
function cold(): void {
  const rounds = Array.from({ length: 5 }, () => {
    const child = spawnSync(process.execPath, [import.meta.filename, "--cold"], {
      encoding: "utf8",
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    if (child.status !== 0)
      throw new Error(`a cold solve ended with ${child.status}: ${child.stderr}`);
    return JSON.parse(child.stdout) as { readonly ms: number; readonly gap: number };
  });
  const gap = Math.max(...rounds.map((round) => round.gap));
  const ms = median(rounds.map((round) => round.ms));
  sayMs("least CVaR, 50 × 10,000, cold process", ms, gap, { gap: 1e-9, ms: 60 });
}

function coldSolve(): void {
  const program = minimumCvar(heavyTailedScenarios(50, 10_000, SEED));
  const start = performance.now();
  const outcome = solve(program);
  const ms = performance.now() - start;
  process.stdout.write(JSON.stringify({ ms, gap: gapOf(outcome) }));
}

/** Points of equal return steps from the least CVaR to the largest mean: HiGHS goes on from its last basis. */
function highsSweep(program: Program, mean: Float64Array, targets: readonly number[]): HighsRun {
  const elastic = elasticProgram(withTarget(program, mean, targets[0] as number), false);
  const { model: data } = dualModel(elastic);
  const targetRow = program.rows.count;
  const own = elastic.rowUnits[targetRow] as number;
  const start = clock();
  const objective = highs.withModel(data, (model) => {
    model.options.set({ output_flag: false, solver: "simplex", presolve: "off" });
    for (const target of targets) {
      model.changeColCost(targetRow, target / own);
      model.run();
    }
    return model.getObjectiveValue() * elastic.unit;
  });
  return {
    ms: clock() - start,
    objective,
    words: "HiGHS dual form, from the last basis",
  };
}

/** Every vertex of the frontier, each proved; then as many points as HiGHS makes, beside which both stand. */
function frontier(program: Program): void {
  const { tail } = program;
  if (tail === undefined) throw new Error("a frontier needs a tail");
  const mean = meanReturns(tail.scenarios);
  const all = timed(9, () => provedFrontier(program, mean, (vertices) => vertices));
  const some = timed(9, () =>
    provedFrontier(program, mean, (vertices) => evenlySpaced(vertices, FRONTIER_POINTS)),
  );
  const first = all.answer.points[0];
  const last = all.answer.points.at(-1);
  if (first === undefined || last === undefined) throw new Error("the frontier has no vertex");
  const targets = Array.from(
    { length: FRONTIER_POINTS },
    (_, k) => first.gain + ((last.gain - first.gain) * (1 - 1e-9) * k) / (FRONTIER_POINTS - 1),
  );
  const peer = highsSweep(program, mean, targets);
  if (!(Math.abs(peer.objective - last.risk) <= 1e-6)) {
    throw new Error(`the frontier ends at ${last.risk} here, at ${peer.objective} by HiGHS`);
  }
  const name = `frontier, 50 × 10,000: all ${all.answer.points.length} vertices proved`;
  sayMs(name, all.ms, all.answer.gap, { gap: 1e-8, ratio: 20 }, peer);
  const points = `frontier, 50 × 10,000: ${FRONTIER_POINTS} points proved`;
  sayMs(points, some.ms, some.answer.gap, { gap: 1e-8 }, peer);
}

/** The walk, what is taken of it, and the largest gap among that. */
function provedFrontier(
  program: Program,
  mean: Float64Array,
  take: (vertices: readonly FrontierVertex[]) => readonly FrontierVertex[],
): { readonly points: readonly FrontierVertex[]; readonly gap: number } {
  const found = cvarFrontier(program, mean);
  if (found.status !== "OPTIMAL") throw new Error(`the frontier is ${found.status}`);
  const points = take(found.vertices);
  const proofs = certifyVertices(program, mean, points);
  const gap = proofs.reduce((largest, { upper, lower }, k) => {
    const { risk } = points[k] as FrontierVertex;
    return Math.max(largest, (upper - lower) / Math.max(Math.abs(upper), risk));
  }, 0);
  return { points, gap };
}

/** At most 10 names of 392, each at least 1 %. */
const FEW = { maximumNames: 10, minimumPosition: 0.01 };
const NAMES_GAP = 0.01;
const NAMES_MS = 20_000;

const fewNamesOf = {
  "returns as of stocks": () => minimumCvar(stockLikeScenarios(392, 10_000, SEED)),
  "the same less the mean": () => cvarLessMean(stockLikeScenarios(392, 10_000, SEED)),
  "five equal factors": () => minimumCvar(heavyTailedScenarios(392, 10_000, SEED)),
};
type Returns = keyof typeof fewNamesOf;

/** Time to a gap of 1 %, or the gap after 20 s; what HiGHS reaches in as long. */
function names(returns: Returns): void {
  const program = fewNamesOf[returns]();
  const start = performance.now();
  const work = { gap: NAMES_GAP, maxPrograms: 1e6 };
  const expired = (): boolean => performance.now() - start > NAMES_MS;
  const found = solveNames(program, FEW, solve, { ...work, expired });
  const ms = performance.now() - start;
  const gap = gapOf(found);
  const name = `at most 10 names of 392, × 10,000, ${returns}`;
  // The clock is looked at between programs, not within them.
  sayMs(name, ms, gap, { gap: NAMES_GAP, ms: 1.05 * NAMES_MS });
  const peer = gapByHighs(returns);
  const percent = { name: `${name}: gap`, value: 100 * gap, unit: "%" };
  const reference = peer.gap === null ? null : 100 * peer.gap;
  const ratio = peer.gap === null ? null : peer.gap / gap;
  report({ ...percent, reference, ratio, against: `HiGHS, as long, presolve off: ${peer.words}` });
}

/** In a process of its own: where its memory is too small, its module ends for good. */
function gapByHighs(returns: Returns): { readonly gap: number | null; readonly words: string } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [import.meta.filename, "--names-by-highs", returns],
    { encoding: "utf8", timeout: 5 * NAMES_MS, killSignal: "SIGKILL" },
  );
  if (status !== 0) return { gap: null, words: "it ended without an answer" };
  const { upper, lower } = JSON.parse(stdout) as Record<"upper" | "lower", number | null>;
  if (upper === null) return { gap: null, words: "no portfolio" };
  if (lower === null) return { gap: null, words: "no bound" };
  return { gap: (upper - lower) / Math.abs(upper), words: "a portfolio and a bound" };
}

function namesOfHighs(returns: Returns): void {
  const limits = { seconds: NAMES_MS / 1000, gap: NAMES_GAP, presolve: "off" } as const;
  const found = namesByHighs(fewNamesOf[returns](), FEW, limits);
  process.stdout.write(JSON.stringify(found));
}

function fewNames(): void {
  for (const returns of Object.keys(fewNamesOf)) names(returns as Returns);
}

function scenarioGeneration(): void {
  const history = heavyTailedScenarios(50, 2000, SEED);
  const draw = { count: 10_000, seed: 7 };
  const bootstrap = timed(15, () => bootstrapScenarios(history, draw));
  sayMs("10,000 × 50 scenarios by bootstrap", bootstrap.ms, 0, { gap: 0, ms: 1 });
  const gaussian = timed(15, () => gaussianScenarios(history, draw));
  sayMs("10,000 × 50 scenarios by Gaussian", gaussian.ms, 0, { gap: 0, ms: 15 });
}

function riskParity(): void {
  const assets = 500;
  const covariance = weightedCovariance(heavyTailedScenarios(assets, 2000, SEED));
  const budgets = new Array<number>(assets).fill(1 / assets);
  const { ms, answer } = timed(9, () => varianceParity(covariance, budgets));
  const isMet = answer.status === "OPTIMAL" && answer.deviation < 1e-10;
  sayMs("risk parity, 500 names", ms, isMet ? 0 : 1, { gap: 0, ms: 10 });
}

function measure(): void {
  const small = minimumCvar(heavyTailedScenarios(50, 10_000, SEED));
  if (process.argv.includes("--frontier")) {
    frontier(small);
    return;
  }
  compare("least CVaR, 50 × 10,000", small, { gap: 1e-9, ratio: 40 });
  cold();
  const stocks = stockScenarios();
  if (stocks !== null) {
    compare(`least CVaR, 20 stocks × ${stocks.count} days`, minimumCvar(stocks), { gap: 1e-9 });
  }
  const norm = robust(minimumCvar(heavyTailedScenarios(50, 2048, SEED)), 0.002);
  const dro = timed(9, () => solve(norm));
  sayMs("DRO-ES, 50 × 2,048", dro.ms, gapOf(dro.answer), { gap: 1e-8, ms: 8 });
  riskParity();
  scenarioGeneration();
  if (quick) return;
  frontier(small);
  const diffuse = minimumCvar(heavyTailedScenarios(400, 3000, SEED), 0.003);
  compare(
    "400 names under caps of 0.003, × 3,000",
    diffuse,
    { gap: 1e-8, ms: 1000 },
    { rounds: 3, peerRounds: 1 },
  );
  const middle = minimumCvar(heavyTailedScenarios(200, 20_000, SEED));
  compare("least CVaR, 200 × 20,000", middle, { gap: 1e-9, ratio: 40 }, { rounds: 5 });
  compare(
    "shorts, cash, leverage, 397 × 10,000, few held",
    publishedExample(SEED),
    { gap: 1e-9, ratio: 100 },
    { rounds: 5, peerRounds: 1, compact: true },
  );
  const long = leveraged(heavyTailedScenarios(392, 10_000, SEED));
  compare(
    "shorts, cash, leverage, 392 × 10,000, many held",
    long,
    { gap: 1e-9, ratio: 100 },
    { rounds: 3, peerRounds: 1, compact: true },
  );
  const large = minimumCvar(heavyTailedScenarios(500, 50_000, SEED));
  const { ms, answer } = timed(3, () => solve(large));
  sayMs("least CVaR, 500 × 50,000", ms, gapOf(answer), { gap: 1e-9, ms: 600 });
  fewNames();
}

if (process.argv.includes("--cold")) coldSolve();
else if (process.argv.at(-2) === "--names-by-highs") namesOfHighs(process.argv.at(-1) as Returns);
else if (process.argv.includes("--names")) fewNames();
else measure();
