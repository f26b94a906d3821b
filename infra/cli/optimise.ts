// tapedeck optimise: the best portfolio for a plain file of returns, with the proof that it is, its frontier
// if asked for, and what its limits cost.

import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Command, Option } from "commander";
import { optimise } from "../../quant/optimiser/optimise.ts";
import type { Portfolio, Problem, Solution } from "../../quant/optimiser/problem.ts";
import { makeScenarios } from "../../quant/scenarios/make-scenarios.ts";
import type { ReturnHistory } from "../../quant/scenarios/return-history.ts";
import { scenarioHash } from "../../quant/scenarios/scenario-hash.ts";
import type { ScenarioRecipe } from "../../quant/scenarios/scenario-recipe.ts";
import { shrunkCovariance } from "../../quant/scenarios/shrunk-covariance.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import {
  covariances,
  DEFAULT_SEED,
  isFile,
  isFrontier,
  type Options,
  optionError,
  whatIsAsked,
} from "../optimise/asked.ts";
import { type Frontier, frontierOf } from "../optimise/frontier-points.ts";
import { DEFAULT_TAIL } from "../optimise/named-problems.ts";
import { holdingsOf, measuresOf } from "../optimise/optimised.ts";
import { planOf } from "../optimise/plan-ahead.ts";
import { planCsv, planText } from "../optimise/plan-text.ts";
import { type DatedReturns, readReturns } from "../optimise/returns-file.ts";
import { frontierCsv, solutionCsv } from "../optimise/solution-csv.ts";
import { type About, frontierText, solutionText } from "../optimise/solution-text.ts";
import { stateProblem } from "../optimise/state-problem.ts";
import { withViews } from "../optimise/views.ts";
import { wholeNumber } from "./number-option.ts";
import { DEFAULT_POINTS, day, help, number, points, settings } from "./optimise-options.ts";
import { progressLine } from "./progress.ts";

export function optimiseCommand(): Command {
  const command = new Command("optimise")
    .description(
      "The best portfolio for a plain file of returns: a column of dates, a column for each asset; CSV, " +
        "gzip'd CSV or Parquet. Every figure is per period of the file.",
    )
    .requiredOption("--returns <file>", "simple returns, 0.01 = 1 %, or prices with --prices")
    .option("--prices", "the file holds prices", false)
    .option("--assets <names>", "take these only, with commas between")
    .addOption(new Option("--from <day>", "leave out what is before YYYY-MM-DD").argParser(day))
    .addOption(new Option("--to <day>", "leave out what is after").argParser(day))
    .requiredOption(
      "--problem <name|file>",
      "one of those below, or a YAML file (docs/optimiser.md)",
    )
    .option("--scenarios <method[:count]>", "see below (default: historical)")
    .addOption(
      new Option("--seed <n>", `of drawn scenarios (default: ${DEFAULT_SEED})`).argParser(
        wholeNumber(0),
      ),
    )
    .addOption(number("--decay <factor>", "of historical weights with each step into the past"))
    .addOption(number("--tail <mass>", `of CVaR: ${DEFAULT_TAIL} is CVaR at 95 % (the default)`));
  settings(command);
  return command
    .addOption(
      new Option(
        "--frontier [points]",
        `the efficient frontier instead: so many points (default: ${DEFAULT_POINTS}), or all: every breakpoint of CVaR`,
      ).argParser(points),
    )
    .option("--csv <file>", "write the weights there")
    .option("--html <file>", "write the frontier, weights along it and a table as one page there")
    .addHelpText("after", help)
    .action(async (options: Options, parsed: Command) => {
      await answer(options, parsed.optsWithGlobals().json === true);
    });
}

async function answer(options: Options, json: boolean): Promise<void> {
  const asked = await whatIsAsked(options);
  const data = await read(options);
  for (const doubt of data.doubts) process.stderr.write(`note: ${options.returns}: ${doubt}\n`);
  const scenarios = make(asked.recipe, data);
  const { history } = data;
  const stated = withCovariance(stateProblem(asked.problem, scenarios), options, history);
  const viewed = withViews(stated, asked.problem.beliefs, history);
  const problem = withTime(viewed, options.timeLimit);
  const about = aboutOf(options, asked.recipe, data);
  const hash = () => scenarioHash(scenarios);
  const output =
    options.steps !== undefined
      ? ahead(about, problem, asked.recipe, options, history)
      : isFrontier(options)
        ? await many(about, problem, options)
        : one(about, problem, optimise(problem), options);
  process.stdout.write(
    json ? `${JSON.stringify({ ...about, scenarioHash: hash(), ...output.data })}\n` : output.text,
  );
}

interface Output {
  readonly text: string;
  /** For --json. */
  readonly data: object;
}

