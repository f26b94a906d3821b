// Which positions of a book are to be sized again. Promises: any one trigger is enough; a period that
// began and a drawdown that was entered fire once.

import type { RebalanceConfig } from "../flow-config.ts";
import type { Book } from "./book.ts";
import { periodOf } from "./calendar.ts";
import type { Aim } from "./target-weights.ts";

const BPS = 10_000;

/** An aim, and what the position that is held (or on its way) weighs. */
export interface Weighed extends Aim {
  /** Quantity, signed. */
  readonly position: number;
  /** Of equity, signed. */
  readonly positionWeight: number;
}

/** A weight that turns its sign, or comes from 0 or goes to it: always a cause to trade. */
const turns = ({ name, weight }: Aim): boolean => Math.sign(weight) !== Math.sign(name.aimWeight);

/**
 * Which positions to size again. Without triggers: all of them when one turns. With them: all when the
 * calendar or the drawdown says so, else those that turn, stray, or were left half done by a limit. Takes note of what has fired: call it once a review.
 */
export function dueNames(
  book: Book,
  config: RebalanceConfig | undefined,
  timeUs: number,
  weighed: readonly Weighed[],
): (one: Weighed) => boolean {
  if (config === undefined) {
    const turned = weighed.some(turns);
    return () => turned;
  }
  const calendar = calendarFires(book, config, timeUs);
  const drawdown = drawdownFires(book, config);
  const all = calendar || drawdown;
  return (one) => all || turns(one) || one.name.unfinished || strays(one, config);
}

/** The first review opens the first period: it does not end one. */
function calendarFires(
  book: Book,
  { every, dayStartUs }: RebalanceConfig,
  timeUs: number,
): boolean {
  if (every === null) return false;
  const { count, unit } = every;
  const period =
    unit === "BAR"
      ? Math.floor((book.reviews - 1) / count)
      : periodOf(timeUs, { count, unit }, dayStartUs);
  const before = book.period;
  book.period = period;
  return before !== null && before !== period;
}

/** Once for each fall below the mark. */
function drawdownFires(book: Book, { drawdownBps }: RebalanceConfig): boolean {
  const below = drawdownBps !== null && book.drawdownBps > drawdownBps;
  const fires = below && !book.inDrawdown;
  book.inDrawdown = below;
  return fires;
}

function strays({ name, weight, positionWeight }: Weighed, config: RebalanceConfig): boolean {
  const { driftBps, driftOfTargetBps, targetChangeBps } = config;
  const drift = Math.abs(positionWeight - weight);
  const change = Math.abs(weight - name.aimWeight);
  return (
    (driftBps !== null && drift > driftBps / BPS) ||
    (driftOfTargetBps !== null && drift > (driftOfTargetBps / BPS) * Math.abs(weight)) ||
    (targetChangeBps !== null && change > (targetChangeBps / BPS) * Math.abs(name.aimWeight))
  );
}
