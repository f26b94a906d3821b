// tapedeck simulate: a seeded market onto a new tape.

import { readdirSync, statSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { parseIsoUs } from "../../schemas/values/time.ts";
import { parseDurationUs } from "../config/duration.ts";
import { tapeFolder } from "../import/tape-folder.ts";
import { MAX_INSTRUMENTS, simulateTape } from "../simulate/simulate-tape.ts";
import { wholeNumber } from "./number-option.ts";
import { grouped, progressLine } from "./progress.ts";

interface Options {
  readonly tape: string;
  readonly seed: number;
  readonly instruments: number;
  readonly days: number;
  readonly ticksPerDay: number;
  readonly from: number;
  readonly bars?: number;
  readonly partitions: number;
}

const DAY_US = 86_400_000_000;
const FIRST_DAY = "2024-01-02";

export function simulateCommand(): Command {
  return new Command("simulate")
    .requiredOption("--tape <folder>", "the new tape")
    .option("--seed <n>", "another seed, another market", wholeNumber(0, 2 ** 32 - 1), 7)
    .option("--instruments <n>", "how many", wholeNumber(1, MAX_INSTRUMENTS), 4)
    .option("--days <n>", "trading days", wholeNumber(1, 25_000), 20)
    .option("--ticks-per-day <n>", "expected prints of each", wholeNumber(1, 10_000_000), 2_000)
    .addOption(
      new Option("--from <date>", "first day").argParser(date).default(date(FIRST_DAY), FIRST_DAY),
    )
    .option("--bars <interval>", "write bars of this length instead of ticks: 1m, 1h", interval)
    .option("--partitions <n>", "of the tape", wholeNumber(1, 1024), 1)
    .addHelpText("after", help)
    .action(async (options: Options, command: Command) => {
      refuseTaken(options.tape);
      const startedMs = performance.now();
      const folder = tapeFolder(options.tape);
      const line = progressLine("simulating", "ticks");
      try {
        const simulated = await simulateTape(
          await folder.open(),
          { ...options, firstDayUs: options.from, barsUs: options.bars ?? null },
          line.update,
        );
        line.end();
        await folder.keep();
        const seconds = (performance.now() - startedMs) / 1000;
        const written =
          options.bars === undefined
            ? `${grouped(simulated.ticks)} ticks`
            : `${grouped(simulated.bars)} bars`;
        process.stdout.write(
          command.optsWithGlobals().json === true
            ? `${JSON.stringify({ tape: options.tape, seed: options.seed, seconds, ...simulated })}\n`
            : `${written} of ${simulated.instruments} instruments on ${options.tape} in ${seconds.toFixed(1)} s\n`,
        );
      } catch (error) {
        line.end();
        await folder.abandon();
        throw error;
      }
    });
}

function refuseTaken(tape: string): void {
  const found = statSync(tape, { throwIfNoEntry: false });
  if (found === undefined) return;
  const what = found.isDirectory() ? "is not empty" : "is a file";
  if (found.isDirectory() && readdirSync(tape).length === 0) return;
  throw new TapedeckError("TAPE_EXISTS", `${tape} ${what}`, { tape });
}

function date(text: string): number {
  const timeUs = parseIsoUs(text);
  if (timeUs === null) throw new InvalidArgumentError("give a date such as 2024-01-02");
  return timeUs - (timeUs % DAY_US);
}

function interval(text: string): number {
  const us = parseDurationUs(text);
  if (us === null || us < 1_000_000) throw new InvalidArgumentError("give 1s or more, such as 1m");
  return us;
}

const help = `
The market has regimes, volatility clustering, jumps, a daily cycle, gaps, correlated instruments and
now and then a flagged print: docs/simulator.md says how. Weekends are closed; holidays are not.

Exit codes: 0 done · 2 wrong usage, or the tape is there already · 4 the disk

Examples:
  $ tapedeck simulate --tape .tapedeck/tapes/sim
  $ tapedeck simulate --tape big --seed 3 --instruments 20 --days 250 --bars 1m`;
