// Rows of cells as a text table: headers from the rows' keys, numbers to the right.

export type Cell = string | number | boolean | null;

const NUMBER = /^[+-]?\d[\d,.]*$/;
const GAP = "  ";

/** Headers, then a line a row; `none` where there is no row. */
export function tableText(rows: readonly Readonly<Record<string, Cell>>[], none: string): string {
  const first = rows[0];
  if (first === undefined) return `${none}\n`;
  const columns = Object.keys(first).map((name) => {
    const cells = rows.map((row) => textOf(row[name] ?? null));
    const isNumber =
      cells.some((cell) => NUMBER.test(cell)) &&
      cells.every((cell) => cell === "" || NUMBER.test(cell));
    const width = Math.max(name.length, ...cells.map((cell) => cell.length));
    return { name, cells, isNumber, width };
  });
  const line = (pick: (column: (typeof columns)[number]) => string): string =>
    columns
      .map((column) => {
        const text = pick(column);
        return column.isNumber ? text.padStart(column.width) : text.padEnd(column.width);
      })
      .join(GAP)
      .trimEnd();
  const lines = [
    line(({ name }) => name),
    ...rows.map((_, i) => line(({ cells }) => cells[i] ?? "")),
  ];
  return `${lines.join("\n")}\n`;
}

const textOf = (cell: Cell): string => (cell === null ? "" : printable(String(cell)));

/** Text from data without what would move a terminal's cursor or change its colours. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
