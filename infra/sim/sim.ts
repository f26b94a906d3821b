#!/usr/bin/env node
// `npm run sim`: the flow under seeded faults, one seed again or thousands on all cores. Promises: a
// seed gives the same history on any machine and any number of workers; the exit code is 6 if any
// seed found something, and what it found is printed with the command that repeats it.

import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Command, InvalidArgumentError, Option } from "commander";
import { flowScenario } from "../../processors/simulation.ts";
import { type Defect, defects } from "../../streams/simulator/defects.ts";
import { simulate } from "../../streams/simulator/simulate.ts";

interface Work {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly defect: Defect;
  readonly trace: boolean;
}

/** What came of one seed. */
interface Told {
  readonly seed: number;
  readonly hash: string;
  readonly finding: string | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly events: number;
}

async function runSeeds(work: Work, tell: (told: Told) => void): Promise<void> {
  const { from, to, step, defect, trace } = work;
  for (let seed = from; seed < to; seed += step) {
    const { hash, finding, counts, events } = await simulate({
      seed,
      scenario: flowScenario(seed, { floatLedger: defect === "float-ledger" }),
      defect,
      ...(trace ? { trace: (line: string) => process.stdout.write(`${line}\n`) } : {}),
    });
    tell({ seed, hash, finding, counts: Object.fromEntries(counts), events });
  }
}

/** Spreads the seeds over workers, each taking every n-th. */
async function spread(work: Work, workers: number, tell: (told: Told) => void): Promise<void> {
  if (workers === 1) return runSeeds(work, tell);
  await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const share = { ...work, from: work.from + index, step: workers };
      const worker = new Worker(new URL(import.meta.url), { workerData: share });
      worker.on("message", tell);
      return new Promise<void>((resolve, reject) => {
        worker.once("error", reject);
        worker.once("exit", (code) =>
          code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
        );
      });
    }),
  );
}

const natural = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("give a whole number, 0 or more");
  }
  return value;
};

interface Options {
  readonly seed?: number;
  readonly seeds?: number;
  readonly trace?: boolean;
  readonly defect?: Exclude<Defect, null>;
  readonly workers: number;
}

const command = new Command("sim")
  .description("Runs the whole flow under seeded faults and holds it against the closed run.")
  .option("--seed <number>", "the first seed, or the only one", natural)
  .option(
    "--seeds <count>",
    "how many seeds from there (default: 1 with --seed, else 2000)",
    natural,
  )
  .option("--trace", "print every step and fault")
  .addOption(
    new Option("--defect <name>", "plant a bug").choices(defects.filter((d) => d !== null)),
  )
  .option("--workers <count>", "threads to spread seeds over", natural, availableParallelism())
  .addHelpText(
    "after",
    "\nExamples:\n  npm run sim -- --seed 17 --trace\n  npm run sim -- --seeds 10000\n" +
      "  npm run sim -- --seeds 200 --defect late-dropped\n\nExit code: 0 nothing found, 6 something found.",
  );

async function main(): Promise<void> {
  const { seed, seeds, trace = false, defect = null, workers } = command.parse().opts<Options>();
  const from = seed ?? 0;
  const count = seeds ?? (seed === undefined ? 2000 : 1);
  const work: Work = { from, to: from + count, step: 1, defect, trace };
  const totals = new Map<string, number>();
  const started = performance.now();
  let done = 0;
  let found = 0;
  let events = 0;
  let told = started;
  await spread(work, trace || count === 1 ? 1 : Math.max(1, Math.min(workers, count)), (one) => {
    done++;
    events += one.events;
    for (const [what, times] of Object.entries(one.counts)) {
      totals.set(what, (totals.get(what) ?? 0) + times);
    }
    if (one.finding !== null && ++found <= 20) {
      const planted = defect === null ? "" : ` --defect ${defect}`;
      process.stdout.write(
        `seed ${one.seed}: ${one.finding}\n  again: npm run sim -- --seed ${one.seed}${planted} --trace\n`,
      );
    }
    if (count === 1) process.stdout.write(`seed ${one.seed}  history ${one.hash}\n`);
    const now = performance.now();
    if (now - told < 5000) return;
    told = now;
    const rate = (done / (now - started)) * 1000;
    process.stderr.write(`${done} of ${count} seeds, ${rate.toFixed(0)}/s, ${found} found\n`);
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const seen = [...totals].map(([what, times]) => `${what} ${times}`).join(", ");
  process.stdout.write(`${done} seeds, ${events} events, ${found} found, ${seconds} s\n${seen}\n`);
  if (found > 0) process.exitCode = 6;
}

// A reader that has seen enough (`| head`) ends the run, quietly.
process.stdout.on("error", () => process.exit());
command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
if (isMainThread) await main();
else await runSeeds(workerData as Work, (told) => parentPort?.postMessage(told));
