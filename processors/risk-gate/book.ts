// The book as a proposal would leave it, and what is measured of it. Promises: sums of money are exact; a
// figure is a whole number of its unit, rounded up, so that it never looks smaller than it is; floats are
// added in the order of symbols, oldest bar first.
//
// A symbol that the proposal leaves alone counts with its position or its pending approval, whichever
// is the greater in size.

import { beta, correlation } from "../../quant/benchmark-relative.ts";
import { conditionalValueAtRisk, valueAtRisk } from "../../quant/risk-measures.ts";
import type { RiskCheckName, RiskReason, RiskUnit } from "../../schemas/generated/risk.verdicts.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import type { ProposalLimitName, ProposalLimits } from "../flow-config.ts";
import type { SymbolRisk } from "./exposure.ts";
import { type BookRecord, type SymbolRecord, sharpeOf } from "./record.ts";

/** One symbol of the book. */
export interface Holding {
  readonly symbol: string;
  readonly quantity: number;
  /** Signed, in minor units. */
  readonly value: bigint;
  readonly record: SymbolRecord | undefined;
}

/** What measures need besides the holdings. */
export interface BookView {
  readonly limits: ProposalLimits;
  readonly grossLimitMinor: number | null;
  readonly record: BookRecord;
  readonly equity: bigint;
  /** Sectors that the proposal trades in. */
  readonly sectors: readonly string[];
  /** By pair of symbols: they do not change while a proposal is cut. */
  readonly correlations: Map<string, number | null>;
}

/** A check that was measured, before anything is said of what to do about it. */
export interface Figure {
  readonly setting: ProposalLimitName;
  readonly check: RiskCheckName;
  readonly symbol: string;
  readonly limit: number;
  readonly measured: number;
  readonly unit: RiskUnit;
  readonly reason: RiskReason;
}

export const exceeds = ({ unit, measured, limit }: Figure): boolean =>
  unit === "HISTORY" ? measured < limit : measured > limit;

const BEYOND = Number.MAX_SAFE_INTEGER;
const NO_SECTOR = "none";

export const sectorOf = (symbol: string, { sectors }: ProposalLimits): string =>
  (Object.hasOwn(sectors, symbol) ? sectors[symbol] : undefined) ?? NO_SECTOR;

export function holdingOf(
  symbol: string,
  risk: SymbolRisk,
  quantity: number,
  price: number,
  record: BookRecord,
): Holding {
  const { instrument } = risk;
  const value =
    instrument === null || quantity === 0 ? 0n : exposureMinor(price, quantity, instrument);
  return { symbol, quantity, value, record: record.symbols.get(symbol) };
}

