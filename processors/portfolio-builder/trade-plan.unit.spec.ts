import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noTradeHalfWidth } from "../../quant/no-trade-band.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { equity as share } from "../../streams/testing/given.ts";
import { noTriggers } from "../no-triggers.spec.ts";
import type { RebalanceConfig } from "../sizing-config.ts";
import type { Name } from "./book.ts";
import type { Line } from "./line.ts";
import { shareOf } from "./sizing.ts";
import { type PlanLimits, planTrades } from "./trade-plan.ts";
import type { Weighed } from "./triggers.ts";

/** 100,000 dollars. */
const EQUITY = 10_000_000n;

const aim = (
  weight: number,
  position: number,
  {
    price = 10_000,
    equity = EQUITY,
    ...changes
  }: Partial<Instrument> & {
    readonly price?: number;
    readonly equity?: bigint;
  } = {},
): Weighed => {
  const instrument = share("AAA", changes);
  const name: Name = {
    direction: weight < 0 ? -1 : 1,
    strength: 1,
    price,
    volatility: 0.01,
    edge: null,
    held: position,
    aim: position,
    aimWeight: weight,
    trust: 0,
    unfinished: false,
    askedUs: -1,
    silent: false,
  };
  return {
    symbol: "AAA",
    name,
    instrument,
    weight,
    share: weight === 0 ? null : shareOf(Math.abs(weight)),
    quantity: 0,
    position,
    positionWeight: Number(notionalMinor(price, position, instrument)) / Number(equity),
    askedWeight: weight,
  };
};

const plan = (
  aims: readonly Weighed[],
  rebalance: Partial<RebalanceConfig> | null,
  limits: Partial<PlanLimits> = {},
): readonly Line[] =>
  planTrades(aims, {
    equity: EQUITY,
    rebalance: rebalance === null ? null : { ...noTriggers, ...rebalance },
    grossBps: null,
    leastCash: false,
    ...limits,
  });

const shown = (lines: readonly Line[]) =>
  lines.map(({ quantity, heldBack }) => [quantity, heldBack]);
const worth = ({ aim: { name, instrument } }: Line, quantity: number): bigint => {
  const value = notionalMinor(name.price, quantity, instrument);
  return value < 0n ? -value : value;
};
const gross = (lines: readonly Line[], of: (line: Line) => number): bigint =>
  lines.reduce((sum, line) => sum + worth(line, of(line)), 0n);

/** A book of up to eight names, at and away from their targets, in lots and prices of all kinds. */
const books = fc.array(
  fc
    .record({
      weight: fc.oneof(fc.constant(0), fc.double({ min: -0.6, max: 0.6, noNaN: true })),
      lots: fc.oneof(fc.constant(0), fc.integer({ min: -300, max: 300 })),
      price: fc.integer({ min: 1, max: 200_000 }),
      lotSize: fc.constantFrom(1, 7, 100),
      priceScale: fc.constantFrom(0, 2, 4),
    })
    .map(({ weight, lots, price, lotSize, priceScale }) =>
      aim(weight, lots * lotSize, { price, lotSize, priceScale }),
    ),
  { minLength: 1, maxLength: 8 },
);
const whole = (lines: readonly Line[]): void => {
  for (const { aim: from, quantity } of lines) {
    expect(Object.is(quantity, -0)).toBe(false);
    expect(Math.abs(quantity) % from.instrument.lotSize).toBe(0);
  }
};

describe("a plan of trades", () => {
  test("without limits goes to every weight, cut to whole lots", () => {
    const aims = [aim(0.5, 100), aim(-0.25, 0, { lotSize: 100 }), aim(0, 70)];
    expect(shown(plan(aims, null))).toEqual([
      [500, null],
      [-200, null],
      [0, null],
    ]);
  });
});

describe("the no-trade band", () => {
  // Half width at 0.5, with 0.1 % a side and γ = 1: (1.5 × 0.001 × 0.0625)^(1/3) = 0.0454.
  test("leaves what is inside and goes to the edge from outside", () => {
    const aims = [460, 540, 400, 600, 0].map((position) => aim(0.5, position));
    expect(shown(plan(aims, { costPerMillion: 1_000 }))).toEqual([
      [460, "NO_TRADE_BAND"],
      [540, "NO_TRADE_BAND"],
      [454, "NO_TRADE_BAND"],
      [545, "NO_TRADE_BAND"],
      [454, "NO_TRADE_BAND"],
    ]);
  });

  test("may lie on both sides of nothing", () => {
    // Half width 0.00114 around 0.001: from short, the nearer edge is short.
    const [line] = plan([aim(0.001, -500, { price: 10 })], { costPerMillion: 1_000 });
    const edge = 0.001 - noTradeHalfWidth(0.001, 0.001, 1);
    expect(line?.quantity).toBe(-Math.floor(Math.abs(edge) * 1_000_000));
  });

  test("is none around nothing: a position that is not wanted is closed", () => {
    expect(shown(plan([aim(0, 1), aim(0, -1)], { costPerMillion: 1_000 }))).toEqual([
      [0, null],
      [0, null],
    ]);
  });

  test("sends nothing for any position inside", () => {
    fc.assert(
      fc.property(books, fc.integer({ min: 1, max: 20_000 }), (aims, costPerMillion) => {
        for (const { aim: from, quantity } of plan(aims, { costPerMillion })) {
          const halfWidth = noTradeHalfWidth(from.weight, costPerMillion / 1e6, 1);
          const off = Math.abs(from.positionWeight - from.weight);
          if (from.weight !== 0 && off < halfWidth * 0.999) expect(quantity).toBe(from.position);
        }
      }),
    );
  });
});

