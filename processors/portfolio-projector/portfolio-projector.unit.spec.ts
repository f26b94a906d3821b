import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, filled } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { portfolioProjector } from "./portfolio-projector.ts";

const dollars: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
type Input = "market.instruments" | "market.bars" | "fills";

const listed = at(0, "market.instruments", equity("A"));
const run = (config: PortfolioConfig, ...events: readonly EventOf<Input>[]): PortfolioSnapshot[] =>
  given(portfolioProjector(config))
    .when(...events)
    .map(({ value }) => value);
const last = (snapshots: readonly PortfolioSnapshot[]): PortfolioSnapshot =>
  snapshots.at(-1) as PortfolioSnapshot;

describe("portfolio-projector", () => {
  test("tells the whole portfolio after a fill", () => {
    const fee = { fee: 125n };
    expect(run(dollars, listed, at(1, "fills", filled(1, "A", 100, 18_25, fee)))).toEqual([
      {
        portfolio: "main",
        currency: "USD",
        cause: "FILL",
        cash: 1_000_000_00n - 1825_00n - 125n,
        equity: 1_000_000_00n - 125n,
        peakEquity: 1_000_000_00n,
        grossExposure: 1825_00n,
        netExposure: 1825_00n,
        realisedPnl: -125n,
        fees: 125n,
        taxes: 0n,
        foreignCash: [],
        drawdownBps: 1, // 0.0125 basis points, rounded up
        symbol: "A",
        quantity: 100,
        cost: 1825_00n,
        mark: 18_25,
      },
    ]);
  });

  test("marks what is held at each close, and says nothing of what is not", () => {
    const snapshots = run(
      dollars,
      listed,
      at(0, "market.instruments", equity("B")),
      at(1, "market.bars", bar("A", 1, 20_00)),
      at(2, "fills", filled(1, "A", -10, 19_00)),
      at(3, "market.bars", bar("B", 3, 5_00)),
      at(4, "market.bars", bar("A", 4, 18_00)),
      at(5, "fills", filled(2, "A", 10, 18_00)),
      at(6, "market.bars", bar("A", 6, 30_00)),
    );
    const seen = snapshots.map(({ cause, quantity, mark, equity, netExposure, grossExposure }) => [
      cause,
      quantity,
      mark,
      equity - dollars.initialCashMinor,
      netExposure,
      grossExposure,
    ]);
    expect(seen).toEqual([
      ["FILL", -10, 20_00, -10_00n, -200_00n, 200_00n], // sold at 19, marked at the close of 20
      ["MARK", -10, 18_00, 10_00n, -180_00n, 180_00n],
      ["FILL", 0, 18_00, 10_00n, 0n, 0n],
    ]);
  });

  test("a position is marked at its own first price until a close is known", () => {
    const { mark, equity } = last(
      run(
        dollars,
        listed,
        at(1, "fills", filled(1, "A", 10, 19_00)),
        at(2, "fills", filled(2, "A", 10, 25_00)),
      ),
    );
    expect([mark, equity]).toEqual([19_00, dollars.initialCashMinor - 60_00n]);
  });

  test("reports that are no fills, and fills of others, change nothing", () => {
    const others = [
      filled(1, "A", 10, 100, { execType: "REJECTED", reason: "InvalidQuantity" }),
      filled(1, "A", 10, 100, { execType: "CANCELED", reason: "CanceledByUser" }),
      filled(1, "A", 10, 100, { portfolio: "other" }),
    ].map((report) => at(1, "fills", report));
    expect(run(dollars, listed, ...others)).toEqual([]);
  });

  test("the peak follows equity up, and the drawdown from it is rounded up", () => {
    const marks = [19_00, 20_00, 19_99, 10_00].map((price, i) =>
      at(2 + i, "market.bars", bar("A", 2 + i, price)),
    );
    const snapshots = run(
      { ...dollars, initialCashMinor: 100_00n },
      listed,
      at(1, "fills", filled(1, "A", 10, 18_00)),
      ...marks,
    );
    const seen = snapshots.map(({ peakEquity, drawdownBps }) => [peakEquity, drawdownBps]);
    expect(seen).toEqual([
      [100_00n, 0],
      [110_00n, 0],
      [120_00n, 0],
      [120_00n, 9], // 10 of 12,000 is 8.33
      [120_00n, 8334], // 100 of 120 is 8333.33
    ]);
  });

  test("without a positive peak any loss is a drawdown of all", () => {
    const fee = { fee: 1n };
    const empty = { ...dollars, initialCashMinor: 0n };
    expect(last(run(empty, listed, at(1, "fills", filled(1, "A", 1, 100, fee)))).drawdownBps).toBe(
      10_000,
    );
  });

  test.each([
    ["of another currency", equity("E", { currency: "EUR" }), /E settles in EUR.*main in USD/],
    ["of another minor unit", equity("E", { currencyScale: 4 }), /scale 4.*scale 2/],
  ])("refuses a fill %s", (_, instrument, message) => {
    const events = [
      at(0, "market.instruments", instrument),
      at(1, "fills", filled(1, "E", 1, 100)),
    ] as const;
    expect(() => run(dollars, ...events)).toThrow(message);
  });

  test("books fills that came before their instrument when that comes", () => {
    const bought = filled(1, "A", 10, 18_00, { fee: 5n });
    const sold = filled(2, "A", -4, 19_00, { fee: 7n });
    const marked = at(3, "market.bars", bar("A", 3, 20_00));
    const early = [at(1, "fills", bought), at(2, "fills", sold), marked] as const;
    expect(run(dollars, ...early), "nothing can be said of its worth").toEqual([]);
    const late = run(dollars, ...early, at(4, "market.instruments", equity("A")));
    const inTime = run(dollars, at(0, "market.instruments", equity("A")), ...early);
    expect(late.length).toBe(1);
    expect(late[0]?.cause).toBe("FILL");
    expect({ ...late[0], cause: "MARK" }).toEqual(last(inTime));
  });

  test("books a fill of a described symbol while another's waits", () => {
    const snapshots = run(
      dollars,
      at(0, "market.instruments", equity("A")),
      at(1, "fills", filled(1, "B", 10, 18_00)),
      at(2, "fills", filled(2, "A", 1, 5_00)),
      at(3, "market.instruments", equity("B")),
      at(4, "market.instruments", equity("B")),
    );
    expect(snapshots.map(({ symbol, quantity }) => [symbol, quantity])).toEqual([
      ["A", 1],
      ["B", 10],
    ]);
  });

  test("stays exact beyond 2^53, and comes back to plain numbers", () => {
    const wide = equity("A", { multiplier: 1000 });
    const snapshots = run(
      dollars,
      at(0, "market.instruments", wide),
      at(1, "fills", filled(1, "A", 3_000_001, 3_000_000_01)),
      at(2, "market.bars", bar("A", 2, 3_000_000_03)),
      at(3, "fills", filled(2, "A", -3_000_000, 3_000_000_03)),
    );
    const value = 3_000_001n * 3_000_000_03n * 1000n;
    const cost = 3_000_001n * 3_000_000_01n * 1000n;
    expect(value > 2n ** 53n).toBe(true);
    expect(snapshots[1]).toMatchObject({
      equity: dollars.initialCashMinor + value - cost,
      grossExposure: value,
      netExposure: value,
    });
    expect(last(snapshots)).toMatchObject({ quantity: 1, grossExposure: 3_000_000_03_000n });
  });
});

