// A position that goes by another name, at the venue of the new name and at the router that brings it there.

import { describe, expect, test } from "vitest";
import { bar, filled, MINUTE_US, order, passed, renamed, split } from "../streams/testing/facts.ts";
import { at, equity, given } from "../streams/testing/given.ts";
import { free } from "./free-venue.spec.ts";
import { marketOrders } from "./market-orders.spec.ts";
import { orderRouter } from "./order-router/order-router.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import type { VenueConfig } from "./venue-config.ts";

const M = MINUTE_US;
const brought = (timeUs: number, quantity: number, changes = {}) =>
  at(
    timeUs,
    "orders",
    order(0, "B", quantity, {
      action: "TRANSFER",
      referencePrice: 100_00,
      decidedUs: timeUs,
      ...changes,
    }),
  );
const minute = (timeUs: number, price: number) =>
  at(timeUs, "market.bars", bar("B", timeUs, price));
const listed = at(0, "market.instruments", equity("B"));

describe("the venue of the new name", () => {
  test("lets it be closed by an order that may only reduce", () => {
    const found = given(paperVenue(free, "bars"), listed).when(
      brought(M, 100),
      at(M, "orders", order(2, "B", -100, { reduceOnly: true, decidedUs: M })),
      minute(2 * M, 90_00),
    );
    expect(found.map(({ value }) => value)).toMatchObject([
      { orderId: 2, execType: "FILLED", quantity: 100, price: 90_00 },
    ]);
  });

  test("charges what it costs to hold, and calls its margin, from what it had cost", () => {
    const carry = {
      atUs: 0,
      dayCount: 360,
      borrowPerMillion: 0,
      financingPerMillion: 36_000,
      funding: null,
    } as const;
    const margin = { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 };
    const day = 1440 * M;
    const found = given(paperVenue({ ...free, carry, margin }, "bars"), listed).when(
      brought(M, 100),
      minute(2 * M, 100_00),
      minute(day + M, 100_00),
      minute(day + 2 * M, 94_00),
    );
    expect(found.map(({ value }) => value)).toMatchObject([
      { execType: "CARRIED", quantity: 100, fee: 1_00n },
      { execType: "FILLED", reason: "MarginCall", side: "SELL", quantity: 100 },
    ]);
  });

  test("restates what was on its way while the new shares were split", () => {
    const found = given(paperVenue(free, "bars"), listed).when(
      at(2 * M, "orders", order(1, "B", -1, { type: "LIMIT", limitPrice: 9e6, decidedUs: 2 * M })),
      brought(2 * M + 1, 100, { decidedUs: M }),
      at(3 * M, "market.corporate-actions", split("B", 2, 1)),
      brought(3 * M + 1, 100, { decidedUs: 2 * M }),
      at(3 * M + 1, "orders", order(2, "B", -900, { reduceOnly: true, decidedUs: 3 * M })),
      minute(4 * M + 1, 45_00),
    );
    expect(found.at(-2)?.value).toMatchObject({ orderId: 2, execType: "FILLED", quantity: 400 });
  });

  test("refuses an order that only reduces where nothing was brought", () => {
    const [answer] = given(paperVenue(free, "bars"), listed).when(
      at(M, "orders", order(2, "B", -100, { reduceOnly: true, decidedUs: M })),
    );
    expect(answer?.value).toMatchObject({ execType: "REJECTED", reason: "NothingToReduce" });
  });
});

describe("the router", () => {
  const router = orderRouter(
    {
      ...marketOrders,
      exits: { stopLossBps: 5000, takeProfitBps: null, trailingStopBps: null },
    },
    { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_00n },
  );
  const holding = [
    at(0, "market.instruments", equity("A")),
    at(M, "risk.verdicts", passed(["A", 100, 100_00])),
    at(2 * M, "fills", filled(1, "A", 100, 100_00, { execId: 1, cumQuantity: 100, tradeUs: M })),
  ] as const;

  test("brings it along, and protects it under the new name at once", () => {
    const found = given(router, ...holding).when(
      at(3 * M, "market.corporate-actions", renamed("A", "B")),
    );
    expect(found.map(({ value }) => value)).toMatchObject([
      { action: "TRANSFER", symbol: "B", side: "BUY", quantity: 100, referencePrice: 100_00 },
      { action: "NEW", symbol: "B", side: "SELL", type: "STOP", quantity: 100, stopPrice: 50_00 },
    ]);
  });

  test("brings what it hears of later, too", () => {
    const [listed, verdict, fill] = holding;
    const [bringing, exit] = given(router, listed, verdict).when(
      at(3 * M, "market.corporate-actions", renamed("A", "B")),
      { ...fill, timeUs: 4 * M },
    );
    expect(bringing?.value).toMatchObject({ action: "TRANSFER", symbol: "B", quantity: 100 });
    expect(exit?.value).toMatchObject({ action: "NEW", symbol: "B", side: "SELL", quantity: 100 });
  });
});

test("a busted trade leaves the cost that is left what it was: nothing is closed for it", () => {
  const margin = { initialPerMillion: 100_000, maintenancePerMillion: 50_000, leverage: 1 };
  const config: VenueConfig = {
    ...free,
    margin,
    trading: { hours: null, status: true, closed: "WAIT" },
  };
  const sent = (timeUs: number, id: number, quantity: number) =>
    at(timeUs, "orders", order(id, "B", quantity, { decidedUs: timeUs }));
  // Bought at 100.00, sold at 110.00; without the purchase it is short at 110.00, and has lost nothing.
  const found = given(paperVenue(config, "bars"), listed).when(
    sent(M, 1, 10),
    minute(2 * M, 100_00),
    sent(2 * M, 2, -10),
    minute(3 * M, 110_00),
    at(3 * M + 1, "market.status", {
      symbol: "B",
      status: "BUSTED",
      fromUs: 0,
      toUs: M,
      reason: "",
    }),
    minute(4 * M, 110_00),
  );
  expect(found.map(({ value: { execType } }) => execType)).toEqual([
    "FILLED",
    "FILLED",
    "TRADE_CANCEL",
  ]);
});
