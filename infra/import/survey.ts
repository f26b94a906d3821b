// The first pass over a file: everything that must be known before the first row is written.
// Promises: a file that cannot be read to its end is found here, while the tape is untouched; the
// price scale holds every digit of the file; memory does not grow with the file.

import type { Cells, Fault, Table } from "./cells.ts";
import type { Columns } from "./columns.ts";
import { fileError } from "./import-error.ts";
import type { Role } from "./import-options.ts";
import { symbolProblem } from "./symbols.ts";
import type { TimeReader } from "./time-column.ts";

/** More decimals than this are noise of floating point, or need a scale to be chosen. */
export const MAX_SCALE = 9;
/** Share of numbers with more decimals than MAX_SCALE that an import puts up with. */
const NOISE_SHARE = 0.01;
const MAX_SPACINGS = 4096;
const MAX_SYMBOLS = 65_536;

export interface DigitsSurvey {
  /** Decimals as written, at most MAX_SCALE. */
  readonly written: number;
  /** Decimals up to the last digit that is not 0, at most MAX_SCALE. */
  readonly significant: number;
  /** Share of numbers that need more. */
  readonly noise: number;
}

export interface Survey {
  readonly rows: number;
  /** Rows with a time, a symbol and a number. */
  readonly usable: number;
  readonly firstStamp: number;
  readonly lastStamp: number;
  /** How far a row's stamp lies behind the greatest before it, at most: 0 in a sorted file. */
  readonly latenessUs: number;
  /** The commonest positive distance between a symbol's consecutive stamps; 0 if there is none. */
  readonly spacingUs: number;
  readonly price: DigitsSurvey;
  readonly quantity: DigitsSurvey;
  readonly symbols: ReadonlySet<string>;
}

const priceRoles: readonly Role[] = ["price", "open", "high", "low", "close", "bid", "ask"];
const quantityRoles: readonly Role[] = ["size", "volume", "bid_size", "ask_size"];

export async function surveyFile(
  table: Table,
  columns: Columns,
  symbol: string | null,
  times: TimeReader,
  onRead: (amount: number) => void,
): Promise<Survey> {
  const surveyor = new Surveyor(columns, symbol, times);
  for await (const cells of table.pages(onRead)) surveyor.page(cells);
  return surveyor.result(table.file);
}

class Surveyor {
  private readonly times: TimeReader;
  private readonly symbol: string | null;
  private readonly symbolColumn: number;
  private readonly priceColumns: readonly number[];
  private readonly quantityColumns: readonly number[];
  private readonly price = new Digits();
  private readonly quantity = new Digits();
  private readonly lastStamps = new Map<string, number>();
  private readonly spacings = new Map<number, number>();
  private rows = 0;
  private usable = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  private lateness = 0;
  private firstFault: { line: number; fault: Fault } | null = null;

  constructor(columns: Columns, symbol: string | null, times: TimeReader) {
    const of = (wanted: readonly Role[]): number[] =>
      wanted.flatMap((role) => columns.byRole.get(role) ?? []);
    this.times = times;
    this.symbol = columns.wide.length > 0 ? "" : symbol;
    this.symbolColumn = columns.byRole.get("symbol") ?? -1;
    this.priceColumns =
      columns.wide.length > 0 ? columns.wide.map(({ column }) => column) : of(priceRoles);
    this.quantityColumns = of(quantityRoles);
    for (const each of columns.wide) this.lastStamps.set(each.symbol, Number.NaN);
  }

  page(cells: Cells): void {
    while (cells.next()) {
      this.rows++;
      const fault = cells.fault ?? this.row(cells);
      if (fault === null) this.usable++;
      else this.firstFault ??= { line: cells.line, fault };
    }
  }