describe("the least trade", () => {
  test("holds an opening and a change below it, by value and by quantity", () => {
    const aims = [aim(0.5, 495), aim(0.5, 490), aim(0.004, 0)];
    expect(shown(plan(aims, { minimumValueMinor: 100_000 }))).toEqual([
      [495, "LEAST_TRADE"],
      [500, null],
      [0, "LEAST_TRADE"],
    ]);
    expect(shown(plan(aims, { minimumQuantity: "5.5" }))).toEqual([
      [495, "LEAST_TRADE"],
      [500, null],
      [0, "LEAST_TRADE"],
    ]);
  });

  test("never holds a position that closes or turns", () => {
    const aims = [aim(0, 1), aim(-0.001, 1), aim(0, -3)];
    expect(shown(plan(aims, { minimumValueMinor: 10_000_000, minimumQuantity: "500" }))).toEqual([
      [0, null],
      [-1, null],
      [0, null],
    ]);
  });

  test("holds a purchase that the turnover limit made too small, and lets such a sale go", () => {
    const config = { minimumValueMinor: 2_000_000, maxTurnoverBps: 1_000 };
    expect(shown(plan([aim(0.5, 0)], config))).toEqual([[0, "LEAST_TRADE"]]);
    expect(shown(plan([aim(0.1, 500)], config))).toEqual([[400, "TURNOVER_LIMIT"]]);
  });

  test("lets no smaller purchase through, whatever the limits cut", () => {
    const limits = fc.record({
      minimumValueMinor: fc.integer({ min: 1, max: 500_000 }),
      maxTurnoverBps: fc.integer({ min: 1, max: 1_000 }),
    });
    fc.assert(
      fc.property(books, limits, (aims, config) => {
        for (const line of plan(aims, config, { grossBps: 10_000 })) {
          const { position } = line.aim;
          const ends = position !== 0 && Math.sign(line.quantity) !== Math.sign(position);
          if (ends || Math.abs(line.quantity) <= Math.abs(position)) continue;
          const value = worth(line, line.quantity - position);
          expect(value).toBeGreaterThanOrEqual(BigInt(config.minimumValueMinor));
        }
      }),
    );
  });
});

describe("the turnover limit", () => {
  test("cuts all trades by one factor", () => {
    // 50,000 bought and 30,000 sold; 20,000 are allowed: a quarter of each.
    const aims = [aim(0.5, 0), aim(0.1, 400), aim(0.2, 200)];
    expect(shown(plan(aims, { maxTurnoverBps: 2_000 }))).toEqual([
      [125, "TURNOVER_LIMIT"],
      [325, "TURNOVER_LIMIT"],
      [200, null],
    ]);
  });

  test("leaves alone what is within it", () => {
    const aims = [aim(0.5, 400), aim(0.3, 400)];
    expect(shown(plan(aims, { maxTurnoverBps: 2_000 }))).toEqual([
      [500, null],
      [300, null],
    ]);
  });

  test("holds for values that are rounded up to a minor unit", () => {
    // A hundredth of a cent above half a cent each: three shares are worth 3 cents, of 2 that may be traded.
    const equity = 20_000n;
    const aims = [0, 1, 2].map(() => aim(0.0026, 0, { price: 51, priceScale: 4, equity }));
    const lines = plan(aims, { maxTurnoverBps: 1 }, { equity });
    expect(gross(lines, ({ quantity }) => quantity)).toBeLessThanOrEqual(2n);
  });

  test("is never gone beyond, and nothing overshoots its target", () => {
    const limit = fc.integer({ min: 1, max: 20_000 });
    fc.assert(
      fc.property(books, limit, fc.boolean(), (aims, maxTurnoverBps, leastCash) => {
        const free = plan(aims, {}, { leastCash });
        const lines = plan(aims, { maxTurnoverBps }, { leastCash });
        const turnover = gross(lines, ({ aim: { position }, quantity }) => quantity - position);
        expect(turnover * 10_000n <= EQUITY * BigInt(maxTurnoverBps)).toBe(true);
        whole(lines);
        lines.forEach(({ aim: { position }, quantity }, i) => {
          const to = (free[i] as Line).quantity;
          expect(quantity).toBeGreaterThanOrEqual(Math.min(position, to));
          expect(quantity).toBeLessThanOrEqual(Math.max(position, to));
        });
      }),
    );
  });
});

