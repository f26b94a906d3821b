import { describe, expect, test } from "vitest";
import { controlCommandNameSymbols } from "../schemas/generated/control.commands.ts";
import { tradingStateSymbols } from "../schemas/generated/risk.verdicts.ts";
import { command } from "../streams/testing/facts.ts";
import { afterTrip, nextTradingState } from "./trading-state.ts";

const table = {
  HaltTrading: ["HALTED", "HALTED", "HALTED", "KILLED", "FLATTENED"],
  ReduceOnly: ["REDUCE_ONLY", "REDUCE_ONLY", "REDUCE_ONLY", "KILLED", "FLATTENED"],
  KillTrading: ["KILLED", "KILLED", "KILLED", "KILLED", "KILLED"],
  FlattenPositions: ["FLATTENED", "FLATTENED", "FLATTENED", "FLATTENED", "FLATTENED"],
  EnableTrading: ["ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"],
  SetLimit: tradingStateSymbols,
  RequestOverride: tradingStateSymbols,
  ConfirmOverride: tradingStateSymbols,
  SetOverlay: tradingStateSymbols,
  LiftOverlay: tradingStateSymbols,
} as const;

describe("a tripped breaker", () => {
  test("stops trading, and weakens no stop that there is already", () => {
    const responses = (["HALT", "REDUCE_ONLY"] as const).map((response) =>
      tradingStateSymbols.map((state) => afterTrip(state, response)),
    );
    expect(tradingStateSymbols).toEqual(["ACTIVE", "REDUCE_ONLY", "HALTED", "KILLED", "FLATTENED"]);
    expect(responses).toEqual([
      ["HALTED", "HALTED", "HALTED", "KILLED", "FLATTENED"],
      ["REDUCE_ONLY", "REDUCE_ONLY", "HALTED", "KILLED", "FLATTENED"],
    ]);
  });
});

describe("trading state", () => {
  test.each(controlCommandNameSymbols)("%s from each state", (name) => {
    const after = tradingStateSymbols.map((state) => nextTradingState(state, command(name)));
    expect(after).toEqual(table[name]);
  });

  test.each(["", "  "])("nobody named (%j) enables trading from no state", (who) => {
    const nobody = command("EnableTrading", { who });
    for (const state of tradingStateSymbols) expect(nextTradingState(state, nobody)).toBe(state);
  });

  test("where there is a roster, only who stands on it with that power does", () => {
    const people = { ann: ["enable"], bob: ["override", "limits"] } as const;
    const after = (who: string) =>
      nextTradingState("HALTED", command("EnableTrading", { who }), people);
    expect([" Ann", "bob", "carl", "__proto__"].map(after)).toEqual([
      "ACTIVE",
      "HALTED",
      "HALTED",
      "HALTED",
    ]);
    const anyone = command("HaltTrading", { who: "" });
    expect(nextTradingState("ACTIVE", anyone, people)).toBe("HALTED");
  });
});
