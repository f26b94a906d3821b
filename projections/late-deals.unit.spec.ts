// Answers after executions that are heard of late: ledger, positions and round trips earn what they had earned in time.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import {
  bar,
  delisted,
  dividend,
  filled,
  MINUTE_US,
  renamed,
  split,
} from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { cashLedger } from "./cash-ledger/cash-ledger.ts";
import { balanceOf, trialBalance } from "./ledger.ts";
import { positions, positionsOf } from "./positions/positions.ts";
import { openTrades, trades } from "./trades/trades.ts";

const M = MINUTE_US;
const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 10_000_000n };

interface Heard {
  readonly heardUs: number;
  readonly report: ExecutionReport;
}

function answers(heard: readonly Heard[], action: CorporateAction) {
  const events = [
    at(0, "market.instruments", equity("A")),
    at(1, "market.bars", bar("A", 1, 7_013)),
    at(3 * M, "market.corporate-actions", action),
    ...heard.map(({ heardUs, report }) => at(heardUs, "fills", report)),
  ].sort((a, b) => a.timeUs - b.timeUs);
  const ledger = cashLedger(account).projection;
  const held = positions(account).projection;
  const trips = trades().projection;
  const start = {
    ledger: ledger.initial(),
    held: held.initial(),
    trips: trips.initial(),
  };
  const end = events.reduce(
    (state, event) => ({
      ledger: ledger.evolve(state.ledger, event),
      held: held.evolve(state.held, event),
      trips: trips.evolve(state.trips, event),
    }),
    start,
  );
  expect(trialBalance(end.ledger)).toBe(0n);
  const listed = positionsOf(end.held);
  const open = openTrades(end.trips);
  const closed = end.trips.closed;
  return {
    cash: balanceOf(end.ledger, "main", "USD", "cash"),
    held: listed.map(({ instrument, quantity }) => [instrument.symbol, quantity]),
    earned: listed.reduce((sum, { realised, cost }) => sum + realised - cost, 0n),
    trips: open.map(({ symbol, trip }) => [symbol, trip.holding.quantity]),
    tripsEarned: [...open, ...closed].reduce(
      (sum, { trip }) => sum + trip.realised - trip.fees - trip.holding.cost,
      0n,
    ),
  };
}

test("nothing is earned or lost by hearing late", () => {
  const deals = fc.array(
    fc.record({
      quantity: fc.integer({ min: -90, max: 90 }).filter((quantity) => quantity !== 0),
      price: fc.integer({ min: 5_000, max: 9_000 }),
    }),
    { minLength: 1, maxLength: 6 },
  );
  const actions = fc.constantFrom(
    split("A", 7, 1),
    split("A", 1, 20),
    split("A", 3, 2),
    dividend("A", 41),
    renamed("A", "B"),
    delisted("A", 6_000),
  );
  fc.assert(
    fc.property(deals, actions, fc.nat({ max: 6 }), (list, action, told) => {
      const heard = (isLate: boolean): readonly Heard[] =>
        list.map(({ quantity, price }, i) => ({
          heardUs: M + i + (isLate && i >= told ? 5 * M : 0),
          report: filled(i + 1, "A", quantity, price, { execId: i + 1, tradeUs: M + i, fee: 7n }),
        }));
      const [inTime, late] = [answers(heard(false), action), answers(heard(true), action)];
      const { held, earned, ...rest } = late;
      expect(rest.cash).toBe(inTime.cash);
      expect(rest.cash).toBe(10_000_000n + earned);
      expect(held.filter(([, quantity]) => quantity !== 0)).toEqual(
        inTime.held.filter(([, quantity]) => quantity !== 0),
      );
      expect(earned).toBe(inTime.earned);
      expect(rest.trips).toEqual(inTime.trips);
      expect(rest.tripsEarned).toBe(inTime.tripsEarned);
    }),
    { numRuns: 300 },
  );
});
