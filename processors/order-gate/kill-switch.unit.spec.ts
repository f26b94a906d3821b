// What operators command, what trips the gate by itself, and what still passes then.

import { describe, expect, test } from "vitest";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { decodeState, encodeState } from "../../streams/state.ts";
import { bar, command, filled, order, passed } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { orderGate } from "./order-gate.ts";
import { allOff, brief, gateWith, portfolio, snapshot } from "./testing/gate-facts.ts";

type Event = EventOf<
  | "orders"
  | "fills"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "control.commands"
  | "risk.breakers"
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
      // Asked for already.
      "DENY CANCEL #1 UnknownOrder",
    ]);
  });

  test.each([
    ["HaltTrading", 100],
    ["ReduceOnly", 100],
  ] as const)(
    "%s takes off the venue what opens, and leaves what only reduces",
    (name, held100) => {
      const works = [
        held(held100),
        asked(1, 10),
        asked(2, -60),
        asked(3, -50),
        asked(4, -40),
        asked(5, -30, { reduceOnly: true, type: "STOP", stopPrice: 90_00 }),
      ];
      // The stop may take 30 of the 100: 60 more is all that closes, and the 50 and the 40 would turn it.
      expect(said({}, ...works, told(name)).slice(5)).toEqual([
        "PASS CANCEL #1 KillSwitch",
        "PASS CANCEL #3 KillSwitch",
        "PASS CANCEL #4 KillSwitch",
      ]);
    },
  );

  test("a second command sends again the cancels that nobody answered", () => {
    const canceled = filled(1, "A", 50, 1, { execType: "CANCELED", execId: 1, quantity: 0 });
    const events = [asked(1, 50), asked(2, 20), told("KillTrading"), at(0, "fills", canceled)];
    expect(said({}, ...events, told("KillTrading")).slice(2)).toEqual([
      "PASS CANCEL #1 KillSwitch",
      "PASS CANCEL #2 KillSwitch",
      "PASS CANCEL #2 KillSwitch",
    ]);
  });

  test("a cancel passes where its order works, once, at any rate", () => {
    const messageRate = { most: 1, windowUs: 1_000_000 };
    const cancels = Array.from({ length: 1_000 }, () => asked(1, 50, { action: "CANCEL" }));
    const unknown = Array.from({ length: 1_000 }, () => asked(777, 1, { action: "CANCEL" }));
    const found = said({ messageRate }, asked(1, 50), ...cancels, ...unknown);
    expect(found.filter((line) => line.startsWith("PASS"))).toEqual(["PASS #1", "PASS CANCEL #1"]);
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

  test.each([
    ["HALT", "TradingHalted", "HALTED"],
    ["REDUCE_ONLY", "ReduceOnly", "REDUCE_ONLY"],
  ] as const)(
    "a breaker that answers %s takes off what opens, until EnableTrading",
    (response, reason, state) => {
      const tripped = {
        portfolio: "main",
        breaker: "LATENCY",
        response,
        symbol: "A",
        limit: 1,
        measured: 2,
        unit: "MICROSECONDS",
        observations: 1,
      } as const;
      const gate = given(orderGate(allOff, portfolio, { hasBreakers: true }), ...known);
      const events = [
        held(50),
        asked(1, 10),
        asked(2, -20),
        at(0, "risk.breakers", tripped),
        asked(3, 1),
        told("EnableTrading"),
        asked(4, 1),
      ].map((event, i) => ({ ...event, timeUs: i + 1 }) as Event);
      const found = gate.when(...events);
      expect(found.map(({ value }) => brief(value))).toEqual([
        "PASS #1",
        "PASS #2",
        "PASS CANCEL #1 KillSwitch",
        `DENY #3 ${reason}`,
        "PASS #4",
      ]);
      expect(found[3]?.value).toMatchObject({ state });
      expect(found[3]?.value.checks[0]?.used).toEqual([{ topic: "risk.breakers", timeUs: 4 }]);
    },
  );

  test("a flattening by somebody who is not on the roster is held to the limits", () => {
    const people = { ann: ["enable"] } as const;
    const gate = orderGate({ ...allOff, maxOrderQuantity: "1" }, { ...portfolio, people });
    const ask = (who: string) => {
      const events = [held(100), told("FlattenPositions", { who }), asked(1, -100)];
      const timed = events.map((event, i) => ({ ...event, timeUs: i + 1 }) as Event);
      return given(gate, ...known)
        .when(...timed)
        .map(({ value }) => brief(value));
    };
    expect(ask(" Ann")).toEqual(["PASS #1"]);
    expect(ask("eve")).toEqual(["DENY #1 MaxOrderQuantityExceeded"]);
  });

  test("another portfolio's command is not ours", () => {
    expect(said({}, told("KillTrading", { portfolio: "other" }), asked(1, 1))).toEqual(["PASS #1"]);
  });
});

