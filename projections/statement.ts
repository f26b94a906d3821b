// A statement of account: what stood in each account before, every entry with what caused it, what stands in
// it after, what is held at which price, and what that comes to. Promises: opening and entries add up to the
// closing balance, account by account; amounts are decimal text, exact; where a currency has no recorded rate,
// what it is worth in the portfolio's is null and so is the total, never a guess.

import type { ExecReason } from "../schemas/generated/fills.ts";
import { isMargined } from "../schemas/values/contract-terms.ts";
import { convertMinor, type Rate, rateOf } from "../schemas/values/conversion.ts";
import { divideRounded, formatScaled } from "../schemas/values/decimal.ts";
import { averagePrice } from "../schemas/values/holding.ts";
import { notionalMinor } from "../schemas/values/money.ts";
import { formatIsoUs } from "../schemas/values/time.ts";
import type { Account } from "./answer.ts";
import type { LedgerState } from "./ledger.ts";
import type { AccountName, Cause, Transaction } from "./postings.ts";

const RATE_DIGITS = 8;

export interface BalanceLine {
  readonly currency: string;
  readonly account: AccountName;
  readonly opening: string;
  readonly change: string;
  readonly closing: string;
}

export interface EntryLine {
  readonly at: string;
  /** Of what was carried, what for. */
  readonly cause: Cause | ExecReason;
  readonly symbol: string;
  readonly quantity: string | null;
  readonly price: string | null;
  readonly account: AccountName;
  readonly amount: string;
  readonly currency: string;
}

export interface LotLine {
  readonly opened: string;
  readonly quantity: string;
  readonly cost: string;
}

export interface PositionLine {
  readonly symbol: string;
  readonly quantity: string;
  readonly averagePrice: string | null;
  readonly cost: string;
  readonly mark: string;
  /** Of a contract against margin its profit alone. */
  readonly value: string;
  readonly unrealised: string;
  readonly currency: string;
  readonly lots: readonly LotLine[];
}

export interface EquityLine {
  readonly currency: string;
  readonly cash: string;
  readonly positions: string;
  readonly equity: string;
  /** Units of the portfolio's currency for one of this; null where none was recorded. */
  readonly rate: string | null;
  readonly converted: string | null;
}

export interface Statement {
  readonly portfolio: string;
  readonly currency: string;
  readonly balances: readonly BalanceLine[];
  readonly entries: readonly EntryLine[];
  readonly positions: readonly PositionLine[];
  readonly equity: readonly EquityLine[];
  /** In the portfolio's currency; null where a currency has no rate. */
  readonly total: string | null;
}

/** A transaction and when it was. */
export interface Posted {
  readonly timeUs: number;
  readonly transaction: Transaction;
}

/** Amounts by currency and account. */
export type Balances = ReadonlyMap<string, ReadonlyMap<AccountName, bigint>>;

/** What stands in the accounts of a portfolio now: a copy. */
export const balancesOf = ({ books }: LedgerState, portfolio: string): Balances =>
  new Map(
    [...books.values()]
      .filter((book) => book.portfolio === portfolio)
      .map(({ currency, accounts }) => [currency, new Map(accounts)]),
  );

/** `opening`: the balances before `posted`; `closing`: the ledger after it. */
export function statementOf(
  account: Account,
  opening: Balances,
  posted: readonly Posted[],
  closing: LedgerState,
): Statement {
  const own = posted.filter(({ transaction }) => transaction.portfolio === account.name);
  const positions = heldIn(closing, account.name);
  const equity = equityLines(account, closing, positions);
  const total = equity.reduce<bigint | null>(
    (sum, { converted }) => (sum === null || converted === null ? null : sum + converted),
    0n,
  );
  const { currencyScale } = account;
  return {
    portfolio: account.name,
    currency: account.currency,
    balances: balanceLines(account, opening, closing),
    entries: own.flatMap((each) => entryLines(each, closing)),
    positions: positions.map(({ line }) => line),
    equity: equity.map(({ line, converted }) => ({
      ...line,
      converted: converted === null ? null : formatScaled(converted, currencyScale),
    })),
    total: total === null ? null : formatScaled(total, currencyScale),
  };
}

function balanceLines(
  { name }: Account,
  opening: Balances,
  { books }: LedgerState,
): readonly BalanceLine[] {
  const own = [...books.values()].filter(({ portfolio }) => portfolio === name);
  return own.flatMap(({ currency, currencyScale, accounts }) =>
    [...accounts].map(([account, amount]) => {
      const before = opening.get(currency)?.get(account) ?? 0n;
      return {
        currency,
        account,
        opening: formatScaled(before, currencyScale),
        change: formatScaled(amount - before, currencyScale),
        closing: formatScaled(amount, currencyScale),
      };
    }),
  );
}

