// tapedeck demo: the whole thing once. Simulates a market, trades it, replays the run and compares.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { tapeFolder } from "../import/tape-folder.ts";
import { openPlan, type RunPlan } from "../run/execute.ts";
import { readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, tapesOf, writeWhole } from "../run/run-folder.ts";
import { runPlan } from "../run/run-plan.ts";
import { printSummary } from "../run/summary.ts";
import { verifyRun } from "../run/verify.ts";
import { simulateTape } from "../simulate/simulate-tape.ts";
import { wholeNumber } from "./number-option.ts";
import { grouped, progressLine } from "./progress.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly log?: "kafka";
  readonly keep?: true;
  readonly cluster?: string;
  readonly seed: number;
  readonly days: number;
  readonly root: string;
}

const INSTRUMENTS = 4;
const TICKS_PER_DAY = 2_500;
const FIRST_DAY_US = Date.UTC(2024, 0, 2) * 1000;

export function demoCommand(): Command {
  return new Command("demo")
    .option("--seed <n>", "another seed, another market", wholeNumber(0, 2 ** 32 - 1), 7)
    .option("--days <n>", "trading days to simulate", wholeNumber(1, 2_500), 20)
    .option("--root <folder>", "where tapes and runs are kept", DEFAULT_ROOT)
    .addOption(
      new Option("--log <log>", "once more through a cluster, and compare").choices(["kafka"]),
    )
    .option("--keep", "with --log kafka: leave its topics, and its run in <root>/kafka")
    .option("--cluster <file>", "with --log kafka: how to reach it (docs/cluster.md)")
    .addHelpText("after", help)
    .action(async (options: Options, command: Command) => {
      const json = command.optsWithGlobals().json === true;
      const startedMs = performance.now();
      const onKafka = options.log === "kafka" ? await import("./demo-kafka.ts") : null;
      await onKafka?.requireCluster(options.cluster);
      const configPath = await prepare(options);
      const plan: RunPlan = {
        phases: [{ fromUs: null, config: await loadConfig(configPath) }],
        forkOf: null,
        version: packageVersion(),
      };
      const { root } = options;
      const result = await runPlan(plan, { root, resume: onKafka !== null, eventsPerCommit: null });
      if ("sourceEvents" in result) return stopped();
      if (onKafka !== null) {
        const outcome = await onKafka.demoOnKafka(plan, result, { ...options, json });
        if (outcome === null) return stopped();
        if (!outcome.identical) process.exitCode = 6;
        const seconds = (performance.now() - startedMs) / 1000;
        process.stdout.write(
          json
            ? `${JSON.stringify({ ...outcome, seconds })}\n`
            : `\nDone in ${seconds.toFixed(1)} s.\n`,
        );
        return;
      }
      if (!json) process.stdout.write(printSummary(result));
      const verdict = await prove(plan, result.run, options.root);
      if (!verdict.identical) process.exitCode = 6;
      if (json) {
        process.stdout.write(`${JSON.stringify({ ...result, verified: verdict.identical })}\n`);
        return;
      }
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      process.stdout.write(
        verdict.identical
          ? `proof         replayed, ${grouped(verdict.records)} events identical to the byte\n\nDone in ${seconds} s. Next: open the report, or\n  ${asCalled()} inspect positions ${result.run.slice(0, 6)}\n  ${asCalled()} fork ${result.run.slice(0, 6)} --set risk.maxDrawdown=0.01\n`
          : `proof         FAILED: the replay differs; tapedeck verify ${result.run} says where\n`,
      );
    });
}

function stopped(): void {
  process.exitCode = 130;
  process.stderr.write("stopped; the same command starts again\n");
}

/** Simulates the tape where it is not there yet; writes the configuration; gives its path. */
async function prepare({ seed, days, root }: Options): Promise<string> {
  const name = `demo-seed-${seed}-days-${days}`;
  const tape = join(tapesOf(root), name);
  if (!existsSync(tape)) {
    const folder = tapeFolder(tape);
    const line = progressLine("simulating", "ticks");
    try {
      await simulateTape(
        await folder.open(),
        {
          seed,
          instruments: INSTRUMENTS,
          days,
          ticksPerDay: TICKS_PER_DAY,
          firstDayUs: FIRST_DAY_US,
          barsUs: null,
          partitions: 1,
        },
        line.update,
      );
      line.end();
      await folder.keep();
    } catch (error) {
      line.end();
      await folder.abandon();
      throw error;
    }
  }
  const path = join(root, `${name}.yaml`);
  writeWhole(path, demoConfig(resolve(tape), seed));
  return path;
}

/** The command as it was called here: in the repository, through npx, or installed for all. */
function asCalled(): string {
  if (import.meta.url.endsWith(".ts")) return "npm run -s tapedeck --";
  return process.env.npm_command === "exec" ? "npx tapedeck" : "tapedeck";
}

async function prove(plan: RunPlan, run: string, root: string) {
  const open = await openPlan(plan);
  const line = progressLine("proving", "events");
  const folder = findRun(run, root);
  try {
    return await verifyRun(folder, readManifest(folder.manifest), open, {
      onProgress: ({ sourceEvents }) => line.update(sourceEvents, open.sourceEvents),
    });
  } finally {
    line.end();
    await open.tape.close();
  }
}

const demoConfig = (
  tape: string,
  seed: number,
): string => `# Made by tapedeck demo; change it and run
# tapedeck backtest on it. tapedeck config default prints every setting with what it means.
tape: ${JSON.stringify(tape)}
source: ticks
seed: ${seed}
bars: { interval: 5m }
model: ema-cross
features: { emaFast: 10, emaSlow: 20 }
portfolio: { currency: USD, cash: 1000000 }
sizing: { method: inverse-volatility, gross: 1.0 }
risk:
  maxPosition: 100000
  maxGrossExposure: 1500000
  priceCollar: 0.05
  maxOrderValue: 600000
  maxDrawdown: 0.1
orders: { type: market, latency: 50ms }
venue: { fill: next-tick, latency: 1ms, slippage: 0.0001, fee: 0.00005 }
`;

const help = `
Writes .tapedeck/tapes/demo-… (the market), .tapedeck/demo-….yaml (the configuration) and
.tapedeck/runs/<id> (the run with its report). The same seed gives the same hashes.

With --log kafka the market is played onto a cluster, the flow is run from those topics into topics of
its own, and what was read back is compared with the embedded run. It publishes the schemas; its topics
(demo.*, run.<id>.*) are removed at the end. npm run kafka -- up starts a cluster on this machine.

Exit codes: 0 done and proven · 2 usage, or no cluster · 4 the disk or the cluster · 6 the replay differed · 130 stopped by Ctrl-C

Examples:
  $ tapedeck demo
  $ tapedeck demo --seed 8 --json
  $ tapedeck demo --log kafka`;
