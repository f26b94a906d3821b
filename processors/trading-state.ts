// What an operator's command makes of the trading state. One rule for all who obey it, so that the
// gate and the router never disagree. Promises: KILLED is left by EnableTrading alone, and only
// where it names who gave it.

import type { ControlCommand } from "../schemas/generated/control.commands.ts";
import type { TradingState } from "../schemas/generated/risk.verdicts.ts";

export function nextTradingState(state: TradingState, command: ControlCommand): TradingState {
  switch (command.command) {
    case "KillTrading":
      return "KILLED";
    case "EnableTrading":
      return state === "KILLED" && command.who.trim() === "" ? state : "ACTIVE";
    case "HaltTrading":
      return state === "KILLED" ? state : "HALTED";
    case "ReduceOnly":
      return state === "KILLED" ? state : "REDUCE_ONLY";
    case "SetLimit":
    case "SetOverlay":
    case "LiftOverlay":
      return state;
  }
}