function entryLines(
  { timeUs, transaction }: Posted,
  { instruments }: LedgerState,
): readonly EntryLine[] {
  const { cause, symbol, quantity, price, reason, entries } = transaction;
  const instrument = instruments.get(symbol);
  const traded = quantity !== 0 && instrument !== undefined;
  return entries.map(({ currency, scale, account, amount }) => ({
    at: formatIsoUs(timeUs),
    cause: reason === "NONE" ? cause : reason,
    symbol,
    quantity: traded ? formatScaled(quantity, instrument.quantityScale) : null,
    price: traded ? formatScaled(price, instrument.priceScale) : null,
    account,
    amount: formatScaled(amount, scale),
    currency,
  }));
}

interface Valued {
  readonly line: PositionLine;
  readonly currencyScale: number;
  readonly value: bigint;
}

function heldIn(state: LedgerState, portfolio: string): readonly Valued[] {
  return [...state.holdings].flatMap(([key, { holding }]) => {
    const [owner, symbol = ""] = key.split("\n");
    const instrument = state.instruments.get(symbol);
    const { quantity, cost, lots = [] } = holding;
    if (owner !== portfolio || quantity === 0 || instrument === undefined) return [];
    const { currency, currencyScale, priceScale, quantityScale } = instrument;
    const mark = state.marks.get(symbol) ?? 0;
    const worth = notionalMinor(mark, quantity, instrument);
    const value = isMargined(instrument) ? worth - cost : worth;
    const money = (amount: bigint): string => formatScaled(amount, currencyScale);
    const line = {
      symbol,
      quantity: formatScaled(quantity, quantityScale),
      averagePrice: averagePrice(cost, quantity, instrument),
      cost: money(cost),
      mark: formatScaled(mark, priceScale),
      value: money(value),
      unrealised: money(worth - cost),
      currency,
      lots: lots.map((lot) => ({
        opened: formatIsoUs(lot.openedUs),
        quantity: formatScaled(lot.quantity, quantityScale),
        cost: money(lot.cost),
      })),
    };
    return [{ line, currencyScale, value }];
  });
}

interface Converted {
  readonly line: Omit<EquityLine, "converted">;
  readonly converted: bigint | null;
}

function equityLines(
  account: Account,
  state: LedgerState,
  positions: readonly Valued[],
): readonly Converted[] {
  const scales = new Map<string, number>();
  const cashIn = new Map<string, bigint>();
  for (const { portfolio, currency, currencyScale, accounts } of state.books.values()) {
    if (portfolio !== account.name) continue;
    scales.set(currency, currencyScale);
    cashIn.set(currency, accounts.get("cash") ?? 0n);
  }
  // A contract against margin that cost no fee has moved no money of its currency yet.
  for (const { line, currencyScale } of positions) scales.set(line.currency, currencyScale);
  return [...scales].map(([currency, scale]) => {
    const cash = cashIn.get(currency) ?? 0n;
    const held = positions
      .filter(({ line }) => line.currency === currency)
      .reduce((sum, { value }) => sum + value, 0n);
    const equity = cash + held;
    const rate = currency === account.currency ? one : rateIn(state, currency, account.currency);
    return {
      line: {
        currency,
        cash: formatScaled(cash, scale),
        positions: formatScaled(held, scale),
        equity: formatScaled(equity, scale),
        rate: rate === null ? null : rateText(rate, scale, account.currencyScale),
      },
      converted: equity === 0n ? 0n : rate === null ? null : convertMinor(equity, rate),
    };
  });
}

const one: Rate = { top: 1n, bottom: 1n };

/** By the first pair that has a price, in the order of their instruments. */
function rateIn(state: LedgerState, currency: string, into: string): Rate | null {
  for (const pair of state.instruments.values()) {
    const rate = rateOf(pair, state.marks.get(pair.symbol) ?? 0, currency, into);
    if (rate !== null) return rate;
  }
  return null;
}

/** Of whole units, at eight decimals. */
function rateText({ top, bottom }: Rate, scale: number, into: number): string {
  const shifted = top * 10n ** BigInt(scale + RATE_DIGITS);
  return formatScaled(divideRounded(shifted, bottom * 10n ** BigInt(into)), RATE_DIGITS);
}