/** Every check that is on, in the order in which they are written down. */
export function measure(view: BookView, book: readonly Holding[]): Figure[] {
  return [...exposures(view, book), ...tails(view, book), ...exits(view, book)];
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const clip = (value: bigint): number => (value > BigInt(BEYOND) ? BEYOND : Number(value));
const ceiling = (value: bigint, divisor: bigint): number => clip((value + divisor - 1n) / divisor);

/** A part of equity in basis points; without equity anything is beyond every limit. */
function bpsOf(value: bigint, equity: bigint): number {
  if (value === 0n) return 0;
  return equity > 0n ? ceiling(value * 10_000n, equity) : BEYOND;
}

/** Basis points of a float, up; a millionth of one is the noise of its arithmetic. */
const bpsUp = (value: number): number =>
  Number.isFinite(value) ? Math.max(0, Math.ceil(value * 10_000 - 1e-6)) : BEYOND;

function exposures(view: BookView, book: readonly Holding[]): Figure[] {
  const { limits, equity } = view;
  let [gross, net, squares, largest] = [0n, 0n, 0n, 0n];
  let heaviest = "";
  const sectors = new Map(view.sectors.map((sector) => [sector, 0n]));
  for (const { symbol, value } of book) {
    const worth = size(value);
    gross += worth;
    net += value;
    squares += worth * worth;
    if (worth > largest) [largest, heaviest] = [worth, symbol];
    const sector = sectorOf(symbol, limits);
    const held = sectors.get(sector);
    if (held !== undefined) sectors.set(sector, held + worth);
  }
  const herfindahl =
    squares === 0n ? 0 : equity > 0n ? ceiling(squares * 10_000n, equity * equity) : BEYOND;
  const found: (Figure | null)[] = [
    figure("maxGrossExposure", view.grossLimitMinor, clip(gross)),
    ...[...sectors].map(([sector, held]) =>
      figure("maxSector", limits.maxSectorBps, bpsOf(held, equity), sector),
    ),
    figure("maxNetExposure", limits.maxNetExposureMinor, clip(size(net))),
    figure("maxLeverage", limits.maxLeverageBps, bpsOf(gross, equity)),
    figure("maxWeight", limits.maxWeightBps, bpsOf(largest, equity), heaviest),
    figure("maxHerfindahl", limits.maxHerfindahlBps, herfindahl),
    figure("capitalStages", capitalOf(view), clip(gross)),
  ];
  return found.filter((one) => one !== null);
}

/** What the last stage allows whose record, and that of all before it, there is. */
function capitalOf({ limits: { capitalStages }, record }: BookView): number | null {
  if (capitalStages.length === 0) return null;
  const sharpe = sharpeOf(record);
  let allowed = 0;
  for (const stage of capitalStages) {
    const proven = stage.sharpe === null || (sharpe !== null && sharpe >= stage.sharpe);
    if (record.days < stage.days || !proven) break;
    allowed = stage.capitalMinor;
  }
  return allowed;
}

/** Beta, value at risk and expected shortfall, over the same bars; then correlation. */
function tails(view: BookView, book: readonly Holding[]): Figure[] {
  const { limits, record } = view;
  const held = book.filter(({ quantity }) => quantity !== 0);
  if (record.rows === 0 || held.length === 0) return [];
  const found = wholeBook(view, held);
  if (limits.maxCorrelationBps === null) return found;
  return [...found, closestPair(view, held, limits.maxCorrelationBps)];
}

function wholeBook(view: BookView, held: readonly Holding[]): Figure[] {
  const { limits, record, equity } = view;
  const { maxBetaBps, maxValueAtRiskBps, maxExpectedShortfallBps } = limits;
  const asked: readonly (readonly [ProposalLimitName, number | null])[] = [
    ["maxBeta", maxBetaBps],
    ["maxValueAtRisk", maxValueAtRiskBps],
    ["maxExpectedShortfall", maxExpectedShortfallBps],
  ];
  const first = asked.find(([, limit]) => limit !== null)?.[0];
  if (first === undefined) return [];
  const benchmark = record.symbols.get(limits.benchmark ?? "");
  const needed =
    maxBetaBps === null
      ? held.map((one) => one.record)
      : [...held.map((one) => one.record), benchmark];
  const rows = Math.min(...needed.map(rowsOf));
  if (rows < record.rows) return [tooShort(first, record.rows, rows)];
  const returns = bookReturns(record, held, equity);
  const tail = limits.tailBps / 10_000;
  const measures: Readonly<Partial<Record<ProposalLimitName, () => number | null>>> = {
    maxBeta: () =>
      returns && Math.abs(beta(returns, inOrder(record, benchmark?.returns ?? [])) ?? 0),
    maxValueAtRisk: () => lossOf(returns && valueAtRisk(returns, tail)),
    maxExpectedShortfall: () => lossOf(returns && conditionalValueAtRisk(returns, tail)),
  };
  return asked.flatMap(([setting, limit]) => {
    if (limit === null) return [];
    const symbol = setting === "maxBeta" ? (limits.benchmark ?? "") : "";
    return figure(setting, limit, bpsUp(measures[setting]?.() ?? Number.NaN), symbol) ?? [];
  });
}

const lossOf = (value: number | null): number | null => (value === null ? null : -value);

function rowsOf(one: SymbolRecord | undefined): number {
  let known = 0;
  for (const value of one?.returns ?? []) if (!Number.isNaN(value)) known++;
  return known;
}

/** Nothing is known of how the book would behave: it may not grow. */
const tooShort = (
  setting: ProposalLimitName,
  needed: number,
  known: number,
  symbol = "",
): Figure => ({
  setting,
  check: names[setting][0],
  symbol,
  limit: needed,
  measured: known,
  unit: "HISTORY",
  reason: "NotEnoughHistory",
});

/** Oldest first. */
function inOrder({ cursor }: BookRecord, ring: readonly number[]): number[] {
  return [...ring.slice(cursor + 1), ...ring.slice(0, cursor + 1)];
}

/** What the book would have returned in each bar; null without equity. */
function bookReturns(
  record: BookRecord,
  held: readonly Holding[],
  equity: bigint,
): number[] | null {
  if (equity <= 0n) return null;
  const sums = new Array<number>(record.rows).fill(0);
  for (const { value, record: one } of held) {
    const weight = Number(value) / Number(equity);
    const returns = one?.returns ?? [];
    for (let row = 0; row < sums.length; row++) {
      sums[row] = (sums[row] as number) + weight * (returns[row] as number);
    }
  }
  return inOrder(record, sums);
}

/** The largest correlation of two positions: two that hedge each other count as opposite. */
function closestPair(view: BookView, held: readonly Holding[], limit: number): Figure {
  let largest = 0;
  let pair = "";
  for (const [i, a] of held.entries()) {
    for (const b of held.slice(i + 1)) {
      const rows = Math.min(rowsOf(a.record), rowsOf(b.record));
      if (rows < view.record.rows) {
        const name = `${a.symbol} ${b.symbol}`;
        return tooShort("maxCorrelation", view.record.rows, rows, name);
      }
      const together = Math.sign(a.quantity) * Math.sign(b.quantity) * correlationOf(view, a, b);
      if (together > largest) [largest, pair] = [together, `${a.symbol} ${b.symbol}`];
    }
  }
  return figure("maxCorrelation", limit, bpsUp(largest), pair) as Figure;
}

function correlationOf(view: BookView, a: Holding, b: Holding): number {
  const pair = `${a.symbol} ${b.symbol}`;
  let found = view.correlations.get(pair);
  if (found === undefined) {
    const series = (one: Holding) => inOrder(view.record, one.record?.returns ?? []);
    found = correlation(series(a), series(b));
    view.correlations.set(pair, found);
  }
  return found ?? 0;
}

/** Days that the slowest position takes to sell, at a share of its average daily volume. */
function exits({ limits }: BookView, book: readonly Holding[]): Figure[] {
  const limit = limits.maxDaysToExitHundredths;
  if (limit === null) return [];
  let slowest = "";
  let longest = 0;
  for (const { symbol, quantity, record } of book) {
    if (quantity === 0) continue;
    const volumes = record?.volumes ?? [];
    if (volumes.length < limits.volumeDays) {
      return [tooShort("maxDaysToExit", limits.volumeDays, volumes.length, symbol)];
    }
    const traded = volumes.reduce((sum, volume) => sum + BigInt(volume), 0n);
    const days =
      traded === 0n
        ? BEYOND
        : ceiling(
            BigInt(Math.abs(quantity)) * BigInt(volumes.length) * 100n * 10_000n,
            traded * BigInt(limits.volumeShareBps),
          );
    if (days > longest) [longest, slowest] = [days, symbol];
  }
  return [figure("maxDaysToExit", limit, longest, slowest) as Figure];
}

const names = {
  maxGrossExposure: ["MAX_GROSS_EXPOSURE", "MINOR", "MaxGrossExposureExceeded"],
  maxSector: ["MAX_SECTOR", "BPS", "MaxSectorExceeded"],
  maxNetExposure: ["MAX_NET_EXPOSURE", "MINOR", "MaxNetExposureExceeded"],
  maxLeverage: ["MAX_LEVERAGE", "BPS", "MaxLeverageExceeded"],
  maxWeight: ["MAX_WEIGHT", "BPS", "MaxWeightExceeded"],
  maxHerfindahl: ["MAX_HERFINDAHL", "BPS", "MaxHerfindahlExceeded"],
  maxBeta: ["MAX_BETA", "BPS", "MaxBetaExceeded"],
  maxValueAtRisk: ["VALUE_AT_RISK", "BPS", "MaxValueAtRiskExceeded"],
  maxExpectedShortfall: ["EXPECTED_SHORTFALL", "BPS", "MaxExpectedShortfallExceeded"],
  maxCorrelation: ["MAX_CORRELATION", "BPS", "MaxCorrelationExceeded"],
  maxDaysToExit: ["DAYS_TO_EXIT", "HUNDREDTH_DAYS", "MaxDaysToExitExceeded"],
  maxDailyLoss: ["DAILY_LOSS", "BPS", "MaxDailyLossExceeded"],
  maxWeeklyLoss: ["WEEKLY_LOSS", "BPS", "MaxWeeklyLossExceeded"],
  maxTradesADay: ["TRADES_A_DAY", "COUNT", "MaxTradesExceeded"],
  capitalStages: ["CAPITAL_GATE", "MINOR", "CapitalGateExceeded"],
} as const satisfies Record<ProposalLimitName, readonly [RiskCheckName, RiskUnit, RiskReason]>;

export function figure(
  setting: ProposalLimitName,
  limit: number | null,
  measured: number,
  symbol = "",
): Figure | null {
  if (limit === null) return null;
  const [check, unit, reason] = names[setting];
  return { setting, check, symbol, limit, measured, unit, reason };
}
