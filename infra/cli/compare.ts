// tapedeck compare: runs side by side: what was set otherwise, and what came of it.

import { Command } from "commander";
import { TapedeckError } from "../../schemas/errors.ts";
import { decimals, grouped, percent } from "../report/figures.ts";
import { measureText } from "../report/measure-text.ts";
import { type Manifest, readManifest } from "../run/manifest.ts";
import { DEFAULT_ROOT, findRun } from "../run/run-folder.ts";
import { settingDifferences } from "../run/setting-differences.ts";
import { type RunSummary, readSummary } from "../run/summary.ts";
import { printable } from "./table.ts";
import { requireComplete } from "./verify.ts";

interface Compared {
  readonly manifest: Manifest;
  readonly summary: RunSummary;
}

export function compareCommand(): Command {
  return new Command("compare")
    .argument("<run>", "id, unique start of an id, folder, or `latest`")
    .argument("<others...>", "the runs to put beside it")
    .option("--root <folder>", "where runs are kept", DEFAULT_ROOT)
    .addHelpText("after", help)
    .action((first: string, others: readonly string[], { root }, command: Command) => {
      const runs = [first, ...others].map((name) => compared(name, root as string));
      const json = command.optsWithGlobals().json === true;
      process.stdout.write(json ? asJson(runs) : asText(runs));
    });
}

function compared(name: string, root: string): Compared {
  const folder = findRun(name, root);
  const manifest = readManifest(folder.manifest);
  requireComplete(manifest);
  const summary = readSummary(folder, manifest);
  if (summary !== null) return { manifest, summary };
  throw new TapedeckError("RUN_INCOMPLETE", `run ${manifest.runId} has no readable metrics.json`, {
    run: manifest.runId,
  });
}

/** The configuration that a run began with, that of each later stretch of a fork, and its tape. */
const configsOf = ({ manifest }: Compared): unknown => {
  const [first, ...later] = manifest.phases.map(({ config }) => config);
  const own = { tape: manifest.tape, ...(first as object) };
  return later.length === 0 ? own : { ...own, later };
};

const asJson = (runs: readonly Compared[]): string =>
  `${JSON.stringify({ settings: settingDifferences(runs.map(configsOf)), runs: runs.map(({ summary }) => summary) })}\n`;

const NAME_WIDTH = 30;
const GAP = 2;
/** A longer setting is cut: `inspect run` shows it whole. */
const MOST_WIDTH = 48;

function asText(runs: readonly Compared[]): string {
  const settings = settingDifferences(runs.map(configsOf)).map(({ key, values }) => [
    key,
    ...values.map((value) => (value === undefined ? "–" : JSON.stringify(value))),
  ]);
  const figures = figureRows(runs.map(({ summary }) => summary));
  const head = [
    ["", ...runs.map(({ manifest }) => manifest.runId)],
    ["model", ...runs.map(modelOf)],
  ];
  return `${columns([
    ...head,
    ...(settings.length === 0 ? [[SAME]] : [["settings that differ"], ...settings]),
    [""],
    ...figures,
  ])}\n`;
}

const SAME =
  "no setting differs: what does differ comes of the code, the model or the tape's records";

/** Of a fork, those of its stretches. */
const modelOf = ({ manifest }: Compared): string =>
  [...new Set(manifest.phases.map(({ model }) => model.name))].join(", ");

/** Each column as wide as its widest cell; a row of one cell is a line of its own. */
export function columns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) =>
    row.length === 1
      ? row.map(printable)
      : row.map((cell) => {
          const text = printable(cell);
          return text.length > MOST_WIDTH ? `${text.slice(0, MOST_WIDTH - 1)}…` : text;
        }),
  );
  const table = shown.filter(({ length }) => length > 1);
  const most = Math.max(...table.map(({ length }) => length));
  const widths = Array.from({ length: most }, (_, i) =>
    Math.max(i === 0 ? NAME_WIDTH - GAP : 0, ...table.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row.length === 1
      ? (row[0] as string)
      : row
          .map((cell, i) =>
            i === 0
              ? cell.padEnd(widths[0] as number)
              : " ".repeat(GAP) + cell.padStart(widths[i] as number),
          )
          .join("")
          .trimEnd();
  return shown.map(line).join("\n");
}

/** Of all orders; a run that was finished before it was kept has none. */
function shortfallText({ shortfall }: Partial<RunSummary["metrics"]>): string {
  if (shortfall === undefined || shortfall.total.bps === null) return "–";
  return `${grouped(shortfall.total.amount)} (${decimals(shortfall.total.bps, 2)} bp)`;
}

/** Intervals stand under their measures; a run that was finished before measures were kept has none. */
function figureRows(summaries: readonly RunSummary[]): readonly (readonly string[])[] {
  const all = summaries.map(({ metrics }) => metrics);
  const row = (name: string, cell: (metrics: RunSummary["metrics"]) => string) => [
    name,
    ...all.map(cell),
  ];
  const rows = [
    row("final equity", (m) => `${grouped(m.finalEquity)} ${m.currency}`),
    row("net profit", (m) => `${grouped(m.netProfit)} ${m.currency}`),
    row("return", (m) => percent(m.totalReturn)),
    row("maximum drawdown", (m) => percent(m.maxDrawdown)),
    row("sampled by", (m) => `${m.sampling.samples} ${m.sampling.period}s`),
    row("orders", (m) => grouped(String(m.orders))),
    row("round trips", (m) => grouped(String(m.trades))),
    row("fees and slippage", (m) => `${grouped(m.fees)} + ${grouped(m.slippage)}`),
    row("implementation shortfall", shortfallText),
    row("benchmark", (m) => (m as Partial<typeof m>).benchmark ?? "–"),
  ];
  const known = all.map((m) => (m as Partial<typeof m>).measures ?? null);
  const named = known.find((measures) => measures !== null);
  for (const [key, { label, unit }] of Object.entries(named ?? {})) {
    const cells = known.map((measures) => measures?.[key as keyof typeof measures] ?? null);
    if (key === "totalReturn" || cells.every((cell) => (cell?.value ?? null) === null)) continue;
    const text = (value: number | null, i: number): string =>
      measureText(unit, value, all[i]?.currency ?? "");
    rows.push([label, ...cells.map((cell, i) => text(cell?.value ?? null, i))]);
    if (cells.every((cell) => (cell?.interval ?? null) === null)) continue;
    const range = cells.map((cell, i) => {
      if (!cell?.interval) return "";
      return `${text(cell.interval.lower, i)} to ${text(cell.interval.upper, i)}`;
    });
    rows.push(["  95 % interval", ...range]);
  }
  return rows;
}

const help = `
Each run's own figures, from its metrics.json: nothing is replayed. Intervals that overlap do not
say that the runs are as good: they were not drawn on the same days.

Exit codes: 0 done · 2 no such run, or one that did not finish

Examples:
  $ tapedeck compare latest 3f2a
  $ tapedeck compare 3f2a 81cc 7f41 --json | jq '.runs[].metrics.measures.sharpe'`;
