// What operators command, and what trips the gate by itself. Promises: KillTrading, FlattenPositions and an
// execution that nobody asked for take every working order off the venue, by the gate's own cancels, without the
// router; a latch is left by EnableTrading alone, and only where it names who gave it; an override needs two
// different persons, and lets one order pass.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import {
  type OrderCheckName,
  orderCheckNameSymbols,
} from "../../schemas/generated/risk.order-verdicts.ts";
import { cancelRequested } from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import { isSwitch, nextTradingState } from "../trading-state.ts";
import type { GateState, Override } from "./gate-state.ts";
import type { Inquiry } from "./inquiry.ts";

/** What no two persons can wave through: the switch itself, and messages that make no sense. */
const hardest: ReadonlySet<OrderCheckName> = new Set([
  "TRADING_STATE",
  "LATCH",
  "DUPLICATE_ORDER",
  "KNOWN_ORDER",
  "REPEATED_EXECUTION",
]);

export function obey(state: GateState, command: ControlCommand, nowUs: number): void {
  const { command: name, who } = command;
  if (name === "RequestOverride") request(state, command);
  else if (name === "ConfirmOverride") confirm(state, command);
  else if (isSwitch(command)) {
    const trading = nextTradingState(state.trading, command);
    if (trading !== state.trading) state.tradingUs = nowUs;
    state.trading = trading;
    if (name === "EnableTrading" && who.trim() !== "") {
      state.latch = "NONE";
      state.repeats.clear();
    }
    if (name === "KillTrading" || name === "FlattenPositions") cancelAll(state, nowUs);
  }
}

/** An execution that nobody asked for: what is known of the books is wrong. */
export function tripOnFill(state: GateState, nowUs: number): void {
  state.latch = "UnexplainedFill";
  cancelAll(state, nowUs);
}

/** Once each: a cancel that is under way is not repeated. */
function cancelAll(state: GateState, nowUs: number): void {
  for (const one of state.orders.values()) {
    const { order, progress } = one;
    if (isEnd(progress.status) || progress.cancels > 0) continue;
    one.progress = cancelRequested(progress);
    const quantity = progress.leavesQuantity;
    state.verdicts.push({
      portfolio: order.portfolio,
      symbol: order.symbol,
      outcome: "PASS",
      reason: "KillSwitch",
      state: state.trading,
      latch: state.latch,
      overriddenBy: "",
      checks: [],
      order: { ...order, action: "CANCEL", quantity, decidedUs: nowUs },
    });
  }
}

const nameOf = (who: string): string => who.trim().toLowerCase();

const placeOf = ({ limit, symbol }: ControlCommand): string => `${limit ?? ""}/${symbol}`;

/** The last request for a check and symbol stands. */
function request(state: GateState, command: ControlCommand): void {
  const check = orderCheckNameSymbols.find((name) => name === command.limit);
  if (nameOf(command.who) === "" || command.symbol === "") return;
  if (check === undefined || hardest.has(check)) return;
  state.requested.set(placeOf(command), command);
}

function confirm(state: GateState, command: ControlCommand): void {
  const place = placeOf(command);
  const asked = state.requested.get(place);
  const check = orderCheckNameSymbols.find((name) => name === command.limit);
  if (asked === undefined || check === undefined || nameOf(command.who) === "") return;
  if (nameOf(asked.who) === nameOf(command.who)) return;
  state.requested.delete(place);
  const by = `${asked.who.trim()}, ${command.who.trim()}`;
  state.overrides.set(place, { check, symbol: command.symbol, by });
}

/** The override that lets it pass, used up: it must be for the only check that failed. */
export function takeOverride({ state, order, failed }: Inquiry): Override | null {
  const [only, ...others] = failed;
  if (only === undefined || others.length > 0) return null;
  const place = `${only.check}/${order.symbol}`;
  const override = state.overrides.get(place) ?? null;
  state.overrides.delete(place);
  return override;
}