test("totals stay exact where they leave 2^53 and no single position does", () => {
  const half = 2 ** 52 + 1;
  const listings = ["A", "B", "C"].map((symbol) =>
    at(0, "market.instruments", equity(symbol, { priceScale: 0, currencyScale: 0 })),
  );
  const snapshots = run(
    { ...dollars, currencyScale: 0 },
    ...listings,
    at(1, "fills", filled(1, "A", 1, half)),
    at(2, "fills", filled(2, "B", 1, half + 1)),
    at(3, "fills", filled(3, "C", 1, half + 3)),
    at(4, "fills", filled(4, "A", -1, half)),
  );
  const sum = 2n ** 53n + 3n;
  expect(snapshots.map(({ netExposure }) => netExposure)).toEqual([
    BigInt(half),
    sum,
    sum + BigInt(half + 3),
    2n ** 53n + 6n,
  ]);
});

// nautilus_trader's tests of Position (shared golden figures). Its averages are floats; ours are costs in
// minor units (here 10^-8), so an average differs from the last digit of a minor unit per share on.
// Its inverse contracts do not apply: an instrument here is quoted in what it settles in.
describe("published positions", () => {
  type Line = readonly [quantity: number, price: number];
  const fine: PortfolioConfig = { ...dollars, currencyScale: 8, initialCashMinor: 10n ** 15n };
  const whole = { currencyScale: 8, priceScale: 0 };

  const play = (feePerMillion: bigint, lines: readonly Line[]): PortfolioSnapshot[] =>
    run(
      fine,
      at(0, "market.instruments", equity("A", whole)),
      ...lines.map(([quantity, price], i) => {
        const value = BigInt(Math.abs(quantity)) * BigInt(price) * 10n ** 8n;
        const fee = { fee: (value * feePerMillion) / 1_000_000n };
        return at(i + 1, "fills", filled(i + 1, "A", quantity, price, fee));
      }),
    );
  const average = ({ cost, quantity }: PortfolioSnapshot): number => Number(cost) / 1e8 / quantity;

  test("mixed buys and sells, fee 0.0001 of the value", () => {
    const snapshots = play(100n, [
      [12, 100],
      [17, 99],
      [-9, 101],
      [-4, 105],
      [3, 103],
    ]);
    expect(snapshots.slice(1).map(({ realisedPnl }) => realisedPnl)).toEqual([
      -28830000n,
      13_89666207n,
      36_19948966n,
      36_16858966n,
    ]);
    expect(average(snapshots[1] as PortfolioSnapshot)).toBeCloseTo(99.41379310344827, 12);
    expect(average(last(snapshots))).toBeCloseTo(99.98003629764065, 8);
    expect(last(snapshots).quantity).toBe(19);
  });

  test("interleaved buys and sells, fee 0.001 of the value", () => {
    const snapshots = play(1000n, [
      [12, 10_000],
      [17, 9_999],
      [-9, 10_001],
      [3, 10_003],
      [-4, 10_005],
    ]);
    expect(snapshots.slice(1).map(({ realisedPnl }) => realisedPnl)).toEqual([
      -289_98300000n,
      -365_71613793n,
      -395_72513793n,
      -415_27137481n,
    ]);
    expect(average(snapshots[1] as PortfolioSnapshot)).toBeCloseTo(9999.413793103447, 9);
    expect(average(last(snapshots))).toBeCloseTo(9999.88155922039, 8);
  });

  test("a sale through zero closes the long and opens a short at its own price", () => {
    const snapshots = run(
      dollars,
      at(0, "market.instruments", equity("A", { priceScale: 5, assetClass: "FX" })),
      at(1, "fills", filled(1, "A", 100_000, 75_000)),
      at(2, "fills", filled(2, "A", -150_000, 75_020)),
      at(3, "fills", filled(3, "A", 50_000, 75_030)),
    );
    const seen = snapshots.map(({ quantity, cost, realisedPnl }) => [quantity, cost, realisedPnl]);
    expect(seen).toEqual([
      [100_000, 75_000_00n, 0n],
      [-50_000, -37_510_00n, 20_00n],
      [0, 0n, 15_00n],
    ]);
  });
});

