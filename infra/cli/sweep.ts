// tapedeck sweep: try many settings over one tape, and say how much of the best is luck.

import { Command, InvalidArgumentError, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { measureText } from "../report/measure-text.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import type { Axis } from "../sweep/axes.ts";
import { parseAxis } from "../sweep/axes.ts";
import { plainValidation as plain } from "../sweep/cross-validation.ts";
import { type MeasureName, measureNames } from "../sweep/measures.ts";
import { figureText, wordsOf } from "../sweep/page-frame.ts";
import { runSweep, type Sweep, summaryOf } from "../sweep/sweep.ts";
import { defaultThreads } from "../sweep/trial-threads.ts";
import { wholeNumber } from "./number-option.ts";
import { grouped } from "./progress.ts";
import { search } from "./search.ts";
import { type Cell, tableText } from "./table.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly set: readonly Axis[];
  readonly random?: number;
  readonly seed: number;
  readonly measure: MeasureName;
  readonly threads: number;
  readonly top: number;
  readonly groups: number;
  readonly judged: number;
  readonly embargo: number;
  readonly purge?: number;
  readonly root: string;
}

export const MOST_THREADS = 64;

/** 0 to below 1. */
function part(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && value < 1) return value;
  throw new InvalidArgumentError("write a part of all days, such as 0.01");
}

/** The option of what is varied; it may be given several times. */
export const axisOption = (): Option =>
  new Option(
    "--set <key=values>",
    "what to vary: 5..50:5 from, to and step; 20,50,100 a list; one value sets it for all",
  )
    .argParser((text, before: readonly Axis[] = []) => [...before, parseAxis(text)])
    .makeOptionMandatory();

export const measureOption = (): Option =>
  new Option("--measure <name>", "what the best is best by")
    .choices(measureNames)
    .default("sharpe");

export function sweepCommand(): Command {
  return new Command("sweep")
    .argument("<config>", "configuration file (YAML)")
    .addOption(axisOption())
    .option("--random <sets>", "try so many sets of the grid, drawn by the seed", wholeNumber(1))
    .option("--seed <number>", "of the draw", wholeNumber(0), 0)
    .addOption(measureOption())
    .option("--threads <number>", "worker threads", wholeNumber(1, MOST_THREADS), defaultThreads())
    .option("--top <rows>", "rows of the printed table", wholeNumber(1), 10)
    .option("--groups <number>", "of days, to cross-validate by", wholeNumber(2, 30), plain.groups)
    .option("--judged <number>", "of the groups at a time", wholeNumber(1, 29), plain.judged)
    .option("--embargo <part>", "of all days, after each judged stretch", part, plain.embargo)
    .option(
      "--purge <days>",
      "before a judged stretch (default: as long as the best set holds a position)",
      wholeNumber(1),
    )
    .option("--root <folder>", "where sweeps are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (config: string, options: Options, command: Command) => {
      const { set: axes, random, seed, measure, threads, root, top } = options;
      const { groups, judged, embargo, purge = null } = options;
      if (judged >= groups) {
        const why = `--judged ${judged} of ${groups} groups leaves none to choose by`;
        throw new TapedeckError("USAGE_INVALID", why, { groups, judged });
      }
      const plan = {
        config,
        axes,
        random: random === undefined ? null : { count: random, seed },
        measure,
        validation: { groups, judged, embargo, purge },
        version: packageVersion(),
      };
      await search("sweeping", command.optsWithGlobals().json === true, {
        run: (control) => runSweep(plan, { root, threads, ...control }),
        summary: summaryOf,
        text: (sweep) => asText(sweep, top),
      });
    });
}

const COLUMNS = ["netProfit", "totalReturn", "sharpe", "maxDrawdown", "trades", "fees"] as const;
const NAMED = 3;

function asText(sweep: Sweep, top: number): string {
  const { axes, sets, answers, order, measure, folder, luck } = sweep;
  const columns = [measure, ...COLUMNS.filter((name) => name !== measure)];
  const rows = order.slice(0, top).flatMap((place, rank) => {
    const answer = answers[place];
    if (answer?.state !== "done") return [];
    const row: Record<string, Cell> = { rank: rank + 1 };
    for (const [i, { key }] of axes.entries()) row[key] = sets[place]?.[i] ?? "";
    for (const name of columns) row[wordsOf(name)] = figureText(name, answer.metrics[name]);
    return [row];
  });
  const refused = answers.flatMap((answer, place) =>
    answer.state === "done" ? [] : [{ why: answer.why, set: sets[place] ?? [] }],
  );
  const lines = [tableText(rows, "no set could be run").trimEnd(), ""];
  const done = answers.length - refused.length;
  lines.push(`trials        ${grouped(done)} done, ${grouped(refused.length)} could not be run`);
  for (const { why, set } of refused.slice(0, NAMED)) {
    lines.push(`              ${set.join(" ")}: ${lastLine(why)}`);
  }
  if (refused.length > NAMED) lines.push("              … table.csv names them all");
  if (luck !== null) {
    const probability = (value: number | null) => measureText("probability", value, "");
    lines.push(
      `luck          deflated Sharpe ${probability(luck.deflated)} · overfitting (PBO) ${probability(luck.overfitting?.probability ?? null)}`,
    );
  }
  lines.push(`sweep         ${folder}/sweep.html`, `table         ${folder}/table.csv`);
  return `${lines.join("\n")}\n`;
}

const lastLine = (text: string): string => text.split("\n").at(-1) ?? text;

const help = `
Every set is run through the whole flow, as backtest runs it, and gives the same figures. All threads share
one copy of the tape. Results are appended to <root>/sweeps/<id>/results.jsonl as they come: the same command
goes on where it was stopped or killed, and the files are the same bytes whatever the number of threads.
sweep.html has the heat map of the first two settings, and how much of the best is luck (docs/sweep.md).

Exit codes: 0 done · 2 configuration, or no set can be run · 3 bad input · 4 the log or the disk ·
5 a model failed · 130 stopped by Ctrl-C

Examples:
  $ tapedeck sweep ema.yaml --set features.emaFast=5..50:5 --set features.emaSlow=20,50,100
  $ tapedeck sweep ema.yaml --set features.emaFast=2..60 --set features.emaSlow=10..300 --random 200 --seed 7
  $ tapedeck sweep ema.yaml --set risk.maxDrawdown=0.05,0.1,off --measure calmar --json | jq .best`;
