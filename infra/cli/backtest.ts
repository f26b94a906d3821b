// tapedeck backtest: replay a tape through the flow that a configuration describes.

import { Command } from "commander";
import { loadConfig, type Override } from "../config/load-config.ts";
import { DEFAULT_ROOT } from "../run/run-folder.ts";
import { runPlan } from "../run/run-plan.ts";
import { printSummary } from "../run/summary.ts";
import { wholeNumber } from "./number-option.ts";
import { setOption } from "./set-option.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly root: string;
  readonly resume?: true;
  readonly set?: readonly Override[];
  readonly commitEvery?: number;
}

export function backtestCommand(): Command {
  return new Command("backtest")
    .argument("<config>", "configuration file (YAML); `tapedeck config default` prints one")
    .addOption(setOption("change one setting"))
    .option("--resume", "go on with a run that was stopped or killed; same hashes in the end")
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .option("--commit-every <events>", "events processed between durable commits", wholeNumber(1))
    .addHelpText("after", help)
    .action(async (path: string, options: Options, command: Command) => {
      const config = await loadConfig(path, options.set ?? []);
      if (config.model.typeCheck?.startsWith("not type-checked") === true) {
        process.stderr.write(`note: ${config.model.source} was ${config.model.typeCheck}\n`);
      }
      const result = await runPlan(
        { phases: [{ fromUs: null, config }], forkOf: null, version: packageVersion() },
        {
          root: options.root,
          resume: options.resume === true,
          eventsPerCommit: options.commitEvery ?? null,
        },
      );
      const json = command.optsWithGlobals().json === true;
      if ("sourceEvents" in result) {
        process.exitCode = 130;
        const again = `tapedeck backtest ${path} --resume`;
        if (json) process.stdout.write(`${JSON.stringify({ stopped: result.folder.path })}\n`);
        process.stderr.write(`stopped after ${result.sourceEvents} events; go on with: ${again}\n`);
        return;
      }
      process.stdout.write(json ? `${JSON.stringify(result)}\n` : printSummary(result));
    });
}

const help = `
The run lands in <root>/runs/<id>: manifest.json, config.yaml, hashes.txt, metrics.json, report.html
and log/. The id follows from the inputs, the configuration and the code: the same run, the same id.

Exit codes: 0 done · 2 configuration · 3 bad input · 4 the log or the disk · 5 a processor or model
failed · 130 stopped by Ctrl-C, to be gone on with by --resume

Examples:
  $ tapedeck backtest ema.yaml
  $ tapedeck backtest ema.yaml --set risk.maxDrawdown=0.1 --set sizing.quantity=50
  $ tapedeck backtest ema.yaml --json | jq .metrics.sharpe`;
