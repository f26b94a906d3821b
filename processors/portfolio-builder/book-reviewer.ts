// Signals into target positions, reviewed instant by instant: builds where a method needs more than a
// view's direction, or where a book is to be rebalanced. Promises: one review of an instant, with all
// signals of it; nothing is proposed unless a trigger fires (triggers.ts); then the whole book is sized
// again, and what is not worth a trade, or beyond a limit, is left as it is (trade-plan.ts).
//
// A position is what the last snapshot says. A target just proposed counts as reached until the symbol's
// next fill, or the second bar after it: its order is on its way. Corporate actions: book-actions.ts.

import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { takeRate } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { emptyRows, type ReturnRows, takeReturn } from "../return-rows.ts";
import type { SizingConfig, TurnSizing, ViewSizing } from "../sizing-config.ts";
import {
  type Book,
  emptyBook,
  expectSignal,
  takeInstrument,
  takeSignal,
  takeSnapshot,
} from "./book.ts";
import { act } from "./book-actions.ts";
import { conversionsDue, noConversions, takeFill, takePrice } from "./conversions.ts";
import { emptyOutlook, type Outlook, takeFlow, takeForecast, takeRegime } from "./conviction.ts";
import type { Line } from "./line.ts";
import { settle, weighed } from "./settling.ts";
import { aimsOf } from "./target-weights.ts";
import { planTrades } from "./trade-plan.ts";
import { fires } from "./triggers.ts";

type Inputs =
  | "market.instruments"
  | "market.corporate-actions"
  | "features"
  | "signals"
  | "portfolio.snapshots"
  | "fills"
  | "market.bars"
  | "regimes"
  | "forecasts";

/** True where portfolioBuilder does: a target moves with its view alone, in lots cut down. */
export const followsTurns = (sizing: SizingConfig): sizing is TurnSizing =>
  (sizing.method === "FIXED_QUANTITY" ||
    sizing.method === "EQUAL_WEIGHT" ||
    sizing.method === "INVERSE_VOLATILITY") &&
  sizing.rebalance === undefined &&
  sizing.lots !== "LEAST_CASH";

/** Throws VALUE_QUANTITY_INVALID and PROCESSOR_CURRENCY_UNSUPPORTED. Cost: linear in the symbols, a review. */
export function bookReviewer(
  sizing: ViewSizing,
  portfolio: PortfolioConfig,
): Processor<Book, Inputs, "weights.proposals"> {
  const identity = JSON.stringify(sizing);
  const outlook = sizing.method === "INTEGRATED" ? sizing : null;
  const covariance = sizing.method === "VOLATILITY_TARGET" ? sizing.covariance : undefined;
  const window = sizing.method === "FRACTIONAL_KELLY" ? sizing.window : null;
  return {
    name: "portfolio-builder",
    version: 1,
    scope: "portfolio",
    inputs: [
      "market.instruments",
      "market.corporate-actions",
      "features",
      "signals",
      "portfolio.snapshots",
      ...(portfolio.convert === undefined ? [] : (["fills"] as const)),
      ...(portfolio.rateMaxAgeUs === undefined && outlook?.toxicity === undefined
        ? []
        : (["market.bars"] as const)),
      ...(outlook?.regimes === undefined ? [] : (["regimes"] as const)),
      ...(outlook?.forecasts === undefined ? [] : (["forecasts"] as const)),
    ],
    outputs: { "weights.proposals": 0 },
    onFailure: "stop",
    initial: () => emptyBook(identity, portfolio.initialCashMinor),
    evolve(book, event) {
      book.proposal = null;
      switch (event.topic) {
        case "features":
          expectSignal(book, event.value, event.timeUs);
          if (covariance !== undefined) takeReturn(rowsOf(book, covariance.window), event.value);
          return book;
        case "signals":
          if (takeSignal(book, event.value, event.timeUs, sizing.allowShort, window)) {
            review(book, event.timeUs, sizing, portfolio, identity);
          }
          return book;
        case "portfolio.snapshots":
          if (event.value.portfolio !== portfolio.name) return book;
          takeSnapshot(book, event.value);
          if (portfolio.convert !== undefined) convert(book, event, sizing, portfolio);
          return book;
        case "fills":
          if (event.value.portfolio !== portfolio.name) return book;
          book.conversions ??= noConversions();
          takeFill(book.conversions, event.value, event.timeUs);
          return book;
        case "market.bars":
          if (portfolio.convert !== undefined) {
            book.conversions ??= noConversions();
            const { symbol, close } = event.value;
            takePrice(book.conversions, book.instruments.get(symbol), close);
          }
          if (portfolio.rateMaxAgeUs !== undefined) {
            takeRate(book.instruments, event.value.symbol, event.value.close, portfolio);
          }
          if (outlook?.toxicity !== undefined) {
            takeFlow(outlookOf(book), event.value, outlook.toxicity);
          }
          return book;
        case "regimes":
          takeRegime(outlookOf(book), event.value);
          return book;
        case "forecasts":
          takeForecast(outlookOf(book), event.value);
          return book;
        case "market.corporate-actions":
          act(book, event.value);
          return book;
        case "market.instruments":
          takeInstrument(book, event.value);
          return book;
      }
    },
    decide: ({ proposal }) => (proposal === null ? nothing : [emit("weights.proposals", proposal)]),
  };
}

