// What commands make of the gate. Promises: none of them stops it: one that has no effect, or waits for a second
// person, is answered by a verdict of outcome ANSWER that says so; the others are obeyed from their place in the one order on.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { BreakerTripped } from "../../schemas/generated/risk.breakers.ts";
import type { RiskReason } from "../../schemas/generated/risk.verdicts.ts";
import { commandProblem } from "../command-check.ts";
import { powerProblem } from "../people.ts";
import { afterTrip, isSwitch, nextTradingState } from "../trading-state.ts";
import { WHOLE_PPM } from "./book-checks.ts";
import type { Seen } from "./exposure.ts";
import type { RiskState, Settings } from "./gate-state.ts";
import { ruleOnLimit } from "./limits.ts";
import { withOverlay } from "./overlays.ts";
import { drawdownExceeded, holdToStages } from "./stages.ts";

export function obey(
  state: RiskState,
  command: ControlCommand,
  told: Seen,
  settings: Settings,
): void {
  const { portfolio, config } = settings;
  const { people } = portfolio;
  const refuse = (text: string, reason: RiskReason = "CommandRefused") =>
    answer(state, command, told, reason, text);
  if (command.command === "SetOverlay" || command.command === "LiftOverlay") {
    const { overlays, problem } = withOverlay(state.overlays, command, told, people);
    state.overlays = overlays;
    if (problem !== null) refuse(problem);
  } else if (command.command === "SetLimit") {
    const ruling = ruleOnLimit(state, command, told.timeUs, config, people);
    state.raises = ruling.raises;
    if (ruling.answer !== null) {
      refuse(ruling.answer.text, ruling.answer.reason);
      return;
    }
    state.commanded = ruling.commanded;
    state.commands.set(command.limit ?? "", told);
    holdToStages(state, told.timeUs, settings);
  } else if (isSwitch(command)) {
    const problem =
      command.command === "EnableTrading" ? powerProblem(people, command.who, "enable") : null;
    if (problem === null) turn(state, command, told, settings);
    else if (state.trading !== "ACTIVE") refuse(problem);
  } else {
    // The order gate keeps the overrides; what cannot be one is answered here, where all commands are heard.
    const problem = commandProblem(command) ?? powerProblem(people, command.who, "override");
    if (problem !== null) refuse(problem);
  }
}

/** A breaker stops trading, and weakens no stop that there is already. */
export function trip(
  state: RiskState,
  response: BreakerTripped["response"],
  { timeUs, origin }: Seen,
): void {
  const trading = afterTrip(state.trading, response);
  if (trading === state.trading) return;
  state.latchedByDrawdown = false;
  state.commands.delete("trading");
  state.commands.set("breaker", { timeUs, origin });
  state.trading = trading;
}

function turn(state: RiskState, command: ControlCommand, told: Seen, settings: Settings): void {
  const trading = nextTradingState(state.trading, command, settings.portfolio.people);
  if (trading === "ACTIVE") {
    if (state.closing || drawdownExceeded(state, settings)) {
      state.peak = state.equity;
      state.drawdownBps = 0;
    }
    state.closing = false;
    state.reducing = false;
    for (const risk of state.symbols.values()) risk.cap = null;
  }
  if (trading === "KILLED" || trading === "FLATTENED") {
    for (const risk of state.symbols.values()) risk.approved = risk.position;
  }
  if (trading !== state.trading) {
    state.latchedByDrawdown = false;
    state.commands.delete("breaker");
    state.commands.set("trading", told);
  }
  state.trading = trading;
}

function answer(
  state: RiskState,
  { command, who, portfolio }: ControlCommand,
  { timeUs, origin }: Seen,
  reason: RiskReason,
  text: string,
): void {
  state.verdict = {
    portfolio,
    outcome: "ANSWER",
    reason,
    state: state.trading,
    targets: [],
    checks: [],
    scalePpm: WHOLE_PPM,
    overlays: [],
    events: [{ topic: "control.commands", symbol: "", timeUs, origin }],
    answer: `${command} by ${who.trim() || "nobody named"}: ${text}`,
  };
}
