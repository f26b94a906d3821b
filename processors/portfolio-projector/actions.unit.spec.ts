import fc from "fast-check";
import { expect, test } from "vitest";
import { bookStep, bookSymbols } from "../../streams/testing/book-history.spec.ts";
import { MINUTE_US } from "../../streams/testing/facts.ts";
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

test("in any history equity is initial + realised + unrealised, and an action moves none of it", () => {
  fc.assert(
    fc.property(fc.array(bookStep, { maxLength: 40 }), (steps) => {
      let state = projector.initial();
      for (const name of bookSymbols) {
        state = projector.evolve(state, at(0, "market.instruments", equity(name)));
      }
      for (const [i, make] of steps.entries()) {
        const before = state.equity;
        const event = make((i + 1) * M);
        state = projector.evolve(state, event);
        const held = [...state.positions.values()];
        const cost = held.reduce((sum, { held: { holding } }) => sum + holding.cost, 0n);
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
