import { describe, expect, test } from "vitest";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { plainTerms } from "../../schemas/values/order-terms.ts";
import type { EventOf } from "../../streams/event.ts";
import { command, filled, passed, type TargetLine } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import { marketOrders } from "../market-orders.spec.ts";
import type { OrdersConfig } from "../orders-config.ts";
import { limitPrice } from "./limit-price.ts";
import { orderRouter } from "./order-router.ts";

const portfolio: PortfolioConfig = {
  name: "main",
  currency: "USD",
  currencyScale: 2,
  initialCashMinor: 1_000_000_00n,
};
const market: OrdersConfig = { ...marketOrders, latencyUs: 50_000 };
type Event = EventOf<"risk.verdicts" | "fills" | "market.instruments" | "control.commands">;

const approved = (...lines: readonly TargetLine[]) => at(0, "risk.verdicts", passed(...lines));
const reported = (report: ExecutionReport) => at(0, "fills", report);
const fill = (orderId: number, quantity: number, changes: Partial<ExecutionReport> = {}) =>
  reported(filled(orderId, "A", quantity, 100, changes));
const ended = (
  orderId: number,
  execType: "REJECTED" | "CANCELED" | "CANCEL_REJECTED",
  reason: ExecutionReport["reason"],
) => fill(orderId, 1, { execType, reason, quantity: 0 });
const told = (...parameters: Parameters<typeof command>) =>
  at(0, "control.commands", command(...parameters));

/** What the router asks for while the events happen, one each microsecond from 1 on. */
const orders = (config: Partial<OrdersConfig>, ...events: readonly Event[]): Order[] =>
  given(orderRouter({ ...market, ...config }, portfolio))
    .when(...events.map((event, i) => ({ ...event, timeUs: i + 1 })))
    .map(({ value }) => value);
/** NEW +100 #1 and the like. */
const brief = (found: readonly Order[]) =>
  found.map(
    ({ action, side, quantity, orderId }) =>
      `${action} ${side === "BUY" ? "+" : "-"}${quantity} #${orderId}`,
  );

describe("order-router", () => {
  test("sends what is missing to the approved target, timed by the verdict", () => {
    expect(orders({}, approved(["A", 100, 18_25]))).toEqual([
      {
        orderId: 1,
        action: "NEW",
        portfolio: "main",
        symbol: "A",
        side: "BUY",
        type: "MARKET",
        quantity: 100,
        limitPrice: null,
        timeInForce: "GTC",
        referencePrice: 18_25,
        decidedUs: 1,
        ...plainTerms,
      },
    ]);
  });

  test("orders arrive at the venue after the configured latency", () => {
    expect(orderRouter(market, portfolio).outputs).toEqual({ orders: 50_000 });
  });

  test("numbers orders over all symbols", () => {
    const found = orders({}, approved(["A", 1, 10], ["B", -2, 10]), approved(["C", 3, 10]));
    expect(brief(found)).toEqual(["NEW +1 #1", "NEW -2 #2", "NEW +3 #3"]);
  });

  test("counts the position: the next order is the difference", () => {
    const found = orders({}, approved(["A", 100, 10]), fill(1, 100), approved(["A", -40, 10]));
    expect(brief(found)).toEqual(["NEW +100 #1", "NEW -140 #2"]);
  });

  test("an unchanged target sends nothing, while an order works and after it filled", () => {
    const verdict = approved(["A", 100, 10]);
    const found = orders({}, verdict, verdict, fill(1, 100), verdict);
    expect(brief(found)).toEqual(["NEW +100 #1"]);
  });

  test("a larger target adds to the working order", () => {
    const found = orders({}, approved(["A", 100, 10]), approved(["A", 150, 10]));
    expect(brief(found)).toEqual(["NEW +100 #1", "NEW +50 #2"]);
  });

  test("a smaller target cancels, waits for the answer, then sends the rest", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      approved(["A", 60, 11]),
      approved(["A", 50, 12]),
      ended(1, "CANCELED", "CanceledByUser"),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW +50 #2"]);
    expect(found.at(-1)?.decidedUs).toBe(4); // the answer freed it, not the verdict
  });

  test("the newest working order is cancelled first, the rest keeps its place", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      approved(["A", 150, 10]),
      approved(["A", 100, 10]),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "NEW +50 #2", "CANCEL +50 #2"]);
  });

  test("a flip whose cancel loses the race sells what was bought, in orders no larger than approved", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      approved(["A", -50, 10]),
      fill(1, 100),
      ended(1, "CANCEL_REJECTED", "UnknownOrder"),
      fill(2, -100),
      fill(3, -50),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW -100 #2", "NEW -50 #3"]);
  });

  test("target 0 cancels what works; if it filled after all, it is sold", () => {
    const events = [approved(["A", 100, 10]), approved(["A", 0, 10])];
    const canceled = ended(1, "CANCELED", "CanceledByUser");
    expect(brief(orders({}, ...events, canceled))).toEqual(["NEW +100 #1", "CANCEL +100 #1"]);
    expect(brief(orders({}, ...events, fill(1, 100)))).toEqual([
      "NEW +100 #1",
      "CANCEL +100 #1",
      "NEW -100 #2",
    ]);
  });

  test("a partial fill leaves the rest working", () => {
    const part = fill(1, 30, { leavesQuantity: 70 });
    const found = orders({}, approved(["A", 100, 10]), part, approved(["A", 10, 10]));
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +70 #1"]);
  });

  test("a refused verdict leaves things as they are", () => {
    const denied = approved();
    expect(brief(orders({}, approved(["A", 100, 10]), denied))).toEqual(["NEW +100 #1"]);
  });

  test.each([
    ["rejected", "REJECTED", "InvalidQuantity"],
    ["out of time", "CANCELED", "ImmediateOrCancel"],
    ["past its day", "CANCELED", "DayEnded"],
  ] as const)(
    "an order that is %s is not sent again, but frees its quantity",
    (_, type, reason) => {
      const events = [approved(["A", 100, 10]), ended(1, type, reason)];
      expect(brief(orders({}, ...events))).toEqual(["NEW +100 #1"]);
      expect(brief(orders({}, ...events, approved(["A", 100, 10])))).toEqual([
        "NEW +100 #1",
        "NEW +100 #2",
      ]);
    },
  );

  test("an order that the venue ends while its cancel is on the way is answered by the new target", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      approved(["A", 20, 10]),
      ended(1, "CANCELED", "DayEnded"),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW +20 #2"]);
  });

  test("fills that no working order explains move the position, and nothing is sent to undo them", () => {
    const found = orders({}, approved(["A", 0, 10]), fill(99, 100));
    expect(found).toEqual([]);
    const next = orders({}, approved(["A", 0, 10]), fill(99, 100), approved(["A", 0, 10]));
    expect(brief(next)).toEqual(["NEW -100 #1"]);
  });

  test("what is another portfolio's is not ours", () => {
    const verdict = approved(["A", 100, 10]);
    const others = { ...verdict, value: { ...verdict.value, portfolio: "other" } };
    const found = orders({}, others, approved(["A", 10, 10]), fill(1, 5, { portfolio: "other" }));
    expect(brief(found)).toEqual(["NEW +10 #1"]);
  });
});

