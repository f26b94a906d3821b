// A double-entry ledger, for the answers that show one: each fill, each cost of carrying and each corporate action
// posts entries that sum to zero in every currency, and so does every trial balance. Debits are positive.
// Each report counts once, however often it comes, and a busted trade is taken back.

import { TapedeckError } from "../schemas/errors.ts";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import {
  actOn,
  bookReport,
  type Held,
  heldBy,
  noted,
  withHolding,
} from "../schemas/values/booking.ts";
import { isMargined } from "../schemas/values/contract-terms.ts";
import { applyAction } from "../schemas/values/corporate-action.ts";
import { addHolding, emptied, flat, type LotMethod } from "../schemas/values/holding.ts";
import { keepAction, type PastAction } from "../schemas/values/late-deal.ts";
import type { EventOf } from "../streams/event.ts";
import type { Account } from "./answer.ts";
import {
  type AccountName,
  actionEntries,
  type Cause,
  type Entry,
  entriesOf,
  type Transaction,
} from "./postings.ts";

export const ledgerInputs = [
  "market.instruments",
  "market.bars",
  "market.corporate-actions",
  "fills",
] as const;

export type LedgerInput = (typeof ledgerInputs)[number];

export interface Book {
  readonly portfolio: string;
  readonly currency: string;
  readonly currencyScale: number;
  readonly accounts: Map<AccountName, bigint>;
}

export interface LedgerState {
  readonly lots: LotMethod;
  readonly instruments: Map<string, Instrument>;
  /** Last close by symbol, or the last executed price before the first close: of fractions of shares. */
  readonly marks: Map<string, number>;
  /** By symbol, for who has not held it yet. */
  readonly past: Map<string, readonly PastAction[]>;
  /** By portfolio and symbol. */
  readonly holdings: Map<string, Held>;
  /** By portfolio and currency. */
  readonly books: Map<string, Book>;
}

const key = (portfolio: string, of: string): string => `${portfolio}\n${of}`;

/** Writes entries that sum to zero in each currency; anything else is refused whole. */
function post(state: LedgerState, { portfolio, symbol, entries }: Transaction): void {
  for (const { currency } of entries) {
    const own = entries.filter((entry) => entry.currency === currency);
    const sum = own.reduce((total, { amount }) => total + amount, 0n);
    if (sum === 0n) continue;
    throw new TapedeckError(
      "PROJECTION_LEDGER_UNBALANCED",
      `entries of ${symbol} sum to ${sum} in ${currency}, not to 0`,
      { portfolio, symbol, currency, sum },
    );
  }
  for (const entry of entries) {
    const { accounts } = bookOf(state, portfolio, entry);
    accounts.set(entry.account, (accounts.get(entry.account) ?? 0n) + entry.amount);
  }
}

function bookOf(state: LedgerState, portfolio: string, { currency, scale }: Entry): Book {
  const found = state.books.get(key(portfolio, currency));
  if (found !== undefined) return found;
  const book = { portfolio, currency, currencyScale: scale, accounts: new Map() };
  state.books.set(key(portfolio, currency), book);
  return book;
}

/** The capital as the first transaction. */
export function opening({ name, currency, currencyScale, initialCashMinor }: Account): Transaction {
  const entry = (account: AccountName, amount: bigint): Entry => ({
    currency,
    scale: currencyScale,
    account,
    amount,
  });
  const entries = [entry("cash", initialCashMinor), entry("capital", -initialCashMinor)];
  return transaction(name, "OPENING", "", entries);
}

const transaction = (
  portfolio: string,
  cause: Cause,
  symbol: string,
  entries: readonly Entry[],
): Transaction => ({ portfolio, cause, symbol, quantity: 0, price: 0, reason: "NONE", entries });

export function openLedger(account: Account): LedgerState {
  const state = {
    lots: account.lots ?? "AVERAGE",
    instruments: new Map(),
    marks: new Map(),
    past: new Map(),
    holdings: new Map(),
    books: new Map(),
  } as const;
  post(state, opening(account));
  return state;
}

/** Folds an event in, and tells what it posted: nothing as a rule. */
export function postEvent(state: LedgerState, event: EventOf<LedgerInput>): readonly Transaction[] {
  switch (event.topic) {
    case "market.bars":
      state.marks.set(event.value.symbol, event.value.close);
      return [];
    case "market.instruments":
      state.instruments.set(event.value.symbol, event.value);
      return [];
    case "market.corporate-actions":
      return act(state, event.value, event.timeUs);
    case "fills":
      return report(state, event.value);
  }
}

