// Snapshots, ledger, trades and the report's digests are four paths through corporate actions; they must
// agree to the last minor unit.

import fc from "fast-check";
import { expect, test } from "vitest";
import { portfolioProjector } from "../../processors/portfolio-projector/portfolio-projector.ts";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { EventOf } from "../../streams/event.ts";
import {
  bar,
  delisted,
  dividend,
  filled,
  MINUTE_US,
  renamed,
  split,
} from "../../streams/testing/facts.ts";
import { at, equity } from "../../streams/testing/given.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { askedAnswer, balanceOf, sumOf } from "./testing/asked-answer.ts";
import { TradeDigest } from "./trade-digest.ts";

const account = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
type Event = EventOf<"market.bars" | "market.corporate-actions" | "fills">;
type Step = (timeUs: number) => Event;

const symbol = fc.constantFrom("A", "B");
const price = fc.integer({ min: 1, max: 9_999 });
const part = fc.integer({ min: 1, max: 25 });
const acts =
  (value: CorporateAction): Step =>
  (timeUs) =>
    at(timeUs, "market.corporate-actions", value);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(symbol, fc.integer({ min: -500, max: 500 }), price)
    .filter(([, quantity]) => quantity !== 0)
    .map(([name, quantity, paid]) => (tradeUs: number) => {
      return at(tradeUs, "fills", filled(1, name, quantity, paid, { fee: 3n, tradeUs }));
    }),
  fc.tuple(symbol, price).map(([name, close]) => (timeUs: number) => {
    return at(timeUs, "market.bars", bar(name, timeUs, close));
  }),
  fc.tuple(symbol, part, part).map(([name, fresh, old]) => acts(split(name, fresh, old))),
  fc.tuple(symbol, fc.integer({ min: 1, max: 500 })).map(([a, paid]) => acts(dividend(a, paid))),
  fc.tuple(symbol, fc.option(price)).map(([name, last]) => acts(delisted(name, last))),
  symbol.map((name) => acts(renamed(name, name === "A" ? "B" : "A"))),
);

test("cash, profit and trades are the same on every path", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const known = new Map(["A", "B"].map((name) => [name, equity(name)]));
      const projector = portfolioProjector(account);
      const [ledger, trips, held] = ["cash-ledger", "trades", "positions"].map((name) =>
        askedAnswer(account, name),
      );
      let portfolio = projector.initial();
      const see = (event: Event | EventOf<"market.instruments">): void => {
        portfolio = projector.evolve(portfolio, event);
        for (const answer of [ledger, trips, held]) answer?.see(event);
      };
      for (const instrument of known.values()) see(at(0, "market.instruments", instrument));
      const digest = new TradeDigest(known);
      const excursions = new ExcursionDigest(known);
      for (const [i, make] of steps.entries()) {
        const event = make((i + 1) * MINUTE_US);
        see(event);
        if (event.topic === "market.bars") {
          digest.bar(event.value.symbol, event.value.close);
          excursions.bar(event.value);
        } else if (event.topic === "fills") {
          digest.add(event.value);
          excursions.fill(event.value);
        } else {
          digest.act(event.value, event.timeUs);
          excursions.act(event.value, event.timeUs);
        }
        if (ledger) {
          const books = ledger.rows();
          const profit = ["realised", "dividends", "fees"].map((name) => balanceOf(books, name));
          expect(sumOf(books, "debit")).toBe(sumOf(books, "credit"));
          expect(balanceOf(books, "cash")).toBe(portfolio.cash);
          expect(-profit.reduce((sum, one) => sum + one)).toBe(portfolio.realised);
        }
        if (held) expect(sumOf(held.rows(), "realised")).toBe(portfolio.realised);
      }
      if (trips) {
        const closed = trips.rows().filter(({ exit }) => exit !== null);
        expect(sumOf(trips.rows(), "profit")).toBe(portfolio.realised);
        expect(digest.trades).toBe(closed.length);
        expect(digest.profit - digest.loss).toBe(sumOf(closed, "profit"));
      }
      expect(excursions.means().largestAdverse === null).toBe(digest.trades === 0);
    }),
    { numRuns: 500 },
  );
});
