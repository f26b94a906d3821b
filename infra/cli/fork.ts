// tapedeck fork: what if? The same market with other settings, and both runs side by side.

import { Command } from "commander";
import { followsTurns } from "../../processors/portfolio-builder/book-reviewer.ts";
import type { SizingConfig } from "../../processors/sizing-config.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs, parseIsoUs } from "../../schemas/values/time.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import type { RunConfig } from "../config/run-config.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import type { Difference } from "../run/comparator.ts";
import { compareRuns } from "../run/compare-runs.ts";
import { configPath, inputsOfRun, type PlannedPhase } from "../run/execute.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, type RunFolder } from "../run/run-folder.ts";
import { runPlan } from "../run/run-plan.ts";
import { type RunSummary, readSummary } from "../run/summary.ts";
import { setOption } from "./set-option.ts";
import { tapeOfRun } from "./tape-of-run.ts";
import { differenceText, requireComplete } from "./verify.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly root: string;
  readonly set: readonly Override[];
  readonly at?: string;
  readonly cluster?: string;
}

/** What may change while a run goes on: the rest shapes state that a task carries with it. */
const CHANGEABLE = ["risk", "sizing", "orders", "venue"];

export function forkCommand(): Command {
  return new Command("fork")
    .argument("<run>", "id, unique start of an id, folder, or `latest`")
    .addOption(setOption("the setting that is other").makeOptionMandatory())
    .option("--at <time>", "ISO 8601 time from which it holds (default: from the beginning)")
    .option("--cluster <file>", "how to reach Kafka, where the run's tape is there")
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, options: Options, command: Command) => {
      const folder = findRun(name, options.root);
      const manifest = readManifest(folder.manifest);
      requireComplete(manifest);
      if (options.at !== undefined) await requireBefore(options.at, folder);
      const phases = await phasesOf(folder, manifest, options);
      const result = await runPlan(
        {
          phases,
          forkOf: manifest.runId,
          version: packageVersion(),
          ...inputsOfRun(manifest, phases[0].config),
          ...(await tapeOfRun(manifest, options)),
        },
        { root: options.root, resume: true, eventsPerCommit: null },
      );
      if ("sourceEvents" in result) {
        process.exitCode = 130;
        process.stderr.write("stopped; the same command goes on\n");
        return;
      }
      const before = readSummary(folder, manifest);
      const differences = await compareRuns(folder, findRun(result.run, options.root));
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(
        json ? asJson(result, before, differences) : asText(result, before, differences),
      );
    });
}

/** A fork after the run's last event would be the run itself. */
async function requireBefore(at: string, folder: RunFolder): Promise<void> {
  const log = await openEmbeddedLog(folder.log, { mode: "read" });
  try {
    let lastUs = 0;
    for (const { topic, partition, start, end } of await log.partitions()) {
      const last = end > start ? await log.read(topic, partition, end - 1) : null;
      lastUs = Math.max(lastUs, last?.maxTimeUs ?? 0);
    }
    if ((parseIsoUs(at) ?? 0) <= lastUs) return;
    const message = `--at ${at} is after the run's last event, at ${formatIsoUs(lastUs)}`;
    throw new TapedeckError("FORK_TIME_INVALID", message, { at });
  } finally {
    await log.close();
  }
}

async function phasesOf(
  folder: RunFolder,
  manifest: Manifest,
  { set, at }: Options,
): Promise<[PlannedPhase, ...PlannedPhase[]]> {
  const own: PlannedPhase[] = [];
  for (const [index, { fromUs }] of manifest.phases.entries()) {
    own.push({ fromUs, config: await loadConfig(configPath(folder, index), []) });
  }
  const last = configPath(folder, own.length - 1);
  if (at === undefined) return [{ fromUs: null, config: await loadConfig(last, set) }];
  const fromUs = parseIsoUs(at);
  const lastUs = own.at(-1)?.fromUs ?? 0;
  if (fromUs === null || fromUs <= lastUs) {
    const why = fromUs === null ? "is not a time" : "is not after the run's own fork";
    throw new TapedeckError("FORK_TIME_INVALID", `--at ${at} ${why}`, { at });
  }
  const fixed = set.find(({ key }) => !CHANGEABLE.includes(key.split(".")[0] as string));
  if (fixed !== undefined) {
    throw new TapedeckError(
      "FORK_SETTING_FIXED",
      `${fixed.key} cannot change while a run goes on; ${CHANGEABLE.join(", ")} can`,
      { key: fixed.key },
    );
  }
  const config = await loadConfig(last, set);
  requireSameBuilder(own.at(-1)?.config ?? config, config);
  return [...own, { fromUs, config }] as unknown as [PlannedPhase, ...PlannedPhase[]];
}

