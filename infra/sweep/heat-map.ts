// A measure over two parameters as a table of shades. Promises: the figures are there to be read, the shade
// only helps; where more than two parameters were varied, a cell is the best over the others, and says so.

import { escapeHtml } from "../report/figures.ts";
import { isBetter, measureOf } from "./measures.ts";
import { figureText, wordsOf } from "./page-frame.ts";
import type { Sweep } from "./sweep.ts";

const SHADES = 10;
/** More columns or rows than this cannot be read. */
const MOST_CELLS = 60;

interface Cell {
  readonly value: number;
  readonly place: number;
}

/** Over the first two axes, a strip over one; nothing where one is too long to be shown. */
export function heatMap({ axes, sets, answers, order, measure }: Sweep): string {
  const [first, second] = axes;
  if (first === undefined) return "";
  const down = second === undefined ? { key: measure, values: [wordsOf(measure)] } : first;
  const across = second ?? first;
  if (down.values.length > MOST_CELLS || across.values.length > MOST_CELLS) {
    return `<p class="empty">${escapeHtml(down.key)} and ${escapeHtml(across.key)} have too many values for a map: table.csv has them all.</p>`;
  }
  const cells = new Map<string, Cell>();
  for (const [place, set] of sets.entries()) {
    const answer = answers[place];
    const value = answer === undefined ? null : measureOf(answer, measure);
    const key = second === undefined ? `${down.values[0]}\0${set[0]}` : `${set[0]}\0${set[1]}`;
    const found = cells.get(key);
    if (value === null || (found !== undefined && !isBetter(measure, value, found.value))) continue;
    cells.set(key, { value, place });
  }
  const known = [...cells.values()].map(({ value }) => value);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  // From the worst to the best: a map of values that are all alike in sign shows its hills as well.
  const isCost = isBetter(measure, 0, 1);
  const shadeOf = (value: number): number => {
    const share = most > least ? (value - least) / (most - least) : 1;
    return 1 + Math.round((SHADES - 1) * (isCost ? 1 - share : share));
  };
  const cell = (row: string, column: string): string => {
    const found = cells.get(`${row}\0${column}`);
    if (found === undefined) return `<td class="none">·</td>`;
    const colour = `p${shadeOf(found.value)}`;
    const best = found.place === order[0] ? " best" : "";
    return `<td class="${colour}${best}">${escapeHtml(figureText(measure, found.value))}</td>`;
  };
  const head = across.values.map((value) => `<th scope="col">${escapeHtml(value)}</th>`).join("");
  const rows = down.values.map(
    (row) =>
      `<tr><th scope="row">${escapeHtml(row)}</th>${across.values.map((column) => cell(row, column)).join("")}</tr>`,
  );
  const others = axes.slice(2).map(({ key }) => key);
  const note = others.length === 0 ? "" : ` Each cell is the best over ${others.join(", ")}.`;
  const worst = isCost ? most : least;
  const best = isCost ? least : most;
  const steps = Array.from({ length: SHADES }, (_, i) => `<i class="p${i + 1}"></i>`).join("");
  const legend = `<div class="legend"><span>worst ${escapeHtml(figureText(measure, worst))}</span>${steps}<span>best ${escapeHtml(figureText(measure, best))}</span></div>`;
  const where =
    second === undefined
      ? `Across: ${escapeHtml(across.key)}.`
      : `Down: ${escapeHtml(down.key)}. Across: ${escapeHtml(across.key)}.`;
  return `<p class="note">${where}${escapeHtml(note)} A dot was not run, or has no such measure; the best of all is framed.</p>
${legend}<div class="scroll" tabindex="0" role="region" aria-label="Heat map"><table class="heat"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}