// The oracle goes through the list of fills each time, in fractions that are never rounded, except for
// the value of a trade and of a mark, which are money.
describe("against the slow oracle", () => {
  const instruments = [
    equity("A"),
    equity("B", { priceScale: 4, quantityScale: 3 }),
    equity("C", { priceScale: 0, multiplier: 50 }),
  ];
  interface Step {
    readonly symbol: number;
    readonly price: number;
    readonly quantity: number;
    readonly fee: number;
  }
  const steps = fc.array(
    fc.record<Step>({
      symbol: fc.integer({ min: 0, max: 2 }),
      price: fc.integer({ min: 1, max: 99_999 }),
      quantity: fc.oneof(fc.constant(0), fc.integer({ min: -500, max: 500 })), // 0: a bar
      fee: fc.integer({ min: 0, max: 300 }),
    }),
    { maxLength: 60, size: "max" },
  );

  const cents = (price: number, quantity: number, symbol: number): bigint => {
    const { priceScale, quantityScale, multiplier } = instruments[
      symbol
    ] as (typeof instruments)[0];
    const scale = 10n ** BigInt(priceScale + quantityScale);
    const product = BigInt(price) * BigInt(quantity) * BigInt(multiplier) * 100n;
    const size = product < 0n ? -product : product;
    const up = (2n * size) / scale; // half minor units, whole ones
    const rest = 2n * size - up * scale;
    const rounded = up % 2n === 0n ? up / 2n : rest === 0n ? ((up + 1n) / 4n) * 2n : (up + 1n) / 2n;
    return product < 0n ? -rounded : rounded;
  };

  interface Book {
    quantity: bigint;
    /** Cost as a fraction. */
    top: bigint;
    bottom: bigint;
    mark: number;
  }

  const oracle = (history: readonly Step[]) => {
    let cash = dollars.initialCashMinor;
    let fees = 0n;
    const books: Book[] = instruments.map(() => ({ quantity: 0n, top: 0n, bottom: 1n, mark: 0 }));
    for (const { symbol, price, quantity, fee } of history) {
      const book = books[symbol] as Book;
      if (quantity === 0) {
        book.mark = price;
        continue;
      }
      if (book.mark === 0) book.mark = price;
      const value = cents(price, quantity, symbol);
      cash -= value + BigInt(fee);
      fees += BigInt(fee);
      const after = book.quantity + BigInt(quantity);
      const grows = book.quantity === 0n || book.quantity > 0n === quantity > 0;
      if (grows) book.top += value * book.bottom;
      else if (after === 0n || after > 0n === quantity > 0) {
        book.top = value * after; // what opens the other side, at the trade's own average
        book.bottom = BigInt(quantity);
      } else {
        book.top *= after;
        book.bottom *= book.quantity;
      }
      book.quantity = after;
    }
    const values = books.map(({ quantity, mark }, i) => cents(mark, Number(quantity), i));
    const net = values.reduce((a, b) => a + b, 0n);
    const gross = values.reduce((a, b) => a + (b < 0n ? -b : b), 0n);
    return { cash, fees, net, gross, books };
  };

  test("cash, fees, exposures and equity are exact; equity is initial + realised + unrealised", () => {
    fc.assert(
      fc.property(steps, (history) => {
        const subject = given(
          portfolioProjector(dollars),
          ...instruments.map((instrument) => at(0, "market.instruments", instrument)),
        );
        const costs = [0n, 0n, 0n];
        let peak = dollars.initialCashMinor;
        history.forEach((step, i) => {
          const { symbol, price, quantity, fee } = step;
          const name = (instruments[symbol] as { symbol: string }).symbol;
          const emits = subject.when(
            quantity === 0
              ? at(i + 1, "market.bars", bar(name, i + 1, price))
              : at(i + 1, "fills", filled(i, name, quantity, price, { fee: BigInt(fee) })),
          );
          const truth = oracle(history.slice(0, i + 1));
          const book = truth.books[symbol] as Book;
          expect(emits.length).toBe(quantity === 0 && book.quantity === 0n ? 0 : 1);
          const snapshot = emits[0]?.value;
          if (snapshot === undefined) return;
          costs[symbol] = snapshot.cost;
          const equityNow = truth.cash + truth.net;
          if (equityNow > peak) peak = equityNow;
          const unrealised = truth.net - costs.reduce((a, b) => a + b, 0n);
          expect(snapshot).toMatchObject({
            cash: truth.cash,
            fees: truth.fees,
            netExposure: truth.net,
            grossExposure: truth.gross,
            equity: equityNow,
            peakEquity: peak,
            quantity: Number(book.quantity),
            mark: book.mark,
          });
          expect(snapshot.equity).toBe(
            dollars.initialCashMinor + snapshot.realisedPnl + unrealised,
          );
          // Each partial close rounds the cost once: within one minor unit a step of the fraction.
          const drift = snapshot.cost * book.bottom - book.top;
          const size = drift < 0n ? -drift : drift;
          const bottom = book.bottom < 0n ? -book.bottom : book.bottom;
          expect(size <= BigInt(i + 1) * bottom).toBe(true);
          const loss = peak - equityNow;
          const bps = BigInt(snapshot.drawdownBps);
          expect(bps * peak >= loss * 10_000n && (bps - 1n) * peak < loss * 10_000n).toBe(true);
        });
      }),
      { numRuns: 150 },
    );
  });
});