describe("the limit of gross exposure", () => {
  test("cuts what grows, to the room that what stays leaves", () => {
    const aims = [aim(0.78, 800), aim(0.3, 0), aim(-0.3, 0)];
    expect(shown(plan(aims, { minimumQuantity: "30" }, { grossBps: 10_000 }))).toEqual([
      [800, "LEAST_TRADE"],
      [100, "LEVERAGE_LIMIT"],
      [-100, "LEVERAGE_LIMIT"],
    ]);
  });

  test("does not force down what lies above it", () => {
    const aims = [aim(1.19, 1_200), aim(0.3, 0), aim(0.1, 200)];
    expect(shown(plan(aims, { minimumQuantity: "30" }, { grossBps: 10_000 }))).toEqual([
      [1_200, "LEAST_TRADE"],
      [0, "LEVERAGE_LIMIT"],
      [100, null],
    ]);
  });

  test("is never gone beyond by a trade", () => {
    const config = fc.record({
      maxTurnoverBps: fc.option(fc.integer({ min: 1, max: 20_000 })),
      costPerMillion: fc.option(fc.integer({ min: 1, max: 20_000 })),
      minimumValueMinor: fc.option(fc.integer({ min: 1, max: 500_000 })),
    });
    fc.assert(
      fc.property(
        books,
        config,
        fc.integer({ min: 1, max: 20_000 }),
        fc.boolean(),
        (aims, rebalance, grossBps, leastCash) => {
          const lines = plan(aims, rebalance, { grossBps, leastCash });
          const isWithin = gross(lines, (l) => l.quantity) * 10_000n <= EQUITY * BigInt(grossBps);
          const hasGrown = lines.some(
            ({ aim: { position }, quantity }) =>
              quantity !== 0 &&
              (Math.sign(quantity) !== Math.sign(position) ||
                Math.abs(quantity) > Math.abs(position)),
          );
          expect(isWithin || !hasGrown).toBe(true);
          whole(lines);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("whole lots with the least cash left", () => {
  test("buy one lot more where the others' rests pay for it", () => {
    // 33,333.33 each: 3 of 9,990, 33 of 1,000, 4 of 8,300 leave 3,363 + 333 + 133 = 3,829.
    const third = 1 / 3;
    const aims = [999_000, 100_000, 830_000].map((price) => aim(third, 0, { price }));
    expect(shown(plan(aims, null))).toEqual([
      [3, null],
      [33, null],
      [4, null],
    ]);
    expect(shown(plan(aims, null, { leastCash: true }))).toEqual([
      [3, null],
      [34, null],
      [4, null],
    ]);
  });

  test("leave a position at its band's edge", () => {
    const aims = [aim(0.5, 0, { price: 300_000 }), aim(0.5, 0, { price: 300_000 })];
    const lines = plan(aims, { costPerMillion: 1_000 }, { leastCash: true });
    expect(lines.map(({ quantity }) => quantity)).toEqual([15, 15]);
  });

  test("are as near to the budget as any book of them, up to ten names, and never over", () => {
    const weights = fc.array(
      fc.record({
        weight: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
        price: fc.integer({ min: 1_000, max: 400_000 }),
        lotSize: fc.constantFrom(1, 3),
        isShort: fc.boolean(),
        priceScale: fc.constantFrom(2, 3),
      }),
      { minLength: 1, maxLength: 10 },
    );
    fc.assert(
      fc.property(weights, (names) => {
        const aims = names.map(({ weight, isShort, ...rest }) =>
          aim(isShort ? -weight : weight, 0, rest),
        );
        const lines = plan(aims, null, { leastCash: true });
        whole(lines);
        // In thousandths of a minor unit, which hold every price here.
        const unit = ({ instrument, name }: Weighed) =>
          BigInt(name.price) * (instrument.priceScale === 2 ? 10n : 1n);
        let budget = 0n;
        const lots = aims.map((one) => {
          const { numerator, denominator } = one.share as NonNullable<typeof one.share>;
          const money = (EQUITY * 10n * numerator) / denominator;
          budget += money;
          const lot = unit(one) * BigInt(one.instrument.lotSize);
          return { lot, floor: (money / lot) * lot };
        });
        let best = 0n;
        for (let subset = 0; subset < 2 ** lots.length; subset++) {
          let spent = 0n;
          lots.forEach(({ lot, floor }, i) => {
            spent += Math.floor(subset / 2 ** i) % 2 === 1 ? floor + lot : floor;
          });
          if (spent <= budget && spent > best) best = spent;
        }
        const spent = lines.reduce(
          (sum, line) => sum + unit(line.aim) * BigInt(Math.abs(line.quantity)),
          0n,
        );
        expect(spent).toBe(best);
      }),
      { numRuns: 60 },
    );
  });
});