describe("commands", () => {
  test("KillTrading cancels every working order once and sends nothing more", () => {
    const found = orders(
      {},
      approved(["A", 100, 10], ["B", 5, 10]),
      approved(["A", 150, 10]),
      told("KillTrading"),
      told("KillTrading"),
      ended(1, "CANCELED", "CanceledByUser"),
      approved(["A", 10, 10]),
    );
    expect(brief(found)).toEqual([
      "NEW +100 #1",
      "NEW +5 #2",
      "NEW +50 #3",
      "CANCEL +100 #1",
      "CANCEL +50 #3",
      "CANCEL +5 #2",
    ]);
  });

  test("FlattenPositions cancels what works, then closes what is held, and acts on no verdict", () => {
    const found = orders(
      { type: "LIMIT" },
      approved(["A", 100, 10]),
      fill(1, 60, { leavesQuantity: 40 }),
      told("FlattenPositions"),
      approved(["A", 100, 10]),
      ended(1, "CANCELED", "CanceledByUser"),
      fill(2, -60),
      told("EnableTrading"),
      approved(["A", 5, 10]),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +40 #1", "NEW -60 #2", "NEW +5 #3"]);
    expect(found[2]).toMatchObject({ type: "MARKET", reduceOnly: true, limitPrice: null });
  });

  test("FlattenPositions closes what a lost race bought, and sends nothing again that is refused", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      told("FlattenPositions"),
      fill(1, 100),
      ended(1, "CANCEL_REJECTED", "UnknownOrder"),
      ended(2, "REJECTED", "DeniedByRisk"),
      ended(9, "CANCEL_REJECTED", "UnknownOrder"),
      told("FlattenPositions"),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW -100 #2", "NEW -100 #3"]);
  });

  test.each(["HaltTrading", "ReduceOnly", "KillTrading"] as const)(
    "%s ends an approval whose order is not sent yet",
    (name) => {
      const found = orders(
        {},
        approved(["A", 100, 10]),
        approved(["A", 60, 10]),
        told(name),
        ended(1, "CANCELED", "CanceledByUser"),
      );
      expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1"]);
    },
  );

  test.each([
    ["HaltTrading", 1],
    ["KillTrading", 1],
    ["ReduceOnly", 2],
  ] as const)("%s: verdicts acted on until trading is enabled", (name, orderId) => {
    const events = [
      told(name),
      approved(["A", 1, 10]),
      told("EnableTrading"),
      approved(["A", 2, 10]),
    ];
    expect(orders({}, ...events).at(-1)?.orderId).toBe(orderId);
  });

  test.each(["HaltTrading", "ReduceOnly"] as const)(
    "%s cancels what opens, and leaves what closes where it is",
    (name) => {
      expect(brief(orders({}, approved(["A", 1, 10]), told(name)))).toEqual([
        "NEW +1 #1",
        "CANCEL +1 #1",
      ]);
      const bought = [approved(["A", 10, 10]), fill(1, 10)];
      expect(brief(orders({}, ...bought, approved(["A", 4, 10]), told(name)))).toEqual([
        "NEW +10 #1",
        "NEW -6 #2",
      ]);
      // One order that would turn the position opens.
      expect(brief(orders({}, ...bought, approved(["A", -4, 10]), told(name)))).toEqual([
        "NEW +10 #1",
        "NEW -14 #2",
        "CANCEL -14 #2",
      ]);
    },
  );

  test("what is no switch, and another portfolio's commands, are not for the router", () => {
    const found = orders(
      {},
      approved(["A", 100, 10]),
      approved(["A", 60, 10]),
      told("SetOverlay", { overlay: "RESTRICTED", symbol: "A" }),
      told("RequestOverride", { limit: "PRICE_COLLAR", symbol: "A" }),
      told("SetLimit", { limit: "maxPosition", value: 1 }),
      told("KillTrading", { portfolio: "other" }),
      ended(1, "CANCELED", "CanceledByUser"),
    );
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW +60 #2"]);
  });
});

