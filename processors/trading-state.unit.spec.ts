import { describe, expect, test } from "vitest";
import { controlCommandNameSymbols } from "../schemas/generated/control.commands.ts";
import { tradingStateSymbols } from "../schemas/generated/risk.verdicts.ts";
import { command } from "../streams/testing/facts.ts";
import { nextTradingState } from "./trading-state.ts";

const table = {
  HaltTrading: ["HALTED", "HALTED", "HALTED", "KILLED"],
  ReduceOnly: ["REDUCE_ONLY", "REDUCE_ONLY", "REDUCE_ONLY", "KILLED"],
  KillTrading: ["KILLED", "KILLED", "KILLED", "KILLED"],
  EnableTrading: ["ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE"],
  SetLimit: ["ACTIVE", "REDUCE_ONLY", "HALTED", "KILLED"],
  SetOverlay: ["ACTIVE", "REDUCE_ONLY", "HALTED", "KILLED"],
  LiftOverlay: ["ACTIVE", "REDUCE_ONLY", "HALTED", "KILLED"],
} as const;

describe("trading state", () => {
  test.each(controlCommandNameSymbols)("%s from each state", (name) => {
    const after = tradingStateSymbols.map((state) => nextTradingState(state, command(name)));
    expect(after).toEqual(table[name]);
  });

  test.each(["", "  "])("nobody named (%j) does not end a kill, but may end a halt", (who) => {
    const nobody = command("EnableTrading", { who });
    expect(nextTradingState("KILLED", nobody)).toBe("KILLED");
    expect(nextTradingState("HALTED", nobody)).toBe("ACTIVE");
  });
});
