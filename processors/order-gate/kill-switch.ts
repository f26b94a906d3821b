// What operators command, and what trips the gate by itself. Promises: KillTrading, FlattenPositions and an
// execution that nobody asked for take every working order off the venue, by the gate's own cancels, without the
// router; HaltTrading, ReduceOnly and the other latches take off what opens a position; a latch is left by
// EnableTrading alone, and only where it names who gave it. A cancel that is unanswered is sent again by the next
// command.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { BreakerTripped } from "../../schemas/generated/risk.breakers.ts";
import type { TradingState, UsedEvent } from "../../schemas/generated/risk.order-verdicts.ts";
import { isKnown, type Roster } from "../people.ts";
import { afterTrip, isSwitch, mayEnable, nextTradingState } from "../trading-state.ts";
import type { GateState, Latch } from "./gate-state.ts";
import { setBan } from "./overlays.ts";
import { confirmOverride, requestOverride } from "./overrides.ts";
import { recall } from "./recall.ts";
import { openingOrders } from "./working-orders.ts";

/** A command that counts (people.ts). */
export function obey(
  state: GateState,
  command: ControlCommand,
  nowUs: number,
  people: Roster,
): void {
  const { command: name } = command;
  if (name === "RequestOverride") requestOverride(state, command, nowUs);
  else if (name === "ConfirmOverride") confirmOverride(state, command, nowUs);
  else if (name === "SetOverlay" || name === "LiftOverlay") setBan(state, command, nowUs);
  else if (isSwitch(command)) turn(state, command, nowUs, people);
}

function turn(state: GateState, command: ControlCommand, nowUs: number, people: Roster): void {
  const { command: name, who } = command;
  change(state, nextTradingState(state.trading, command, people), "control.commands", nowUs);
  // What was to pass before the switch was turned is not to pass after it.
  if (name === "KillTrading" || name === "FlattenPositions" || name === "EnableTrading") {
    state.requested.clear();
    state.overrides.clear();
  }
  if (state.trading !== "FLATTENED") state.flattenedBy = "";
  else if (name === "FlattenPositions") state.flattenedBy = isKnown(who, people) ? who.trim() : "";
  if (name === "EnableTrading") {
    if (mayEnable(command, people)) unlatch(state);
  } else if (name === "KillTrading" || name === "FlattenPositions") {
    recall(state, [...state.orders.values()], "KillSwitch", nowUs, true);
  } else recall(state, openingOrders(state), "KillSwitch", nowUs, true);
}

function change(
  state: GateState,
  trading: TradingState,
  topic: UsedEvent["topic"],
  timeUs: number,
): void {
  if (trading !== state.trading) state.tradingBy = { topic, timeUs };
  state.trading = trading;
}

/** A breaker of the system has tripped: as halting, or reducing only, by command. */
export function heed(state: GateState, { response }: BreakerTripped, nowUs: number): void {
  change(state, afterTrip(state.trading, response), "risk.breakers", nowUs);
  recall(state, openingOrders(state), "KillSwitch", nowUs, false);
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
