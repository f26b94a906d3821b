// What persons forbid to trade, after the risk gate has approved it.

import { describe, expect, test } from "vitest";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import type { EventOf } from "../../streams/event.ts";
import { bar, command, order, passed, renamed } from "../../streams/testing/facts.ts";
import { at, equity, given } from "../../streams/testing/given.ts";
import type { OrderRiskConfig } from "../risk-config.ts";
import { orderGate } from "./order-gate.ts";
import { allOff, brief, gateWith, portfolio, snapshot } from "./testing/gate-facts.ts";

type Event = EventOf<
  | "orders"
  | "risk.verdicts"
  | "portfolio.snapshots"
  | "market.bars"
  | "market.instruments"
  | "market.corporate-actions"
  | "control.commands"
>;

const known: readonly Event[] = [
  at(0, "market.instruments", equity("A")),
  at(0, "market.bars", bar("A", 0, 100_00)),
  at(0, "risk.verdicts", passed(["A", 100, 100_00])),
];
const asked = (id: number, quantity: number, changes: Partial<Order> = {}): Event =>
  at(0, "orders", order(id, "A", quantity, { referencePrice: 100_00, ...changes }));
const held = (quantity: number): Event =>
  at(0, "portfolio.snapshots", snapshot("A", quantity, 1_000_000_00n));
const price: Event = at(0, "market.bars", bar("A", 0, 100_00));
const set = (overlay: ControlCommand["overlay"], changes: Partial<ControlCommand> = {}): Event =>
  at(0, "control.commands", command("SetOverlay", { overlay, symbol: "A", ...changes }));
const lift = (changes: Partial<ControlCommand> = {}): Event =>
  at(0, "control.commands", command("LiftOverlay", { symbol: "A", ...changes }));

/** What the gate says to all of these, one each microsecond from 1 on. */
const said = (...events: readonly Event[]): readonly string[] => withConfig({}, ...events);
const withConfig = (config: Partial<OrderRiskConfig>, ...events: readonly Event[]) =>
  given(gateWith({ approvedOnly: false, ...config }), ...known)
    .when(...events.map((event, i) => ({ ...event, timeUs: i + 1 })))
    .map(({ value }) => brief(value));

describe("a blackout that recurs", () => {
  const SECOND_US = 1_000_000;
  /** Thursday, 1 January 1970, from 10 s to 20 s after midnight. */
  const times = { weekdays: [3], fromUs: 10 * SECOND_US, untilUs: 20 * SECOND_US };
  const ask = (symbol: string | null) => {
    const gate = orderGate(allOff, portfolio, { blackouts: [{ symbol, ...times }] });
    const bars = (us: number) => ({ ...price, timeUs: us }) as Event;
    const one = (us: number, event: Event) => ({ ...event, timeUs: us }) as Event;
    const events = [
      held(50),
      one(9 * SECOND_US, asked(1, 10)),
      one(9 * SECOND_US, asked(2, -20)),
      bars(10 * SECOND_US),
      one(11 * SECOND_US, asked(3, 1)),
      one(11 * SECOND_US, asked(4, -30)),
      one(20 * SECOND_US, asked(5, 1)),
    ];
    return given(gate, ...known)
      .when(...events)
      .map(({ value }) => brief(value));
  };

  test("takes off what opens as it begins, and stops what opens until it ends", () => {
    const found = [
      "PASS #1",
      "PASS #2",
      "PASS CANCEL #1 Blackout",
      "DENY #3 Blackout",
      "PASS #4",
      "PASS #5",
    ];
    expect(ask(null)).toEqual(found);
    expect(ask("A")).toEqual(found);
    expect(ask("B")).toEqual([1, 2, 3, 4, 5].map((id) => `PASS #${id}`));
  });
});