function one(about: About, problem: Problem, found: Solution, { csv }: Options): Output {
  const portfolio = portfolioOf(found);
  if (csv !== undefined) writeFileSync(csv, solutionCsv(problem, portfolio));
  const { status, cash, upper, lower, gap, feasibility, shadowPrices, pivots } = portfolio;
  const { expectedReturns, scenarios } = problem;
  const expected = expectedReturns?.map((mean, j) => [scenarios.assets[j], mean]);
  return {
    text: solutionText(about, problem, portfolio),
    data: {
      status,
      holdings: holdingsOf(problem.scenarios, portfolio),
      cash,
      ...measuresOf(problem, portfolio.weights),
      ...(expected === undefined ? {} : { expectedReturns: Object.fromEntries(expected) }),
      certificate: { upper, lower, gap, feasibility },
      shadowPrices,
      pivots,
    },
  };
}

function ahead(
  about: About,
  problem: Problem,
  { kind, stress, ...rest }: ScenarioRecipe,
  options: Options,
  history: ReturnHistory,
): Output {
  const { steps = 1, csv } = options;
  if (isFrontier(options)) throw optionError("--steps plans one portfolio: leave --frontier out");
  const isPlain = kind === "HISTORICAL" && stress === undefined && !("decay" in rest);
  if (problem.objective.kind === "MEAN_CVAR" && !isPlain) {
    throw optionError("--steps of mean-cvar takes the file's periods as they follow each other");
  }
  const plan = planOf(problem, steps, history);
  if (!("steps" in plan)) throw failure(plan);
  if (csv !== undefined) writeFileSync(csv, planCsv(problem, plan));
  const { status, upper, lower, feasibility } = plan;
  return {
    text: planText(about, problem, plan),
    data: {
      status,
      assets: problem.scenarios.assets,
      steps: plan.steps.map((weights) => [...weights]),
      certificate: { upper, lower, feasibility },
    },
  };
}

async function many(about: About, problem: Problem, options: Options): Promise<Output> {
  const { frontier: asked = DEFAULT_POINTS, csv, html } = options;
  const count = asked === true ? DEFAULT_POINTS : asked;
  const line = progressLine("frontier", "points");
  let found: Frontier | Exclude<Solution, Portfolio>;
  try {
    found = frontierOf(problem, count, (done, total) => line.update(done, total));
  } finally {
    line.end();
  }
  if (!("points" in found)) throw failure(found);
  if (csv !== undefined) writeFileSync(csv, frontierCsv(problem, found));
  if (html !== undefined) {
    const { renderFrontier } = await import("../optimise/frontier-page.ts");
    writeFileSync(html, renderFrontier(about, problem, found));
  }
  return {
    text: frontierText(about, problem, found),
    data: {
      assets: problem.scenarios.assets,
      risk: found.risk,
      points: found.points.map((point) => ({ ...point, weights: [...point.weights] })),
    },
  };
}

function portfolioOf(found: Solution): Portfolio {
  if ("weights" in found) return found;
  throw failure(found);
}

function failure(found: Exclude<Solution, Portfolio>): TapedeckError {
  if (found.status === "REFUSED") {
    return new TapedeckError("OPTIMISE_REFUSED", found.reasons.join("\n"), {
      reasons: found.reasons.join("; "),
    });
  }
  if (found.status === "UNBOUNDED") {
    return new TapedeckError("OPTIMISE_UNBOUNDED", "no portfolio is best: more is always better");
  }
  const { conflict } = found;
  return new TapedeckError(
    "OPTIMISE_INFEASIBLE",
    `no portfolio keeps all of these together: ${conflict.join(" and ")}`,
    { conflict: conflict.join("; ") },
  );
}

async function read(options: Options): Promise<DatedReturns> {
  const line = progressLine(`reading ${basename(options.returns)}`, "bytes");
  try {
    return await readReturns(options.returns, {
      prices: options.prices,
      assets: options.assets?.split(",").map((name) => name.trim()) ?? [],
      from: options.from ?? null,
      to: options.to ?? null,
      onRead: line.update,
    });
  } finally {
    line.end();
  }
}

function make(recipe: ScenarioRecipe, { history }: DatedReturns) {
  try {
    return makeScenarios(recipe, history);
  } catch (error) {
    if (error instanceof RangeError) throw optionError(error.message);
    throw error;
  }
}

function withCovariance(problem: Problem, options: Options, history: ReturnHistory): Problem {
  const target = covariances[options.covariance ?? "sample"];
  return target === null
    ? problem
    : { ...problem, covariance: shrunkCovariance(history, target).covariance };
}

function withTime(problem: Problem, seconds: number | undefined): Problem {
  if (seconds === undefined) return problem;
  const end = performance.now() + seconds * 1000;
  return { ...problem, work: { expired: () => performance.now() > end } };
}

function aboutOf(
  options: Options,
  recipe: ScenarioRecipe,
  { history, dates }: DatedReturns,
): About {
  const method = recipe.kind.toLowerCase().replaceAll("_", " ");
  const drawn = "seed" in recipe ? `, ${recipe.count} drawn by seed ${recipe.seed}` : "";
  const first = dates[0];
  const span = first === undefined ? "" : ` · ${first} to ${dates.at(-1)}`;
  return {
    title: isFile(options.problem) ? basename(options.problem) : options.problem,
    scenarios: `${method}${drawn}, of ${history.count} periods`,
    span,
  };
}
