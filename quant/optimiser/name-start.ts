// The first portfolios of few names: found by prices, not by branching. Promises: each keeps to the choice; nothing is said
// of how good they are.

import { LONG, type NameChoice, type NameStates, OPEN, OUT, SHORT } from "./name-states.ts";
import type { Answered } from "./near-program.ts";
import type { Program } from "./program.ts";
import { reducedCosts } from "./reduced-costs.ts";
import { netWeights } from "./tail-loss.ts";

/** What the search lends: the best under decisions, a place to offer it, and whether work has ended. */
export interface NameTrial {
  under(states: Uint8Array): Answered | null;
  offer(candidate: Answered): void;
  isSpent(): boolean;
}

const MOST_ROUNDS = 60;
const MOST_EXCHANGES = 400;
/** Names that may come in for another: those of the best prices. */
const LIKELY = 12;

export class FirstPortfolios {
  private readonly program: Program;
  private readonly choice: NameChoice;
  private readonly names: NameStates;
  private readonly trial: NameTrial;

  constructor(program: Program, choice: NameChoice, names: NameStates, trial: NameTrial) {
    this.program = program;
    this.choice = choice;
    this.names = names;
    this.trial = trial;
  }

  /** From the relaxed optimum: its largest names, then better names for the smallest, while that helps. */
  find(relaxed: Answered): void {
    let chosen = this.largest(relaxed.x, this.choice.maximumNames);
    let last = this.holding(chosen, relaxed.x);
    for (let round = 0; round < MOST_ROUNDS && last !== null && !this.trial.isSpent(); round++) {
      const wider = this.widened(chosen, last, round);
      const met = this.underOnly(wider, last.x, false);
      if (met === null) break;
      const next = this.largest(met.x, this.choice.maximumNames);
      const tried = this.holding(next, met.x);
      if (tried === null || !isLess(tried, last)) break;
      last = tried;
      chosen = next;
    }
    if (last !== null) this.exchange(chosen, last);
  }

  private largest(x: Float64Array, count: number): number[] {
    const net = netWeights(this.program.holdings, x);
    return this.names
      .held(x)
      .sort((a, b) => Math.abs(net[b] as number) - Math.abs(net[a] as number) || a - b)
      .slice(0, count);
  }

  /** The best that holds these, each at its least size or more on the side of x; else any that holds no other. */
  private holding(chosen: readonly number[], x: Float64Array): Answered | null {
    const loose = this.underOnly(chosen, x, false);
    if (loose !== null) this.trial.offer(loose);
    if (!(this.choice.minimumPosition > 0) || (loose !== null && this.names.isChosen(loose.x))) {
      return loose;
    }
    // Without the smallest, until those that are left are large enough.
    for (let count = chosen.length; count > 0; count--) {
      const held = this.underOnly(chosen.slice(0, count), x, true);
      if (held === null) continue;
      this.trial.offer(held);
      return held;
    }
    return null;
  }

  private underOnly(
    chosen: readonly number[],
    x: Float64Array,
    isHeldFast: boolean,
  ): Answered | null {
    const net = netWeights(this.program.holdings, x);
    const states = new Uint8Array(this.names.names.length).fill(OUT);
    for (const name of chosen) {
      const side = (net[name] as number) < 0 ? SHORT : LONG;
      states[name] = isHeldFast ? side : OPEN;
    }
    for (const name of states.keys()) {
      const allowed = this.names.allowed(name);
      if (!allowed.includes(states[name] as number) && states[name] !== OPEN) {
        states[name] = allowed[0] as number;
      }
    }
    return this.trial.under(states);
  }

  /** The chosen and as many that would lower the objective most by the prices of `last`. */
  private widened(chosen: readonly number[], last: Answered, round: number): number[] {
    const order = this.bySlope(last);
    const count = round === 0 ? 3 * chosen.length : chosen.length;
    return [...chosen, ...order.filter((a) => !chosen.includes(a)).slice(0, count)];
  }

  /** Names by what a unit of them would change at most, best first. */
  private bySlope(last: Answered): number[] {
    const { program } = this;
    const rows = last.duals.rows.subarray(0, program.rows.count);
    const { slope } = reducedCosts(program, last.x, { ...last.duals, rows });
    const best = new Float64Array(program.holdings.assets).fill(Number.POSITIVE_INFINITY);
    for (let j = 0; j < slope.length; j++) {
      const a = program.holdings.asset[j] as number;
      if (a < 0 || (program.upper[j] as number) === 0) continue;
      const down = program.lower[j] === 0 ? (slope[j] as number) : -Math.abs(slope[j] as number);
      best[a] = Math.min(best[a] as number, down);
    }
    return [...best.keys()].sort((a, b) => (best[a] as number) - (best[b] as number) || a - b);
  }

  /** One name for another, the first exchange that helps, until none of the likely ones does. */
  private exchange(chosen: readonly number[], from: Answered): void {
    let last = from;
    let held = [...chosen];
    let tries = 0;
    for (let isBetter = true; isBetter && tries < MOST_EXCHANGES; ) {
      isBetter = false;
      const likely = this.bySlope(last)
        .filter((a) => !held.includes(a))
        .slice(0, LIKELY);
      const leaving = [...held].reverse();
      for (const out of leaving) {
        for (const name of likely) {
          if (this.trial.isSpent() || ++tries >= MOST_EXCHANGES) return;
          const next = [...held.filter((a) => a !== out), name];
          const tried = this.holding(next, last.x);
          if (tried === null || !isLess(tried, last)) continue;
          last = tried;
          held = this.largest(tried.x, this.choice.maximumNames);
          isBetter = true;
          break;
        }
        if (isBetter) break;
      }
    }
  }
}

/** Beyond rounding. */
const isLess = (a: Answered, b: Answered): boolean =>
  a.certificate.upper < b.certificate.upper - 1e-12 * Math.abs(b.certificate.upper);
