// Prints the tables of docs/operations.md: the metrics from infra/telemetry/metric-table.ts, the alerts from
// the rules that Prometheus reads. The words around them are the page's own. `npm run docs:operations`
// rewrites the tables; with `-- --check` it exits 1 where they are stale.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { histogramMetrics, numberMetrics } from "../infra/telemetry/metric-table.ts";
import { poolMetrics } from "../infra/telemetry/pool-metrics.ts";
import { shadowMetrics } from "../infra/telemetry/shadow-metrics.ts";

const path = join(import.meta.dirname, "operations.md");
const rulesPath = join(import.meta.dirname, "../infra/compose/prometheus/rules/tapedeck.yml");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string };
}
const rules = (
  parse(readFileSync(rulesPath, "utf8")) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

const metrics = [
  "| metric | kind | labels | meaning |",
  "|---|---|---|---|",
  ...[
    ...numberMetrics,
    ...histogramMetrics,
    ...shadowMetrics.numbers,
    ...shadowMetrics.histograms,
    ...poolMetrics.numbers,
    ...poolMetrics.histograms,
  ].map(
    ({ name, kind, labels, help }) =>
      `| \`${name}\` | ${kind} | ${labels.map((label) => `\`${label}\``).join(" ")} | ${help} |`,
  ),
];

const alerts = rules.flatMap(({ alert, expr, for: lasting, labels, annotations }) => [
  `### ${alert}`,
  "",
  `${annotations.summary.trim()} *${labels.severity}${lasting === undefined ? "" : `, after ${lasting}`}*`,
  "",
  "```",
  expr.trim(),
  "```",
  "",
  `What to do: ${annotations.action.trim()}`,
  "",
]);

/** Puts the lines between the two marks of that name. */
function fill(page: string, name: string, lines: readonly string[]): string {
  const [from, to] = [`<!-- ${name}: printed -->`, `<!-- ${name}: end -->`];
  const [start, end] = [page.indexOf(from), page.indexOf(to)];
  if (start < 0 || end < start) throw new Error(`docs/operations.md lacks the marks of ${name}`);
  const text = lines.join("\n").trimEnd();
  return `${page.slice(0, start + from.length)}\n${text}\n${page.slice(end)}`;
}

const now = readFileSync(path, "utf8");
const page = fill(fill(now, "metrics", metrics), "alerts", alerts);

if (now !== page) {
  const check = process.argv.includes("--check");
  console.error(`docs/operations.md: ${check ? "stale, run npm run docs:operations" : "written"}`);
  if (check) process.exitCode = 1;
  else writeFileSync(path, page);
}
