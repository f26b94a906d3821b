// Blocks that two persons wave through. Promises: two different named persons, about one check of one symbol; one order
// passes, whose measured value is at most the ceiling that was named, before the time that was named; a turn of the kill
// switch ends what was not used.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import {
  type OrderCheckName,
  orderCheckNameSymbols,
} from "../../schemas/generated/risk.order-verdicts.ts";
import { nameOf } from "../people.ts";
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

const placeOf = ({ limit, symbol }: ControlCommand): string => `${limit ?? ""}/${symbol}`;

/** The last request for a check and symbol stands. One that names no ceiling or no end is none. */
export function requestOverride(state: GateState, command: ControlCommand, nowUs: number): void {
  const check = orderCheckNameSymbols.find((name) => name === command.limit);
  if (nameOf(command.who) === "" || command.symbol === "") return;
  if (check === undefined || hardest.has(check)) return;
  if (command.value === null || command.untilUs === null || command.untilUs <= nowUs) return;
  state.requested.set(placeOf(command), command);
}

/** Of the same ceiling and end, where it names them. */
export function confirmOverride(state: GateState, command: ControlCommand, nowUs: number): void {
  const place = placeOf(command);
  const asked = state.requested.get(place);
  const check = orderCheckNameSymbols.find((name) => name === command.limit);
  if (asked === undefined || check === undefined || nameOf(command.who) === "") return;
  if (nameOf(asked.who) === nameOf(command.who)) return;
  const { value: ceiling, untilUs } = asked;
  if (ceiling === null || untilUs === null || untilUs <= nowUs) return;
  if ((command.value ?? ceiling) !== ceiling || (command.untilUs ?? untilUs) !== untilUs) return;
  state.requested.delete(place);
  const by = `${asked.who.trim()}, ${command.who.trim()}`;
  state.overrides.set(place, { check, symbol: command.symbol, by, ceiling, untilUs });
}

/** The override that lets it pass, used up: it must be for the only check that failed, and reach as far. */
export function takeOverride({ state, order, failed, nowUs }: Inquiry): Override | null {
  const [only, ...others] = failed;
  if (only === undefined || others.length > 0) return null;
  const place = `${only.check}/${order.symbol}`;
  const override = state.overrides.get(place);
  if (override === undefined) return null;
  if (nowUs >= override.untilUs) state.overrides.delete(place);
  if (nowUs >= override.untilUs || only.measured > override.ceiling) return null;
  state.overrides.delete(place);
  return override;
}
