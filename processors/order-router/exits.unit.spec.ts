// Protective exits by hand: what the router asks for as a position comes, changes, and goes.

import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { EventOf } from "../../streams/event.ts";
import { command, filled, passed, type TargetLine } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { ExitsConfig, OrdersConfig } from "../orders-config.ts";
import { orderRouter } from "./order-router.ts";

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
const none: ExitsConfig = { stopLossBps: null, takeProfitBps: null, trailingStopBps: null };
const config = (
  exits: Partial<ExitsConfig>,
  changes: Partial<OrdersConfig> = {},
): OrdersConfig => ({
  type: "MARKET",
  limitOffsetBps: 0,
  timeInForce: "GTC",
  goodForUs: null,
  latencyUs: 50_000,
  exits: { ...none, ...exits },
  ...changes,
});
type Event = EventOf<"risk.verdicts" | "fills" | "market.instruments" | "control.commands">;

const approved = (...lines: readonly TargetLine[]) => at(0, "risk.verdicts", passed(...lines));
const fill = (orderId: number, quantity: number, price: number, changes = {}) =>
  at(0, "fills", filled(orderId, "A", quantity, price, changes));
const told = (
  orderId: number,
  execType: ExecutionReport["execType"],
  leavesQuantity = 0,
  changes: Partial<ExecutionReport> = {},
) => fill(orderId, 1, 0, { execType, quantity: 0, leavesQuantity, ...changes });

/** "NEW SELL 100 STOP 98" and the like, of all that is asked for. */
function asked(orders: OrdersConfig, ...events: readonly Event[]): string[] {
  const listed = at(0, "market.instruments", equity("A", { tickSize: 5 }));
  return given(orderRouter(orders, portfolio), listed)
    .when(...events.map((event, i) => ({ ...event, timeUs: i + 1 })))
    .map(({ value }) => {
      const { action, side, quantity, type, orderId, stopPrice, limitPrice, trailBps } = value;
      const price = stopPrice ?? limitPrice ?? trailBps ?? "";
      return `${action} #${orderId} ${side} ${quantity} ${type} ${price}`.trimEnd();
    });
}

const both = config({ stopLossBps: 200, takeProfitBps: 500 });
const open = [approved(["A", 100, 10_000]), fill(1, 100, 10_003)];
const opened = [
  "NEW #1 BUY 100 MARKET",
  "NEW #2 SELL 100 STOP 9800",
  "NEW #3 SELL 100 LIMIT 10505",
];

const cancels = ["CANCEL #2 SELL 100 STOP 9800", "CANCEL #3 SELL 100 LIMIT 10505"];

describe("a position", () => {
  test("gets its exits when its first execution is heard, on ticks and no nearer than asked", () => {
    // 2 % below 10,003 is 9,802.94, 5 % above it 10,503.15.
    expect(asked(both, ...open)).toEqual(opened);
    const short = [approved(["A", -100, 10_000]), fill(1, -100, 10_003)];
    expect(
      asked(config({ stopLossBps: 200, takeProfitBps: 500, trailingStopBps: 300 }), ...short),
    ).toEqual([
      "NEW #1 SELL 100 MARKET",
      "NEW #2 BUY 100 STOP 10205",
      "NEW #3 BUY 100 LIMIT 9500",
      "NEW #4 BUY 100 TRAILING_STOP 300",
    ]);
  });

  test("has none where none are configured", () => {
    expect(asked(config({}), ...open)).toEqual(["NEW #1 BUY 100 MARKET"]);
  });

  test("that grows has them replaced, at the new average entry price", () => {
    const more = [approved(["A", 200, 10_000]), fill(4, 100, 11_003)];
    expect(asked(both, ...open, ...more)).toEqual([
      ...opened,
      "NEW #4 BUY 100 MARKET",
      "REPLACE #2 SELL 200 STOP 10290",
      "REPLACE #3 SELL 200 LIMIT 11030",
    ]);
  });

  test("whose replace is unanswered waits with the next", () => {
    const more = [approved(["A", 300, 10_000]), fill(4, 100, 10_003, { leavesQuantity: 100 })];
    const events = [...open, ...more, fill(4, 100, 10_003)];
    const first = [
      ...opened,
      "NEW #4 BUY 200 MARKET",
      "REPLACE #2 SELL 200 STOP 9800",
      "REPLACE #3 SELL 200 LIMIT 10505",
    ];
    expect(asked(both, ...events)).toEqual(first);
    expect(asked(both, ...events, told(2, "REPLACED", 200))).toEqual([
      ...first,
      "REPLACE #2 SELL 300 STOP 9800",
    ]);
  });

  test("that is sold in part is sold within the group of its exits, which become smaller", () => {
    const less = [approved(["A", 60, 10_000]), fill(4, -40, 10_100)];
    const cut = [told(2, "RESTATED", 60), told(3, "RESTATED", 60)];
    const replaced = [told(2, "REPLACED", 60), told(3, "REPLACED", 60)];
    expect(asked(both, ...open, ...less, ...cut, ...replaced)).toEqual([
      ...opened,
      "NEW #4 SELL 40 MARKET",
      "REPLACE #2 SELL 60 STOP 9800",
      "REPLACE #3 SELL 60 LIMIT 10505",
    ]);
    const [order] = given(
      orderRouter(both, portfolio),
      at(0, "market.instruments", equity("A")),
      ...open,
    )
      .when(approved(["A", 60, 10_000]))
      .map(({ value }) => value);
    expect(order).toMatchObject({ ocoGroup: 1, reduceOnly: true, parentOrderId: null });
  });

  test("that is closed has its exits taken off by the venue, or by us", () => {
    const gone = [approved(["A", 0, 10_000]), fill(4, -100, 10_100)];
    const events = [...open, ...gone, told(2, "CANCELED"), told(3, "CANCELED")];
    expect(asked(both, ...events)).toEqual([...opened, "NEW #4 SELL 100 MARKET", ...cancels]);
    // An execution that no order of ours explains; what was approved still stands.
    expect(asked(both, ...open, fill(77, -100, 10_100))).toEqual([
      ...opened,
      "NEW #4 BUY 100 MARKET",
      ...cancels,
    ]);
  });

  test("is closed before it is turned, and gets the exits of its other side", () => {
    const turn = [approved(["A", -50, 10_000]), fill(4, -100, 10_000)];
    const canceled = [told(2, "CANCELED"), told(3, "CANCELED")];
    expect(asked(both, ...open, ...turn, ...canceled, fill(5, -50, 10_000))).toEqual([
      ...opened,
      "NEW #4 SELL 100 MARKET",
      "NEW #5 SELL 50 MARKET",
      ...cancels,
      "NEW #6 BUY 50 STOP 10200",
      "NEW #7 BUY 50 LIMIT 9500",
    ]);
  });
});

