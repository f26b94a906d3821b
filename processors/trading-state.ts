// What an operator's command makes of the trading state. One rule for all who obey it, so that the
// gates and the router never disagree. Promises: KILLED and FLATTENED are left by EnableTrading alone, and only
// where it names who gave it; the one may follow the other.

import type { ControlCommand } from "../schemas/generated/control.commands.ts";
import type { BreakerTripped } from "../schemas/generated/risk.breakers.ts";
import type { TradingState } from "../schemas/generated/risk.verdicts.ts";

const switches: ReadonlySet<ControlCommand["command"]> = new Set([
  "HaltTrading",
  "ReduceOnly",
  "KillTrading",
  "FlattenPositions",
  "EnableTrading",
]);

/** Whether it is about the trading state; the others are limits, overlays and overrides. */
export const isSwitch = ({ command }: ControlCommand): boolean => switches.has(command);

/** What a tripped breaker makes of it: it stops trading, and weakens no stop that there is already. */
export function afterTrip(state: TradingState, response: BreakerTripped["response"]): TradingState {
  if (state === "ACTIVE") return response === "REDUCE_ONLY" ? "REDUCE_ONLY" : "HALTED";
  return state === "REDUCE_ONLY" && response !== "REDUCE_ONLY" ? "HALTED" : state;
}

export function nextTradingState(state: TradingState, command: ControlCommand): TradingState {
  const isLatched = state === "KILLED" || state === "FLATTENED";
  switch (command.command) {
    case "KillTrading":
      return "KILLED";
    case "FlattenPositions":
      return "FLATTENED";
    case "EnableTrading":
      return isLatched && command.who.trim() === "" ? state : "ACTIVE";
    case "HaltTrading":
      return isLatched ? state : "HALTED";
    case "ReduceOnly":
      return isLatched ? state : "REDUCE_ONLY";
    case "SetLimit":
    case "SetOverlay":
    case "LiftOverlay":
    case "RequestOverride":
    case "ConfirmOverride":
      return state;
  }
}
