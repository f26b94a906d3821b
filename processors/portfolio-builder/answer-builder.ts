// The pool's answers into target positions. Promises: a proposal holds the answer's proof, and its targets are the answer's
// weights in whole lots, less what is not worth a trade from what is held (trade-plan.ts); an answer without a portfolio,
// or one that is older than one that was traded on, proposes nothing: what is held stays.
//
// Whether the proof holds, and whether the answer came in time, the risk gate judges.

import type { PoolAnswer } from "../../schemas/generated/pool.answers.ts";
import type { WeightsCertificate } from "../../schemas/generated/weights.proposals.ts";
import { emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import { isPair, requireValue, takeRate } from "../currency.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OptimisedSizing } from "../sizing-config.ts";
import { type Book, emptyBook, nameOf, takeInstrument, takeSnapshot } from "./book.ts";
import { act } from "./book-actions.ts";
import { settle, weighed } from "./settling.ts";
import { shareOf } from "./sizing.ts";
import type { Aim } from "./target-weights.ts";
import { planTrades } from "./trade-plan.ts";

type Input =
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "features"
  | "portfolio.snapshots"
  | "pool.answers";

interface State {
  readonly book: Book;
  /** Number of the last request whose answer was proposed. */
  request: number;
}

/** Throws VALUE_QUANTITY_INVALID and PROCESSOR_CURRENCY_UNSUPPORTED. Cost: linear in the symbols, an answer. */
export function answerBuilder(
  sizing: OptimisedSizing,
  portfolio: PortfolioConfig,
): Processor<State, Input, "weights.proposals"> {
  return {
    name: "portfolio-builder",
    version: 1,
    scope: "portfolio",
    inputs: [
      "market.instruments",
      "market.corporate-actions",
      ...(portfolio.rateMaxAgeUs === undefined ? [] : (["market.bars"] as const)),
      "features",
      "portfolio.snapshots",
      "pool.answers",
    ],
    outputs: { "weights.proposals": 0 },
    onFailure: "stop",
    initial: () => ({ book: emptyBook("", portfolio.initialCashMinor), request: 0 }),
    evolve(state, event) {
      const { book } = state;
      book.proposal = null;
      switch (event.topic) {
        case "features": {
          const { symbol, price } = event.value;
          nameOf(book, symbol, price).price = price;
          return state;
        }
        case "pool.answers":
          if (event.value.portfolio === portfolio.name) {
            propose(state, event.value, sizing, portfolio);
          }
          return state;
        case "portfolio.snapshots":
          if (event.value.portfolio === portfolio.name) takeSnapshot(book, event.value);
          return state;
        case "market.bars":
          takeRate(book.instruments, event.value.symbol, event.value.close, portfolio);
          return state;
        case "market.corporate-actions":
          act(book, event.value);
          return state;
        case "market.instruments":
          takeInstrument(book, event.value);
          return state;
      }
    },
    decide: ({ book: { proposal } }) =>
      proposal === null ? nothing : [emit("weights.proposals", proposal)],
  };
}

function propose(
  state: State,
  answer: PoolAnswer,
  sizing: OptimisedSizing,
  portfolio: PortfolioConfig,
): void {
  const { book } = state;
  const isPortfolio = answer.status === "OPTIMAL" || answer.status === "FEASIBLE";
  if (!isPortfolio || answer.request <= state.request) return;
  state.request = answer.request;
  const { equity } = book;
  // Whether the last proposal was passed is not known here. What works already is not sent twice (order-router.ts).
  for (const name of book.names.values()) name.trust = 0;
  const aims = aimsOf(book, answer, portfolio).map((aim) => weighed(aim, equity));
  const { rebalance = null, lots } = sizing;
  const lines = planTrades(aims, {
    equity,
    rebalance,
    grossBps: null,
    leastCash: lots === "LEAST_CASH",
  });
  const targets = lines.flatMap(settle);
  if (targets.length === 0) return;
  const { name, method } = { ...portfolio, ...sizing };
  const certificate = certificateOf(answer);
  book.proposal = { portfolio: name, method, equity, targets, certificate };
}

/** What the answer does not name is sold. */
function aimsOf(book: Book, { assets, weights }: PoolAnswer, portfolio: PortfolioConfig): Aim[] {
  const aims: Aim[] = [];
  for (const [symbol, name] of book.names) {
    const instrument = book.instruments.get(symbol);
    if (instrument === undefined || isPair(instrument)) continue;
    const weight = book.equity <= 0n ? 0 : (weights[assets.indexOf(symbol)] ?? 0);
    if (weight !== 0) requireValue(instrument, portfolio);
    const share = weight === 0 ? null : shareOf(Math.abs(weight));
    aims.push({ symbol, name, instrument, weight, share, quantity: 0 });
  }
  return aims;
}

function certificateOf(answer: PoolAnswer): WeightsCertificate {
  const { request, inputHash, scenarioHash, status, assets, weights } = answer;
  const { upper, lower, gap, feasibility, shadowPrices, marginalRisk } = answer;
  const { tailScenarios, tailMasses, rowPrices, cvarPrice, variancePrice } = answer;
  return {
    ...{ request, inputHash, scenarioHash, status, assets, weights },
    ...{ upper, lower, gap, feasibility, shadowPrices, marginalRisk },
    ...{ tailScenarios, tailMasses, rowPrices, cvarPrice, variancePrice },
  };
}