describe("an overlay that is set after the approval", () => {
  test("RESTRICTED stops everything: what opens, what closes, exits, and a flattening", () => {
    const events = [
      held(50),
      set("RESTRICTED"),
      asked(1, 10),
      asked(2, -10),
      asked(3, -50, { reduceOnly: true, type: "STOP", stopPrice: 90_00 }),
      at(0, "control.commands", command("FlattenPositions")),
      asked(4, -50, { reduceOnly: true }),
    ];
    expect(said(...events).filter((line) => !line.includes("CANCEL"))).toEqual(
      [1, 2, 3, 4].map((id) => `DENY #${id} Restricted`),
    );
  });

  test("RESTRICTED_BUYS stops purchases, covering a short too", () => {
    expect(said(held(-50), set("RESTRICTED_BUYS"), asked(1, 10), asked(2, -10))).toEqual([
      "DENY #1 Restricted",
      "PASS #2",
    ]);
  });

  test("BLACKOUT stops what opens", () => {
    const events = [held(50), set("BLACKOUT"), asked(1, 10), asked(2, -50), asked(3, -1)];
    expect(said(...events)).toEqual(["DENY #1 Blackout", "PASS #2", "DENY #3 Blackout"]);
  });

  test("of every symbol bears on each, of another on none", () => {
    expect(said(set("RESTRICTED", { symbol: "" }), asked(1, 10))).toEqual(["DENY #1 Restricted"]);
    expect(said(set("RESTRICTED", { symbol: "B" }), asked(1, 10))).toEqual(["PASS #1"]);
  });

  test.each([
    ["RESTRICTED", ["#1", "#2", "#3"], "Restricted"],
    ["RESTRICTED_BUYS", ["#1"], "Restricted"],
    ["BLACKOUT", ["#1"], "Blackout"],
  ] as const)("%s takes off the venue what works and is forbidden", (overlay, ids, reason) => {
    const works = [
      held(50),
      asked(1, 10),
      asked(2, -20),
      asked(3, -30, { reduceOnly: true, type: "STOP", stopPrice: 90_00 }),
    ];
    expect(said(...works, set(overlay)).slice(3)).toEqual(
      ids.map((id) => `PASS CANCEL ${id} ${reason}`),
    );
  });

  test("holds from its beginning to before its end, and takes off what works as it begins", () => {
    const blackout = set("BLACKOUT", { fromUs: 4, untilUs: 7 });
    const events = [
      blackout,
      asked(1, 10),
      asked(2, 10),
      price,
      asked(3, 1),
      asked(4, 1),
      asked(5, 1),
    ];
    expect(said(...events)).toEqual([
      "PASS #1",
      "PASS #2",
      "PASS CANCEL #1 Blackout",
      "PASS CANCEL #2 Blackout",
      "DENY #3 Blackout",
      "DENY #4 Blackout",
      "PASS #5",
    ]);
  });

  test.each([
    ["of its kind", { overlay: "RESTRICTED" }, "PASS #1"],
    ["of every kind", { overlay: null }, "PASS #1"],
    ["of another kind", { overlay: "BLACKOUT" }, "DENY #1 Restricted"],
    ["of another symbol", { symbol: "B" }, "DENY #1 Restricted"],
    ["by nobody", { who: " " }, "DENY #1 Restricted"],
  ] as const)("ends with a LiftOverlay %s, or not", (_, changes, last) => {
    expect(said(set("RESTRICTED"), lift(changes), asked(1, 10))).toEqual([last]);
  });

  test.each([
    ["names nobody", set("RESTRICTED", { who: "" })],
    ["says not why", set("RESTRICTED", { why: " " })],
    ["ends before it begins", set("RESTRICTED", { fromUs: 9, untilUs: 9 })],
    ["is a target", set("TARGET", { value: 100 })],
  ])("that %s forbids nothing", (_, event) => {
    expect(said(event, asked(1, 10))).toEqual(["PASS #1"]);
  });

  test("goes with a renamed symbol", () => {
    const change = at(0, "market.corporate-actions", renamed("A", "B"));
    const listed = at(0, "market.instruments", equity("B"));
    const other = at(0, "orders", order(1, "B", 10, { referencePrice: 100_00 }));
    expect(said(set("RESTRICTED"), change, listed, other)).toEqual(["DENY #1 Restricted"]);
  });

  test("is passed by one order that two persons name, up to its quantity", () => {
    const about = { limit: "RESTRICTED", symbol: "A", value: 50, untilUs: 1_000 };
    const two = [
      at(0, "control.commands", command("RequestOverride", about)),
      at(0, "control.commands", command("ConfirmOverride", { ...about, who: "bob" })),
    ] as const;
    const events = [
      held(60),
      set("RESTRICTED"),
      ...two,
      asked(1, -60),
      asked(2, -50),
      asked(3, -1),
    ];
    expect(said(...events)).toEqual(["DENY #1 Restricted", "PASS #2", "DENY #3 Restricted"]);
  });

  test("is written down with what was forbidden, and the command", () => {
    const events = [set("RESTRICTED"), asked(1, 10)].map((event, i) => ({
      ...event,
      timeUs: i + 1,
    }));
    const found = given(gateWith(), ...known).when(...events);
    expect(found[0]?.value.checks.find(({ check }) => check === "RESTRICTED")).toEqual({
      check: "RESTRICTED",
      limit: 0,
      measured: 10,
      unit: "QUANTITY",
      passed: false,
      used: [{ topic: "control.commands", timeUs: 1 }],
    });
  });
});
