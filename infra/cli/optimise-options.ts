// The flags of `tapedeck optimise`, and what its help says of them.

import { type Command, InvalidArgumentError, Option } from "commander";
import { covariances } from "../optimise/asked.ts";
import { ALL } from "../optimise/frontier-points.ts";
import { namedProblems } from "../optimise/named-problems.ts";
import { scenarioMethods } from "../optimise/scenarios-option.ts";
import { wholeNumber } from "./number-option.ts";

export const DEFAULT_POINTS = 50;

/** Limits, costs and what objectives take. */
export function settings(command: Command): void {
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
    .option(
      "--views <file>",
      "YAML: expected returns after Black and Litterman (docs/optimiser.md)",
    )
    .addOption(
      new Option(
        "--steps <n>",
        "plan so many periods ahead: mean-variance or mean-cvar, with bounds, budget, turnover and costs",
      ).argParser(wholeNumber(1, 100)),
    )
    .option("--groups <file>", "YAML: name: {assets: [A, B], lower: 0.1, upper: 0.3}");
}

export const number = (flags: string, says: string): Option =>
  new Option(flags, says).argParser((text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw new InvalidArgumentError("give a number, such as 0.1");
    return value;
  });

const wholePoints = wholeNumber(2, 10_000);
export const points = (text: string): number | typeof ALL =>
  text === ALL ? ALL : wholePoints(text);

export function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text;
  throw new InvalidArgumentError("give a day as YYYY-MM-DD");
}

const listed = (entries: readonly (readonly [string, string])[]): string =>
  entries.map(([name, says]) => `  ${name.padEnd(17)} ${says}`).join("\n");

export const help = `
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
  $ tapedeck optimise --returns returns.csv --problem mean-variance --risk-aversion 4 --views views.yaml
      where views.yaml says how sure one is that bonds beat gold by 0.05 % a period:
      views: [{of: {bonds: 1, gold: -1}, value: 0.0005, confidence: 0.5}]
  $ tapedeck optimise --returns returns.csv --problem mean-variance --risk-aversion 4 --steps 4 \\
      --current weights.csv --impact 0.01 --turnover 0.2

Exit code 2 with OPTIMISE_INFEASIBLE where limits contradict each other: the message names the
smallest set of them that does.`;
