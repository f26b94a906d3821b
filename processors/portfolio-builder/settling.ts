// What a position is taken for while an order for it is on its way, and what is noted of a new target. Promises: a target
// just proposed counts as reached for TRUSTED_BARS bars, or until the symbol's next fill (book.ts).

import type { Target } from "../../schemas/generated/weights.proposals.ts";
import { exposureMinor } from "../../schemas/values/money.ts";
import type { Line } from "./line.ts";
import type { Aim } from "./target-weights.ts";
import type { Weighed } from "./triggers.ts";

/** Bars for which a proposal's order may be on its way: this one and the next. */
const TRUSTED_BARS = 2;

export function weighed(aim: Aim, equity: bigint): Weighed {
  const { name } = aim;
  const position = name.trust > 0 ? name.aim : name.held;
  const positionWeight = weightOf(aim, position, equity);
  const askedWeight = position === name.aim ? positionWeight : weightOf(aim, name.aim, equity);
  return { ...aim, position, positionWeight, askedWeight };
}

function weightOf({ name, instrument }: Aim, quantity: number, equity: bigint): number {
  if (quantity === 0 || equity <= 0n) return 0;
  return Number(exposureMinor(name.price, quantity, instrument)) / Number(equity);
}

/** Takes note of what is aimed at from now on; the target, where it says something new. */
export function settle({ aim, quantity, heldBack }: Line): Target[] {
  const { symbol, name, weight, position } = aim;
  name.aimWeight = weight;
  name.unfinished = heldBack === "TURNOVER_LIMIT";
  if (quantity === position && quantity === name.aim) return [];
  name.aim = quantity;
  name.trust = TRUSTED_BARS;
  return [{ symbol, weight, quantity, referencePrice: name.price }];
}
