// What the router asks for by the settings of orders, worked out by hand: each type with its prices, what goes with
// it, brackets, ranges and amendments.

import { describe, expect, test } from "vitest";
import type { Facts } from "../../schemas/generated/facts.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, filled, passed, split } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { marketOrders } from "../market-orders.spec.ts";
import type { OrdersConfig } from "../orders-config.ts";
import { orderRouter } from "./order-router.ts";

const portfolio: PortfolioConfig = {
  ...{ name: "main", currency: "USD", currencyScale: 2 },
  initialCashMinor: 1_000_000_00n,
};
const plain: OrdersConfig = { ...marketOrders, latencyUs: 50_000 };
type Topic =
  | "risk.verdicts"
  | "fills"
  | "features"
  | "market.bars"
  | "market.corporate-actions"
  | "control.commands";
type Event = EventOf<Topic>;

const approved = (quantity: number, price = 10_000): Event =>
  at(0, "risk.verdicts", passed(["A", quantity, price]));
const fill = (orderId: number, quantity: number, price: number, leavesQuantity = 0): Event =>
  at(0, "fills", filled(orderId, "A", quantity, price, { leavesQuantity }));
const told = (
  orderId: number,
  execType: ExecutionReport["execType"],
  leavesQuantity = 0,
  changes: Partial<ExecutionReport> = {},
): Event =>
  at(0, "fills", filled(orderId, "A", 1, 0, { execType, quantity: 0, leavesQuantity, ...changes }));
const ranged = (atr: number, symbol = "A"): Event =>
  at(0, "features", { symbol, barEndUs: 0, price: 0, ...indicators, atr });
const indicators: Omit<Facts["features"], "symbol" | "barEndUs" | "price"> = {
  ...{ logReturn: 0, emaFast: 0, emaSlow: 0, atr: 0, volatility: 0, warm: true },
};
const closed = (price: number): Event => at(0, "market.bars", bar("A", 0, price));

function sent(config: Partial<OrdersConfig>, ...events: readonly Event[]): readonly Order[] {
  const listed = at(0, "market.instruments", equity("A", { tickSize: 5, lotSize: 10 }));
  return given(orderRouter({ ...plain, ...config }, portfolio), listed)
    .when(...events.map((event, i) => ({ ...event, timeUs: i + 1 })))
    .map(({ value }) => value);
}

/** "BUY 100 STOP stop 10100" and the like; with action and id where it is no new order. */
const brief = (order: Order): string => {
  const { action, orderId, side, quantity, type, parentOrderId } = order;
  const what = action === "NEW" ? "" : `${action} #${orderId} `;
  const { limitPrice, stopPrice, trailBps, trailOffset } = order;
  const prices = { limit: limitPrice, stop: stopPrice, bps: trailBps, trail: trailOffset };
  const shown = Object.entries({ ...prices, after: parentOrderId })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => ` ${name} ${value}`);
  return `${what}${side} ${quantity} ${type}${shown.join("")}`;
};
const asked = (config: Partial<OrdersConfig>, ...events: readonly Event[]): string[] =>
  sent(config, ...events).map(brief);

describe("a type", () => {
  // 1 % of 10,003 is 100.03; ticks of 5.
  test.each<[Partial<OrdersConfig>, string, string]>([
    [{ type: "STOP" }, "BUY 100 STOP stop 10105", "SELL 100 STOP stop 9900"],
    [
      { type: "MARKET_IF_TOUCHED" },
      "BUY 100 MARKET_IF_TOUCHED stop 9900",
      "SELL 100 MARKET_IF_TOUCHED stop 10105",
    ],
    [
      { type: "STOP_LIMIT", limitOffsetBps: -20 },
      // 0.2 % of the trigger beyond it: 20.21 above, rounded so that it pays no more than asked.
      "BUY 100 STOP_LIMIT limit 10125 stop 10105",
      "SELL 100 STOP_LIMIT limit 9885 stop 9900",
    ],
    [
      { type: "LIMIT_IF_TOUCHED", limitOffsetBps: 20 },
      "BUY 100 LIMIT_IF_TOUCHED limit 9880 stop 9900",
      "SELL 100 LIMIT_IF_TOUCHED limit 10130 stop 10105",
    ],
    [{ type: "TRAILING_STOP" }, "BUY 100 TRAILING_STOP bps 100", "SELL 100 TRAILING_STOP bps 100"],
  ])("%j has its prices on ticks, no nearer than asked", (config, buy, sell) => {
    const trigger = { bps: 100 };
    expect(asked({ ...config, trigger }, approved(100, 10_003))).toEqual([buy]);
    expect(asked({ ...config, trigger }, approved(-100, 10_003))).toEqual([sell]);
  });

  test("measures in the last range that it heard of", () => {
    const trigger = { atrs: 1.5 };
    // 1.5 × 33 = 49.5.
    const events = [ranged(20), ranged(33), approved(100)];
    expect(asked({ type: "STOP", trigger }, ...events)).toEqual(["BUY 100 STOP stop 10050"]);
    expect(asked({ type: "TRAILING_STOP", trigger }, ...events)).toEqual([
      "BUY 100 TRAILING_STOP trail 50",
    ]);
    expect(asked({ type: "LIMIT", limitOffsetAtrs: 1.5 }, ...events)).toEqual([
      "BUY 100 LIMIT limit 9950",
    ]);
  });

  test("waits for the first range of its symbol, and is sent then", () => {
    const config = { type: "STOP", trigger: { atrs: 1 } } as const;
    expect(asked(config, approved(100), ranged(20, "B"))).toEqual([]);
    const [order, ...others] = sent(config, approved(100), ranged(20));
    expect(order).toMatchObject({ stopPrice: 10_020, decidedUs: 2 });
    expect(others).toEqual([]);
  });

  test("that waits for a price never makes a position smaller: that goes to the market", () => {
    const config = { type: "STOP", trigger: { bps: 100 } } as const;
    const orders = sent(config, approved(100), fill(1, 100, 10_100), approved(-50));
    expect(orders.map(brief)).toEqual(["BUY 100 STOP stop 10100", "SELL 100 MARKET"]);
    expect(orders[1]).toMatchObject({ reduceOnly: true, ocoGroup: null });
    // Closed first, then turned.
    const turned = [approved(100), fill(1, 100, 10_100), approved(-50), fill(2, -100, 10_000)];
    expect(asked(config, ...turned).at(-1)).toBe("SELL 50 STOP stop 9900");
  });
});

