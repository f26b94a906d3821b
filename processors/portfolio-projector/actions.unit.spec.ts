import fc from "fast-check";
import { expect, test } from "vitest";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
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
import { portfolioProjector } from "./portfolio-projector.ts";

const M = MINUTE_US;
const initial = 1_000_000_00n;
const projector = portfolioProjector({
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: initial,
});
type Event = Parameters<typeof projector.evolve>[1];
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
    .map(([name, quantity, paid]) => (timeUs: number) => {
      return at(timeUs, "fills", filled(1, name, quantity, paid, { fee: 3n }));
    }),
  fc.tuple(symbol, price).map(([name, close]) => (timeUs: number) => {
    return at(timeUs, "market.bars", bar(name, timeUs, close));
  }),
  fc.tuple(symbol, part, part).map(([name, fresh, old]) => acts(split(name, fresh, old))),
  fc.tuple(symbol, fc.integer({ min: 1, max: 500 })).map(([a, paid]) => acts(dividend(a, paid))),
  fc.tuple(symbol, fc.option(price)).map(([name, last]) => acts(delisted(name, last))),
  symbol.map((name) => acts(renamed(name, name === "A" ? "B" : "A"))),
);

test("in any history equity is initial + realised + unrealised, and an action moves none of it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let state = projector.initial();
      for (const name of ["A", "B"]) {
        state = projector.evolve(state, at(0, "market.instruments", equity(name)));
      }
      for (const [i, make] of steps.entries()) {
        const before = state.equity;
        const event = make((i + 1) * M);
        state = projector.evolve(state, event);
        const held = [...state.positions.values()];
        const cost = held.reduce((sum, { holding }) => sum + holding.cost, 0n);
        const value = held.reduce((sum, one) => sum + BigInt(one.value), 0n);
        const gross = held.reduce((sum, one) => sum + BigInt(Math.abs(Number(one.value))), 0n);
        expect(BigInt(state.net)).toBe(value);
        expect(BigInt(state.gross)).toBe(gross);
        expect(state.equity).toBe(state.cash + value);
        expect(state.equity).toBe(initial + state.realised + value - cost);
        if (event.topic !== "market.corporate-actions") continue;
        if (event.value.action !== "DELISTING") expect(state.equity).toBe(before);
      }
    }),
    { numRuns: 500 },
  );
});
