// The book as a proposal would leave it, and what is measured of it. Promises: sums of money are exact; a
// figure is a whole number of its unit, rounded up, so that it never looks smaller than it is; floats are
// added in the order of symbols, oldest bar first.
//
// A symbol that the proposal leaves alone may be anywhere between its position and its pending approval.
// Figures of sizes count the greater of the two; figures in which symbols offset each other (net exposure and
// those of returns) count of each symbol the end that makes them worse, so an offset that is being closed is none.

import { exposureMinor } from "../../schemas/values/money.ts";
import type { ProposalLimits } from "../risk-config.ts";
import type { SymbolRisk } from "./exposure.ts";
import {
  added,
  BEYOND,
  type BookView,
  type Figure,
  figure,
  type Holding,
  tooShort,
} from "./figures.ts";
import { type BookRecord, sharpeOf } from "./record.ts";
import { tails } from "./tails.ts";

const NO_SECTOR = "none";

export const sectorOf = (symbol: string, { sectors }: ProposalLimits): string =>
  (Object.hasOwn(sectors, symbol) ? sectors[symbol] : undefined) ?? NO_SECTOR;

export function holdingOf(
  symbol: string,
  risk: SymbolRisk,
  ends: { readonly quantity: number; readonly other: number; readonly grows: boolean },
  price: number,
  record: BookRecord,
): Holding {
  const { quantity, other: otherQuantity, grows } = ends;
  const value = valueAt(risk, quantity, price);
  const otherValue = otherQuantity === quantity ? value : valueAt(risk, otherQuantity, price);
  const kept = record.symbols.get(symbol);
  return { symbol, quantity, value, otherQuantity, otherValue, record: kept, grows };
}

const valueAt = ({ instrument }: SymbolRisk, quantity: number, price: number): bigint =>
  instrument === null || quantity === 0 ? 0n : exposureMinor(price, quantity, instrument);

/** Every check that is on, in the order in which they are written down. */
export function measure(view: BookView, traded: readonly Holding[]): Figure[] {
  const book = view.standing.length === 0 ? traded : [...view.standing, ...traded];
  return [...exposures(view, book), ...tails(view, traded), ...exits(view, book)];
}

const size = (value: bigint): bigint => (value < 0n ? -value : value);
const clip = (value: bigint): number => (value > BigInt(BEYOND) ? BEYOND : Number(value));
const ceiling = (value: bigint, divisor: bigint): number => clip((value + divisor - 1n) / divisor);

/** A part of equity in basis points; without equity anything is beyond every limit. */
function bpsOf(value: bigint, equity: bigint): number {
  if (value === 0n) return 0;
  return equity > 0n ? ceiling(value * 10_000n, equity) : BEYOND;
}

function exposures(view: BookView, book: readonly Holding[]): Figure[] {
  const { limits, equity } = view;
  let [gross, least, most, squares] = [0n, 0n, 0n, 0n];
  const sectors = new Map(view.sectors.map((sector) => [sector, 0n]));
  for (const { symbol, value, otherValue } of book) {
    const worth = size(value);
    gross += worth;
    least += value < otherValue ? value : otherValue;
    most += value < otherValue ? otherValue : value;
    squares += worth * worth;
    const sector = sectorOf(symbol, limits);
    const held = sectors.get(sector);
    if (held !== undefined) sectors.set(sector, held + worth);
  }
  const net = size(least) > size(most) ? least : most;
  const { symbol: heaviest, worth: largest } = heaviestOf(limits.maxWeightBps === null ? [] : book);
  const herfindahl =
    squares === 0n ? 0 : equity > 0n ? ceiling(squares * 10_000n, equity * equity) : BEYOND;
  const found: (Figure | null)[] = [
    figure("maxGrossExposure", view.grossLimitMinor, clip(gross)),
    ...[...sectors].map(([sector, held]) =>
      figure("maxSector", limits.maxSectorBps, bpsOf(held, equity), sector),
    ),
    figure("maxNetExposure", limits.maxNetExposureMinor, clip(size(net)), "", net < 0n ? -1 : 1),
    figure("maxLeverage", limits.maxLeverageBps, bpsOf(gross, equity)),
    figure("maxWeight", limits.maxWeightBps, bpsOf(largest, equity), heaviest),
    figure("maxHerfindahl", limits.maxHerfindahlBps, herfindahl),
    figure("capitalStages", capitalOf(view), clip(gross)),
  ];
  return found.filter((one) => one !== null);
}

function heaviestOf(book: readonly Holding[]): { readonly symbol: string; readonly worth: bigint } {
  let heaviest = { symbol: "", worth: 0n };
  for (const { symbol, value } of added(book)) {
    const worth = size(value);
    if (worth > heaviest.worth) heaviest = { symbol, worth };
  }
  return heaviest;
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

/** Days that the slowest position takes to sell, at a share of its average daily volume. */
function exits({ limits }: BookView, book: readonly Holding[]): Figure[] {
  const limit = limits.maxDaysToExitHundredths;
  if (limit === null) return [];
  let slowest = "";
  let longest = 0;
  for (const { symbol, quantity, record } of added(book)) {
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
