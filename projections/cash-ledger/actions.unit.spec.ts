import fc from "fast-check";
import { expect, test } from "vitest";
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
import { balanceOf, trialBalance } from "../ledger.ts";
import { cashLedger } from "./cash-ledger.ts";

const M = MINUTE_US;
const initialCashMinor = 1_000_000_00n;
const { projection } = cashLedger({
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor,
});
type Event = EventOf<"market.instruments" | "market.bars" | "market.corporate-actions" | "fills">;

const listed = ["A", "B"].map((symbol) => at(0, "market.instruments", equity(symbol)));
const acts = (value: ReturnType<typeof split>) => (timeUs: number) =>
  at(timeUs, "market.corporate-actions", value);
const bought = (symbol: string, quantity: number, price: number) => (timeUs: number) =>
  at(timeUs, "fills", filled(1, symbol, quantity, price, { fee: 2n }));
const closed = (symbol: string, close: number) => (timeUs: number) =>
  at(timeUs, "market.bars", bar(symbol, timeUs, close));

type Step = (timeUs: number) => Event;

function* ledgers(steps: readonly Step[]) {
  let state = projection.initial();
  for (const event of [...listed, ...steps.map((make, i) => make((i + 1) * M))]) {
    state = projection.evolve(state, event);
    yield state;
  }
}

function books(...steps: readonly Step[]) {
  const state = [...ledgers(steps)].at(-1) ?? projection.initial();
  return (account: Parameters<typeof balanceOf>[3]) => balanceOf(state, "main", "USD", account);
}

test("dividends have an account of their own, and a short position pays them", () => {
  const book = books(bought("A", -100, 400), acts(dividend("A", 10)));
  expect(book("dividends")).toBe(10_00n);
  expect(book("cash")).toBe(initialCashMinor + 390_00n - 2n);
});

test("a fraction of a share is sold at the last close with its part of the cost", () => {
  const book = books(bought("A", 1010, 100), closed("A", 116), acts(split("A", 1, 20)));
  expect(book("cash")).toBe(initialCashMinor - 1_010_00n - 2n + 11_60n);
  expect(book("securities")).toBe(1_000_00n);
  expect(book("realised")).toBe(-1_60n);
});

test("a delisting takes the cost out, and a new symbol takes it over", () => {
  const book = books(bought("A", 10, 100), acts(renamed("A", "B")), acts(delisted("B", 40)));
  expect(book("securities")).toBe(0n);
  expect(book("realised")).toBe(6_00n);
  expect(book("cash")).toBe(initialCashMinor - 6_00n - 2n);
});

const symbol = fc.constantFrom("A", "B");
const price = fc.integer({ min: 1, max: 9_999 });
const part = fc.integer({ min: 1, max: 25 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(symbol, fc.integer({ min: -500, max: 500 }), price)
    .filter(([, quantity]) => quantity !== 0)
    .map((words) => bought(...words)),
  fc.tuple(symbol, price).map((words) => closed(...words)),
  fc.tuple(symbol, part, part).map((words) => acts(split(...words))),
  fc.tuple(symbol, price).map((words) => acts(dividend(...words))),
  fc.tuple(symbol, fc.option(price)).map((words) => acts(delisted(...words))),
  symbol.map((name) => acts(renamed(name, name === "A" ? "B" : "A"))),
);

test("sums to zero after every event of any history, and securities are what is held", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      for (const state of ledgers(steps)) {
        expect(trialBalance(state)).toBe(0n);
        const costs = [...state.holdings.values()].reduce(
          (sum, { holding }) => sum + holding.cost,
          0n,
        );
        expect(balanceOf(state, "main", "USD", "securities")).toBe(costs);
      }
    }),
    { numRuns: 500 },
  );
});