describe("a latch", () => {
  const rate = { most: 2, windowUs: 1_000_000 };
  const loop = [asked(1, 7), asked(2, 7), asked(3, 7)];
  const cancels = ["PASS CANCEL #1 KillSwitch", "PASS CANCEL #2 KillSwitch"];
  const tripped = ["PASS #1", "PASS #2", "DENY #3 RepeatedExecution", ...cancels];

  test("is set by one request too many, and stays when the window is over", () => {
    const later = at(9_000_000, "orders", order(4, "A", 3));
    const gate = given(gateWith({ repeats: rate }), ...known, ...loop);
    expect(gate.when(later).map(({ value }) => brief(value))).toEqual([
      "DENY #4 RepeatedExecution",
    ]);
  });

  const changing = (id: number) => asked(id, 7 + id, { limitPrice: 100_00 + id, type: "LIMIT" });
  const again = (i: number) => asked(1, 7 + i, { action: "REPLACE", limitPrice: 99_00 + i });
  test.each([
    ["that vary in size and price", (i: number) => changing(i + 1)],
    ["that replace one order", (i: number) => (i === 0 ? changing(1) : again(i))],
  ])("is set by requests of one symbol and side %s", (_, next) => {
    const requests = Array.from({ length: 100 }, (_each, i) => next(i));
    const found = said({ repeats: { most: 5, windowUs: 1_000_000 } }, ...requests);
    const own = found.filter((line) => !line.includes("KillSwitch"));
    expect(own.filter((line) => line.startsWith("PASS"))).toHaveLength(5);
    expect(own[5]).toContain("RepeatedExecution");
  });

  test("is not set by what only reduces before ten times as much, and lets it through before", () => {
    const exits = Array.from({ length: 30 }, (_, i) =>
      asked(i + 1, -5, { reduceOnly: true, type: "STOP", stopPrice: 90_00 - i }),
    );
    const found = said({ repeats: rate }, held(5), ...exits);
    expect(found.filter((line) => line.startsWith("PASS #"))).toHaveLength(20);
    expect(found[20]).toBe("DENY #21 RepeatedExecution");
  });

  test("counts what only reduces apart from what opens", () => {
    const buys = [asked(1, 1), asked(2, 2)];
    const covers = [3, 4, 5].map((id) => asked(id, id, { reduceOnly: true }));
    const found = said({ repeats: rate }, held(-50), ...covers, asked(6, 60), asked(7, 70));
    expect(found).toEqual([3, 4, 5, 6, 7].map((id) => `PASS #${id}`));
    expect(said({ repeats: rate }, ...buys, ...covers)).toEqual(
      [1, 2, 3, 4, 5].map((id) => `PASS #${id}`),
    );
  });

  test("is set by one refusal too many, and by none that the switch itself makes", () => {
    const config = { maxOrderQuantity: "1", denials: { most: 3, windowUs: 1_000 } };
    const wrong = Array.from({ length: 6 }, (_, i) => asked(i + 2, 5 + i));
    const found = said(config, asked(1, 1), ...wrong, asked(20, 1));
    expect(found).toEqual([
      "PASS #1",
      ...[2, 3, 4, 5].map((id) => `DENY #${id} MaxOrderQuantityExceeded`),
      "PASS CANCEL #1 KillSwitch",
      "DENY #6 DenialsExceeded",
      "DENY #7 DenialsExceeded",
      "DENY #20 DenialsExceeded",
    ]);
    const events = [told("HaltTrading"), ...wrong].map((event, i) => ({ ...event, timeUs: i + 1 }));
    const halted = given(gateWith(config), ...known).when(...events);
    expect(halted.map(({ value }) => value.latch)).toEqual(wrong.map(() => "NONE"));
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
    expect(found).toEqual([...tripped, ...cancels, "DENY #4 ReduceOnly"]);
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

  test.each([
    ["a purchase", 10, 100_01],
    ["a sale", -10, 99_99],
  ])("%s at a worse price than its limit", (_, quantity, price) => {
    const limit = { type: "LIMIT", limitPrice: 100_00 } as const;
    const fill = (at: number) => reported(1, "A", quantity, at, { execId: 1, cumQuantity: 10 });
    const ask = (at: number) => said({}, asked(1, quantity, limit), fill(at), asked(2, 1)).at(-1);
    expect([ask(price), ask(100_00)]).toEqual(["DENY #2 UnexplainedFill", "PASS #2"]);
  });

  test("at a price that an earlier replace allowed is explained", () => {
    const limit = (limitPrice: number) => ({ type: "LIMIT", limitPrice }) as const;
    const lower = asked(1, 10, { action: "REPLACE", ...limit(99_00) });
    const fill = reported(1, "A", 10, 100_00, { execId: 1, cumQuantity: 10 });
    expect(said({}, asked(1, 10, limit(100_00)), lower, fill, asked(2, 1)).at(-1)).toBe("PASS #2");
  });

  test("against margin is explained where it closes, and only there", () => {
    const call = (quantity: number, changes = {}) =>
      reported(99, "A", quantity, 100, { reason: "MarginCall", execId: 1, ...changes });
    const ask = (...events: readonly Event[]) => said({}, ...events, asked(1, 1)).at(-1);
    expect([
      ask(call(5_000)),
      ask(held(100), call(5)),
      ask(held(100), call(-101)),
      ask(held(100), call(-100)),
      ask(held(-100), call(60), call(40, { execId: 2 })),
      ask(held(-100), call(60), call(41, { execId: 2 })),
    ]).toEqual([
      "DENY #1 UnexplainedFill",
      "DENY #1 UnexplainedFill",
      "DENY #1 UnexplainedFill",
      "PASS #1",
      "PASS #1",
      "DENY #1 UnexplainedFill",
    ]);
  });

  test.each([
    ["ann", "PASS #4"],
    ["", "DENY #4 UnexplainedFill"],
  ])("can be closed after a flattening by %j", (who, last) => {
    const stray = reported(9, "A", 10, 100, { execId: 1, cumQuantity: 10 });
    const flatten = told("FlattenPositions", { who });
    expect(said({}, held(10), stray, flatten, asked(4, -10)).at(-1)).toBe(last);
    expect(said({}, held(10), stray, flatten, asked(4, -11)).at(-1)).toContain("DENY #4");
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
  const about = { limit: "MAX_ORDER_QUANTITY", symbol: "A", value: 50, untilUs: 1_000 };
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
    ["of no ceiling", [request("ann", { value: null }), confirm("bob")]],
    ["without an end", [request("ann", { untilUs: null }), confirm("bob")]],
    ["confirmed with another ceiling", [request("ann"), confirm("bob", { value: 51 })]],
    ["confirmed with another end", [request("ann"), confirm("bob", { untilUs: 1_001 })]],
    [
      "of a lower ceiling than the order",
      [request("ann", { value: 49 }), confirm("bob", { value: 49 })],
    ],
    ["that has ended", [request("ann", { untilUs: 3 }), confirm("bob", { untilUs: 3 })]],
    [
      "from before a kill",
      [request("ann"), confirm("bob"), told("KillTrading"), told("EnableTrading")],
    ],
    ["asked for before EnableTrading", [request("ann"), told("EnableTrading"), confirm("bob")]],
    ["of no check", [request("ann", { limit: "NONSENSE" }), confirm("bob", { limit: "NONSENSE" })]],
  ])("%s does nothing", (_, commands) => {
    expect(said(config, ...commands, asked(1, 50))).toEqual([refused]);
  });

  test("waits for an order within its ceiling, which a larger one does not use up", () => {
    const events = [request("ann"), confirm("bob"), asked(1, 51), asked(2, 50)];
    expect(said(config, ...events)).toEqual([refused, "PASS #2"]);
  });

  test("is of no use to an order that fails another check too", () => {
    const both = { ...config, maxOrderValueMinor: 1 };
    expect(said(both, request("ann"), confirm("bob"), asked(1, 50))).toEqual([refused]);
  });

  test.each(["TRADING_STATE", "LATCH", "DUPLICATE_ORDER", "REPEATED_EXECUTION"])(
    "of %s is none",
    (limit) => {
      const events = [told("HaltTrading"), request("ann", { limit }), confirm("bob", { limit })];
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
