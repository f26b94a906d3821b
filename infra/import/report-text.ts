// An import's report for people: what was read, what was refused and why, what is in the data.

import { errorKinds } from "../../schemas/errors.ts";
import type { ImportReport } from "./import-report.ts";
import type { SymbolQuality } from "./quality.ts";

type ReadReport = Pick<ImportReport, "files" | "rejected" | "reasons"> & { readonly kind: string };

interface Column {
  readonly title: string;
  readonly of: (quality: SymbolQuality) => string | number;
  /** Left out where every symbol has 0. */
  readonly optional: boolean;
}

const column = (title: string, of: Column["of"], optional = true): Column => ({
  title,
  of,
  optional,
});

const columns: readonly Column[] = [
  column("events", ({ events }) => grouped(events), false),
  column("from", ({ firstTime }) => shortTime(firstTime), false),
  column("to", ({ lastTime }) => shortTime(lastTime), false),
  column("low", ({ lowestPrice }) => lowestPrice, false),
  column("high", ({ highestPrice }) => highestPrice, false),
  column("duplicates", ({ duplicates }) => duplicates),
  column("out of order", ({ outOfOrder }) => outOfOrder),
  column("gaps", ({ gaps }) => gaps.count),
  column("missing", ({ gaps }) => gaps.missing),
  column("longest", ({ gaps }) => (gaps.count === 0 ? 0 : duration(gaps.longestSeconds))),
  column("spikes", ({ spikes }) => spikes),
  column("suspicious", ({ suspicious }) => suspicious),
  column("crossed", ({ crossedQuotes }) => crossedQuotes),
  column("locked", ({ lockedQuotes }) => lockedQuotes),
  column("one-sided", ({ oneSidedQuotes }) => oneSidedQuotes),
];

/** Symbols printed; the JSON report has all of them. */
const MAX_SYMBOLS = 40;

/** What was read, what was refused and why: of any import. */
export function filesText(report: ReadReport): string[] {
  const lines = report.files.map(
    ({ file, format, rows, events, rejected }) =>
      `${file}  ${format}  ${grouped(rows)} rows → ${grouped(events)} ${report.kind}, ${grouped(rejected)} rejected`,
  );
  for (const [code, count] of Object.entries(report.reasons)) {
    const next = code in errorKinds ? errorKinds[code as keyof typeof errorKinds].next : "";
    lines.push(`  ${grouped(count)} × ${code}  → ${next}`);
  }
  if (report.rejected > 0) lines.push("  each is a dead letter with file, line, reason and bytes");
  return lines;
}

export function reportText(report: ImportReport): string {
  const lines = filesText(report);
  if (report.rounded > 0) lines.push(`${grouped(report.rounded)} numbers were rounded`);
  const interval = report.intervalSeconds;
  lines.push(
    `${interval === null ? "" : `bars of ${duration(interval)}, `}prices with ${report.priceScale} decimals, quantities with ${report.quantityScale}`,
    "",
    ...table(report),
  );
  const count = Object.keys(report.symbols).length;
  if (count > MAX_SYMBOLS) lines.push(`… and ${count - MAX_SYMBOLS} symbols more`);
  return lines.join("\n");
}

function table(report: ImportReport): string[] {
  const symbols = Object.entries(report.symbols).slice(0, MAX_SYMBOLS);
  const shown = columns.filter(
    ({ of, optional }) => !optional || symbols.some(([, quality]) => of(quality) !== 0),
  );
  const cells = [
    ["symbol", ...shown.map(({ title }) => title)],
    ...symbols.map(([symbol, quality]) => [symbol, ...shown.map(({ of }) => String(of(quality)))]),
  ];
  const widths = (cells[0] ?? []).map((_, i) =>
    Math.max(...cells.map((row) => row[i]?.length ?? 0)),
  );
  return cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

const shortTime = (iso: string): string => iso.slice(0, 19).replace("T", " ");

const grouped = (value: number): string => String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, ",");

function duration(seconds: number): string {
  if (seconds >= 172_800) return `${Math.round(seconds / 86_400)} d`;
  if (seconds === 86_400) return "1 d";
  if (seconds >= 7200 || seconds === 3600) return `${Math.round(seconds / 3600)} h`;
  if (seconds >= 120 || seconds === 60) return `${Math.round(seconds / 60)} min`;
  return `${seconds} s`;
}
