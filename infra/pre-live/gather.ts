// Finds what there is to show of a strategy: walks, shadows, live flows, runs, records of fault runs. Promises: reads
// only; what cannot be read is told as a problem of that file, and counts for nothing.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { TapedeckError } from "../../schemas/errors.ts";
import { collectReport } from "../report/collect-report.ts";
import { eachEvent } from "../report/read-events.ts";
import { readHistory } from "../report/symbol-returns.ts";
import { codeDigest } from "../run/code-digest.ts";
import { prefixOfTape } from "../run/kafka-tape-name.ts";
import { type Json, type Manifest, type Phase, readManifest } from "../run/manifest.ts";
import { runsOf } from "../run/run-folder.ts";
import { accountOf, openView, type View } from "../run/run-view.ts";
import { subjectOf, subjectOfPhase } from "../run/subject.ts";
import type { Found, Kill, Limit, RunFound, Stretch, WalkFound } from "./checklist.ts";
import { quartersOf } from "./quarters.ts";

/** Runs that are looked into: each costs a pass over its tape. */
const MOST_RUNS = 6;

/** A folder's entries; none where it is not there. */
const listed = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).sort() : [];

/** The value of a JSON file; null where it is missing or no JSON. */
export function readJson(path: string): unknown {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

interface WalkSummary {
  readonly subject?: string;
  readonly axes: readonly { readonly key: string }[];
  readonly windows: number;
  readonly stitched: { readonly sharpe: number | null; readonly totalReturn: number };
  readonly steps: readonly { readonly window: { readonly outOfSample: Record<string, unknown> } }[];
}

export function findWalks(root: string, phase: Phase): Pick<Found, "walks" | "otherWalks"> {
  const walks: WalkFound[] = [];
  let otherWalks = 0;
  for (const id of listed(join(root, "walk-forward"))) {
    const place = join(root, "walk-forward", id, "summary.json");
    const summary = readJson(place) as Partial<WalkSummary> | null;
    const { subject, axes = [], steps = [], stitched, windows = 0 } = summary ?? {};
    if (summary === null) continue;
    const judged = steps.map(({ window }) => window.outOfSample);
    const fromUs = judged[0]?.fromUs;
    const toUs = judged.at(-1)?.toUs;
    const keys = axes.map(({ key }) => key);
    const isOurs = subject !== undefined && subject === subjectOfPhase(phase, keys);
    if (!isOurs || typeof fromUs !== "number" || typeof toUs !== "number") {
      otherWalks++;
      continue;
    }
    const { sharpe = null, totalReturn = null } = stitched ?? {};
    walks.push({ place, fromUs, toUs, windows, sharpe, totalReturn });
  }
  return { walks, otherWalks };
}

/** Live flows and shadows of the same settings; a shadow's manifest does not tell its model apart. */
export function findLive(
  root: string,
  { config, model }: Phase,
  shadowReports: readonly string[],
): { readonly live: readonly string[]; readonly shadows: readonly Stretch[] } {
  const isSame = (of: unknown, digest: string | null): boolean =>
    subjectOf(of as Json, digest, []) ===
    subjectOf(config, digest === null ? null : model.digest, []);
  const live = listed(join(root, "live")).filter((app) => {
    const manifest = readJson(join(root, "live", app, "manifest.json")) as LiveFile | null;
    return manifest?.config !== undefined && isSame(manifest.config, manifest.model?.digest ?? "");
  });
  const shadows = shadowReports.flatMap((place): Stretch[] => {
    const report = readJson(place) as ShadowFile | null;
    if (report === null || typeof report.timeUs !== "number" || typeof report.name !== "string") {
      throw new TapedeckError(
        "USAGE_INVALID",
        `--shadow ${place} is no report of a shadow (JSON)`,
        {
          file: place,
        },
      );
    }
    const manifest = readJson(
      join(root, "shadow", report.name, "manifest.json"),
    ) as LiveFile | null;
    const fromUs = report.start?.timeUs;
    if (manifest?.config === undefined || fromUs === undefined) return [];
    return isSame(manifest.config, null) ? [{ place, fromUs, toUs: report.timeUs }] : [];
  });
  return { live, shadows };
}

interface LiveFile {
  readonly config?: Json;
  readonly model?: { readonly digest: string };
}

interface ShadowFile {
  readonly name?: string;
  readonly timeUs?: number;
  readonly start?: { readonly timeUs: number } | null;
}

/** Complete runs of the strategy, newest first, at most `MOST_RUNS`. */
export function findRuns(root: string, subject: string): readonly string[] {
  const folder = runsOf(root);
  return listed(folder)
    .filter((id) => existsSync(join(folder, id, "manifest.json")))
    .map((id) => ({ id, at: statSync(join(folder, id, "manifest.json")).mtimeMs }))
    .sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1))
    .filter(({ id }) => {
      const manifest = manifestAt(join(folder, id, "manifest.json"));
      const [phase] = manifest?.phases ?? [];
      const isOne = manifest?.state === "complete" && manifest.phases.length === 1;
      return isOne && phase !== undefined && subjectOfPhase(phase) === subject;
    })
    .slice(0, MOST_RUNS)
    .map(({ id }) => join(folder, id));
}

/** null where it is damaged: such a run shows nothing. */
function manifestAt(path: string): Manifest | null {
  try {
    return readManifest(path);
  } catch (error) {
    if (error instanceof TapedeckError) return null;
    throw error;
  }
}

