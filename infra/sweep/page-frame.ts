// The frame of a search's pages: self-contained, no script, nothing asked for from anywhere, readable in
// light and dark and on paper (infra/report has the style). Every text from data is escaped by its caller.

import { decimals, escapeHtml, grouped, percent } from "../report/figures.ts";
import { pageHead } from "../report/page-head.ts";
import { pageStyle } from "../report/page-style.ts";
import type { MeasureName } from "./measures.ts";
import type { TrialMetrics } from "./trial-digest.ts";

const heatStyle = `
.heat { border-collapse: separate; border-spacing: 2px; width: auto; }
.heat td, .heat th { border: 0; padding: 4px 7px; text-align: right; font-size: 13px; white-space: nowrap; border-radius: 3px; }
.heat td { color: var(--ink); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.heat td.none { color: var(--soft); text-align: center; }
.heat td.best { outline: 2px solid var(--ink); outline-offset: -2px; font-weight: 650; }
.curve-box { display: block; width: 100%; height: 220px; }
.curve-box polyline { fill: none; stroke: var(--line); stroke-width: 1.5; }
.curve-box line { stroke: var(--faint); stroke-width: 1; }
.curve-box line.edge { stroke: var(--soft); stroke-dasharray: 3 3; opacity: 0.6; }
.curve-frame { display: grid; grid-template-columns: auto 1fr; gap: 2px 8px; }
.curve-frame .scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; font-size: 12px; color: var(--soft); }
.curve-frame .days { grid-column: 2; display: flex; justify-content: space-between; font-size: 12px; color: var(--soft); }
.legend { display: flex; align-items: center; gap: 6px; font-size: 12px; color: var(--soft); margin: 8px 0; }
.legend i { width: 16px; height: 12px; border-radius: 2px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
td.lines { white-space: pre-line; }
${Array.from({ length: 10 }, (_, i) => `.heat .p${i + 1}, .legend .p${i + 1} { background: color-mix(in srgb, var(--up) ${5 * (i + 1)}%, transparent); } .heat .m${i + 1}, .legend .m${i + 1} { background: color-mix(in srgb, var(--down) ${5 * (i + 1)}%, transparent); }`).join("\n")}
`;

export interface Page {
  readonly kind: string;
  readonly title: string;
  /** HTML. */
  readonly under: string;
  readonly figures: readonly Figure[];
  readonly sections: readonly string[];
  readonly footer: string;
}

export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

export function pageOf({ kind, title, under, figures, sections, footer }: Page): string {
  const figure = ({ name, value, note }: Figure): string =>
    `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(note)}</small></dd></div>`;
  const head = pageHead({ title: escapeHtml(title), style: pageStyle + heatStyle, scripts: [] });
  return `${head}
<body>
<header>
<div class="over">Tapedeck · ${escapeHtml(kind)}</div>
<h1>${escapeHtml(title)}</h1>
<p class="soft">${under}</p>
<dl class="figures">${figures.map(figure).join("")}</dl>
</header>
<main>
${sections.join("\n")}
</main>
<footer>${footer}</footer>
</body>
</html>
`;
}

const PARTS: readonly string[] = [
  "totalReturn",
  "annualReturn",
  "annualVolatility",
  "maxDrawdown",
  "winRate",
  "timeInMarket",
];

/** A figure of metrics.json for people. */
export function figureText(name: MeasureName | keyof TrialMetrics, value: unknown): string {
  if (typeof value === "string") return grouped(value);
  if (typeof value !== "number") return "–";
  if (PARTS.includes(name)) return percent(value);
  return Number.isInteger(value) ? grouped(String(value)) : decimals(value, 2);
}

/** What would not read well, or is named after people. */
const WORDS: Readonly<Record<string, string>> = {
  sharpe: "Sharpe",
  periodSharpe: "Sharpe of the samples",
  sortino: "Sortino",
  periodSortino: "Sortino of the samples",
  calmar: "Calmar",
  costBps: "cost, bp",
};

/** A column's heading: "annualReturn" is "annual return". */
export const wordsOf = (name: string): string =>
  WORDS[name] ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A table that scrolls sideways where it must; the first cell of a row is its heading, a cell keeps its lines. */
export function htmlTable(
  label: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = ([first = "", ...cells]: readonly string[]): string =>
    `<tr><th scope="row">${escapeHtml(first)}</th>${cells.map((cell) => `<td class="right${cell.includes("\n") ? " lines" : ""}">${escapeHtml(cell)}</td>`).join("")}</tr>`;
  const heads = head.map(
    (name, i) => `<th${i > 0 ? ` class="right"` : ""}>${escapeHtml(name)}</th>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table><thead><tr>${heads.join("")}</tr></thead><tbody>${rows.map(line).join("")}</tbody></table></div>`;
}
