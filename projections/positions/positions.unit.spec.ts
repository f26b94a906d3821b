import { describe, expect, test } from "vitest";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { bar, eventsOf, fill, fold, START_US } from "../../streams/testing/tape.ts";
import { positions } from "./positions.ts";

const { projection, rows } = positions({
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 0n,
});

describe("positions", () => {
  test("holds quantity, average cost and mark; profit after fees", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("fills", fill(100, 18_000, { fee: 100n })),
        emit("fills", fill(100, 18_200, { fee: 100n })),
        emit("fills", fill(-50, 18_400, { fee: 50n })),
        emit("market.bars", bar("IBM", START_US, 18_300)),
      ]),
    );
    expect(rows(state)).toEqual([
      {
        portfolio: "main",
        symbol: "IBM",
        quantity: "150",
        averagePrice: "181.000000",
        mark: "183.00",
        marketValue: "27450.00",
        unrealised: "300.00",
        realised: "147.50",
        fees: "2.50",
        currency: "USD",
      },
    ]);
  });

  test("a flat position stays listed with what it earned; a refused order changes nothing", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("fills", fill(0, 0, { execType: "REJECTED", reason: "InvalidPrice" })),
        emit("fills", fill(-10, 18_000)),
        emit("fills", fill(10, 17_000)),
      ]),
    );
    const [row] = rows(state);
    expect(row).toMatchObject({ quantity: "0", averagePrice: null, realised: "100.00" });
  });

  test("a fill of a symbol without an instrument is refused by its name", () => {
    expect(() => fold(projection, eventsOf([emit("fills", fill(1, 1))]))).toThrowError(
      expect.objectContaining({ code: "PROJECTION_INSTRUMENT_UNKNOWN" }),
    );
  });
});
