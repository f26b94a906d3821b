// Reads the time of a row. Promises: one reading for one file, decided before the first row is
// written; a time without a zone is never guessed; what cannot be read is named, not skipped.
//
// A stamp is what the file says: an instant in µs, or in files of dates the date's midnight UTC.

import { parseIsoUs } from "../../schemas/values/time.ts";
import type { Cells, Fault } from "./cells.ts";
import { fileError, shown } from "./import-error.ts";
import { DAY_US, type EpochUnit } from "./import-options.ts";
import type { ZoneClock } from "./zone-clock.ts";

export interface TimeColumn {
  readonly column: number;
  /** The column that holds the date where `column` holds the time of day. */
  readonly dateColumn: number | null;
  readonly reading: "epoch" | "instant" | "text" | "date";
  readonly unit: EpochUnit;
}

const scaleOf: Readonly<Record<Exclude<EpochUnit, "ns">, number>> = { s: 6, ms: 3, us: 0 };

/** Epoch numbers outside 1980 to 2200 are of another unit, or not times. */
const EPOCH_MIN_US = 315_532_800_000_000;
const EPOCH_MAX_US = 7_258_118_400_000_000;

const NUMBER = /^\d+(\.\d+)?$/;
const COMPACT_DATE = /^(19|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;
const DATE = /^\d{4}[-./]\d\d[-./]\d\d$/;
const TIME_OF_DAY = /^\d\d:\d\d/;
const ZONED = /(Z|[+-]\d\d(:?\d\d)?)$/;

/** Decides by the first row that has a time. `unit` null: by the number's magnitude. */
export function readTimeColumn(
  file: string,
  cells: Cells,
  column: number,
  dateColumn: number | null,
  unit: EpochUnit | null,
): TimeColumn {
  while (cells.next()) {
    if (cells.fault !== null || cells.isEmpty(column)) continue;
    if (cells.instants.has(column)) {
      return { column, dateColumn: null, reading: "instant", unit: "us" };
    }
    const text = cells.text(column);
    if (dateColumn !== null && TIME_OF_DAY.test(text)) {
      return { column, dateColumn, reading: "text", unit: "us" };
    }
    const plain = { column, dateColumn: null, unit: unit ?? "us" };
    if (unit === null && COMPACT_DATE.test(text)) return { ...plain, reading: "date" };
    if (NUMBER.test(text)) {
      return { ...plain, reading: "epoch", unit: unit ?? unitByMagnitude(Number(text)) };
    }
    if (DATE.test(text)) return { ...plain, reading: "date" };
    if (/^\d{4}[-./]\d\d[-./]\d\d[T ]/.test(text)) return { ...plain, reading: "text" };
  }
  throw fileError("IMPORT_NO_ROWS", file, "none of its first rows has a time that can be read", {
    column,
  });
}

const unitByMagnitude = (value: number): EpochUnit =>
  value < 1e11 ? "s" : value < 1e14 ? "ms" : value < 1e17 ? "us" : "ns";

const invalid = (text: string): Fault => ({
  code: "IMPORT_TIME_INVALID",
  detail: `${shown(text)} is not a time`,
});

/** The stamps of one file; NaN with `fault` set where there is none. */
export class TimeReader {
  fault: Fault | null = null;
  private readonly plan: TimeColumn;
  private readonly zone: ZoneClock | null;
  private lastText = "";
  private lastStamp = Number.NaN;

  /** `zone` null: times without a zone are refused. */
  constructor(plan: TimeColumn, zone: ZoneClock | null) {
    this.plan = plan;
    this.zone = zone;
  }

  read(cells: Cells): number {
    const { column, reading } = this.plan;
    if (reading === "epoch") return this.readEpoch(cells);
    if (reading === "instant") {
      const stamp = cells.scaled(column, 0);
      return Number.isNaN(stamp) ? this.refuse(cells) : this.inRange(stamp, cells);
    }
    const text = this.textOf(cells);
    if (text !== this.lastText) {
      const stamp = reading === "date" ? dateStamp(text) : this.instantOf(text);
      if (Number.isNaN(stamp)) return this.refuse(cells);
      this.lastText = text;
      this.lastStamp = stamp;
    }
    return this.inRange(this.lastStamp, cells);
  }

  private textOf(cells: Cells): string {
    const { column, dateColumn } = this.plan;
    const text = cells.text(column);
    return dateColumn === null ? text : `${cells.text(dateColumn)} ${text}`;
  }

  private readEpoch(cells: Cells): number {
    const { column, unit } = this.plan;
    let stamp =
      unit === "ns" ? microsOfNanos(cells.text(column)) : cells.scaled(column, scaleOf[unit]);
    // Floats of seconds carry digits beyond the microsecond: they are dropped.
    if (Number.isNaN(stamp) && unit !== "ns") stamp = flooredEpoch(cells.text(column), unit);
    if (Number.isNaN(stamp) && !NUMBER.test(cells.text(column))) return this.refuse(cells);
    // Written so that a number too large to be held is out of range too.
    if (!(stamp >= EPOCH_MIN_US && stamp <= EPOCH_MAX_US)) {
      return this.outside(`${shown(cells.text(column))} ${unit} is not within 1980 to 2200`);
    }
    return stamp;
  }

  private instantOf(text: string): number {
    const iso = text.replace(/^(\d{4})[./](\d\d)[./](\d\d)/, "$1-$2-$3");
    if (DATE.test(iso)) return Number.NaN;
    if (ZONED.test(iso.slice(10))) return parseIsoUs(iso) ?? Number.NaN;
    const local = parseIsoUs(`${iso}Z`);
    return local === null || this.zone === null ? Number.NaN : this.zone.toUtc(local);
  }

  private inRange(stamp: number, cells: Cells): number {
    if (stamp >= 0 && stamp <= EPOCH_MAX_US) return stamp;
    return this.outside(`${shown(this.textOf(cells))} is not within 1970 to 2200`);
  }

  private outside(detail: string): number {
    this.fault = { code: "IMPORT_TIME_RANGE", detail };
    return Number.NaN;
  }

  private refuse(cells: Cells): number {
    const text = this.textOf(cells);
    const local = parseIsoUs(`${text}Z`) !== null && !DATE.test(text);
    this.fault =
      this.plan.reading === "text" && local
        ? {
            code: this.zone === null ? "IMPORT_TIME_ZONE_MISSING" : "IMPORT_TIME_INVALID",
            detail:
              this.zone === null
                ? `${shown(text)} has no zone: give --time-zone`
                : `${shown(text)} never occurs: clocks are set forward over it`,
          }
        : invalid(text);
    return Number.NaN;
  }
}

/** Midnight of a date as written, in µs; NaN where it is none. */
export function dateStamp(text: string): number {
  if (DATE.test(text)) return parseIsoUs(text.replaceAll(/[./]/g, "-")) ?? Number.NaN;
  if (!COMPACT_DATE.test(text)) return Number.NaN;
  return parseIsoUs(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`) ?? Number.NaN;
}

const microsOfNanos = (text: string): number =>
  /^\d{10,20}$/.test(text) ? Number(text.slice(0, -3)) : Number.NaN;

const flooredEpoch = (text: string, unit: "s" | "ms" | "us"): number => {
  const [whole = "", fraction = ""] = text.split(".");
  if (!/^\d{1,17}$/.test(whole) || !/^\d+$/.test(fraction)) return Number.NaN;
  const digits = scaleOf[unit];
  return Number(whole + fraction.slice(0, digits).padEnd(digits, "0"));
};

/** When a bar started and ended, or a price of a date was known: what a stamp means in time. */
export interface StampClock {
  startUs(stamp: number): number;
  endUs(stamp: number): number;
}

/** Bars of `intervalUs`, stamped with their start or their end. */
export const intervalClock = (intervalUs: number, barTime: "start" | "end"): StampClock => {
  const toStart = barTime === "start" ? 0 : intervalUs;
  return {
    startUs: (stamp) => stamp - toStart,
    endUs: (stamp) => stamp - toStart + intervalUs,
  };
};

/**
 * Days: from the session's opening to its close, in the exchange's zone. `instants`: stamps are
 * instants; one on midnight UTC means that UTC date, any other the date in the exchange's zone.
 */
export function sessionClock(
  exchange: ZoneClock,
  session: { readonly openUs: number; readonly closeUs: number },
  instants: boolean,
): StampClock {
  let lastStamp = Number.NaN;
  let lastDay = 0;
  let bounds: readonly [number, number] = [0, 0];
  const boundsOf = (stamp: number): readonly [number, number] => {
    if (stamp === lastStamp) return bounds;
    lastStamp = stamp;
    const day =
      instants && stamp % DAY_US !== 0
        ? Math.floor(exchange.toLocal(stamp) / DAY_US) * DAY_US
        : stamp;
    if (day !== lastDay || bounds[1] === 0) {
      lastDay = day;
      bounds = [utcOf(exchange, day + session.openUs), utcOf(exchange, day + session.closeUs)];
    }
    return bounds;
  };
  return { startUs: (stamp) => boundsOf(stamp)[0], endUs: (stamp) => boundsOf(stamp)[1] };
}

/** A session's edge that clocks skip is taken at the hour after. */
function utcOf(zone: ZoneClock, localUs: number): number {
  const utc = zone.toUtc(localUs);
  return Number.isNaN(utc) ? zone.toUtc(localUs + 3_600_000_000) : utc;
}

/** Prints and quotes: a stamp is its own time. */
export const instantClock: StampClock = { startUs: (stamp) => stamp, endUs: (stamp) => stamp };
