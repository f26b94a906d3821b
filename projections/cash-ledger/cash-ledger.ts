// Where did every cent go? A double-entry ledger: each fill and each corporate action posts entries that sum
// to zero, and so does every trial balance. Debits are positive. Holdings are kept at average cost; a fill of an
// instrument in another currency is booked in that currency, whose balances sum to zero too.

import { TapedeckError } from "../../schemas/errors.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { applyAction } from "../../schemas/values/corporate-action.ts";
import { dealOf } from "../../schemas/values/deal.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { changeHolding, flat, type Holding } from "../../schemas/values/holding.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { EventOf } from "../../streams/event.ts";
import type { Account, Answer } from "../answer.ts";

type Input = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";

/**
 * realised: profit of what was closed, before fees, a credit where it is a gain, as dividends are where
 * they were received.
 */
export type AccountName = "cash" | "securities" | "realised" | "dividends" | "fees" | "capital";

export interface Entry {
  readonly portfolio: string;
  readonly currency: string;
  readonly account: AccountName;
  readonly amount: bigint;
}

interface Balances {
  readonly portfolio: string;
  readonly currency: string;
  readonly currencyScale: number;
  readonly accounts: Map<AccountName, bigint>;
}

export interface LedgerState {
  readonly instruments: Map<string, Instrument>;
  /** Last close by symbol, or the last executed price before the first close: of fractions of shares. */
  readonly marks: Map<string, number>;
  /** By portfolio and symbol. */
  readonly holdings: Map<string, Holding>;
  /** By portfolio and currency. */
  readonly books: Map<string, Balances>;
}

const key = (portfolio: string, of: string): string => `${portfolio}\n${of}`;

/** The entries of one fill, given what was held before it. */
export function entriesOf(
  fill: ExecutionReport,
  instrument: Instrument,
  held: Holding,
): readonly Entry[] {
  const quantity = fill.side === "BUY" ? fill.quantity : -fill.quantity;
  const value = notionalMinor(fill.price, quantity, instrument);
  const change = changeHolding(held, quantity, value);
  const entry = (account: AccountName, amount: bigint): Entry => ({
    portfolio: fill.portfolio,
    currency: instrument.currency,
    account,
    amount,
  });
  return [
    entry("securities", change.holding.cost - held.cost),
    entry("realised", -change.realised),
    entry("fees", fill.fee),
    entry("cash", -value - fill.fee),
  ].filter(({ amount }) => amount !== 0n);
}

/** Writes entries that sum to zero into one book; anything else is refused whole. */
function post(book: Balances, entries: readonly Entry[]): void {
  const sum = entries.reduce((total, { amount }) => total + amount, 0n);
  if (sum !== 0n) {
    throw new TapedeckError("PROJECTION_LEDGER_UNBALANCED", `entries sum to ${sum}, not to 0`, {
      portfolio: book.portfolio,
      sum,
    });
  }
  for (const { account, amount } of entries) {
    book.accounts.set(account, (book.accounts.get(account) ?? 0n) + amount);
  }
}

function bookOf(state: LedgerState, portfolio: string, currency: string, scale: number): Balances {
  const found = state.books.get(key(portfolio, currency));
  if (found !== undefined) return found;
  const book = { portfolio, currency, currencyScale: scale, accounts: new Map() };
  state.books.set(key(portfolio, currency), book);
  return book;
}

function open(account: Account): LedgerState {
  const state = {
    instruments: new Map(),
    marks: new Map(),
    holdings: new Map(),
    books: new Map(),
  };
  const { name: portfolio, currency, initialCashMinor } = account;
  post(bookOf(state, portfolio, currency, account.currencyScale), [
    { portfolio, currency, account: "cash", amount: initialCashMinor },
    { portfolio, currency, account: "capital", amount: -initialCashMinor },
  ]);
  return state;
}

function evolve(state: LedgerState, event: EventOf<Input>): LedgerState {
  if (event.topic === "market.bars") state.marks.set(event.value.symbol, event.value.close);
  else if (event.topic === "market.instruments") {
    state.instruments.set(event.value.symbol, event.value);
  } else if (event.topic === "market.corporate-actions") act(state, event.value);
  else {
    const deal = dealOf(event.value);
    if (deal !== null) book(state, deal);
  }
  return state;
}

