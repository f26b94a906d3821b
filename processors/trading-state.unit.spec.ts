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

  test.each(["", "  "])(
    "nobody named (%j) ends no kill and no flattening, but may end a halt",
    (who) => {
      const nobody = command("EnableTrading", { who });
      expect(nextTradingState("KILLED", nobody)).toBe("KILLED");
      expect(nextTradingState("FLATTENED", nobody)).toBe("FLATTENED");
      expect(nextTradingState("HALTED", nobody)).toBe("ACTIVE");
    },
  );
});
