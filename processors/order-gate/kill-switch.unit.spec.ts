// What operators command, what trips the gate by itself, and what still passes then.

import { describe, expect, test } from "vitest";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { decodeState, encodeState } from "../../streams/state.ts";
import { bar, command, filled, order, passed } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { brief, gateWith, snapshot } from "./testing/gate-facts.ts";

type Event = EventOf<
  | "orders"
  | "fills"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "control.commands"
>;

const known: readonly Event[] = [
  at(0, "market.instruments", equity("A")),
  at(0, "market.bars", bar("A", 0, 100_00)),
];
const asked = (id: number, quantity: number, changes: Partial<Order> = {}): Event =>
  at(0, "orders", order(id, "A", quantity, { referencePrice: 100_00, ...changes }));
const told = (...parameters: Parameters<typeof command>): Event =>
  at(0, "control.commands", command(...parameters));
const held = (quantity: number): Event =>
  at(0, "portfolio.snapshots", snapshot("A", quantity, 1_000_000_00n));
const reported = (...parameters: Parameters<typeof filled>): Event =>
  at(0, "fills", filled(...parameters));

/** What the gate says to all of these, one each microsecond. */
const said = (config: Partial<OrderRiskConfig>, ...events: readonly Event[]): readonly string[] =>
  given(gateWith(config), ...known)
    .when(...events.map((event, i) => ({ ...event, timeUs: i + 1 })))
    .map(({ value }) => brief(value));

describe("after a command", () => {
  test.each([
    ["HaltTrading", "TradingHalted"],
    ["ReduceOnly", "ReduceOnly"],
  ] as const)("%s lets through what only reduces", (name, reason) => {
    const sold = [asked(1, -60), asked(2, -40), asked(3, -1), asked(4, -1, { reduceOnly: true })];
    expect(said({}, held(100), told(name), ...sold, asked(5, 1))).toEqual([
      "PASS #1",
      "PASS #2",
      // Beyond what is held, should all that works execute.
      `DENY #3 ${reason}`,
      "PASS #4",
      `DENY #5 ${reason}`,
    ]);
  });

  test("KillTrading cancels what works at once, without the router, and lets nothing through", () => {
    const events = [asked(1, 50), asked(2, 20), held(100), told("KillTrading")];
    const later = [
      asked(3, -10),
      asked(4, -10, { reduceOnly: true }),
      asked(1, 50, { action: "CANCEL" }),
    ];
    expect(said({}, ...events, ...later)).toEqual([
      "PASS #1",
      "PASS #2",
      "PASS CANCEL #1 KillSwitch",
      "PASS CANCEL #2 KillSwitch",
      "DENY #3 TradingKilled",
      "DENY #4 TradingKilled",
      "PASS CANCEL #1",
    ]);
  });

  test("FlattenPositions cancels what works, then lets closing orders alone through, at any rate", () => {
    const orderRate = { most: 1, windowUs: 1_000 };
    const events = [asked(1, 50), held(100), told("FlattenPositions")];
    const later = [asked(2, -60), asked(3, -40), asked(4, -1), asked(5, 1)];
    expect(said({ orderRate }, ...events, ...later)).toEqual([
      "PASS #1",
      "PASS CANCEL #1 KillSwitch",
      "PASS #2",
      "PASS #3",
      "DENY #4 TradingFlattened",
      "DENY #5 TradingFlattened",
    ]);
  });

  test("another portfolio's command is not ours", () => {
    expect(said({}, told("KillTrading", { portfolio: "other" }), asked(1, 1))).toEqual(["PASS #1"]);
  });
});

