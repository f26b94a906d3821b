import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyAction } from "./corporate-action.ts";
import { addHolding, changeHolding, flat, flatBy, type Holding } from "./holding.ts";
import { notionalMinor } from "./money.ts";
import { shareOf, splitOf } from "./testing/share.ts";

const share = shareOf("X");

const trade = fc.tuple(
  fc.integer({ min: -9, max: 9 }).filter((quantity) => quantity !== 0),
  fc.integer({ min: 1, max: 50_000 }),
);
const trades = fc.array(trade, { maxLength: 30 });

/** Each share by itself, oldest first: exact, since every price is a whole number of cents. */
function shareByShare(list: readonly (readonly [number, number])[]) {
  let open: { readonly side: number; readonly price: number }[] = [];
  let realised = 0n;
  for (const [quantity, price] of list) {
    const side = Math.sign(quantity);
    for (let i = 0; i < Math.abs(quantity); i++) {
      const oldest = open[0];
      if (oldest === undefined || oldest.side === side) open.push({ side, price });
      else {
        realised += BigInt(oldest.side * (price - oldest.price));
        open = open.slice(1);
      }
    }
  }
  return {
    quantity: open.reduce((sum, { side }) => sum + side, 0),
    cost: BigInt(open.reduce((sum, { side, price }) => sum + side * price, 0)),
    realised,
  };
}

function play(start: Holding, list: readonly (readonly [number, number])[]) {
  let holding = start;
  let realised = 0n;
  for (const [i, [quantity, price]] of list.entries()) {
    const value = notionalMinor(price, quantity, share);
    const change = changeHolding(holding, quantity, value, i);
    holding = change.holding;
    realised += change.realised;
  }
  return { holding, realised };
}

const sumOf = ({ lots = [] }: Holding) => ({
  quantity: lots.reduce((sum, lot) => sum + lot.quantity, 0),
  cost: lots.reduce((sum, lot) => sum + lot.cost, 0n),
});

describe("lots, first in, first out", () => {
  test("close the oldest share first, whatever is bought and sold", () => {
    fc.assert(
      fc.property(trades, (list) => {
        const { holding, realised } = play(flatBy("FIFO"), list);
        const { quantity, cost } = holding;
        expect({ quantity, cost, realised }).toEqual(shareByShare(list));
      }),
      { numRuns: 200 },
    );
  });

  test("add up to the holding, lie on one side, and are no more than what opened them", () => {
    fc.assert(
      fc.property(trades, (list) => {
        const { holding } = play(flatBy("FIFO"), list);
        const { quantity, cost, lots = [] } = holding;
        expect(sumOf(holding)).toEqual({ quantity, cost });
        for (const lot of lots) {
          expect(Math.sign(lot.quantity)).toBe(Math.sign(quantity));
          const [opened] = list[lot.openedUs] as readonly [number, number];
          expect(Math.abs(lot.quantity)).toBeLessThanOrEqual(Math.abs(opened));
        }
      }),
    );
  });

  test("earn what average cost earns in all: realised and unrealised differ, their sum does not", () => {
    fc.assert(
      fc.property(trades, fc.integer({ min: 1, max: 50_000 }), (list, mark) => {
        const total = ({ holding, realised }: ReturnType<typeof play>) =>
          realised + notionalMinor(mark, holding.quantity, share) - holding.cost;
        const average = play(flat, list);
        const fifo = play(flatBy("FIFO"), list);
        expect(fifo.holding.quantity).toBe(average.holding.quantity);
        expect(total(fifo)).toBe(total(average));
      }),
    );
  });

  test("a sale takes the oldest cost", () => {
    const { holding, realised } = play(flatBy("FIFO"), [
      [10, 1_000],
      [10, 2_000],
      [-15, 3_000],
    ]);
    expect(realised).toBe(20_000n + 5_000n);
    expect(holding).toEqual({
      quantity: 5,
      cost: 10_000n,
      lots: [{ quantity: 5, cost: 10_000n, openedUs: 1 }],
    });
  });

  test("a split restates each, and what is paid for a fraction is of them all", () => {
    fc.assert(
      fc.property(
        trades,
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 25 }),
        (list, fresh, old) => {
          const action = splitOf("X", fresh, old);
          const fifo = play(flatBy("FIFO"), list).holding;
          const { quantity, cost } = fifo;
          const plain = applyAction({ quantity, cost }, 1_234, action, share);
          const lots = applyAction(fifo, 1_234, action, share);
          expect(lots.cash).toBe(plain.cash);
          expect(lots.realised).toBe(plain.realised);
          const { lots: _, ...sums } = lots.holding;
          expect(sums).toEqual(plain.holding);
          expect(sumOf(lots.holding)).toEqual(plain.holding);
          for (const lot of lots.holding.lots ?? []) expect(lot.quantity).not.toBe(0);
        },
      ),
    );
  });

  test("two holdings that are put together keep their lots, the oldest first", () => {
    const old = play(flatBy("FIFO"), [[10, 1_000]]).holding;
    const young = { ...old, lots: [{ quantity: 10, cost: 10_000n, openedUs: 5 }] };
    const { holding } = addHolding(young, old);
    expect(holding.lots?.map(({ openedUs }) => openedUs)).toEqual([0, 5]);
    expect(sumOf(holding)).toEqual({ quantity: 20, cost: 20_000n });
    // On two sides they close each other.
    const short = play(flatBy("FIFO"), [[-4, 3_000]]).holding;
    expect(addHolding(old, short)).toMatchObject({ realised: 8_000n, closed: 4 });
  });
});
