// One position's way through a plan of trades: where it is to go, and what has held it back.

import { notionalMinor } from "../../schemas/values/money.ts";
import type { Weighed } from "./triggers.ts";

/** Why a position is not what its weight asks for. */
export type HeldBack =
  | "NO_TRIGGER"
  | "NO_TRADE_BAND"
  | "LEAST_TRADE"
  | "TURNOVER_LIMIT"
  | "LEVERAGE_LIMIT";

export interface Line {
  readonly aim: Weighed;
  /** Target position, signed. */
  quantity: number;
  /** The last step that held something back; null for none. */
  heldBack: HeldBack | null;
}

/** Without its sign, in minor units. */
export function worth({ aim }: Line, quantity: number): bigint {
  const value = notionalMinor(aim.name.price, quantity, aim.instrument);
  return value < 0n ? -value : value;
}

/** What a trade leaves standing of a position: none of it where it closes or turns. */
export const kept = ({ aim: { position }, quantity }: Line): number =>
  position > 0 === quantity > 0
    ? Math.abs(position) < Math.abs(quantity)
      ? position
      : quantity
    : 0;

export const grows = (line: Line): boolean => kept(line) !== line.quantity;

export function hold(line: Line, quantity: number, why: HeldBack): void {
  if (line.quantity === quantity) return;
  line.quantity = quantity;
  line.heldBack = why;
}
