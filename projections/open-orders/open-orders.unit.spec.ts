import { describe, expect, test } from "vitest";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { eventsOf, fill, fold, order } from "../../streams/testing/tape.ts";
import { openOrders } from "./open-orders.ts";

const { projection, rows } = openOrders();

describe("open orders", () => {
  test("lists an order from its submission until it is filled", () => {
    const submitted = fold(
      projection,
      eventsOf([
        emit("market.instruments", equity("IBM")),
        emit("orders", order(1, { type: "LIMIT", limitPrice: 17_950 })),
        emit("orders", order(2)),
      ]),
    );
    expect(rows(submitted)).toMatchObject([
      { orderId: 1, limitPrice: "179.50", status: "PENDING_NEW", leaves: "100" },
      { orderId: 2, limitPrice: null, status: "PENDING_NEW" },
    ]);
    const partly = fold(
      projection,
      eventsOf([emit("fills", fill(30, 17_950, { leavesQuantity: 70 }))]),
      submitted,
    );
    expect(rows(partly)).toMatchObject([
      { orderId: 1, leaves: "70", status: "PARTIALLY_FILLED" },
      { orderId: 2 },
    ]);
    const done = fold(projection, eventsOf([emit("fills", fill(70, 17_950))]), partly);
    expect(rows(done)).toMatchObject([{ orderId: 2 }]);
    expect(done).toMatchObject({ submitted: 2, filled: 1, unmatched: 0 });
  });

  test("a cancel is asked for, then confirmed; one that comes too late is only counted", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("orders", order(1)),
        emit("orders", order(1, { action: "CANCEL" })),
        emit("orders", order(9, { action: "CANCEL" })),
      ]),
    );
    expect(rows(state)).toMatchObject([{ orderId: 1, status: "PENDING_CANCEL" }]);
    const canceled = fold(
      projection,
      eventsOf([
        emit("fills", fill(0, 0, { execType: "CANCELED", reason: "CanceledByUser" })),
        emit("fills", fill(0, 0, { orderId: 9, execType: "REJECTED", reason: "UnknownOrder" })),
      ]),
      state,
    );
    expect(rows(canceled)).toEqual([]);
    expect(canceled).toMatchObject({ canceled: 1, rejected: 0, unmatched: 2 });
  });

  test("an order that the venue rejects is no longer open", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("orders", order(1)),
        emit("fills", fill(0, 0, { execType: "REJECTED", reason: "UnknownInstrument" })),
      ]),
    );
    expect(rows(state)).toEqual([]);
    expect(state.rejected).toBe(1);
  });
});
