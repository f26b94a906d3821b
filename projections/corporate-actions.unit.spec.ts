// The answers through corporate actions: against the portfolio's own snapshots, over random histories.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { EventOf } from "../streams/event.ts";
import type { Projection } from "../streams/projection.ts";
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
import { balanceOf, cashLedger, trialBalance } from "./cash-ledger/cash-ledger.ts";
import { positions, positionsOf } from "./positions/positions.ts";
import { openTrades, trades } from "./trades/trades.ts";

const M = MINUTE_US;
const account = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
type Topic = "market.instruments" | "market.bars" | "market.corporate-actions" | "fills";
type Event = EventOf<Topic>;

const listed = (symbol: string) => at(0, "market.instruments", equity(symbol));
const closed = (timeUs: number, symbol: string, close: number) =>
  at(timeUs, "market.bars", bar(symbol, timeUs, close));
const action = (timeUs: number, value: CorporateAction) =>
  at(timeUs, "market.corporate-actions", value);
const bought = (timeUs: number, symbol: string, quantity: number, price: number) =>
  at(timeUs, "fills", filled(1, symbol, quantity, price, { tradeUs: timeUs }));

function fold<State, In extends TopicName>(
  projection: Projection<State, In>,
  events: readonly { readonly topic: TopicName }[],
  after: (state: State) => void = () => undefined,
): State {
  let state = projection.initial();
  for (const event of events) {
    if (!(projection.inputs as readonly TopicName[]).includes(event.topic)) continue;
    state = projection.evolve(state, event as EventOf<In>);
    after(state);
  }
  return state;
}

describe("a trade", () => {
  const tripOf = (...events: readonly Event[]) => {
    const answer = trades();
    const state = fold(answer.projection, [listed("A"), ...events]);
    return answer.rows(state);
  };

  test("that goes through a split is told in new shares, without a profit from it", () => {
    const rows = tripOf(
      bought(M, "A", 100, 400),
      closed(2 * M, "A", 410),
      action(3 * M, split("A", 4, 1)),
      closed(4 * M, "A", 90),
      bought(5 * M, "A", -400, 101),
    );
    expect(rows).toMatchObject([
      { quantity: "400", entryPrice: "1.000000", exitPrice: "1.010000", profit: "4.00" },
    ]);
    expect(rows[0]).toMatchObject({ worstPrice: "0.90", bestPrice: "1.02" });
  });

  test("earns its dividends, and a delisting ends it at the final price", () => {
    const rows = tripOf(
      bought(M, "A", 100, 400),
      action(2 * M, dividend("A", 10)),
      action(3 * M, delisted("A", 50)),
    );
    expect(rows).toMatchObject([
      { profit: "-340.00", exitPrice: "0.500000", exit: expect.anything() },
    ]);
  });

  test("goes on under a new name", () => {
    const rows = tripOf(
      bought(M, "A", 100, 400),
      action(2 * M, renamed("A", "B")),
      bought(3 * M, "B", -100, 450),
    );
    expect(rows).toMatchObject([{ symbol: "B", profit: "50.00" }]);
  });
});

test("the ledger has dividends in an account of their own", () => {
  const state = fold(cashLedger(account).projection, [
    listed("A"),
    bought(M, "A", -100, 400),
    action(2 * M, dividend("A", 10)),
  ]);
  expect(balanceOf(state, "main", "USD", "dividends")).toBe(10_00n);
  expect(balanceOf(state, "main", "USD", "cash")).toBe(account.initialCashMinor + 390_00n);
});

const symbols = ["A", "B"] as const;
const symbol = fc.constantFrom(...symbols);
const part = fc.integer({ min: 1, max: 25 });
type Step = (timeUs: number) => Event;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(symbol, fc.integer({ min: -500, max: 500 }), fc.integer({ min: 1, max: 9_999 }))
      .filter(([, quantity]) => quantity !== 0)
      .map(
        ([name, quantity, price]) =>
          (timeUs: number) =>
            bought(timeUs, name, quantity, price),
      ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(symbol, fc.integer({ min: 1, max: 9_999 })).map(
      ([name, price]) =>
        (timeUs: number) =>
          closed(timeUs, name, price),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(symbol, part, part).map(
      ([name, fresh, old]) =>
        (timeUs: number) =>
          action(timeUs, split(name, fresh, old)),
    ),
  },
  fc.tuple(symbol, fc.integer({ min: 1, max: 500 })).map(
    ([name, amount]) =>
      (timeUs: number) =>
        action(timeUs, dividend(name, amount)),
  ),
  fc.tuple(symbol, fc.option(fc.integer({ min: 0, max: 9_999 }))).map(
    ([name, price]) =>
      (timeUs: number) =>
        action(timeUs, delisted(name, price)),
  ),
  symbol.map((name) => (timeUs: number) => action(timeUs, renamed(name, name === "A" ? "B" : "A"))),
);

test("in any history the ledger sums to zero after every event, and all answers agree", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const events: Event[] = [
        listed("A"),
        listed("B"),
        ...steps.map((make, i) => make((i + 1) * M)),
      ];
      const ledger = fold(cashLedger(account).projection, events, (state) => {
        expect(trialBalance(state)).toBe(0n);
      });
      const book = (name: "cash" | "securities" | "realised" | "dividends" | "fees") =>
        balanceOf(ledger, "main", "USD", name);
      const held = positionsOf(fold(positions().projection, events));
      const sum = (of: (one: (typeof held)[number]) => bigint) =>
        held.reduce((total, one) => total + of(one), 0n);
      expect(book("securities")).toBe(sum(({ cost }) => cost));
      expect(book("realised") + book("dividends") + book("fees")).toBe(
        -sum(({ realised }) => realised),
      );
      expect(book("cash")).toBe(
        account.initialCashMinor + sum(({ realised, cost }) => realised - cost),
      );
      // Closed trips and open ones together earn what the positions do.
      const state = fold(trades().projection, events);
      const open = openTrades(state).reduce((total, { trip }) => total + trip.realised, 0n);
      const { grossProfit = 0n, grossLoss = 0n } = state.totals.get("USD") ?? {};
      expect(grossProfit - grossLoss + open).toBe(sum(({ realised }) => realised));
    }),
    { numRuns: 500 },
  );
});
