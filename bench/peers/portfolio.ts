// The portfolios of bench/peers/portfolio.py by our own library, from the same file: one JSON line each, timed as a user
// calls it (median of 3 after a first call), and the bounds that prove it.
//
//   node bench/peers/portfolio.ts returns.csv

import { readFileSync } from "node:fs";
import { optimise } from "../../quant/optimiser/optimise.ts";
import type { Objective } from "../../quant/optimiser/problem.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import { median } from "../measured.ts";

const ROUNDS = 3;
const [file = "returns.csv"] = process.argv.slice(2);
const [head = "", ...lines] = readFileSync(file, "utf8").trim().split("\n");
const assets = head.split(",");
const rows = lines.map((line) => line.split(",").map(Number));

function scenariosOf(count: number): ScenarioSet {
  const returns = new Float64Array(assets.length * count);
  for (let s = 0; s < count; s++) {
    for (let j = 0; j < assets.length; j++) returns[j * count + s] = rows[s]?.[j] ?? Number.NaN;
  }
  return { assets, count, returns, probabilities: new Float64Array(count).fill(1 / count) };
}

function measure(problem: string, scenarios: ScenarioSet, objective: Objective): void {
  const times: number[] = [];
  let solution = optimise({ scenarios, objective });
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    solution = optimise({ scenarios, objective });
    times.push((performance.now() - start) / 1000);
  }
  if (!("weights" in solution)) throw new Error(JSON.stringify(solution));
  const { status, upper, lower, weights } = solution;
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const figures = {
    seconds: median(times),
    objective: upper,
    lower,
    gap: (upper - lower) / upper,
    sum,
  };
  const size = { assets: assets.length, scenarios: scenarios.count };
  console.log(JSON.stringify({ library: "Tapedeck", problem, ...size, status, ...figures }));
}

measure("least CVaR", scenariosOf(rows.length), { kind: "MINIMUM_CVAR", tailMass: 0.05 });
const robust = { kind: "ROBUST_CVAR", tailMass: 0.05, radius: 0.002 } as const;
measure("DRO-ES", scenariosOf(Math.min(2048, rows.length)), robust);
