// tapedeck verify: replay a run and compare every byte with what it recorded.

import { Command } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { loadConfig, type Override } from "../config/load-config.ts";
import type { Difference } from "../run/comparator.ts";
import {
  configPath,
  inputsOfRun,
  openPlan,
  type PlannedPhase,
  type RunPlan,
} from "../run/execute.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun, type RunFolder } from "../run/run-folder.ts";
import { type Change, type Verdict, verifyRun } from "../run/verify.ts";
import { grouped, progressLine } from "./progress.ts";
import { setOption } from "./set-option.ts";
import { tapeOfRun } from "./tape-of-run.ts";
import { packageVersion } from "./version.ts";

interface Options {
  readonly live?: true;
  readonly cluster?: string;
  readonly admissions: boolean;
  readonly root: string;
  readonly config?: string;
  readonly set?: readonly Override[];
}

export function verifyCommand(): Command {
  return new Command("verify")
    .argument(
      "<run>",
      "id, unique start of an id, folder, or `latest`; with --live the application",
    )
    .option("--live", "replay a live run from its topics, late events where they were let in")
    .option(
      "--no-admissions",
      "with --live: as if no event had been late (shows what they are worth)",
    )
    .option("--cluster <file>", "how to reach Kafka, where the topics are (docs/cluster.md)")
    .option("--config <file>", "replay with this configuration instead of the run's own")
    .addOption(setOption("replay with one setting changed"))
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action(async (name: string, options: Options, command: Command) => {
      if (options.live === true) {
        const { printLiveVerdict } = await import("./verify-live.ts");
        await printLiveVerdict(name, options, command.optsWithGlobals().json === true);
        return;
      }
      const folder = findRun(name, options.root);
      const manifest = readManifest(folder.manifest);
      requireComplete(manifest);
      const tape = await tapeOfRun(manifest, options);
      const open = await openPlan({ ...(await planOf(folder, manifest, options)), ...tape });
      const line = progressLine("verifying", "events");
      try {
        const verdict = await verifyRun(folder, manifest, open, {
          onProgress: ({ sourceEvents }) => line.update(sourceEvents, open.sourceEvents),
        });
        line.end();
        const json = command.optsWithGlobals().json === true;
        process.stdout.write(json ? asJson(manifest, verdict) : asText(manifest, verdict));
        if (!verdict.identical) process.exitCode = 6;
      } finally {
        line.end();
        await open.tape.close();
      }
    });
}

export function requireComplete(manifest: Manifest): void {
  if (manifest.state === "complete") return;
  throw new TapedeckError("RUN_INCOMPLETE", `run ${manifest.runId} did not finish`, {
    run: manifest.runId,
  });
}

/** The plan that a run was made from, or the same with another configuration. */
export async function planOf(
  folder: RunFolder,
  manifest: Manifest,
  { config, set = [] }: Pick<Options, "config" | "set"> = {},
): Promise<RunPlan> {
  const phases: PlannedPhase[] = [];
  for (const [index, { fromUs }] of manifest.phases.entries()) {
    const path = index === 0 && config !== undefined ? config : configPath(folder, index);
    phases.push({ fromUs, config: await loadConfig(path, set) });
  }
  return {
    phases: phases as [PlannedPhase, ...PlannedPhase[]],
    forkOf: manifest.forkOf,
    version: packageVersion(),
    ...inputsOfRun(manifest, (phases[0] as PlannedPhase).config),
  };
}

const asJson = (manifest: Manifest, verdict: Verdict): string =>
  `${JSON.stringify({ run: manifest.runId, hash: manifest.hash, ...verdict }, bigintText)}\n`;

const bigintText = (_: string, value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value;

function asText(manifest: Manifest, { identical, records, differences, changes }: Verdict): string {
  const lines: string[] = [];
  if (identical) {
    lines.push(
      `identical: ${grouped(records)} events replayed, every byte as recorded`,
      `run ${manifest.runId}  hash ${manifest.hash}`,
    );
  } else {
    lines.push(`different: run ${manifest.runId}, first difference of each partition`);
    for (const difference of differences) lines.push(`  ${differenceText(difference)}`);
  }
  if (changes.length > 0) {
    lines.push(identical ? "not the same run, though nothing differs:" : "why: another run");
    for (const change of changes) lines.push(`  ${changeText(change)}`);
  } else if (!identical) {
    lines.push(
      "inputs, settings, code and engine are the run's own: its recorded output was altered or damaged",
      "  → tapedeck log check on the run's log folder says where",
    );
  }
  return `${lines.join("\n")}\n`;
}

/** One difference: where, which field, both values. */
export const differenceText = (d: Difference): string =>
  `${d.topic}/${d.partition} offset ${d.offset} at ${formatIsoUs(d.timeUs)}  ${d.field}: recorded ${shown(d.recorded)}, now ${shown(d.replayed)}`;

const changeText = ({ what, recorded, now }: Change): string =>
  `${what}: was ${shorter(recorded)}, is ${shorter(now)}`;

const shorter = (text: string): string => (/^[0-9a-f]{64}$/.test(text) ? text.slice(0, 12) : text);

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value, bigintText) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

const help = `
Says "identical", or names topic, offset and field of the first difference of each partition, and
what is not as it was when the run was made: inputs, settings, model, code, schemas, engine.

It reads of the tape what the run read: a tape may have grown since. A run from Kafka is verified from
the same topics.

Exit codes: 0 identical · 2 no such run, or its tape is gone · 4 a log cannot be read · 6 different

Examples:
  $ tapedeck verify latest
  $ tapedeck verify --live tapedeck                      what \`tapedeck run\` has done so far
  $ tapedeck verify 3f2a --set risk.maxDrawdown=0.1     explains why that is another run`;