describe("a limit order", () => {
  test("may be post-only, and show a part of itself in whole lots", () => {
    const config = { type: "LIMIT", limitOffsetBps: 10, postOnly: true } as const;
    const shown = (display: string, quantity: number) =>
      sent({ ...config, display }, approved(quantity))[0]?.displayQuantity;
    expect(sent(config, approved(100))[0]).toMatchObject({ postOnly: true, displayQuantity: null });
    expect([shown("25", 100), shown("25.75", 100), shown("3", 100)]).toEqual([20, 20, 10]);
    expect([shown("100", 100), shown("1e3", 100)]).toEqual([null, null]);
  });

  const config = { type: "LIMIT", limitOffsetBps: 10, reprice: { bps: 50 } } as const;
  const first = "BUY 100 LIMIT limit 9990";

  test("is amended once the last close lies further than asked from what it was put by", () => {
    // 0.5 % is 50: not yet.
    expect(asked(config, approved(100), closed(10_050))).toEqual([first]);
    const amended = [first, "REPLACE #1 BUY 100 LIMIT limit 10040"];
    expect(asked(config, approved(100), closed(10_051))).toEqual(amended);
    const answered = [approved(100), closed(10_051), told(1, "REPLACED", 100)];
    expect(asked(config, ...answered, closed(10_001))).toEqual(amended);
    expect(asked(config, ...answered, closed(10_000))).toEqual([
      ...amended,
      "REPLACE #1 BUY 100 LIMIT limit 9990",
    ]);
    // The decision that it is measured by stays what it was.
    expect(sent(config, ...answered)[1]?.referencePrice).toBe(10_000);
  });

  test("is not amended while an amendment is unanswered, nor once nothing is approved any more", () => {
    const unanswered = [approved(100), closed(10_051), closed(11_000)];
    expect(asked(config, ...unanswered)).toHaveLength(2);
    expect(asked(config, ...unanswered, told(1, "REPLACED", 100), closed(11_000))).toHaveLength(3);
    const halted = at(0, "control.commands", command("HaltTrading"));
    expect(asked(config, approved(100), halted, closed(11_000))).toEqual(
      asked(config, approved(100), halted),
    );
  });

  test("that executes while it is amended counts what it executed, and a lost race ends there", () => {
    const race = [approved(100), fill(1, 30, 9_990, 70), closed(10_100)];
    expect(asked(config, ...race)).toEqual([first, "REPLACE #1 BUY 100 LIMIT limit 10085"]);
    const late = [...race, fill(1, 70, 9_990), told(1, "REPLACE_REJECTED"), closed(11_000)];
    expect(asked(config, ...late)).toHaveLength(2);
    // The next target starts from all of it.
    expect(asked(config, ...late, approved(150)).at(-1)).toBe("BUY 50 LIMIT limit 9990");
  });
});

const exits = { stopLossBps: 200, takeProfitBps: 500, trailingStopBps: null };

