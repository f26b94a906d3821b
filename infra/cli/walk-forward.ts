// tapedeck walk-forward: choose settings on one stretch of a tape, judge them on the next, go on.

import { Command } from "commander";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { percent } from "../report/figures.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import type { Axis } from "../sweep/axes.ts";
import { type MeasureName, measureIn } from "../sweep/measures.ts";
import { figureText, wordsOf } from "../sweep/page-frame.ts";
import { defaultThreads } from "../sweep/trial-threads.ts";
import { daysOf } from "../sweep/walk-csv.ts";
import { meansOf, runWalk, type Walk, walkSummary } from "../sweep/walk-forward.ts";
import { wholeNumber } from "./number-option.ts";
import { search } from "./search.ts";
import { axisOption, MOST_THREADS, measureOption } from "./sweep.ts";
import { type Cell, tableText } from "./table.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly set: readonly Axis[];
  readonly inSample: number;
  readonly outOfSample: number;
  readonly purge: number;
  readonly warmUp?: number;
  readonly anchored?: true;
  readonly random?: number;
  readonly seed: number;
  readonly measure: MeasureName;
  readonly threads: number;
  readonly root: string;
}

export function walkForwardCommand(): Command {
  return new Command("walk-forward")
    .argument("<config>", "configuration file (YAML)")
    .addOption(axisOption())
    .requiredOption("--in-sample <days>", "days of prices to choose by", wholeNumber(1))
    .requiredOption("--out-of-sample <days>", "days to judge by, then the next", wholeNumber(1))
    .option("--purge <days>", "days left out between the two", wholeNumber(0), 0)
    .option(
      "--warm-up <days>",
      "days before a window for the indicators (default: --in-sample)",
      wholeNumber(0),
    )
    .option("--anchored", "choose by all days from the first on")
    .option("--random <sets>", "try so many sets of the grid, drawn by the seed", wholeNumber(1))
    .option("--seed <number>", "of the draw", wholeNumber(0), 0)
    .addOption(measureOption())
    .option("--threads <number>", "worker threads", wholeNumber(1, MOST_THREADS), defaultThreads())
    .option("--root <folder>", "where walks are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (config: string, options: Options, command: Command) => {
      const { set: axes, random, seed, measure, threads, root } = options;
      const { inSample, outOfSample, purge, warmUp = inSample, anchored = false } = options;
      const plan = {
        config,
        axes,
        random: random === undefined ? null : { count: random, seed },
        measure,
        version: packageVersion(),
        lengths: { inSample, outOfSample, purge, warmUp, anchored },
      };
      await search("walking forward", command.optsWithGlobals().json === true, {
        run: (control) => runWalk(plan, { root, threads, ...control }),
        summary: walkSummary,
        text: asText,
      });
    });
}

function asText(walk: Walk): string {
  const { axes, steps, measure, stitched, account, equity, folder } = walk;
  const words = wordsOf(measure);
  const rows = steps.map(({ window, set, inSample, outOfSample, why }, i) => {
    const [from, to] = daysOf(window.outOfSample);
    const row: Record<string, Cell> = { window: i + 1, from, to };
    for (const [k, { key }] of axes.entries()) row[key] = set[k] ?? "";
    row[`${words} in`] = figureText(measure, measureIn(inSample, measure));
    row[`${words} out`] =
      outOfSample === null ? why : figureText(measure, measureIn(outOfSample, measure));
    row["return out"] = percent(outOfSample?.totalReturn ?? null);
    return row;
  });
  const last = equity.equityMinor.at(-1) ?? 0n;
  const sharpe = stitched.sharpe?.toFixed(2) ?? "–";
  const [inMean, outMean] = meansOf(walk);
  return `${[
    tableText(rows, "no window").trimEnd(),
    "",
    `out of sample  ${formatScaled(last, account.currencyScale)} ${account.currency} · return ${percent(stitched.totalReturn)} · drawdown ${percent(stitched.maxDrawdown)} · Sharpe ${sharpe}`,
    `mean ${words}    in sample ${figureText(measure, inMean)} · out of sample ${figureText(measure, outMean)}`,
    `walk           ${folder}/walk-forward.html`,
  ].join("\n")}\n`;
}

const help = `
Days are UTC days that held prices. In each window every set is run; the best by --measure is then run on the
days after it, with the money that the window before left. What is printed, and walk-forward.html, is of those
days only. Results in sample are appended to <root>/walk-forward/<id>/results.jsonl: the same command goes on
where it was stopped or killed (docs/sweep.md).

Exit codes: 0 done · 2 configuration, or too few days · 3 bad input · 4 the log or the disk ·
5 a model failed · 130 stopped by Ctrl-C

Examples:
  $ tapedeck walk-forward ema.yaml --in-sample 500 --out-of-sample 125 \\
      --set features.emaFast=5..25:5 --set features.emaSlow=50,100,200
  $ tapedeck walk-forward ema.yaml --in-sample 10 --out-of-sample 2 --purge 1 --anchored \\
      --set features.emaFast=5..60 --set features.emaSlow=20..400 --random 100 --seed 7 --measure periodSharpe`;