describe("a latch", () => {
  const rate = { most: 2, windowUs: 1_000_000 };
  const loop = [asked(1, 7), asked(2, 7), asked(3, 7)];
  const tripped = ["PASS #1", "PASS #2", "DENY #3 RepeatedExecution"];

  test("is set by one request too many, and stays when the window is over", () => {
    const later = at(9_000_000, "orders", order(4, "A", 3));
    const gate = given(gateWith({ repeats: rate }), ...known, ...loop);
    expect(gate.when(later).map(({ value }) => brief(value))).toEqual([
      "DENY #4 RepeatedExecution",
    ]);
  });

  test("lets through what only reduces", () => {
    expect(said({ repeats: rate }, ...loop, held(5), asked(4, -5))).toEqual([
      ...tripped,
      "PASS #4",
    ]);
  });

  test.each([
    ["nobody", "", "DENY #4 RepeatedExecution"],
    ["blanks", "  ", "DENY #4 RepeatedExecution"],
    ["a named person", "ann", "PASS #4"],
  ])("is ended by %s: %j", (_, who, last) => {
    const found = said({ repeats: rate }, ...loop, told("EnableTrading", { who }), asked(4, 7));
    expect(found).toEqual([...tripped, last]);
  });

  test("is ended by no other command", () => {
    const others = [told("ReduceOnly"), told("SetLimit", { limit: "maxDrawdownBps", value: 1 })];
    const found = said({ repeats: rate }, ...loop, ...others, asked(4, 7));
    expect(found).toEqual([...tripped, "DENY #4 ReduceOnly"]);
  });

  test.each(["KillTrading", "FlattenPositions", "HaltTrading"] as const)(
    "%s holds over a restart: it is in the state that was stored, and nowhere else",
    (name) => {
      const gate = gateWith({ repeats: rate });
      const before = [...known, ...loop, told(name)].reduce(
        (state, event) => gate.evolve(state, event),
        gate.initial(),
      );
      const restarted = decodeState(encodeState(before)) as ReturnType<typeof gate.initial>;
      expect([restarted.trading, restarted.latch]).toEqual([before.trading, "RepeatedExecution"]);
      const request = { ...asked(4, 1), timeUs: 99_000_000 } as Event;
      const after = gate.evolve(restarted, request);
      expect(gate.decide(after, request)[0]?.value.outcome).toBe("DENY");
    },
  );
});

describe("an execution that nobody asked for", () => {
  const rest = { execId: 1, cumQuantity: 50, leavesQuantity: 0 };

  test.each([
    ["of an order that was never sent", reported(9, "A", 10, 100, { execId: 1, cumQuantity: 10 })],
    ["beyond the order's quantity", reported(1, "A", 60, 100, { execId: 1, cumQuantity: 60 })],
    ["of another side", reported(1, "A", -50, 100, rest)],
    ["of another symbol", reported(1, "B", 50, 100, rest)],
  ])("%s trips the kill switch and cancels what works", (_, fill) => {
    const found = said({}, asked(1, 50), asked(2, 5), fill, asked(3, 1), held(9), asked(4, -9));
    expect(found).toEqual([
      "PASS #1",
      "PASS #2",
      "PASS CANCEL #1 KillSwitch",
      "PASS CANCEL #2 KillSwitch",
      "DENY #3 UnexplainedFill",
      "DENY #4 UnexplainedFill",
    ]);
  });

  test("told twice is explained", () => {
    const part = reported(1, "A", 30, 100, { execId: 1, cumQuantity: 30, leavesQuantity: 20 });
    const last = reported(1, "A", 20, 100, { execId: 2, cumQuantity: 50 });
    expect(said({}, asked(1, 50), part, part, last, last, part, asked(2, 1))).toEqual([
      "PASS #1",
      "PASS #2",
    ]);
  });

  test("of an order that was refused here is not explained", () => {
    const found = said(
      { maxOrderQuantity: "10" },
      asked(1, 50),
      reported(1, "A", 50, 1, rest),
      asked(2, 1),
    );
    expect(found).toEqual(["DENY #1 MaxOrderQuantityExceeded", "DENY #2 UnexplainedFill"]);
  });
});