/** Who builds proposals keeps state of its own kind, and reads topics of its own. */
function requireSameBuilder(before: RunConfig, after: RunConfig): void {
  const [was, is] = [builderOf(before.flow.sizing), builderOf(after.flow.sizing)];
  if (was === is) return;
  const message = `sizing cannot change between ${was} and ${is} while a run goes on`;
  throw new TapedeckError("FORK_SETTING_FIXED", message, { key: "sizing" });
}

function builderOf(sizing: SizingConfig): string {
  if (sizing.method !== "OPTIMISED") {
    return followsTurns(sizing) ? "following views' turns" : "reviewing the book";
  }
  const { expected, radii } = sizing.optimiser;
  const regimes = radii === undefined ? "" : ` by regimes of the ${radii.from}`;
  const source = expected === undefined ? "" : ` by ${expected.from.kind.toLowerCase()}`;
  const views = expected?.equilibrium === undefined ? "" : " and persons' views";
  return `an optimiser${source}${views}${regimes}`;
}

const asJson = (
  fork: RunSummary,
  before: RunSummary | null,
  differences: readonly Difference[],
): string =>
  `${JSON.stringify(
    { ...fork, forkOf: before, firstDifference: differences[0] ?? null, differences },
    (_, value) => (typeof value === "bigint" ? String(value) : value),
  )}\n`;

function asText(
  fork: RunSummary,
  before: RunSummary | null,
  differences: readonly Difference[],
): string {
  const lines: string[] = [];
  const first = differences[0];
  if (fork.run === before?.run) lines.push("the setting is as it was: this is the same run");
  else if (first === undefined) lines.push("the runs do not differ: the setting never mattered");
  else lines.push(`first difference at ${formatIsoUs(first.timeUs)}`, `  ${differenceText(first)}`);
  lines.push("", row("", before?.run ?? "before", fork.run));
  const was = before?.metrics as unknown as Readonly<Record<string, unknown>> | undefined;
  for (const [name, now] of Object.entries(fork.metrics)) {
    if (typeof now === "object" && now !== null) continue;
    lines.push(row(name, figure(was?.[name]), figure(now)));
  }
  const { verdicts } = fork.metrics;
  for (const outcome of Object.keys(verdicts) as (keyof typeof verdicts)[]) {
    const old = before?.metrics.verdicts[outcome];
    lines.push(row(`verdicts ${outcome}`, figure(old), figure(verdicts[outcome])));
  }
  lines.push("", `reports  ${before?.report ?? "–"}`, `         ${fork.report}`);
  return `${lines.join("\n")}\n`;
}

const row = (name: string, before: string, after: string): string =>
  `${name.padEnd(24)}${before.padStart(20)}${after.padStart(20)}${name !== "" && before !== after ? "  *" : ""}`;

function figure(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(6) : String(value);
}

const help = `
The run's inputs are replayed with the other settings; the fork is a run of its own, with its own
id, log and report. With --at both runs are the same up to that time, and only what begins with
${CHANGEABLE.join(", ")} may change.

Exit codes: 0 done · 2 no such run, setting or time · 4 the log or the disk · 5 a processor or model
failed · 130 stopped by Ctrl-C, to be gone on with by the same command

Examples:
  $ tapedeck fork latest --set risk.maxDrawdown=0.01
  $ tapedeck fork 3f2a --set risk.maxDrawdown=0.01 --at 2013-10-07T15:00:00Z`;
