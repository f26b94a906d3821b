// A band of scenarios knows nothing of those out of it, and steps in it may go too far. Promises: from one look at all
// scenarios to the next the true objective never rises: where it would have, the point goes back part of the way.

import type { Program } from "./program.ts";
import { dot } from "./smooth-curve.ts";
import {
  AT_LOWER,
  AT_UPPER,
  activate,
  type Face,
  FREE,
  HELD,
  isActive,
  WITHIN,
} from "./smooth-face.ts";
import { type Band, lossesAt, placeBand } from "./smooth-tail.ts";
import { conditionalValueAtRisk } from "./tail-loss.ts";

/** Where all scenarios were last looked at. */
export interface Mark {
  readonly point: Float64Array;
  readonly rowStates: Uint8Array;
  readonly losses: Float64Array;
  readonly objective: number;
}

const HALVINGS = 12;

export function markOf(face: Face, program: Program, band: Band): Mark {
  const losses = lossesAt(face, program, band);
  return {
    point: face.point.slice(),
    rowStates: face.elements.state.slice(0, face.rows),
    losses,
    objective: objectiveOf(face, face.point, losses, band),
  };
}

function objectiveOf(
  face: Face,
  point: Float64Array,
  losses: Float64Array,
  { base, worth, tail }: Band,
): number {
  face.curve.moveTo(point);
  const x = point.subarray(0, face.variables);
  const cvar = conditionalValueAtRisk(losses, tail.scenarios.probabilities, tail.mass);
  return dot(x, base.subarray(0, face.variables)) + worth * cvar + face.curve.value();
}

/** From `reached`, where the objective is higher, towards `mark`: halves of the way while it pays. */
export function retreat(face: Face, program: Program, band: Band, mark: Mark, reached: Mark): Mark {
  let best = mark;
  let share = 0.5;
  for (let halving = 0; halving < HALVINGS; halving++, share /= 2) {
    const mix = (from: Float64Array, to: Float64Array): Float64Array =>
      from.map((value, i) => value + share * ((to[i] as number) - value));
    const point = mix(mark.point, reached.point);
    const losses = mix(mark.losses, reached.losses);
    const objective = objectiveOf(face, point, losses, band);
    if (objective < best.objective) best = { ...mark, point, losses, objective };
    else if (best !== mark) break;
  }
  const rowStates = mark.rowStates.map((state, i) =>
    isActive(state) && state === reached.rowStates[i] ? state : WITHIN,
  );
  standAt(face, best.point, rowStates);
  placeBand(face, program, band, best.losses);
  return { ...best, point: face.point.slice(), rowStates };
}

/** Nothing is active but bounds that the point is at and rows that it was at all the time. */
function standAt(face: Face, point: Float64Array, rowStates: Uint8Array): void {
  const { lower, upper, held, elements } = face;
  face.span.count = 0;
  for (let j = 0; j < face.size; j++) {
    const at = Math.min(Math.max(point[j] as number, lower[j] as number), upper[j] as number);
    face.point[j] = at;
    if (held[j] === HELD) continue;
    held[j] = at === lower[j] ? AT_LOWER : at === upper[j] ? AT_UPPER : FREE;
  }
  for (let i = 0; i < face.rows; i++) {
    const state = rowStates[i] as number;
    let value = 0;
    for (let j = 0; j < face.variables; j++) {
      value += (elements.coefficients[i * face.size + j] as number) * (face.point[j] as number);
    }
    elements.value[i] = value;
    elements.state[i] = WITHIN;
    if (isActive(state) && activate(face, i, state)) {
      elements.value[i] = (state === 0 ? face.rowLower[i] : face.rowUpper[i]) as number;
    }
  }
}
