// A measure over two parameters as a table of shades. Promises: the figures are there to be read, the shade
// only helps; where more than two parameters were varied, a cell is the best over the others, and says so.

import { escapeHtml } from "../report/figures.ts";
import { isBetter, measureOf } from "./measures.ts";
import { figureText } from "./page-frame.ts";
import type { Sweep } from "./sweep.ts";

const SHADES = 10;
/** More columns or rows than this cannot be read. */
const MOST_CELLS = 60;

interface Cell {
  readonly value: number;
  readonly place: number;
}

/** Over the first two axes; nothing where there is one, or where one is too long to be shown. */
export function heatMap({ axes, sets, answers, order, measure }: Sweep): string {
  const [down, across] = axes;
  if (down === undefined || across === undefined) return "";
  if (down.values.length > MOST_CELLS || across.values.length > MOST_CELLS) {
    return `<p class="empty">${escapeHtml(down.key)} and ${escapeHtml(across.key)} have too many values for a map: table.csv has them all.</p>`;
  }
  const cells = new Map<string, Cell>();
  for (const [place, set] of sets.entries()) {
    const answer = answers[place];
    const value = answer === undefined ? null : measureOf(answer, measure);
    const key = `${set[0]}\0${set[1]}`;
    const found = cells.get(key);
    if (value === null || (found !== undefined && !isBetter(measure, value, found.value))) continue;
    cells.set(key, { value, place });
  }
  const most = Math.max(...[...cells.values()].map(({ value }) => Math.abs(value)));
  const cell = (row: string, column: string): string => {
    const found = cells.get(`${row}\0${column}`);
    if (found === undefined) return `<td class="none">·</td>`;
    const shade = most > 0 ? Math.ceil((SHADES * Math.abs(found.value)) / most) : 0;
    const colour = shade === 0 ? "" : `${found.value < 0 ? "m" : "p"}${shade}`;
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
  return `<p class="note">Down: ${escapeHtml(down.key)}. Across: ${escapeHtml(across.key)}.${escapeHtml(note)} A dot was not run, or has no such measure; the best of all is framed.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Heat map"><table class="heat"><thead><tr><th></th>${head}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}
