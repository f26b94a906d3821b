// What operators command, and what trips the gate by itself. Promises: KillTrading, FlattenPositions and an
// execution that nobody asked for take every working order off the venue, by the gate's own cancels, without the
// router; HaltTrading, ReduceOnly and the other latches take off what opens a position; a latch is left by
// EnableTrading alone, and only where it names who gave it. A cancel that is unanswered is sent again by the next
// command.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { UsedEvent } from "../../schemas/generated/risk.order-verdicts.ts";
import { isSwitch, nextTradingState } from "../trading-state.ts";
import type { GateState, Latch } from "./gate-state.ts";
import { setBan } from "./overlays.ts";
import { confirmOverride, requestOverride } from "./overrides.ts";
import { recall } from "./recall.ts";
import { openingOrders } from "./working-orders.ts";

export function obey(state: GateState, command: ControlCommand, nowUs: number): void {
  const { command: name } = command;
  if (name === "RequestOverride") requestOverride(state, command, nowUs);
  else if (name === "ConfirmOverride") confirmOverride(state, command, nowUs);
  else if (name === "SetOverlay" || name === "LiftOverlay") setBan(state, command, nowUs);
  else if (isSwitch(command)) turn(state, command, nowUs);
}

function turn(state: GateState, command: ControlCommand, nowUs: number): void {
  const { command: name, who } = command;
  const trading = nextTradingState(state.trading, command);
  if (trading !== state.trading) state.tradingUs = nowUs;
  state.trading = trading;
  // What was to pass before the switch was turned is not to pass after it.
  if (name === "KillTrading" || name === "FlattenPositions" || name === "EnableTrading") {
    state.requested.clear();
    state.overrides.clear();
  }
  if (trading !== "FLATTENED") state.flattenedBy = "";
  else if (name === "FlattenPositions") state.flattenedBy = who.trim();
  if (name === "EnableTrading") {
    if (who.trim() !== "") unlatch(state);
  } else if (name === "KillTrading" || name === "FlattenPositions") {
    recall(state, [...state.orders.values()], "KillSwitch", nowUs, true);
  } else recall(state, openingOrders(state), "KillSwitch", nowUs, true);
}

function unlatch(state: GateState): void {
  state.latch = "NONE";
  state.latchedBy = null;
  state.repeats.clear();
  state.denials = [];
}

/** The first reason stands, but for an execution that nobody asked for: what is known of the books is wrong then. */
export function trip(
  state: GateState,
  latch: Exclude<Latch, "NONE">,
  by: UsedEvent["topic"],
  nowUs: number,
): void {
  const isWorse = latch === "UnexplainedFill" && state.latch !== latch;
  if (state.latch === "NONE" || isWorse) {
    state.latch = latch;
    state.latchedBy = { topic: by, timeUs: nowUs };
  }
  const all = latch === "UnexplainedFill";
  const works = all ? [...state.orders.values()] : openingOrders(state);
  recall(state, works, "KillSwitch", nowUs, false);
}
