// Snapshots, ledger, trades and the report's digests are four paths through corporate actions; they must
// agree to the last minor unit.

import fc from "fast-check";
import { expect, test } from "vitest";
import { portfolioProjector } from "../../processors/portfolio-projector/portfolio-projector.ts";
import type { EventOf } from "../../streams/event.ts";
import { bookStep, bookSymbols, type Step } from "../../streams/testing/book-history.spec.ts";
import { MINUTE_US } from "../../streams/testing/facts.ts";
import { at, equity } from "../../streams/testing/given.ts";
import { ExcursionDigest } from "./excursion-digest.ts";
import { askedAnswer, balanceOf, sumOf } from "./testing/asked-answer.ts";
import { TradeDigest } from "./trade-digest.ts";

type Event = EventOf<"market.instruments"> | ReturnType<Step>;

const account = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};

test("cash, profit and trades are the same on every path", () => {
  fc.assert(
    fc.property(fc.array(bookStep, { maxLength: 40 }), (steps) => {
      const known = new Map(bookSymbols.map((name) => [name, equity(name)]));
      const projector = portfolioProjector(account);
      const [ledger, trips, held] = ["cash-ledger", "trades", "positions"].map((name) =>
        askedAnswer(account, name),
      );
      let portfolio = projector.initial();
      const see = (event: Event): void => {
        portfolio = projector.evolve(portfolio, event);
        for (const answer of [ledger, trips, held]) answer?.see(event);
      };
      for (const instrument of known.values()) see(at(0, "market.instruments", instrument));
      const digest = new TradeDigest(known, { currency: "USD", currencyScale: 2 });
      const exported: bigint[] = [];
      const excursions = new ExcursionDigest(known, ({ realised, fees }) =>
        exported.push(realised - fees),
      );
      for (const [i, make] of steps.entries()) {
        const event = make((i + 1) * MINUTE_US);
        see(event);
        if (event.topic === "market.bars") {
          digest.bar(event.value);
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
        expect(exported).toEqual(closed.map((row) => sumOf([row], "profit")));
      }
      expect(excursions.means().largestAdverse === null).toBe(digest.trades === 0);
    }),
    { numRuns: 500 },
  );
});