describe("an override", () => {
  const config = { maxOrderQuantity: "10" };
  const about = { limit: "MAX_ORDER_QUANTITY", symbol: "A" };
  const request = (who: string, changes = {}) =>
    told("RequestOverride", { ...about, who, ...changes });
  const confirm = (who: string, changes = {}) =>
    told("ConfirmOverride", { ...about, who, ...changes });
  const refused = "DENY #1 MaxOrderQuantityExceeded";

  test("by two persons lets one order through, and its verdict names them", () => {
    const events = [request("ann"), confirm("bob"), asked(1, 50), asked(2, 50)] as const;
    expect(said(config, ...events)).toEqual(["PASS #1", "DENY #2 MaxOrderQuantityExceeded"]);
    const [verdict] = given(gateWith(config), ...known, ...events.slice(0, 2)).when(events[2]);
    expect(verdict?.value.overriddenBy).toBe("ann, bob");
    expect(verdict?.value.checks.filter(({ passed }) => !passed)).toMatchObject([
      { check: "MAX_ORDER_QUANTITY", limit: 10, measured: 50 },
    ]);
  });

  test.each([
    ["asked for and not confirmed", [request("ann")]],
    ["confirmed and not asked for", [confirm("bob")]],
    ["confirmed by the one who asked", [request("ann"), confirm("ann")]],
    ["confirmed by the same one, written otherwise", [request("ann"), confirm(" Ann ")]],
    ["confirmed by nobody", [request("ann"), confirm(" ")]],
    ["asked for by nobody", [request(""), confirm("bob")]],
    ["confirmed for another symbol", [request("ann"), confirm("bob", { symbol: "B" })]],
    ["confirmed for another check", [request("ann"), confirm("bob", { limit: "PRICE_COLLAR" })]],
    ["of no symbol", [request("ann", { symbol: "" }), confirm("bob", { symbol: "" })]],
    ["of no check", [request("ann", { limit: "NONSENSE" }), confirm("bob", { limit: "NONSENSE" })]],
  ])("%s does nothing", (_, commands) => {
    expect(said(config, ...commands, asked(1, 50))).toEqual([refused]);
  });

  test("is of no use to an order that fails another check too", () => {
    const both = { ...config, maxOrderValueMinor: 1 };
    expect(said(both, request("ann"), confirm("bob"), asked(1, 50))).toEqual([refused]);
  });

  test.each(["TRADING_STATE", "LATCH", "DUPLICATE_ORDER", "REPEATED_EXECUTION"])(
    "of %s is none",
    (limit) => {
      const events = [request("ann", { limit }), confirm("bob", { limit }), told("HaltTrading")];
      expect(said({}, ...events, asked(1, 1))).toEqual(["DENY #1 TradingHalted"]);
    },
  );
});

describe("order ids", () => {
  test("are taken once, whatever became of the order, in whatever order they come", () => {
    expect(
      said({}, asked(2, 1), asked(1, 1), asked(2, 1), asked(3, 1), asked(1, 1), asked(0, 1)),
    ).toEqual([
      "PASS #2",
      "PASS #1",
      "DENY #2 DuplicateOrder",
      "PASS #3",
      "DENY #1 DuplicateOrder",
      "DENY #0 DuplicateOrder",
    ]);
  });

  test("that make no sense do not make the state grow without end", () => {
    const gate = gateWith();
    let state = gate.initial();
    for (let i = 1; i <= 3_000; i++) {
      state = gate.evolve(state, at(i, "orders", order(i * 7, "A", 1, { reduceOnly: true })));
    }
    expect(state.ids.beyond.length).toBeLessThanOrEqual(1_001);
  });

  test("a replace of an order that does not work is refused", () => {
    const replace = asked(1, 5, { action: "REPLACE" });
    expect(said({}, replace, asked(1, 5), replace)).toEqual([
      "DENY REPLACE #1 UnknownOrder",
      "PASS #1",
      "PASS REPLACE #1",
    ]);
  });

  test("a replace is judged by what it would make, its own order not counted twice", () => {
    const config = { approvedOnly: true };
    const replace = (quantity: number) => asked(1, quantity, { action: "REPLACE" });
    const approval = at(0, "risk.verdicts", passed(["A", 40, 100_00]));
    expect(said(config, approval, asked(1, 30), replace(40), replace(41), asked(2, 1))).toEqual([
      "PASS #1",
      "PASS REPLACE #1",
      "DENY REPLACE #1 NotApproved",
      "DENY #2 NotApproved",
    ]);
  });
});
