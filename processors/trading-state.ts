// What an operator's command makes of the trading state. One rule for all who obey it, so that the
// gates and the router never disagree. Promises: every state but ACTIVE is left for it by EnableTrading alone, and only
// where it names who gave it, one who may (people.ts); KILLED and FLATTENED are left by nothing else, but the one may
// follow the other.

import type { ControlCommand } from "../schemas/generated/control.commands.ts";
import type { BreakerTripped } from "../schemas/generated/risk.breakers.ts";
import type { TradingState } from "../schemas/generated/risk.verdicts.ts";
import { powerProblem, type Roster } from "./people.ts";

const switches: ReadonlySet<ControlCommand["command"]> = new Set([
  "HaltTrading",
  "ReduceOnly",
  "KillTrading",
  "FlattenPositions",
  "EnableTrading",
]);

/** Whether it is about the trading state; the others are limits, overlays and overrides. */
export const isSwitch = ({ command }: ControlCommand): boolean => switches.has(command);

/** Whether an EnableTrading is one that counts. */
export const mayEnable = ({ command, who }: ControlCommand, people?: Roster): boolean =>
  command === "EnableTrading" && powerProblem(people, who, "enable") === null;

/** What a tripped breaker makes of it: it stops trading, and weakens no stop that there is already. */
export function afterTrip(state: TradingState, response: BreakerTripped["response"]): TradingState {
  if (state === "ACTIVE") return response === "REDUCE_ONLY" ? "REDUCE_ONLY" : "HALTED";
  return state === "REDUCE_ONLY" && response !== "REDUCE_ONLY" ? "HALTED" : state;
}

export function nextTradingState(
  state: TradingState,
  command: ControlCommand,
  people?: Roster,
): TradingState {
  const isLatched = state === "KILLED" || state === "FLATTENED";
  switch (command.command) {
    case "KillTrading":
      return "KILLED";
    case "FlattenPositions":
      return "FLATTENED";
    case "EnableTrading":
      return mayEnable(command, people) ? "ACTIVE" : state;
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