describe("an exit", () => {
  test("that executes ends the approval: nothing is bought back before the next verdict", () => {
    const stopped = [fill(2, -100, 9_790), told(3, "CANCELED")];
    const other = "CANCEL #3 SELL 100 LIMIT 10505";
    expect(asked(both, ...open, ...stopped)).toEqual([...opened, other]);
    expect(asked(both, ...open, ...stopped, approved(["A", 100, 9_000]))).toEqual([
      ...opened,
      other,
      "NEW #4 BUY 100 MARKET",
    ]);
  });

  test("that executes in part keeps the other for the rest", () => {
    const part = [fill(3, -30, 10_505, { leavesQuantity: 70 }), told(2, "RESTATED", 70)];
    expect(asked(both, ...open, ...part)).toEqual([...opened, "REPLACE #2 SELL 70 STOP 9800"]);
  });

  test("that the venue refuses is not sent again before the position changes", () => {
    const events = [...open, told(2, "REJECTED"), told(3, "NEW", 100)];
    expect(asked(both, ...events)).toEqual(opened);
    expect(asked(both, ...events, approved(["A", 200, 9_000]), fill(4, 100, 10_003))).toEqual([
      ...opened,
      "NEW #4 BUY 100 MARKET",
      "REPLACE #3 SELL 200 LIMIT 10505",
      "NEW #5 SELL 200 STOP 9800",
    ]);
  });

  test("is reduce-only, good till cancelled, and says what it was measured from", () => {
    const [, stop] = given(orderRouter(both, portfolio), at(0, "market.instruments", equity("A")))
      .when(...open)
      .map(({ value }) => value);
    expect(stop).toMatchObject({
      reduceOnly: true,
      ocoGroup: 1,
      timeInForce: "GTC",
      referencePrice: 10_003,
    });
  });
});

describe("an operator's command", () => {
  const operator = (...parameters: Parameters<typeof command>) =>
    at(0, "control.commands", command(...parameters));

  test("to halt or to reduce leaves the exits", () => {
    for (const name of ["HaltTrading", "ReduceOnly"] as const) {
      expect(asked(both, ...open, operator(name))).toEqual(opened);
    }
  });

  test("to kill cancels them; enabling trading protects what is held again", () => {
    const killed = [...open, operator("KillTrading"), told(2, "CANCELED"), told(3, "CANCELED")];
    expect(asked(both, ...killed)).toEqual([...opened, ...cancels]);
    expect(asked(both, ...killed, operator("EnableTrading"))).toEqual([
      ...opened,
      ...cancels,
      "NEW #4 SELL 100 STOP 9800",
      "NEW #5 SELL 100 LIMIT 10505",
    ]);
  });
});

test("an order that is good for a time says when that ends", () => {
  const orders = config({}, { timeInForce: "GTD", goodForUs: 90_000_000 });
  const [order] = given(orderRouter(orders, portfolio), at(0, "market.instruments", equity("A")))
    .when({ ...approved(["A", 1, 10_000]), timeUs: 7 })
    .map(({ value }) => value);
  expect(order).toMatchObject({ timeInForce: "GTD", expireUs: 90_000_007, ocoGroup: null });
});
