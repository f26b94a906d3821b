// What holding a position costs from day to day. Promises: charged once for each day, and each funding time, that a
// position was held over, on its value at the last price before, whatever events come when; exact integers, half to
// even to the minor unit. On ticks and quotes what is charged at a time comes before all else of that time. A bar says
// of the times in it only where it began and ended: a time after its start and up to its end is charged on what was held
// once all had traded that traded up to that time, at its open, or at its close for the time at which it ends.
//
// Days turn at `atUs` after midnight UTC; weekends and holidays count. A long pays financing, a short pays for what it
// borrows, both by the year: value × rate × days / dayCount. At a funding time of a perpetual contract
// longs pay value × rate to shorts, or are paid where the rate is below 0.

import type { ExecReason } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketRate } from "../../schemas/generated/market.rates.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { CarryConfig } from "../venue-config.ts";
import type { Book, DueRate } from "./book.ts";
import type { Session } from "./session.ts";

const DAY_US = 86_400_000_000;
const BILLION = 1_000_000_000n;

/** Through a bar that has traded. */
export function accrueThrough(session: Session, { open, endUs }: MarketBar): void {
  const { book } = session;
  const hasTraded = book.lastUs === endUs;
  accrue(session, endUs - 1, hasTraded ? open : book.last);
  accrue(session, session.nowUs);
}

/** A recorded rate is heard of: it takes effect when carry comes to its time. */
export function hearRate({ book, nowUs }: Session, rate: MarketRate): void {
  book.rates = [...book.rates, { timeUs: nowUs, rate }];
}

/**
 * Charges what fell due since the book was last looked at, up to that time and at that price. Cost: O(portfolios) where
 * something did.
 */
export function accrue(session: Session, nowUs = session.nowUs, price = session.book.last): void {
  const { book } = session;
  while (book.rates.length > 0) {
    const [next] = book.rates as readonly [DueRate];
    if (next.timeUs > nowUs) break;
    // What is due at the time of a new rate is for the time before it.
    accrueAlike(session, next.timeUs, price);
    book.rates = book.rates.slice(1);
    take(session, next, price);
  }
  accrueAlike(session, nowUs, price);
}

/** A yearly rate is in force from now on; a funding rate is charged. */
function take(session: Session, { timeUs, rate }: DueRate, last: number): void {
  const { book } = session;
  const { kind, ratePerBillion, markPrice } = rate;
  if (kind === "BORROW" || kind === "FINANCING") book.yearly.set(kind, ratePerBillion);
  if (kind !== "FUNDING") return;
  book.hasFunding = true;
  if (book.instrument === null || (markPrice === null && book.lastUs < 0)) return;
  const price = markPrice ?? last;
  const { symbol } = book.instrument;
  for (const portfolio of book.positions.keys()) {
    const position = session.heldAt(portfolio, timeUs);
    if (position === 0) continue;
    const value = sizeOf(price, position, book.instrument);
    const cost = share(position > 0 ? value : -value, BigInt(ratePerBillion), 1);
    tell(session, { portfolio, symbol, position, price }, "Funding", cost, timeUs);
  }
}

/** While no rate changes. */
function accrueAlike(session: Session, nowUs: number, price: number): void {
  const { book, config } = session;
  const { carry } = config;
  if (carry === undefined) return;
  const sinceUs = book.carriedUs;
  if (nowUs <= sinceUs) return;
  book.carriedUs = nowUs;
  if (sinceUs < 0 || book.lastUs < 0 || book.instrument === null) return;
  const { atUs, dayCount } = carry;
  // Recorded payments stand in for constant ones.
  const funding = book.hasFunding ? null : carry.funding;
  const days = turns(sinceUs, nowUs, DAY_US, atUs);
  const times = funding === null ? 0 : turns(sinceUs, nowUs, funding.everyUs, 0);
  if (days === 0 && times === 0) return;
  const { symbol } = book.instrument;
  for (const portfolio of book.positions.keys()) {
    const position = session.heldAt(portfolio, nowUs);
    if (position === 0) continue;
    const isLong = position > 0;
    const held = { portfolio, symbol, position, price };
    const value = sizeOf(price, position, book.instrument);
    if (days > 0) {
      const dueUs = lastTurn(nowUs, DAY_US, atUs);
      const cost = share(value, yearlyOf(book, carry, isLong) * BigInt(days), dayCount);
      tell(session, held, isLong ? "Financing" : "BorrowFee", cost, dueUs);
    }
    if (funding !== null && times > 0) {
      const dueUs = lastTurn(nowUs, funding.everyUs, 0);
      const rate = BigInt(funding.perMillion * times) * 1_000n;
      const cost = share(isLong ? value : -value, rate, 1);
      tell(session, held, "Funding", cost, dueUs);
    }
  }
}

/** In billionths: as recorded, else the constant. */
function yearlyOf({ yearly }: Book, carry: CarryConfig, isLong: boolean): bigint {
  const recorded = yearly.get(isLong ? "FINANCING" : "BORROW");
  if (recorded !== undefined) return BigInt(recorded);
  return BigInt(isLong ? carry.financingPerMillion : carry.borrowPerMillion) * 1_000n;
}

/** Multiples of the period, from the offset on, that lie after the one time and not after the other. */
const turns = (sinceUs: number, untilUs: number, periodUs: number, offsetUs: number): number =>
  Math.floor((untilUs - offsetUs) / periodUs) - Math.floor((sinceUs - offsetUs) / periodUs);

const lastTurn = (untilUs: number, periodUs: number, offsetUs: number): number =>
  Math.floor((untilUs - offsetUs) / periodUs) * periodUs + offsetUs;

/** In minor units, never negative. */
function sizeOf(price: number, position: number, instrument: Instrument): bigint {
  const value = notionalMinor(price, position, instrument);
  return value < 0n ? -value : value;
}

const share = (value: bigint, perBillion: bigint, parts: number): bigint =>
  divideRounded(value * perBillion, BILLION * BigInt(parts));

interface Carried {
  readonly portfolio: string;
  readonly symbol: string;
  readonly position: number;
  readonly price: number;
}

function tell(
  session: Session,
  { portfolio, symbol, position, price }: Carried,
  reason: ExecReason,
  fee: bigint,
  tradeUs: number,
): void {
  if (fee === 0n) return;
  const side = position > 0 ? ("BUY" as const) : ("SELL" as const);
  const order = { orderId: 0, portfolio, symbol, side };
  const carried = { quantity: Math.abs(position), price, fee, tradeUs };
  session.report({ order, executed: 0, leaves: 0 }, "CARRIED", reason, carried);
}
