// Where did the profit come from? Every change of equity is put down to the symbol whose snapshot brought
// it, to the side held, to the model's view in force and to the time. Promises: exact minor units; the
// parts of each breakdown add up to the run's net profit; memory is bounded by symbols and views.

import { monthOf } from "../../quant/monthly-returns.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { Signal } from "../../schemas/generated/signals.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const THURSDAY = 4; // the weekday of 1970-01-01
const MOST_SYMBOLS = 50;
const LEAST_HOURS = 4;
/** From this size of a signal's strength on, of 1, a view is called strong. */
const STRONG = 0.5;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const VIEWS = ["no view yet", "strong short", "short", "flat", "long", "strong long"];

export interface AttributedProfit {
  readonly name: string;
  /** Change of equity, fees included: exact decimal text. */
  readonly profit: string;
  /** Profit over the initial cash; null where that is 0. */
  readonly contribution: number | null;
  /** Closed round trips, and those of them with a profit after fees; null where trips have no such part. */
  readonly trades: number | null;
  readonly wins: number | null;
}

export interface Attribution {
  readonly bySymbol: readonly AttributedProfit[];
  /** By side of the position held. */
  readonly bySide: readonly AttributedProfit[];
  /** By the last view of the symbol from before the snapshot. */
  readonly bySignal: readonly AttributedProfit[];
  /** Of the day (UTC); empty where all falls into three hours: a daily bar's time, in summer and winter. */
  readonly byHour: readonly AttributedProfit[];
  readonly byWeekday: readonly AttributedProfit[];
  readonly byMonth: readonly AttributedProfit[];
}

interface Part {
  profit: bigint;
  trades: number;
  wins: number;
}

interface View {
  readonly name: string;
  readonly timeUs: number;
}

class Breakdown {
  readonly parts = new Map<string, Part>();

  at(name: string): Part {
    let part = this.parts.get(name);
    if (part === undefined) {
      part = { profit: 0n, trades: 0, wins: 0 };
      this.parts.set(name, part);
    }
    return part;
  }
}

export class AttributionDigest {
  private readonly symbols = new Breakdown();
  private readonly sides = new Breakdown();
  private readonly views = new Breakdown();
  private readonly hours = Array.from({ length: 24 }, () => 0n);
  private readonly weekdays = Array.from({ length: 7 }, () => 0n);
  private readonly months = Array.from({ length: 12 }, () => 0n);
  private readonly held = new Map<string, number>();
  /** The last view of each symbol, and the one before it: a bar is marked after its own signal. */
  private readonly last = new Map<string, readonly [View | null, View]>();
  private equity: bigint;

  constructor(initialEquity: bigint) {
    this.equity = initialEquity;
  }

  /** In time order, as are all events here. */
  signal({ symbol, model, strength }: Signal, timeUs: number): void {
    const name = `${model}: ${viewOf(strength)}`;
    const known = this.last.get(symbol);
    const before = known === undefined ? null : known[1];
    // Of two views of one instant the later counts, and the one in force before both is kept.
    const kept = before !== null && before.timeUs === timeUs ? (known?.[0] ?? null) : before;
    this.last.set(symbol, [kept, { name, timeUs }]);
  }

  /** Of one portfolio. */
  snapshot({ symbol, quantity, equity }: PortfolioSnapshot, timeUs: number): void {
    const change = equity - this.equity;
    this.equity = equity;
    const before = this.held.get(symbol) ?? 0;
    if (quantity === 0) this.held.delete(symbol);
    else this.held.set(symbol, quantity);
    if (change === 0n) return;
    const side = before === 0 ? quantity : before;
    this.symbols.at(symbol).profit += change;
    this.sides.at(side === 0 ? "flat" : side > 0 ? "long" : "short").profit += change;
    this.views.at(this.viewBefore(symbol, timeUs)).profit += change;
    // What happens at a boundary ends the period before it: a day's bar is known at midnight.
    const ended = timeUs - 1;
    const day = Math.floor(ended / DAY_US);
    const hour = Math.floor((ended - day * DAY_US) / HOUR_US);
    const weekday = (((day + THURSDAY) % 7) + 7) % 7;
    const month = ((monthOf(ended) % 12) + 12) % 12;
    this.hours[hour] = (this.hours[hour] as bigint) + change;
    this.weekdays[weekday] = (this.weekdays[weekday] as bigint) + change;
    this.months[month] = (this.months[month] as bigint) + change;
  }

