#!/usr/bin/env node
// `npm run faults`: a live flow under real faults of a real cluster, judged by the history of all that
// was done, by its replay and by the market itself. Promises: a table of what was played and found;
// the exit code is 6 if anything was; the same seed plays the same faults in the same order (what
// they meet is the machine's).

import { Command, InvalidArgumentError, Option } from "commander";
import { TapedeckError } from "../../../schemas/errors.ts";
import { startCluster } from "../../broker/cluster.ts";
import { whyNoJava } from "../../broker/shared-broker.ts";
import { whyNoSmallDisk } from "../../broker/small-disk.ts";
import { reportFailure } from "../../cli/failure.ts";
import { tableText } from "../../cli/table.ts";
import { codeDigest } from "../../run/code-digest.ts";
import { writeWhole } from "../../run/run-folder.ts";
import { type FaultResult, faultTable } from "../fault-table.ts";
import { allFaults, clusterOptions } from "./all-faults.ts";
import { type DefectName, defectNames } from "./defects.ts";
import type { Fault } from "./fault.ts";
import { type FaultReport, runFault } from "./run-fault.ts";

interface Options {
  readonly fault: string;
  readonly rounds: number;
  readonly seed: number;
  readonly defect?: DefectName;
  readonly only: string;
  readonly keep?: string;
  readonly record?: string;
  readonly list?: boolean;
}

const FOUND = 6;

const command = new Command("npm run -s faults --")
  .description("A live flow under real faults: kills, stops, cut requests, full disks.")
  .addOption(
    new Option("--fault <name>", "which one")
      .choices(["all", ...allFaults.map(({ name }) => name)])
      .default("all"),
  )
  .option("--rounds <count>", "of each row of the table", natural, 20)
  .option("--seed <number>", "of the order and the places of faults", natural, 1)
  .addOption(new Option("--defect <name>", "plant a mistake in the services").choices(defectNames))
  .option("--only <text>", "rows of the table that have it in their name", "")
  .option("--keep <folder>", "leave histories and logs there")
  .option("--record <file>", "write what was played and found there, for tapedeck pre-live")
  .option("--list", "say which faults there are, and play none")
  .addHelpText(
    "after",
    `
Takes Java 17 or later. Brokers and a registry of its own are started and ended.

Examples:
  $ npm run -s faults -- --fault kill-points --rounds 100
  $ npm run -s faults -- --fault zombie --defect no-fence --rounds 5

Exit codes: 0 nothing found · 2 usage, or no Java · 4 a cluster could not be started · 6 something found`,
  );

function natural(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError("give a whole number, 0 or more");
}

async function main(options: Options): Promise<void> {
  if (options.list === true) {
    process.stdout.write(
      tableText(
        allFaults.map(({ name, about }) => ({ name, about })),
        "",
      ),
    );
    return;
  }
  const reason = whyNoJava();
  if (reason !== null) throw new TapedeckError("BROKER_UNAVAILABLE", reason);
  const results: FaultResult[] = [];
  const lines: string[] = [];
  for (const fault of allFaults) {
    if (options.fault !== "all" && options.fault !== fault.name) continue;
    const skipped = fault.name === "disk-full" ? whyNoSmallDisk() : null;
    if (skipped !== null) {
      lines.push(`left out: ${fault.name}: ${skipped}`);
      continue;
    }
    const report = await play(fault, options);
    results.push(...report.results);
    lines.push(...report.told, ...report.examples.map((example) => `found: ${example}`));
  }
  if (options.record !== undefined) writeWhole(options.record, faultRecord(results));
  process.stdout.write(faultTable(results));
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (results.some(({ anomalies }) => anomalies.size > 0)) process.exitCode = FOUND;
}

/** With the code that it was played on: another's faults show nothing of this one. */
function faultRecord(results: readonly FaultResult[]): string {
  const faults = results.map(({ fault, rounds, anomalies }) => ({
    fault,
    rounds,
    anomalies: [...anomalies.values()].reduce((sum, count) => sum + count, 0),
  }));
  return `${JSON.stringify({ format: 1, code: codeDigest(), faults }, null, 2)}\n`;
}

async function play(fault: Fault, options: Options): Promise<FaultReport> {
  const { rounds, seed, defect = null, only, keep } = options;
  const cluster = await startCluster(clusterOptions(fault));
  try {
    return await runFault(fault, {
      cluster,
      rounds,
      seed,
      defect,
      only,
      progress: (line) => void process.stderr.write(`${fault.name}: ${line}\n`),
      ...(keep === undefined ? {} : { keep }),
    });
  } finally {
    await cluster.close();
  }
}

command.exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
try {
  await main(command.parse().opts<Options>());
} catch (error) {
  process.exitCode = reportFailure(error, false);
}