/** What a run shows; how long a market that was recorded live it read, if any. Cost: as its report. */
export async function lookInto(
  path: string,
  root: string,
): Promise<{ readonly found: RunFound; readonly paper: Stretch | null }> {
  const view = await openView(path, root);
  const manifest = view.manifest as Manifest;
  const run = manifest.runId;
  try {
    const kills = await killsOf(view);
    if (view.missing !== null)
      return { found: { run, crises: [], quarters: [], kills }, paper: null };
    const account = accountOf(manifest);
    const data = await collectReport(view.log, manifest, account);
    const { closes } = await readHistory(view.log, account);
    const isStopped = await stopsOf(view);
    const quarters = quartersOf(closes, data.daily, isStopped);
    const crises = data.crises.map((crisis) => ({
      ...crisis,
      stopped: isStopped(crisis.fromUs, crisis.lastUs),
    }));
    const found = { run, crises, quarters, kills };
    const isLive = prefixOfTape(manifest.tape) !== null;
    return { found, paper: isLive && data.span !== null ? { place: path, ...data.span } : null };
  } finally {
    await view.log.close();
  }
}

/** Whether no verdict of a stretch, nor the last one before it, was given while trading was on. */
async function stopsOf({ log }: View): Promise<(fromUs: number, toUs: number) => boolean> {
  const changes: { readonly timeUs: number; readonly active: boolean }[] = [];
  await eachEvent(log, "risk.verdicts", ({ timeUs, value: { state } }) => {
    const active = state === "ACTIVE";
    if ((changes.at(-1)?.active ?? true) !== active) changes.push({ timeUs, active });
  });
  return (fromUs, toUs) => {
    const before = changes.findLast(({ timeUs }) => timeUs <= fromUs)?.active ?? true;
    const within = changes.some(
      ({ timeUs, active }) => active && timeUs > fromUs && timeUs <= toUs,
    );
    return !before && !within;
  };
}

async function killsOf({ log }: View): Promise<readonly Kill[]> {
  const kills: { -readonly [K in keyof Kill]: Kill[K] }[] = [];
  let last: (typeof kills)[number] | null = null;
  await eachEvent(log, ["control.commands", "orders"] as const, (event) => {
    if (event.topic === "orders") {
      const isNew = event.value.action === "NEW";
      if (isNew && last !== null && last.ordersAfter !== null) last.ordersAfter++;
      return;
    }
    const { command, who } = event.value;
    if (command === "EnableTrading") last = null;
    if (command !== "KillTrading" && command !== "FlattenPositions") return;
    const ordersAfter = command === "KillTrading" ? 0 : null;
    last = { command, who, timeUs: event.timeUs, ordersAfter };
    kills.push(last);
  });
  return kills;
}

/** The limits of the section risk, by their keys; `asked`: the seeds' live risk controls. */
export function limitsOf(config: Json): readonly Limit[] {
  const risk = groupOf(groupOf(config).risk);
  const breakers = groupOf(risk.breakers);
  const isOn = (value: Json | undefined): boolean =>
    value !== undefined &&
    value !== null &&
    value !== "off" &&
    !(Array.isArray(value) && value.length === 0);
  const limits = Object.entries(asked).map(([key, needed]) => {
    const of = key.startsWith("breakers.") ? breakers[key.slice("breakers.".length)] : risk[key];
    return { key: `risk.${key}`, on: isOn(of), asked: needed };
  });
  // A position may be held to a quantity or to a weight.
  const position = limits.find(({ key }) => key === "risk.maxPosition");
  const weight = limits.find(({ key }) => key === "risk.maxWeight");
  const isHeld = position?.on === true || weight?.on === true;
  return limits.map((limit) =>
    limit === position || limit === weight ? { ...limit, asked: !isHeld } : limit,
  );
}

const groupOf = (value: Json | undefined): { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};

const asked: Readonly<Record<string, boolean>> = {
  maxPosition: true,
  maxWeight: true,
  maxSector: true,
  maxDrawdown: true,
  maxDailyLoss: true,
  maxWeeklyLoss: true,
  maxTradesADay: true,
  "breakers.hitRate": true,
  "breakers.dataQuality": true,
  "breakers.maxAge": true,
  maxGrossExposure: false,
  priceCollar: false,
  maxOrderValue: false,
  maxNetExposure: false,
  maxLeverage: false,
  maxHerfindahl: false,
  maxBeta: false,
  maxValueAtRisk: false,
  maxExpectedShortfall: false,
  maxCorrelation: false,
  maxDaysToExit: false,
  drawdownWarning: false,
  drawdownClose: false,
  capitalStages: false,
  orders: false,
};

interface FaultFile {
  readonly code: string;
  readonly faults: readonly {
    readonly fault: string;
    readonly rounds: number;
    readonly anomalies: number;
  }[];
}

/** null where there is no such record. */
export function readFaults(place: string): Found["faults"] {
  const record = readJson(place) as Partial<FaultFile> | null;
  if (record?.faults === undefined) return null;
  const sum = (of: "rounds" | "anomalies"): number =>
    (record.faults ?? []).reduce((total, row) => total + row[of], 0);
  return {
    place,
    rounds: sum("rounds"),
    anomalies: sum("anomalies"),
    faults: record.faults.map(({ fault }) => fault),
    sameCode: record.code === codeDigest(),
  };
}

/** Throws USAGE_INVALID where there is no such file. */
export function readCompliance(place: string | undefined): Found["compliance"] {
  if (place === undefined) return null;
  if (!existsSync(place) || !statSync(place).isFile()) {
    throw new TapedeckError("USAGE_INVALID", `--compliance ${place}: there is no such file`, {
      file: place,
    });
  }
  const sha256 = createHash("sha256").update(readFileSync(place)).digest("hex");
  return { place, sha256 };
}