function book(state: LedgerState, fill: ExecutionReport): void {
  const instrument = state.instruments.get(fill.symbol);
  if (instrument === undefined) {
    throw new TapedeckError(
      "PROJECTION_INSTRUMENT_UNKNOWN",
      `a fill of ${fill.symbol} came first`,
      { symbol: fill.symbol, orderId: fill.orderId },
    );
  }
  const at = key(fill.portfolio, fill.symbol);
  const held = state.holdings.get(at) ?? flat;
  const quantity = fill.side === "BUY" ? fill.quantity : -fill.quantity;
  const value = notionalMinor(fill.price, quantity, instrument);
  const { currency, currencyScale } = instrument;
  post(bookOf(state, fill.portfolio, currency, currencyScale), entriesOf(fill, instrument, held));
  state.holdings.set(at, changeHolding(held, quantity, value).holding);
  if ((state.marks.get(fill.symbol) ?? 0) === 0) state.marks.set(fill.symbol, fill.price);
}

function act(state: LedgerState, action: CorporateAction): void {
  const { symbol, newSymbol } = action;
  const instrument = state.instruments.get(symbol);
  if (instrument === undefined) return;
  const mark = state.marks.get(symbol) ?? 0;
  for (const portfolio of holdersOf(state, symbol)) {
    const held = state.holdings.get(key(portfolio, symbol)) as Holding;
    const { holding, cash, realised } = applyAction(held, mark, action, instrument);
    state.holdings.set(key(portfolio, symbol), holding);
    const account = action.action === "CASH_DIVIDEND" ? "dividends" : "realised";
    const { currency, currencyScale } = instrument;
    const entry = (to: AccountName, amount: bigint): Entry => ({
      portfolio,
      currency,
      account: to,
      amount,
    });
    post(
      bookOf(state, portfolio, currency, currencyScale),
      [
        entry("securities", holding.cost - held.cost),
        entry(account, -realised),
        entry("cash", cash),
      ].filter(({ amount }) => amount !== 0n),
    );
    if (action.action === "SYMBOL_CHANGE") rename(state, portfolio, instrument, action);
  }
  const { mark: after } = applyAction(flat, mark, action, instrument);
  state.marks.set(symbol, after);
  if (action.action === "SYMBOL_CHANGE" && after !== 0) state.marks.set(newSymbol, after);
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
): void {
  if (!state.instruments.has(newSymbol)) {
    state.instruments.set(newSymbol, { ...instrument, symbol: newSymbol });
  }
  const { quantity, cost } = state.holdings.get(key(portfolio, symbol)) as Holding;
  state.holdings.delete(key(portfolio, symbol));
  if (quantity === 0) return;
  const held = state.holdings.get(key(portfolio, newSymbol)) ?? flat;
  const change = changeHolding(held, quantity, cost);
  state.holdings.set(key(portfolio, newSymbol), change.holding);
  // Two positions that met may have closed each other: their costs then differ by a profit.
  const { currency, currencyScale } = instrument;
  const book = bookOf(state, portfolio, currency, currencyScale);
  post(
    book,
    change.realised === 0n
      ? []
      : [
          { portfolio, currency, account: "securities", amount: change.realised },
          { portfolio, currency, account: "realised", amount: -change.realised },
        ],
  );
}

/** Sum of every account of every book: 0n, or the ledger is broken. */
export function trialBalance(state: LedgerState): bigint {
  let sum = 0n;
  for (const { accounts } of state.books.values()) {
    for (const amount of accounts.values()) sum += amount;
  }
  return sum;
}

export function balanceOf(
  state: LedgerState,
  portfolio: string,
  currency: string,
  account: AccountName,
): bigint {
  return state.books.get(key(portfolio, currency))?.accounts.get(account) ?? 0n;
}

export const cashLedger = (account: Account): Answer<LedgerState, Input> => ({
  question: "Where did every cent go?",
  projection: {
    name: "cash-ledger",
    version: 1,
    inputs: ["market.instruments", "market.bars", "market.corporate-actions", "fills"],
    initial: () => open(account),
    evolve,
  },
  rows: (state) =>
    [...state.books.values()].flatMap(({ portfolio, currency, currencyScale, accounts }) =>
      [...accounts].map(([name, amount]) => ({
        portfolio,
        account: name,
        debit: amount >= 0n ? formatScaled(amount, currencyScale) : null,
        credit: amount < 0n ? formatScaled(-amount, currencyScale) : null,
        currency,
      })),
    ),
});
