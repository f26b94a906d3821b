// What a finished run says of itself: counts, hashes, measures, report; the same for every command
// that runs something, as one JSON object or as text.

import { existsSync, readFileSync } from "node:fs";
import type { Account } from "../../projections/answer.ts";
import { joinLogs } from "../../streams/joined-log.ts";
import type { EventLog } from "../../streams/log.ts";
import { grouped } from "../cli/progress.ts";
import { openEmbeddedLog } from "../log/embedded-log.ts";
import { collectReport } from "../report/collect-report.ts";
import { renderReport } from "../report/render-report.ts";
import type { Metrics } from "../report/report-data.ts";
import { hashOfHashes, type PartitionHash } from "./hashes.ts";
import type { Manifest } from "./manifest.ts";
import { type RunFolder, writeWhole } from "./run-folder.ts";
import { allocateYoung } from "./young-objects.ts";

export interface RunSummary {
  readonly run: string;
  readonly hash: string;
  /** Records by topic, inputs included. */
  readonly counts: Readonly<Record<string, number>>;
  /** SHA-256 by topic: of its one partition's records, or over its partitions' hashes. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly metrics: Metrics;
  /** Path of report.html. */
  readonly report: string;
}

/** Reads the finished run once, and what it read of its tape (which stays open), writes metrics.json and report.html, and sums up. */
export async function finishRun(
  folder: RunFolder,
  manifest: Manifest,
  tape: EventLog,
  account: Account,
): Promise<RunSummary> {
  allocateYoung();
  const written = await openEmbeddedLog(folder.log, { mode: "read" });
  try {
    const ranges = manifest.inputs.map(({ topic, partition, from, to }) => ({
      topic,
      partition,
      start: from,
      end: to,
    }));
    const joined = await joinLogs([
      { log: written, ranges: null },
      { log: tape, ranges },
    ]);
    const data = await collectReport(joined, manifest, account);
    writeWhole(folder.metrics, `${JSON.stringify(data.metrics, null, 2)}\n`);
    writeWhole(folder.report, renderReport(data));
    return summaryOf(folder, manifest, data.metrics);
  } finally {
    await written.close();
  }
}

/** The summary of a run that was finished before; null where its files are missing or damaged. */
export function readSummary(folder: RunFolder, manifest: Manifest): RunSummary | null {
  if (!existsSync(folder.metrics) || !existsSync(folder.report)) return null;
  try {
    const metrics = JSON.parse(readFileSync(folder.metrics, "utf8")) as Metrics;
    return summaryOf(folder, manifest, metrics);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function summaryOf(folder: RunFolder, manifest: Manifest, metrics: Metrics): RunSummary {
  const counts: Record<string, number> = {};
  const partitions = new Map<string, PartitionHash[]>();
  for (const hash of [...manifest.inputs, ...manifest.outputs]) {
    counts[hash.topic] = (counts[hash.topic] ?? 0) + hash.to - hash.from;
  }
  for (const hash of manifest.outputs) {
    partitions.set(hash.topic, [...(partitions.get(hash.topic) ?? []), hash]);
  }
  const hashes = [...partitions].map(([topic, list]) => [
    topic,
    list.length === 1 ? (list[0] as PartitionHash).sha256 : hashOfHashes(list),
  ]);
  return {
    run: manifest.runId,
    hash: manifest.hash as string,
    counts,
    hashes: Object.fromEntries(hashes),
    metrics,
    report: folder.report,
  };
}

const percent = (part: number | null): string =>
  part === null ? "–" : `${(100 * part).toFixed(2)} %`;

/** How sure the measures are; nothing for a run too short for that, or finished before they were kept. */
function intervalLine({ measures }: Partial<Metrics>): readonly (readonly [string, string])[] {
  const annual = measures?.annualReturn.interval;
  const sharpe = measures?.sharpe.interval;
  const chance = measures?.probabilisticSharpe.value;
  if (!annual || !sharpe || chance === null || chance === undefined) return [];
  const text = `return a year ${percent(annual.lower)} to ${percent(annual.upper)} · Sharpe ${sharpe.lower.toFixed(2)} to ${sharpe.upper.toFixed(2)}, above 0 with probability ${chance.toFixed(3)}`;
  return [["95 % interval", text]];
}

const some = (name: string, count = 0): string => (count > 0 ? ` · ${name} ${grouped(count)}` : "");

/** Of days; of fewer than 20 there is none, and that of the hours or minutes is called so. */
function sharpeText({ sharpe, periodSharpe, sampling }: Metrics): string {
  if (sharpe !== null || typeof periodSharpe !== "number") return sharpe?.toFixed(2) ?? "–";
  return `– (${periodSharpe.toFixed(2)} of ${grouped(sampling.samples)} ${sampling.period}s)`;
}

/** What happened, for people. */
export function printSummary(summary: RunSummary): string {
  const { counts, metrics } = summary;
  const { verdicts } = metrics;
  const of = (topic: string) => grouped(counts[topic] ?? 0);
  const lines: (readonly [string, string])[] = [];
  if ((counts["market.ticks"] ?? 0) > 0) lines.push(["ticks", of("market.ticks")]);
  lines.push(
    ["bars", of("market.bars")],
    ["features", of("features")],
    ["signals", of("signals")],
    ["proposals", of("weights.proposals")],
    [
      "verdicts",
      `${of("risk.verdicts")}   pass ${grouped(verdicts.PASS)} · reduce ${grouped(verdicts.REDUCE)} · deny ${grouped(verdicts.DENY)}${some("scale", verdicts.SCALE)}${some("close", verdicts.CLOSE)}`,
    ],
    [
      "orders",
      `${grouped(metrics.orders)}   canceled ${grouped(metrics.canceled)} · rejected ${grouped(metrics.rejected)}`,
    ],
    ["fills", grouped(metrics.fills)],
    ["final equity", `${metrics.finalEquity} ${metrics.currency}   net ${metrics.netProfit}`],
    [
      "performance",
      `return ${percent(metrics.totalReturn)} · drawdown ${percent(metrics.maxDrawdown)} · Sharpe ${sharpeText(metrics)}`,
    ],
  );
  lines.push(...intervalLine(metrics));
  const dead = counts["tape.dead-letters"] ?? 0;
  if (dead > 0)
    lines.push([
      "dead letters",
      `${grouped(dead)}   tapedeck inspect events --topic tape.dead-letters`,
    ]);
  lines.push(["run", summary.run], ["hash", summary.hash], ["report", summary.report]);
  return `${lines.map(([name, text]) => `${name.padEnd(14)}${text}`).join("\n")}\n`;
}