  private row(cells: Cells): Fault | null {
    const stamp = this.times.read(cells);
    if (Number.isNaN(stamp)) return this.times.fault;
    let numbers = 0;
    for (const column of this.priceColumns) numbers += this.price.add(cells.decimals(column));
    if (numbers === 0) {
      const shownAs = this.priceColumns.map((column) => cells.text(column)).join(", ");
      return {
        code: "IMPORT_NUMBER_INVALID",
        detail: `no price in ${JSON.stringify(shownAs.slice(0, 60))}`,
      };
    }
    for (const column of this.quantityColumns) this.quantity.add(cells.decimals(column));
    const symbol = this.symbol ?? cells.text(this.symbolColumn);
    const before = this.lastStamps.get(symbol);
    if (before === undefined) {
      const problem = this.symbol === null ? symbolProblem(symbol) : null;
      if (problem !== null) return { code: "IMPORT_SYMBOL_INVALID", detail: problem };
      if (this.lastStamps.size < MAX_SYMBOLS) this.lastStamps.set(symbol, stamp);
    } else if (stamp !== before) {
      this.spacing(stamp - before);
      this.lastStamps.set(symbol, stamp);
    }
    if (stamp < this.first) this.first = stamp;
    if (stamp > this.last) this.last = stamp;
    else if (this.last - stamp > this.lateness) this.lateness = this.last - stamp;
    return null;
  }

  private spacing(distance: number): void {
    if (distance <= 0) return;
    const count = this.spacings.get(distance);
    if (count !== undefined) this.spacings.set(distance, count + 1);
    else if (this.spacings.size < MAX_SPACINGS) this.spacings.set(distance, 1);
  }

  result(file: string): Survey {
    if (this.usable === 0) {
      const first = this.firstFault;
      const why =
        first === null
          ? "has a header and no rows"
          : `has no row that can be used; the first, line ${first.line}: ${first.fault.code}, ${first.fault.detail}`;
      const zone = first?.fault.code === "IMPORT_TIME_ZONE_MISSING";
      const code = zone ? "IMPORT_TIME_ZONE_MISSING" : "IMPORT_NO_ROWS";
      throw fileError(code, file, why, { rows: this.rows });
    }
    let spacingUs = 0;
    let most = 0;
    for (const [distance, count] of this.spacings) {
      if (count > most || (count === most && distance < spacingUs)) {
        spacingUs = distance;
        most = count;
      }
    }
    return {
      rows: this.rows,
      usable: this.usable,
      firstStamp: this.first,
      lastStamp: this.last,
      latenessUs: this.lateness,
      spacingUs,
      price: this.price.result(),
      quantity: this.quantity.result(),
      symbols: new Set(this.lastStamps.keys()),
    };
  }
}

/** How many decimals the numbers of a file have. */
class Digits {
  private written = 0;
  private significant = 0;
  private numbers = 0;
  private noisy = 0;

  /** Takes what `Cells.decimals` gave; returns 1 for a number, 0 for anything else. */
  add(decimals: number): number {
    if (decimals < 0) return 0;
    this.numbers++;
    const significant = decimals & 0xff;
    const written = decimals >> 8;
    if (significant > MAX_SCALE) this.noisy++;
    else {
      if (significant > this.significant) this.significant = significant;
      if (written > this.written) this.written = Math.min(written, MAX_SCALE);
    }
    return 1;
  }

  result(): DigitsSurvey {
    const { written, significant, numbers, noisy } = this;
    return { written, significant, noise: numbers === 0 ? 0 : noisy / numbers };
  }
}

/** The scale that holds what the files write; `least` for money that never shows fewer digits. */
export function chooseScale(
  file: string,
  digits: DigitsSurvey,
  what: "price" | "quantity",
  least: number,
): number {
  if (digits.noise > NOISE_SHARE) {
    const share = Math.round(digits.noise * 100);
    throw fileError(
      what === "price" ? "IMPORT_PRICE_DIGITS" : "IMPORT_QUANTITY_DIGITS",
      file,
      `${share} % of its ${what === "price" ? "prices" : "quantities"} have more than ${MAX_SCALE} decimals`,
      { share },
    );
  }
  // Whole quantities that a float column writes as 100.0 stay whole.
  if (what === "quantity" && digits.significant === 0) return 0;
  return Math.max(least, digits.written);
}
