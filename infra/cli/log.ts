// tapedeck log: is an embedded log sound, what does it hold, and how to mend it.

import { Command } from "commander";
import { checkLog, type LogCheck, type LogFault } from "../log/check.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { type LogRepair, repairLog } from "../log/repair.ts";
import type { LogStat } from "../log/stat.ts";
import { grouped } from "./progress.ts";

const DAMAGED = 4;
/** A wholly damaged log has more faults than anyone reads. */
const FAULTS_SHOWN = 50;

export function logCommand(): Command {
  return new Command("log")
    .addHelpText("after", logHelp)
    .addCommand(
      action("check", "read every byte; name each damaged batch and why", check, checkHelp),
    )
    .addCommand(action("stat", "what the log holds, by topic and partition", stat, statHelp))
    .addCommand(
      action("repair", "keep what is provably good, say what is lost", repair, repairHelp),
    );
}

/** What a subcommand found, as JSON and as text. */
interface Answer {
  readonly json: unknown;
  readonly text: string;
  readonly exit: number;
}

function action(
  name: string,
  summary: string,
  answer: (dir: string) => Promise<Answer>,
  help: string,
): Command {
  return new Command(name)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .argument("<dir>", "folder of the log: a tape, or `log` in a run's folder")
    .addHelpText("after", help)
    .exitOverride()
    .action(async (dir: string, _: unknown, command: Command) => {
      const { json, text, exit } = await answer(dir);
      const wanted = command.optsWithGlobals().json === true;
      process.stdout.write(wanted ? `${JSON.stringify(json)}\n` : text);
      if (exit !== 0) process.exitCode = exit;
    });
}

async function check(dir: string): Promise<Answer> {
  const found = checkLog(dir);
  return { json: found, text: checkText(found), exit: found.sound ? 0 : DAMAGED };
}

function checkText(found: LogCheck): string {
  const { sound, faults, batches, records, bytes, checkpoints } = found;
  const held = `${counted(records, "record")} in ${counted(batches, "batch")}, ${counted(checkpoints, "checkpoint")}, ${size(bytes)}`;
  if (sound) return `sound: ${held}\n`;
  const lines = [`damaged: ${counted(faults.length, "fault")}; ${held}`];
  for (const fault of faults.slice(0, FAULTS_SHOWN)) lines.push(`  ${faultText(fault)}`);
  const more = faults.length - FAULTS_SHOWN;
  if (more > 0) lines.push(`  and ${grouped(more)} more: use --json`);
  return `${lines.join("\n")}\n`;
}

function faultText({ what, reason, ...where }: LogFault): string {
  if (what === "batch") {
    const last = where.lastOffset ?? "the end";
    return `${where.topic}/${where.partition} offsets ${where.firstOffset} to ${last}: ${reason}`;
  }
  return where.task === undefined ? `${what}: ${reason}` : `${what} of ${where.task}: ${reason}`;
}

async function stat(dir: string): Promise<Answer> {
  const log = await openEmbeddedLog(dir, { mode: "read" });
  try {
    const found = await log.stat();
    return { json: found, text: statText(found), exit: 0 };
  } finally {
    await log.close();
  }
}

function statText({ fileBytes, transactions, partitions, checkpoints }: LogStat): string {
  const lines = [`${size(fileBytes)} on disk, ${counted(transactions, "transaction")}`, ""];
  const rows = partitions.map(({ topic, partition, start, end, batches, bytes }) => [
    `${topic}/${partition}`,
    grouped(start),
    grouped(end),
    grouped(batches),
    size(bytes),
  ]);
  lines.push(...table([["partition", "from", "to", "batches", "bytes"], ...rows]));
  if (checkpoints.length > 0) {
    const saved = checkpoints.map(({ task, bytes }) => [task, size(bytes)]);
    lines.push("", ...table([["checkpoint", "bytes"], ...saved]));
  }
  return `${lines.join("\n")}\n`;
}

/** Columns as wide as they need to be; all but the first to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}

async function repair(dir: string): Promise<Answer> {
  const done = await repairLog(dir);
  const exit = done.after.sound ? 0 : DAMAGED;
  return { json: done, text: repairText(done), exit };
}

function repairText({
  before,
  after,
  corrected,
  lost,
  lostCheckpoints,
  untraced,
  folder,
}: LogRepair): string {
  if (before.sound) return "sound: nothing to do\n";
  const lines = [`${counted(before.faults.length, "fault")} found`];
  if (corrected > 0)
    lines.push(`put right, nothing lost: ${counted(corrected, "row")} with one flipped bit`);
  for (const { topic, partition, firstOffset, lastOffset, bytes } of lost) {
    const kept = bytes === null ? "its bytes were not found" : `its bytes: ${bytes}`;
    lines.push(
      `lost: ${topic}/${partition} offsets ${firstOffset} to ${lastOffset}, now holes; ${kept}`,
    );
  }
  for (const task of lostCheckpoints) lines.push(`lost: the state of ${task}; it starts anew`);
  if (untraced > 0) {
    const rows = counted(untraced, "row");
    lines.push(`lost without a trace: ${rows} that the index counts; make the log again`);
  } else if (lost.length + lostCheckpoints.length === 0) lines.push("nothing was lost");
  if (folder !== null) lines.push(`the log as it was: ${folder}`);
  lines.push(
    after.sound ? `sound: ${counted(after.records, "record")}` : "still damaged: see `check`",
  );
  return `${lines.join("\n")}\n`;
}

const counted = (count: number, noun: string): string =>
  `${grouped(count)} ${noun}${count === 1 ? "" : noun.endsWith("ch") ? "es" : "s"}`;

function size(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`;
  return bytes < 10_000_000 ? `${grouped(bytes / 1e3)} kB` : `${grouped(bytes / 1e6)} MB`;
}

const logHelp = `
Examples:
  $ tapedeck log check tape                         a tape, or the folder log of a run's folder
  $ tapedeck log check tape || tapedeck log repair tape

Exit codes: 0 done, or sound · 2 usage · 3 no log there · 4 damaged, or being written`;

const codes = "Exit codes: 0 sound · 2 usage · 3 no log there · 4 damaged, or being written";

const checkHelp = `
Changes nothing. ${codes}

Examples:
  $ tapedeck log check .tapedeck/runs/3f2a90c1d47be856/log
  $ tapedeck log check tape --json | jq .faults`;

const statHelp = `
Reads the index only, beside a running writer too. Exit codes: 0 done · 3 no log there · 4 damaged

Example:
  $ tapedeck log stat tape`;

const repairHelp = `
A row with one flipped bit is put right. What cannot be proven good becomes holes, so no offset
moves; its bytes and the log as it was are kept in a folder \`repair-1\` inside the log's. Needs as
much free space as the log takes. ${codes}

Example:
  $ tapedeck log check tape || tapedeck log repair tape`;