function report(state: LedgerState, fill: ExecutionReport): readonly Transaction[] {
  const { portfolio, symbol, execType, price, reason } = fill;
  const at = key(portfolio, symbol);
  const before = state.holdings.get(at) ?? heldBy(state.lots, state.past.get(symbol));
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) {
    if (execType !== "FILLED" && execType !== "CARRIED") {
      state.holdings.set(at, noted(before, fill));
      return [];
    }
    throw new TapedeckError("PROJECTION_INSTRUMENT_UNKNOWN", `a fill of ${symbol} came first`, {
      symbol,
      orderId: fill.orderId,
    });
  }
  const { held, booking, instead } = bookReport(before, fill, instrument);
  const exchanges = instrument.contract === "EXCHANGE";
  // What a conversion buys is cash.
  const kept = exchanges ? withHolding(held, emptied(held.holding)) : held;
  const { holding } = kept;
  state.holdings.set(at, kept);
  const elsewhere = instead === undefined ? [] : report(state, instead);
  if (booking === null) return elsewhere;
  if (execType !== "CARRIED" && (state.marks.get(symbol) ?? 0) === 0) {
    state.marks.set(symbol, price);
  }
  const entries = entriesOf(booking, instrument, before.holding.cost, holding.cost);
  const posted = {
    ...transaction(portfolio, causeOf(fill, instrument), symbol, entries),
    quantity: booking.quantity,
    price,
    reason: execType === "CARRIED" ? reason : ("NONE" as const),
  };
  post(state, posted);
  return [posted, ...elsewhere];
}

function causeOf({ execType, side }: ExecutionReport, { contract }: Instrument): Cause {
  if (execType === "CARRIED") return "CARRIED";
  if (execType === "TRADE_CANCEL") return "BUSTED";
  if (contract === "EXCHANGE") return "CONVERSION";
  return side === "BUY" ? "BUY" : "SELL";
}

function act(state: LedgerState, action: CorporateAction, timeUs: number): readonly Transaction[] {
  const { symbol, newSymbol } = action;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) return [];
  const mark = state.marks.get(symbol) ?? 0;
  const done: Transaction[] = [];
  for (const portfolio of holdersOf(state, symbol)) {
    const before = state.holdings.get(key(portfolio, symbol)) as Held;
    const { held, result } = actOn(before, mark, action, instrument, timeUs);
    state.holdings.set(key(portfolio, symbol), held);
    const entries = actionEntries(action, result, instrument, before.holding.cost);
    if (entries.length > 0) done.push(transaction(portfolio, action.action, symbol, entries));
    if (action.action === "SYMBOL_CHANGE") {
      done.push(...rename(state, portfolio, instrument, action));
    }
  }
  state.past.set(symbol, keepAction(state.past.get(symbol) ?? [], timeUs, action, mark, 0));
  const { mark: after } = applyAction(flat, mark, action, instrument);
  state.marks.set(symbol, after);
  if (action.action === "SYMBOL_CHANGE") {
    if (after !== 0) state.marks.set(newSymbol, after);
    if (!state.instruments.has(newSymbol)) {
      state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
    }
  }
  for (const each of done) post(state, each);
  return done;
}

/** Portfolios that have held the symbol, in the order of their first fills of anything. */
const holdersOf = (state: LedgerState, symbol: string): readonly string[] =>
  [...state.books.values()]
    .map(({ portfolio }) => portfolio)
    .filter((portfolio, i, all) => all.indexOf(portfolio) === i)
    .filter((portfolio) => state.holdings.has(key(portfolio, symbol)));

/** Puts the holding with what is held of the new symbol already, which is nothing as a rule. */
function rename(
  state: LedgerState,
  portfolio: string,
  instrument: Instrument,
  { symbol, newSymbol }: CorporateAction,
): readonly Transaction[] {
  const old = state.holdings.get(key(portfolio, symbol)) as Held;
  state.holdings.set(key(portfolio, symbol), withHolding(old, emptied(old.holding)));
  if (old.holding.quantity === 0) return [];
  const target =
    state.holdings.get(key(portfolio, newSymbol)) ?? heldBy(state.lots, state.past.get(newSymbol));
  const { holding, realised } = addHolding(target.holding, old.holding);
  state.holdings.set(key(portfolio, newSymbol), withHolding(target, holding));
  if (realised === 0n) return [];
  // Two positions that met have closed each other: their costs differ by a profit.
  const { currency, currencyScale: scale } = instrument;
  const into = isMargined(instrument) ? "cash" : "securities";
  return [
    transaction(portfolio, "SYMBOL_CHANGE", newSymbol, [
      { currency, scale, account: into, amount: realised },
      { currency, scale, account: "realised", amount: -realised },
    ]),
  ];
}

/** Sum of what every currency of every portfolio is out of balance by: 0n, or the ledger is broken. */
export function trialBalance(state: LedgerState): bigint {
  let out = 0n;
  for (const { accounts } of state.books.values()) {
    let sum = 0n;
    for (const amount of accounts.values()) sum += amount;
    out += sum < 0n ? -sum : sum;
  }
  return out;
}

export function balanceOf(
  state: LedgerState,
  portfolio: string,
  currency: string,
  account: AccountName,
): bigint {
  return state.books.get(key(portfolio, currency))?.accounts.get(account) ?? 0n;
}
