// The portfolio's snapshots and the ledger keep money by themselves: after any history in several currencies,
// of everything that an instrument can be, they know the same equity, cash and fees.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { PortfolioConfig } from "../../processors/flow-config.ts";
import { portfolioProjector } from "../../processors/portfolio-projector/portfolio-projector.ts";
import { balanceOf, openLedger, postEvent } from "../../projections/ledger.ts";
import { statementOf } from "../../projections/statement.ts";
import type { Charge } from "../../schemas/generated/fills.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, delisted, dividend, filled, split } from "../../streams/testing/facts.ts";
import { at, equity } from "../../streams/testing/given.ts";

const own = { currency: "USD", currencyScale: 2 };
const base = { contract: "EXCHANGE", baseScale: 2 } as const;
const instruments = [
  equity("EURUSD", { ...own, ...base, priceScale: 4, baseCurrency: "EUR" }),
  // The portfolio's currency may be the base of a pair.
  equity("USDJPY", { ...base, currency: "JPY", currencyScale: 0, baseCurrency: "USD" }),
  equity("US"),
  equity("EU", { currency: "EUR" }),
  equity("JP", { currency: "JPY", currencyScale: 0 }),
  equity("FUT", { currency: "EUR", contract: "LINEAR", multiplier: 25 }),
  equity("INV", { currency: "EUR", contract: "INVERSE", multiplier: 100 }),
];
const symbol = fc.constantFrom(...instruments.map((each) => each.symbol));
const price = fc.integer({ min: 1, max: 20_000 });
const quantity = fc.integer({ min: -200, max: 200 }).filter((size) => size !== 0);
const fee = fc.bigInt({ min: -20n, max: 90n });
const charges: fc.Arbitrary<readonly Charge[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("FEE", "TAX"),
      currency: fc.constantFrom("USD", "EUR", "JPY"),
      amount: fee,
    }),
    { maxLength: 3 },
  )
  .map((some) => some.map((each) => ({ ...each, scale: each.currency === "JPY" ? 0 : 2 })));

type Event = EventOf<"market.bars" | "market.corporate-actions" | "fills" | "market.instruments">;
type Make = (timeUs: number, execId: number) => Event;

const step: fc.Arbitrary<Make> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(symbol, quantity, price, fee, charges).map(
      ([of, size, paid, charged, beside]): Make =>
        (timeUs, execId) =>
          at(timeUs, "fills", filled(1, of, size, paid, { execId, fee: charged, charges: beside })),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(symbol, price).map(
      ([of, close]): Make =>
        (timeUs) =>
          at(timeUs, "market.bars", bar(of, timeUs, close)),
    ),
  },
  fc.tuple(symbol, fee).map(
    ([of, cost]): Make =>
      (timeUs, execId) =>
        at(timeUs, "fills", filled(0, of, 0, 0, { execId, execType: "CARRIED", fee: cost })),
  ),
  fc.tuple(symbol, quantity, price, fc.integer({ min: 1, max: 30 }), charges).map(
    ([of, size, paid, refExecId, beside]): Make =>
      (timeUs, execId) =>
        at(
          timeUs,
          "fills",
          filled(0, of, size, paid, {
            execId,
            refExecId,
            execType: "TRADE_CANCEL",
            charges: beside,
          }),
        ),
  ),
  fc.tuple(price, fc.integer({ min: 0, max: 1_000_000 })).map(
    ([amount, withheldPerMillion]): Make =>
      (timeUs) =>
        at(timeUs, "market.corporate-actions", {
          ...dividend("EU", amount),
          currency: "EUR",
          withheldPerMillion,
        }),
  ),
  fc.tuple(fc.constantFrom("US", "EU", "JP"), fc.integer({ min: 1, max: 9 })).map(
    ([of, fresh]): Make =>
      (timeUs) =>
        at(timeUs, "market.corporate-actions", split(of, fresh, 4)),
  ),
  fc.tuple(fc.constantFrom("FUT", "INV", "JP"), price).map(
    ([of, final]): Make =>
      (timeUs) =>
        at(timeUs, "market.corporate-actions", delisted(of, final)),
  ),
);

/** Instruments and a rate of each currency, then the steps. A report's number is its symbol's; here each has its own. */
const eventsOf = (steps: readonly Make[]): readonly Event[] => [
  ...instruments.map((each) => at(0, "market.instruments", each)),
  at(1, "market.bars", bar("EURUSD", 1, 11_000)),
  at(1, "market.bars", bar("USDJPY", 1, 15_000)),
  ...steps.map((make, i) => make(i + 2, i + 1)),
];

const accountBy = (lots: "AVERAGE" | "FIFO"): PortfolioConfig => ({
  name: "main",
  ...own,
  initialCashMinor: 10_000_000n,
  lots,
  rateMaxAgeUs: 1_000_000,
});

test("first in first out and the average agree on equity, fees and taxes after every event", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const books = (["AVERAGE", "FIFO"] as const).map((lots) => {
        const projector = portfolioProjector(accountBy(lots));
        return { projector, state: projector.initial() };
      });
      for (const event of eventsOf(steps)) {
        const [average, fifo] = books.map((book) => {
          book.state = book.projector.evolve(book.state, event);
          const { value } = book.projector.decide(book.state, event).at(-1) ?? { value: null };
          if (value === null) return null;
          // Not on cash: of a contract against margin that is paid which is realised.
          const { equity, fees, taxes, quantity, grossExposure } = value;
          return { equity, fees, taxes, quantity, grossExposure };
        });
        expect(fifo).toEqual(average);
      }
    }),
    { numRuns: 5_000 },
  );
});

test.each(["AVERAGE", "FIFO"] as const)(
  "snapshots and ledger agree after every event, %s",
  (lots) => {
    const config = accountBy(lots);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = openLedger(config);
        const projector = portfolioProjector(config);
        let state = projector.initial();
        // At an action a snapshot keeps the equity to the cent, the ledger a rounded price: till the next one.
        const unmarked = new Set<string>();
        for (const event of eventsOf(steps)) {
          if (event.topic === "market.corporate-actions") unmarked.add(event.value.symbol);
          if (event.topic === "market.bars") unmarked.delete(event.value.symbol);
          postEvent(ledger, event);
          state = projector.evolve(state, event);
          const snapshot = projector.decide(state, event).at(-1)?.value;
          if (snapshot === undefined || unmarked.size > 0) continue;
          const { equity: lines, total } = statementOf(config, new Map(), [], ledger);
          expect(formatScaled(snapshot.equity, 2)).toBe(total);
          expect(lines.every(({ rate }) => rate !== null)).toBe(true);
          for (const account of ["fees", "taxes"] as const) {
            if (lines.length === 1) {
              expect(snapshot[account]).toBe(balanceOf(ledger, "main", "USD", account));
            }
          }
          if (lines.length === 1) expect(formatScaled(snapshot.cash, 2)).toBe(lines[0]?.cash);
        }
      }),
      { numRuns: 20000 },
    );
  },
);
