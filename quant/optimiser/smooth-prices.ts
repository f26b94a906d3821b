// What active constraints and bounds are priced at, and which price has the wrong sign. Promises: a price is wrong only
// where it is so by more than the rounding of its own terms.

import { ACTIVE, ACTIVE_LOWER, type Face, FREE, HELD, SAFE, TAIL, WITHIN } from "./smooth-face.ts";
import { pricesOf, takeOut } from "./smooth-span.ts";

/** What a price must be wrong by, as a share of what it is made of, to be dropped. */
const WRONG = 1e-12;

export interface Wrong {
  readonly score: number;
  /** Place in the span, or -1. */
  readonly place: number;
  /** Coordinate, or -1. */
  readonly coordinate: number;
  readonly state: number;
}

export interface Slopes {
  readonly gradient: Float64Array;
  /** Of what each entry of the gradient is made. */
  readonly sizes: Float64Array;
  /** The gradient's part within what is active. */
  readonly rest: Float64Array;
  /** Of the rest of it, in the basis of the span, and as prices of the active constraints. */
  readonly parts: Float64Array;
  readonly prices: Float64Array;
}

/** What is active with a price of the wrong sign, worst first or (with `draw`) any. */
export function worstPrice(
  face: Face,
  { gradient, sizes, prices }: Slopes,
  whole: number,
  draw: (() => number) | null,
): Wrong | null {
  const { elements, span, size, held } = face;
  let worst: Wrong | null = null;
  let best = 0;
  const see = (score: number, place: number, coordinate: number, state: number): void => {
    if (!(score > 0)) return;
    const rank = draw === null ? score : draw();
    if (rank <= best) return;
    best = rank;
    worst = { score, place, coordinate, state };
  };
  const across = Math.sqrt(face.variables);
  for (let p = 0; p < span.count; p++) {
    const k = span.members[p] as number;
    const price = prices[p] as number;
    const state = elements.state[k] as number;
    if (state === ACTIVE) {
      const mass = -price;
      const jump = elements.jump[k] as number;
      if (mass < -WRONG * jump) see(-mass * across, p, -1, SAFE);
      if (mass > jump * (1 + WRONG)) see((mass - jump) * across, p, -1, TAIL);
    } else if ((face.rowLower[k] as number) < (face.rowUpper[k] as number)) {
      const off = state === ACTIVE_LOWER ? -price : price;
      if (off > WRONG * whole) see(off, p, -1, WITHIN);
    }
  }
  for (let j = 0; j < size; j++) {
    const where = held[j] as number;
    if (where === FREE || where === HELD) continue;
    let reduced = gradient[j] as number;
    let terms = sizes[j] as number;
    for (let p = 0; p < span.count; p++) {
      const coefficient = elements.coefficients[(span.members[p] as number) * size + j] as number;
      reduced -= (prices[p] as number) * coefficient;
      terms += Math.abs((prices[p] as number) * coefficient);
    }
    if (where * reduced > WRONG * terms) see(where * reduced, -1, j, 0);
  }
  return worst;
}

/** Residuals of the prices taken anew from the coefficients and priced in turn: what rounding left goes. */
export function refinePrices(
  face: Face,
  gradient: Float64Array,
  prices: Float64Array,
  rest: Float64Array,
): void {
  const { span, size, elements, held } = face;
  const change = new Float64Array(span.count);
  for (let round = 0; round < 3; round++) {
    for (let j = 0; j < size; j++) rest[j] = held[j] === FREE ? (gradient[j] as number) : 0;
    for (let p = 0; p < span.count; p++) {
      const at = (span.members[p] as number) * size;
      for (let j = 0; j < size; j++) {
        if (held[j] !== FREE) continue;
        rest[j] =
          (rest[j] as number) - (prices[p] as number) * (elements.coefficients[at + j] as number);
      }
    }
    const parts = new Float64Array(span.count);
    takeOut(span, rest, parts);
    pricesOf(span, parts, change);
    for (let p = 0; p < span.count; p++) {
      prices[p] = (prices[p] as number) + (change[p] as number);
    }
  }
}