describe("limit orders", () => {
  test("carry a limit on the instrument's tick", () => {
    const listed = at(0, "market.instruments", equity("A", { tickSize: 5 }));
    const config = { type: "LIMIT", limitOffsetBps: 10, timeInForce: "DAY" } as const;
    const found = orders(config, listed, approved(["A", 100, 100_02]), fill(1, 100));
    expect(found).toMatchObject([{ type: "LIMIT", limitPrice: 99_90, timeInForce: "DAY" }]);
  });

  test.each([
    ["BUY", 100_00, 10, 1, 99_90],
    ["SELL", 100_00, 10, 1, 100_10],
    ["BUY", 100_01, 10, 1, 99_90], // 99.909… down
    ["SELL", 100_01, 10, 1, 100_12], // 100.110… up
    ["BUY", 100_00, 0, 1, 100_00],
    ["SELL", 100_00, 0, 1, 100_00],
    ["BUY", 100_00, -10, 1, 100_10], // crosses
    ["SELL", 100_00, -10, 1, 99_90],
    ["BUY", 100_03, 0, 25, 100_00],
    ["SELL", 100_03, 0, 25, 100_25],
    ["BUY", 100, 9_999, 5, 5],
    ["BUY", 9_007_199_254_740_990, 10, 10, 8_998_192_055_486_240],
  ] as const)("%s at %d with %d bps on ticks of %d: %d", (side, price, bps, tick, expected) => {
    expect(limitPrice(side, price, bps, tick)).toBe(expected);
  });
});

describe("reports that come late, twice or out of order", () => {
  const numbered = (execId: number, orderId: number, quantity: number, changes = {}) =>
    fill(orderId, quantity, { execId, ...changes });

  test("an execution told twice is booked once", () => {
    const part = numbered(1, 1, 60, { cumQuantity: 60, leavesQuantity: 40 });
    const rest = numbered(2, 1, 40, { cumQuantity: 100 });
    const again = approved(["A", 120, 10]);
    const found = orders({}, approved(["A", 100, 10]), part, part, rest, part, rest, again);
    expect(brief(found)).toEqual(["NEW +100 #1", "NEW +20 #2"]);
  });

  test("an end that comes before its executions counts what it says was executed", () => {
    const canceled = numbered(2, 1, 40, { execType: "CANCELED", quantity: 0, cumQuantity: 40 });
    const late = numbered(1, 1, 40, { cumQuantity: 40, leavesQuantity: 60 });
    const second = numbered(3, 2, 20, { cumQuantity: 20 });
    const events = [approved(["A", 100, 10]), approved(["A", 60, 10]), canceled, late, second];
    const found = orders({}, ...events, approved(["A", 0, 10]));
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW +20 #2", "NEW -60 #3"]);
  });

  test("a cancel refused before the execution is heard of is not sent again", () => {
    const refused = numbered(2, 1, 1, { execType: "CANCEL_REJECTED", quantity: 0 });
    const late = numbered(1, 1, 100, { cumQuantity: 100 });
    const found = orders({}, approved(["A", 100, 10]), approved(["A", 0, 10]), refused, late);
    expect(brief(found)).toEqual(["NEW +100 #1", "CANCEL +100 #1", "NEW -100 #2"]);
  });
});