describe("a bracket", () => {
  const config = { exits, bracket: true } as const;
  const opened = [
    "BUY 100 MARKET",
    "SELL 100 STOP stop 9800 after 1",
    "SELL 100 LIMIT limit 10500 after 1",
  ];

  test("goes with the order that opens a position, and is moved to its average price", () => {
    expect(asked(config, approved(100))).toEqual(opened);
    expect(sent(config, approved(100)).slice(1)).toMatchObject([
      { reduceOnly: true, ocoGroup: 1, timeInForce: "GTC" },
      { reduceOnly: true, ocoGroup: 1, timeInForce: "GTC" },
    ]);
    const idle = [told(2, "SUSPENDED", 100), told(3, "SUSPENDED", 100)];
    expect(asked(config, approved(100), ...idle)).toEqual(opened);
    expect(asked(config, approved(100), ...idle, fill(1, 100, 10_100))).toEqual([
      ...opened,
      "REPLACE #2 SELL 100 STOP stop 9895 after 1",
      "REPLACE #3 SELL 100 LIMIT limit 10605 after 1",
    ]);
    // At the price that it was decided at there is nothing to move.
    expect(asked(config, approved(100), fill(1, 100, 10_000))).toEqual(opened);
  });

  test("keeps the size of the whole entry while it executes bit by bit", () => {
    const bits = [fill(1, 40, 10_000, 60), fill(1, 60, 10_000)];
    expect(asked(config, approved(100), ...bits)).toEqual(opened);
  });

  test("lies by the price that the entry names", () => {
    const limit = { ...config, type: "LIMIT", limitOffsetBps: 1000 } as const;
    expect(asked(limit, approved(100))).toEqual([
      "BUY 100 LIMIT limit 9000",
      "SELL 100 STOP stop 8820 after 1",
      "SELL 100 LIMIT limit 9450 after 1",
    ]);
  });

  test("grows with the order that enlarges the position, when it is sent", () => {
    const grown = [approved(100), fill(1, 100, 10_000), approved(150)];
    expect(asked(config, ...grown)).toEqual([
      ...opened,
      "BUY 50 MARKET",
      "REPLACE #2 SELL 150 STOP stop 9800 after 1",
      "REPLACE #3 SELL 150 LIMIT limit 10500 after 1",
    ]);
  });

  test("another target takes the place of the entry; the same or a smaller one does not add to it", () => {
    const limit = { ...config, type: "LIMIT" } as const;
    const larger = [approved(100), approved(150)];
    const first = asked(limit, approved(100));
    expect(asked(limit, ...larger).slice(3)).toEqual(["CANCEL #1 BUY 100 LIMIT limit 10000"]);
    expect(asked(limit, approved(100), approved(100))).toEqual(first);
    const ended = [told(1, "CANCELED"), told(2, "CANCELED"), told(3, "CANCELED")];
    // The venue ends what hung on the first one by itself.
    expect(asked(limit, ...larger, ...ended).slice(4)).toEqual([
      "BUY 150 LIMIT limit 10000",
      "SELL 150 STOP stop 9800 after 4",
      "SELL 150 LIMIT limit 10500 after 4",
    ]);
  });

  test("a child that came after its entry had executed is sent as an exit of its own", () => {
    const late = told(2, "REJECTED", 0, { reason: "LinkedOrder" });
    expect(asked(config, approved(100), fill(1, 100, 10_000), late)).toEqual([
      ...opened,
      "SELL 100 STOP stop 9800",
    ]);
    // One that is refused for itself is not.
    const refused = told(2, "REJECTED", 0, { reason: "InvalidPrice" });
    expect(asked(config, approved(100), fill(1, 100, 10_000), refused)).toEqual(opened);
  });
});

describe("an exit", () => {
  test("that executes takes back what would enlarge the position again", () => {
    const part = [approved(100), fill(1, 40, 10_000, 60), fill(2, -40, 9_800)];
    expect(asked({ exits }, ...part)).toContain("CANCEL #1 BUY 60 MARKET");
  });

  test("measures in the range of the entry, whatever comes after", () => {
    const config = {
      exits: { ...plain.exits, stopLossAtrs: 2, takeProfitAtrs: 4, trailingStopAtrs: 3 },
    };
    const entered = [ranged(21), approved(100), ranged(90), fill(1, 100, 10_000)];
    const lines = [
      "BUY 100 MARKET",
      "SELL 100 STOP stop 9955",
      "SELL 100 LIMIT limit 10085",
      "SELL 100 TRAILING_STOP trail 65",
    ];
    expect(asked(config, ...entered)).toEqual(lines);
    expect(asked(config, ...entered, approved(150), fill(5, 50, 10_030)).slice(4)).toEqual([
      "BUY 50 MARKET",
      "REPLACE #2 SELL 150 STOP stop 9965",
      "REPLACE #3 SELL 150 LIMIT limit 10095",
      "REPLACE #4 SELL 150 TRAILING_STOP trail 65",
    ]);
  });

  test("in ranges that no feature has told yet is sent with the first one", () => {
    const config = { exits: { ...plain.exits, stopLossAtrs: 2 } };
    const entered = [approved(100), fill(1, 100, 10_000)];
    expect(asked(config, ...entered)).toEqual(["BUY 100 MARKET"]);
    expect(asked(config, ...entered, ranged(20))).toEqual([
      "BUY 100 MARKET",
      "SELL 100 STOP stop 9960",
    ]);
    expect(asked({ ...config, bracket: true }, approved(100))).toEqual([]);
  });

  test("is restated with its range by a split", () => {
    const config = { exits: { ...plain.exits, stopLossAtrs: 2 } };
    const cut = at(0, "market.corporate-actions", split("A", 2, 1));
    const canceled = told(2, "CANCELED", 0, { reason: "CorporateAction" });
    const events = [ranged(20), approved(100), fill(1, 100, 10_000), cut, canceled];
    expect(asked(config, ...events).at(-1)).toBe("SELL 200 STOP stop 4980");
  });
});
