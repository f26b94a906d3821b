// What is decided of each name, as bounds and rows of a program: not held, held long, held short, or open. Promises: every
// portfolio that keeps to the decisions is in the program; where all is decided nothing else is.

import type { Program } from "./program.ts";
import { netWeights } from "./tail-loss.ts";

export const OPEN = 0;
export const OUT = 1;
export const LONG = 2;
export const SHORT = 3;

export interface NameChoice {
  /** Least size of what is held at all; 0: any. */
  readonly minimumPosition: number;
  /** Most names held. */
  readonly maximumNames: number;
}

/** Sizes below it are rounding, not positions. */
const NOTHING = 1e-10;

export const isHeld = (weight: number): boolean => Math.abs(weight) > NOTHING;

/** How a name's variables make its net weight. */
interface Name {
  /** One variable without a part that is fixed, or one for each side from 0 on: bounds say all. */
  readonly isPlain: boolean;
  readonly longs: readonly number[];
  readonly shorts: readonly number[];
  /** Range of the net weight by the program's bounds. */
  readonly least: number;
  readonly most: number;
}

export class NameStates {
  readonly names: readonly Name[];
  private readonly program: Program;
  private readonly choice: NameChoice;

  constructor(program: Program, choice: NameChoice) {
    this.program = program;
    this.choice = choice;
    this.names = namesOf(program);
  }

  /** What may be decided of a name: of those without a choice, the only one. */
  allowed(name: number): number[] {
    const { least, most } = this.names[name] as Name;
    const size = this.choice.minimumPosition;
    const states: number[] = [];
    if (least <= 0 && most >= 0) states.push(OUT);
    if (most > 0 && most >= size) states.push(LONG);
    if (least < 0 && least <= -size) states.push(SHORT);
    return states;
  }

  /** The program under decisions; null where they contradict its bounds. */
  decided(states: Uint8Array): Program | null {
    const { program } = this;
    const lower = program.lower.slice();
    const upper = program.upper.slice();
    const added: { readonly coefficients: Float64Array; low: number; high: number }[] = [];
    for (const [name, parts] of this.names.entries()) {
      const state = states[name] as number;
      const { low, high } = this.rangeOf(state);
      if (parts.isPlain) {
        narrow(program, parts, state, this.choice.minimumPosition, lower, upper);
      } else {
        added.push({ coefficients: this.netRow(name), low, high });
      }
    }
    for (let j = 0; j < lower.length; j++) {
      if ((lower[j] as number) > (upper[j] as number)) return null;
    }
    const count = this.countRow(states);
    if (count !== null) added.push(count);
    return { ...program, lower, upper, rows: withRows(program, added) };
  }

  private rangeOf(state: number): { readonly low: number; readonly high: number } {
    const size = this.choice.minimumPosition;
    if (state === OUT) return { low: 0, high: 0 };
    if (state === LONG) return { low: size, high: Number.POSITIVE_INFINITY };
    if (state === SHORT) return { low: Number.NEGATIVE_INFINITY, high: -size };
    return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  }

  private netRow(name: number): Float64Array {
    const row = new Float64Array(this.program.variables);
    const { longs, shorts } = this.names[name] as Name;
    for (const j of longs) row[j] = 1;
    for (const j of shorts) row[j] = -1;
    return row;
  }

  /**
   * Of a name that is held at all at least x / most is held in the count: Σ x / most ≤ what is left of the names. Not of
   * names whose parts say otherwise.
   */
  private countRow(
    states: Uint8Array,
  ): { coefficients: Float64Array; low: number; high: number } | null {
    const { lower, upper, variables } = this.program;
    if (this.choice.maximumNames >= this.names.length) return null;
    const coefficients = new Float64Array(variables);
    let left = this.choice.maximumNames;
    for (const [name, { isPlain, longs, shorts }] of this.names.entries()) {
      const state = states[name] as number;
      if (state === LONG || state === SHORT) left--;
      if (state !== OPEN || !isPlain) continue;
      for (const j of [...longs, ...shorts]) {
        const most = upper[j] as number;
        if ((lower[j] as number) >= 0 && most > 0) coefficients[j] = 1 / most;
      }
    }
    return { coefficients, low: Number.NEGATIVE_INFINITY, high: left };
  }

  /** Names that a portfolio holds. */
  held(x: Float64Array): number[] {
    const net = netWeights(this.program.holdings, x);
    return [...net.keys()].filter((a) => isHeld(net[a] as number));
  }

  /** Whether it keeps to the choice, whatever was decided. */
  isChosen(x: Float64Array): boolean {
    const held = this.held(x);
    const net = netWeights(this.program.holdings, x);
    const least = this.choice.minimumPosition * (1 - 1e-10);
    return (
      held.length <= this.choice.maximumNames &&
      held.every((a) => Math.abs(net[a] as number) >= least)
    );
  }
}

function namesOf({ holdings, lower, upper, variables }: Program): Name[] {
  const parts = Array.from({ length: holdings.assets }, () => ({
    longs: [] as number[],
    shorts: [] as number[],
  }));
  for (let j = 0; j < variables; j++) {
    const a = holdings.asset[j] as number;
    const name = parts[a];
    if (name !== undefined) {
      ((holdings.sign[j] as number) > 0 ? name.longs : name.shorts).push(j);
    }
  }
  return parts.map(({ longs, shorts }) => {
    const sum = (of: readonly number[], values: Float64Array): number =>
      of.reduce((total, j) => total + (values[j] as number), 0);
    const least = sum(longs, lower) - sum(shorts, upper);
    const most = sum(longs, upper) - sum(shorts, lower);
    const fromZero = [...longs, ...shorts].every((j) => lower[j] === 0);
    const isPlain =
      longs.length + shorts.length === 1 || (fromZero && longs.length <= 1 && shorts.length <= 1);
    return { isPlain, longs, shorts, least, most };
  });
}

function narrow(
  program: Program,
  { longs, shorts }: Name,
  state: number,
  size: number,
  lower: Float64Array,
  upper: Float64Array,
): void {
  if (state === OPEN) return;
  const clamp = (j: number, low: number, high: number): void => {
    lower[j] = Math.max(program.lower[j] as number, low);
    upper[j] = Math.min(program.upper[j] as number, high);
  };
  const [own, other] = state === SHORT ? [shorts, longs] : [longs, shorts];
  const alone = own.length === 0;
  for (const j of own) {
    if (state === OUT) clamp(j, 0, 0);
    else clamp(j, size, Number.POSITIVE_INFINITY);
  }
  // A variable that may be below 0 is the other side too.
  for (const j of other) {
    if (alone && state !== OUT) clamp(j, Number.NEGATIVE_INFINITY, -size);
    else clamp(j, 0, 0);
  }
}

function withRows(
  { rows, variables }: Program,
  added: readonly { readonly coefficients: Float64Array; low: number; high: number }[],
): Program["rows"] {
  const count = rows.count + added.length;
  const coefficients = new Float64Array(count * variables);
  coefficients.set(rows.coefficients.subarray(0, rows.count * variables));
  for (const [k, row] of added.entries()) {
    coefficients.set(row.coefficients, (rows.count + k) * variables);
  }
  return {
    count,
    coefficients,
    lower: Float64Array.from([...rows.lower, ...added.map(({ low }) => low)]),
    upper: Float64Array.from([...rows.upper, ...added.map(({ high }) => high)]),
  };
}
