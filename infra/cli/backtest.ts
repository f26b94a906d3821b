// tapedeck backtest: replay a tape through the flow that a configuration describes.

import { Command, Option } from "commander";
import { loadConfig, type Override } from "../config/load-config.ts";
import type { OffsetRange, RunPlan } from "../run/execute.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { runPlan, type Stopped } from "../run/run-plan.ts";
import { printSummary, type RunSummary } from "../run/summary.ts";
import type { TimeRange } from "../tape/topic-ranges.ts";
import { prefixOption } from "./namespace-options.ts";
import { wholeNumber } from "./number-option.ts";
import { offsetsOption, rangeOption, rangeSettings } from "./range-option.ts";
import { setOption } from "./set-option.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly from?: "kafka";
  readonly into?: "kafka";
  readonly prefix: string;
  readonly cluster?: string;
  readonly range: TimeRange;
  readonly offsets: readonly OffsetRange[];
  readonly root: string;
  readonly resume?: true;
  readonly set?: readonly Override[];
  readonly commitEvery?: number;
  readonly workers?: number;
}

export function backtestCommand(): Command {
  return new Command("backtest")
    .argument("<config>", "configuration file (YAML); `tapedeck config default` prints one")
    .addOption(setOption("change one setting"))
    .addOption(rangeOption("what of the tape is read"))
    .addOption(offsetsOption())
    .addOption(
      new Option("--from <log>", "read topics of a cluster, not the tape's folder").choices([
        "kafka",
      ]),
    )
    .addOption(prefixOption("with --from kafka: before every topic, with its dot"))
    .addOption(
      new Option("--into <log>", "write to topics run.<id>.*, and read those back").choices([
        "kafka",
      ]),
    )
    .option("--cluster <file>", "how to reach Kafka: see docs/cluster.md")
    .option("--resume", "go on with a run that was stopped or killed; same hashes in the end")
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .option("--commit-every <events>", "events processed between durable commits", wholeNumber(1))
    .option("--workers <threads>", "threads that solve the optimiser's problems", wholeNumber(1))
    .addHelpText("after", help)
    .action(async (path: string, options: Options, command: Command) => {
      const settings = [...rangeSettings(options.range), ...(options.set ?? [])];
      const config = await loadConfig(path, settings);
      if (config.model.typeCheck?.startsWith("not type-checked") === true) {
        process.stderr.write(`note: ${config.model.source} was ${config.model.typeCheck}\n`);
      }
      const plan: RunPlan = {
        phases: [{ fromUs: null, config }],
        forkOf: null,
        version: packageVersion(),
        offsets: options.offsets,
      };
      const result = await run(plan, options);
      const json = command.optsWithGlobals().json === true;
      if ("sourceEvents" in result) {
        process.exitCode = 130;
        const again = "the same command with --resume";
        if (json) process.stdout.write(`${JSON.stringify({ stopped: result.folder.path })}\n`);
        process.stderr.write(`stopped after ${result.sourceEvents} events; go on with: ${again}\n`);
        return;
      }
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : printSummary(result));
    });
}

async function run(plan: RunPlan, options: Options): Promise<RunSummary | Stopped> {
  const { from, into, prefix, cluster, root, resume, commitEvery, workers } = options;
  const settings = {
    root,
    resume: resume === true,
    eventsPerCommit: commitEvery ?? null,
    ...(workers === undefined ? {} : { workers }),
  };
  if (from === undefined && into === undefined) return runPlan(plan, settings);
  const { openKafka } = await import("../kafka/session.ts");
  const { kafkaTape, openRunTopics } = await import("../kafka/run-tape.ts");
  const session = await openKafka({ cluster });
  try {
    return await runPlan(
      { ...plan, ...(from === undefined ? {} : { tape: kafkaTape(session, prefix) }) },
      {
        ...settings,
        ...(into === undefined
          ? {}
          : { into: (id: string, afresh: boolean) => openRunTopics(session, id, afresh) }),
      },
    );
  } finally {
    await session.close();
  }
}

const help = `
The run lands in <root>/runs/<id>: manifest.json, config.yaml, hashes.txt, metrics.json, report.html
and log/. The id follows from the inputs, the configuration and the code: the same run, the same id,
wherever its tape lies: the same records in topics (--from kafka) or in a folder make the same bytes.

Exit codes: 0 done · 2 configuration · 3 bad input · 4 the log, the disk or Kafka · 5 a processor or model
failed · 130 stopped by Ctrl-C, to be gone on with by --resume

Examples:
  $ tapedeck backtest ema.yaml
  $ tapedeck backtest ema.yaml --set risk.maxDrawdown=0.1 --set sizing.quantity=50
  $ tapedeck backtest ema.yaml --from kafka --range 2024-01-08..2024-01-09
  $ tapedeck backtest ema.yaml --from kafka --offsets market.ticks/0=100000..200000 --into kafka
  $ tapedeck backtest ema.yaml --json | jq .metrics.sharpe`;
