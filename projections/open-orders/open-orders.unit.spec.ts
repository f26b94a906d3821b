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

  test("reports that come late, twice and out of order give the answer of reports in order", () => {
    const sent = [
      emit("orders", order(1, { type: "STOP", stopPrice: 18_100 })),
      emit("orders", order(2)),
      emit("orders", order(1, { action: "REPLACE", stopPrice: 18_200, quantity: 150 })),
    ];
    const told = [
      fill(0, 0, { execType: "REPLACED", execId: 1, leavesQuantity: 150 }),
      fill(40, 18_250, { execId: 2, cumQuantity: 40, leavesQuantity: 110 }),
      fill(100, 18_000, { orderId: 2, execId: 3, cumQuantity: 100 }),
      fill(60, 18_260, { execId: 4, cumQuantity: 100, leavesQuantity: 50 }),
    ];
    const answer = (reports: readonly ReturnType<typeof fill>[]) => {
      const events = eventsOf([...sent, ...reports.map((report) => emit("fills", report))]);
      return fold(projection, events);
    };
    const expected = answer(told);
    expect(rows(expected)).toMatchObject([
      { orderId: 1, stopPrice: "18200", quantity: "150", leaves: "50", status: "PARTIALLY_FILLED" },
    ]);
    expect(expected).toMatchObject({ filled: 1, repeated: 0, illegal: 0 });
    const mixed = answer([...told].reverse().flatMap((report) => [report, report]));
    expect(mixed).toEqual({ ...expected, repeated: 4 });
  });

  test("a report that its order cannot have is counted, and nothing else", () => {
    const state = fold(
      projection,
      eventsOf([
        emit("orders", order(1)),
        emit("fills", fill(130, 18_000, { execId: 1, cumQuantity: 130 })),
      ]),
    );
    expect(rows(state)).toMatchObject([{ orderId: 1, status: "PENDING_NEW", leaves: "100" }]);
    expect(state).toMatchObject({ illegal: 1, filled: 0 });
  });
});