  private viewBefore(symbol: string, timeUs: number): string {
    const known = this.last.get(symbol);
    if (known === undefined) return VIEWS[0] as string;
    const [before, latest] = known;
    return (latest.timeUs < timeUs ? latest : before)?.name ?? (VIEWS[0] as string);
  }

  closed(symbol: string, { direction, realised, fees }: RoundTrip): void {
    for (const part of [
      this.symbols.at(symbol),
      this.sides.at(direction === "LONG" ? "long" : "short"),
    ]) {
      part.trades++;
      if (realised - fees > 0n) part.wins++;
    }
  }

  end(initial: bigint, currencyScale: number): Attribution {
    const row = (name: string, part: Part, counted: boolean): AttributedProfit => ({
      name,
      profit: formatScaled(part.profit, currencyScale),
      contribution: initial > 0n ? Number(part.profit) / Number(initial) : null,
      trades: counted ? part.trades : null,
      wins: counted ? part.wins : null,
    });
    const timed = (sums: readonly bigint[], name: (i: number) => string) =>
      sums.flatMap((profit, i) =>
        profit === 0n ? [] : [row(name(i), { profit, trades: 0, wins: 0 }, false)],
      );
    const hours = timed(this.hours, (i) => `${String(i).padStart(2, "0")}:00`);
    const views = [...this.views.parts].sort(
      ([a], [b]) => viewRank(a) - viewRank(b) || order(a, b),
    );
    const sides = ["long", "short", "flat"].flatMap((name) => {
      const part = this.sides.parts.get(name);
      return part === undefined ? [] : [row(name, part, true)];
    });
    return {
      bySymbol: largest(this.symbols.parts).map(([name, part]) => row(name, part, true)),
      bySide: sides,
      bySignal: views.map(([name, part]) => row(name, part, false)),
      byHour: hours.length >= LEAST_HOURS ? hours : [],
      byWeekday: timed(this.weekdays, (i) => WEEKDAYS[i] as string),
      byMonth: timed(this.months, (i) => MONTHS[i] as string),
    };
  }
}

function viewOf(strength: number): string {
  if (strength === 0) return "flat";
  const size = Math.abs(strength) >= STRONG ? "strong " : "";
  return `${size}${strength > 0 ? "long" : "short"}`;
}

const viewRank = (name: string): number =>
  VIEWS.indexOf(name.includes(": ") ? name.slice(name.lastIndexOf(": ") + 2) : name);

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const size = (amount: bigint): bigint => (amount < 0n ? -amount : amount);

/** Those that moved equity most, the most first; the rest as one. */
function largest(parts: ReadonlyMap<string, Part>): readonly (readonly [string, Part])[] {
  const sorted = [...parts].sort(
    ([a, x], [b, y]) =>
      Number(size(x.profit) < size(y.profit)) - Number(size(x.profit) > size(y.profit)) ||
      order(a, b),
  );
  if (sorted.length <= MOST_SYMBOLS) return sorted.map(([name, part]) => [name || "cash", part]);
  const rest: Part = { profit: 0n, trades: 0, wins: 0 };
  const others = sorted.slice(MOST_SYMBOLS - 1);
  for (const [, { profit, trades, wins }] of others) {
    rest.profit += profit;
    rest.trades += trades;
    rest.wins += wins;
  }
  return [...sorted.slice(0, MOST_SYMBOLS - 1), [`${others.length} others`, rest] as const].map(
    ([name, part]) => [name || "cash", part],
  );
}
