import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Converted, Rate } from "../../schemas/values/conversion.ts";
import { equity as share } from "../../streams/testing/given.ts";
import type { Name } from "./book.ts";
import { type Line, worth } from "./line.ts";
import { spendResidual } from "./residual.ts";
import { quantityOf, shareOf } from "./sizing.ts";
import { limitGross, limitTurnover } from "./trade-limits.ts";

interface Asked {
  readonly price: number;
  readonly weight: number;
  readonly rate: readonly [bigint, bigint] | null;
  readonly inverse: boolean;
  readonly digits: number;
}

const instrumentOf = ({ rate, inverse, digits }: Asked): Converted => ({
  ...share("AAA", inverse ? { contract: "INVERSE", multiplier: 100 } : {}),
  quantityScale: digits,
  ...(rate === null ? {} : { into: { top: rate[0], bottom: rate[1] } }),
});

function lineOf(asked: Asked, equity: bigint): Line {
  const { price, weight } = asked;
  const instrument = instrumentOf(asked);
  const one = shareOf(Math.abs(weight));
  const size = quantityOf(equity, one, price, instrument);
  const name = { direction: weight < 0 ? -1 : 1, price } as Name;
  return {
    aim: {
      symbol: "AAA",
      name,
      instrument,
      weight,
      share: one,
      quantity: 0,
      position: 0,
      positionWeight: 0,
      askedWeight: 0,
    },
    quantity: weight < 0 && size !== 0 ? -size : size,
    heldBack: null,
  };
}

/** A lot's value in minor units of the portfolio, as a fraction, told from the contract's own terms. */
function lotValue(asked: Asked): Rate {
  const { multiplier, lotSize, priceScale, quantityScale, currencyScale } = instrumentOf(asked);
  const [top, bottom] = asked.rate ?? [1n, 1n];
  const units = BigInt(multiplier) * BigInt(lotSize) * 10n ** BigInt(currencyScale);
  const price = BigInt(asked.price);
  const scale = 10n ** BigInt(priceScale);
  const quantity = 10n ** BigInt(quantityScale);
  return asked.inverse
    ? { top: units * scale * top, bottom: price * quantity * bottom }
    : { top: units * price * top, bottom: scale * quantity * bottom };
}

/** What is left of what the weights add up to, by any choice of one lot more, in 1 / `denominator`. */
function bestLeft(asked: readonly Asked[], lines: readonly Line[], equity: bigint) {
  const values = asked.map(lotValue);
  const denominator = values.reduce((all, { bottom }) => all * bottom, 1_000_000_000n);
  let left = 0n;
  const lots = asked.map(({ weight }, i) => {
    const { top, bottom } = values[i] as Rate;
    const lot = (top * denominator) / bottom;
    const parts = BigInt(Math.trunc(Math.abs(weight) * 1_000_000_000));
    const { lotSize } = (lines[i] as Line).aim.instrument;
    left += (equity * parts * denominator) / 1_000_000_000n;
    left -= lot * BigInt(Math.abs((lines[i] as Line).quantity) / lotSize);
    return lot;
  });
  let best = left;
  for (let choice = 0; choice < 1 << lots.length; choice++) {
    let rest = left;
    for (const [i, lot] of lots.entries()) if ((choice >> i) & 1) rest -= lot;
    if (rest >= 0n && rest < best) best = rest;
  }
  return { best, left, lots };
}

const scene = fc.array(
  fc.record<Asked>({
    price: fc.integer({ min: 50, max: 50_000 }),
    weight: fc
      .integer({ min: -400, max: 400 })
      .filter((w) => w !== 0)
      .map((w) => w / 1000),
    rate: fc.option(
      fc.tuple(fc.bigInt({ min: 1n, max: 400n }), fc.constantFrom(1n, 3n, 7n, 100n, 399n)),
    ),
    inverse: fc.boolean(),
    digits: fc.constantFrom(0, 3),
  }),
  { minLength: 1, maxLength: 5 },
);

describe("what is left of a book's money", () => {
  test("two shares of 15 pounds at 2 dollars a pound are not bought with 59.80 dollars", () => {
    const pound: Asked = {
      price: 1_500,
      weight: 0.2995,
      rate: [2n, 1n],
      inverse: false,
      digits: 0,
    };
    const asked = [pound, { ...pound, weight: 0.2985 }];
    const lines = asked.map((one) => lineOf(one, 10_000n));
    expect(lines.map(({ quantity }) => quantity)).toEqual([0, 0]);
    spendResidual(lines, 10_000n);
    expect(lines.map(({ quantity }) => quantity)).toEqual([1, 0]);
  });

  test("the limits of a plan hold for what is rounded on its way through another currency too", () => {
    fc.assert(
      fc.property(
        scene,
        fc.bigInt({ min: 1_000n, max: 1_000_000n }),
        fc.bigInt({ min: 0n, max: 1_000_000n }),
        (asked, equity, limit) => {
          for (const cut of [limitTurnover, limitGross]) {
            const lines = asked.map((one) => lineOf(one, equity));
            cut(lines, limit);
            let total = 0n;
            for (const line of lines) total += worth(line, line.quantity);
            expect(total <= limit).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("no choice of one lot more leaves less, and none spends beyond, in any currency", () => {
    fc.assert(
      fc.property(scene, fc.bigInt({ min: 1_000n, max: 10_000_000n }), (asked, equity) => {
        const lines = asked.map((one) => lineOf(one, equity));
        const { best, left, lots } = bestLeft(asked, lines, equity);
        const before = lines.map(({ quantity }) => quantity);
        spendResidual(lines, equity);
        let rest = left;
        for (const [i, line] of lines.entries()) {
          const more = Math.abs(line.quantity) - Math.abs(before[i] as number);
          expect([0, line.aim.instrument.lotSize]).toContain(more);
          if (more > 0) rest -= lots[i] as bigint;
        }
        expect(rest).toBe(best);
      }),
      { numRuns: 500 },
    );
  });
});
