// Whether a book is to be rebalanced. Promises: any one trigger is enough, and rebalances the whole book, so
// that what is sold pays for what is bought; a period that began and a drawdown that was entered fire once.

import { periodOf } from "../calendar.ts";
import type { RebalanceConfig } from "../sizing-config.ts";
import type { Book } from "./book.ts";
import type { Aim } from "./target-weights.ts";

const BPS = 10_000;

/** An aim, and what the position that is held (or on its way) weighs. */
export interface Weighed extends Aim {
  /** Quantity, signed. */
  readonly position: number;
  /** Of equity, signed. */
  readonly positionWeight: number;
  /** What the quantity last proposed weighs, whether it was reached or not. */
  readonly askedWeight: number;
}

/** A weight that turns its sign, or comes from 0 or goes to it: always a cause to trade. */
const turns = ({ name, weight }: Aim): boolean => Math.sign(weight) !== Math.sign(name.aimWeight);

/**
 * Whether the book is to be rebalanced. Without a configuration, a turn is the only trigger. `isIdle` says of
 * a position that a rebalance would leave it as it is: it then turns and strays in vain. Takes note of
 * what has fired: call it once a review.
 */
export function fires(
  book: Book,
  config: RebalanceConfig | undefined,
  timeUs: number,
  weighed: readonly Weighed[],
  isIdle: (index: number) => boolean,
): boolean {
  if (config === undefined) return weighed.some(turns);
  const calendar = calendarFires(book, config, timeUs);
  const drawdown = drawdownFires(book, config);
  if (calendar || drawdown) return true;
  return weighed.some(
    (one, i) => (one.name.unfinished || turns(one) || strays(one, config)) && !isIdle(i),
  );
}

/** The first review opens a period too: by then nothing is held. */
function calendarFires(
  book: Book,
  { every, dayStartUs }: RebalanceConfig,
  timeUs: number,
): boolean {
  if (every === null) return false;
  const { count, unit } = every;
  const period =
    unit === "BAR"
      ? Math.floor((book.bars - 1) / count)
      : periodOf(timeUs, { count, unit }, dayStartUs);
  const before = book.period;
  book.period = period;
  return before !== period;
}

export const isInDrawdown = (book: Book, { drawdownBps }: RebalanceConfig): boolean =>
  drawdownBps !== null && book.drawdownBps > drawdownBps;

/** Once for each fall below the mark; where that makes targets smaller, once for each way back too. */
function drawdownFires(book: Book, config: RebalanceConfig): boolean {
  const below = isInDrawdown(book, config);
  const crossed = below !== book.inDrawdown;
  book.inDrawdown = below;
  return crossed && (below || config.drawdownScaleBps !== undefined);
}

/**
 * Drift is of what was asked for: a position that a risk limit keeps small, or whose order failed, has
 * not drifted, and would else have the book rebalanced at each bar.
 */
function strays({ name, weight, askedWeight }: Weighed, config: RebalanceConfig): boolean {
  const { driftBps, driftOfTargetBps, targetChangeBps } = config;
  const drift = Math.abs(askedWeight - weight);
  const change = Math.abs(weight - name.aimWeight);
  return (
    (driftBps !== null && drift > driftBps / BPS) ||
    (driftOfTargetBps !== null && drift > (driftOfTargetBps / BPS) * Math.abs(weight)) ||
    (targetChangeBps !== null && change > (targetChangeBps / BPS) * Math.abs(name.aimWeight))
  );
}
