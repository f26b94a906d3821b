// tapedeck optimise: the best portfolio for a plain file of returns, with the proof that it is, its frontier
// if asked for, and what its limits cost.

import { writeFileSync } from "node:fs";
import { basename } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
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
  type Options,
  optionError,
  whatIsAsked,
} from "../optimise/asked.ts";
import { ALL, type Frontier, frontierOf } from "../optimise/frontier-points.ts";
import { DEFAULT_TAIL, namedProblems } from "../optimise/named-problems.ts";
import { holdingsOf, measuresOf } from "../optimise/optimised.ts";
import { type DatedReturns, readReturns } from "../optimise/returns-file.ts";
import { scenarioMethods } from "../optimise/scenarios-option.ts";
import { frontierCsv, solutionCsv } from "../optimise/solution-csv.ts";
import { type About, frontierText, solutionText } from "../optimise/solution-text.ts";
import { stateProblem } from "../optimise/state-problem.ts";
import { wholeNumber } from "./number-option.ts";
import { progressLine } from "./progress.ts";

const DEFAULT_POINTS = 50;

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

/** Limits, costs and what objectives take. */
function settings(command: Command): void {
  for (const [flags, says] of [
    ["--risk-aversion <n>", "of mean-cvar and mean-variance (default: 1)"],
    ["--radius <n>", "of dro-es, in units of return (default: 0.01)"],
    ["--risk-free <return>", "of maximum-sharpe and return-to-cvar, per period (default: 0)"],
    ["--fraction <share>", "of kelly: 0.5 is half Kelly (default: 1)"],
    ["--max-weight <w>", "of each asset"],
    ["--min-weight <w>", "of each asset; below 0: short (default: 0)"],
    ["--budget <sum>", "of the weights (default: 1)"],
    ["--gross <sum>", "most of the absolute weights"],
    ["--target-return <r>", "least expected return per period"],
    ["--max-cvar <loss>", "per period, with --tail"],
    ["--max-volatility <v>", "per period"],
    ["--turnover <sum>", "most of |weight − current|, both sides"],
    ["--min-position <w>", "held at all only with at least this"],
    ["--cost <share>", "of what is traded"],
    ["--impact <n>", "cost of trading d is n · |d|^1.5"],
    ["--time-limit <seconds>", "then the best so far, with its gap"],
  ] as const) {
    command.addOption(number(flags, says));
  }
  command
    .addOption(new Option("--max-names <n>", "that are held").argParser(wholeNumber(1)))
    .addOption(
      new Option("--linkage <kind>", "of hrp (default: single)").choices([
        "single",
        "complete",
        "average",
        "ward",
      ]),
    )
    .addOption(
      new Option(
        "--covariance <kind>",
        "of the file's periods, shrunk (default: the scenarios' own)",
      ).choices(Object.keys(covariances)),
    )
    .option("--current <file>", "what is held now: CSV (asset, weight) or YAML")
    .option("--groups <file>", "YAML: name: {assets: [A, B], lower: 0.1, upper: 0.3}");
}

const number = (flags: string, says: string): Option =>
  new Option(flags, says).argParser((text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw new InvalidArgumentError("give a number, such as 0.1");
    return value;
  });

const wholePoints = wholeNumber(2, 10_000);
const points = (text: string): number | typeof ALL => (text === ALL ? ALL : wholePoints(text));

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new InvalidArgumentError("give a day as YYYY-MM-DD");
}

async function answer(options: Options, json: boolean): Promise<void> {
  const asked = await whatIsAsked(options);
  const data = await read(options);
  for (const doubt of data.doubts) process.stderr.write(`note: ${options.returns}: ${doubt}\n`);
  const scenarios = make(asked.recipe, data);
  const stated = withCovariance(stateProblem(asked.problem, scenarios), options, data.history);
  const problem = withTime(stated, options.timeLimit);
  const about = aboutOf(options, asked.recipe, data);
  const hash = () => scenarioHash(scenarios);
  const output =
    options.frontier === undefined && options.html === undefined
      ? one(about, problem, optimise(problem), options)
      : await many(about, problem, options);
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
  return {
    text: solutionText(about, problem, portfolio),
    data: {
      status,
      holdings: holdingsOf(problem.scenarios, portfolio),
      cash,
      ...measuresOf(problem, portfolio.weights),
      certificate: { upper, lower, gap, feasibility },
      shadowPrices,
      pivots,
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

const listed = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([name, says]) => `  ${name.padEnd(17)} ${says}`).join("\n");

const help = `
Problems:
${listed(Object.entries(namedProblems).map(([name, { says }]) => [name, says]))}

Scenarios (METHOD:COUNT, 10,000 if left out):
${listed(Object.entries(scenarioMethods))}

Examples:
  $ tapedeck optimise --returns returns.csv --problem minimum-cvar
  $ tapedeck optimise --returns prices.csv.gz --prices --problem minimum-cvar \\
      --scenarios bootstrap:10000 --max-weight 0.1 --csv weights.csv
  $ tapedeck optimise --returns returns.parquet --problem mean-cvar --risk-aversion 0.5 \\
      --current weights.csv --turnover 0.2 --groups sectors.yaml
  $ tapedeck optimise --returns returns.csv --problem minimum-cvar --frontier --html frontier.html
  $ tapedeck optimise --returns returns.csv --problem my-problem.yaml --json

Exit code 2 with OPTIMISE_INFEASIBLE where limits contradict each other: the message names the
smallest set of them that does.`;