function outlookOf(book: Book): Outlook {
  book.outlook ??= emptyOutlook();
  return book.outlook;
}

function convert(
  book: Book,
  { value, timeUs }: EventOf<"portfolio.snapshots">,
  { method }: ViewSizing,
  portfolio: PortfolioConfig,
): void {
  book.conversions ??= noConversions();
  const targets = conversionsDue(book.conversions, book.instruments, value, timeUs, portfolio);
  if (targets.length === 0) return;
  book.proposal = {
    portfolio: portfolio.name,
    method,
    equity: book.equity,
    targets,
    certificate: null,
  };
}

/** A fork that asks for another window begins it anew. */
function rowsOf(book: Book, rows: number): ReturnRows {
  if (book.returns?.rows !== rows) book.returns = emptyRows(rows);
  return book.returns as ReturnRows;
}

function review(
  book: Book,
  timeUs: number,
  sizing: ViewSizing,
  portfolio: PortfolioConfig,
  identity: string,
): void {
  if (book.reviewedUs !== book.barUs) {
    book.reviewedUs = book.barUs;
    book.bars++;
    for (const name of book.names.values()) if (name.trust > 0) name.trust--;
  }
  const aims = aimsOf(book, sizing, portfolio).map((aim) => weighed(aim, book.equity));
  const renewed = book.sizing !== identity;
  book.sizing = identity;
  // A plan costs more than a look, and most reviews need none.
  let planned: readonly Line[] | null = null;
  const plan = (): readonly Line[] => {
    planned ??= planTrades(aims, {
      equity: book.equity,
      rebalance: sizing.rebalance ?? null,
      grossBps: grossBpsOf(sizing),
      leastCash: sizing.lots === "LEAST_CASH",
    });
    return planned;
  };
  const isIdle = (index: number): boolean => plan()[index]?.quantity === aims[index]?.position;
  if (!fires(book, sizing.rebalance, timeUs, aims, isIdle) && !renewed) return;
  const lines = plan();
  const targets = lines.flatMap(settle);
  if (targets.length === 0) return;
  const { name, method, equity } = { ...portfolio, ...sizing, equity: book.equity };
  book.proposal = { portfolio: name, method, equity, targets, certificate: null };
}

const grossBpsOf = (sizing: ViewSizing): number | null =>
  "grossBps" in sizing
    ? sizing.grossBps
    : "maxLeverageBps" in sizing
      ? sizing.maxLeverageBps
      : null;
