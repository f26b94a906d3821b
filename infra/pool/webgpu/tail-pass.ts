// The tail of a portfolio's losses, with a GPU's help. Promises: bit for bit the reference's answer, or an error.
// The GPU computes all losses in single precision and so finds the few scenarios that can be in the tail; their
// losses are computed again here, in double, and measured by the reference itself. Where single precision
// cannot tell the tail from the rest, all are computed here.

import { setImmediate as nextTurn } from "node:timers/promises";
import { scenarioLosses, valueAtRisk } from "../../../quant/optimiser/tail-loss.ts";
import { measureTail } from "../../../quant/optimiser/tail-measure.ts";
import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";
import { DeviceFailure } from "../device.ts";
import type { Measured, MeasureWork } from "../work.ts";
import type { GpuClient } from "./gpu-client.ts";
import type { HeldSets } from "./held-sets.ts";
import { scaleWeights } from "./single-precision.ts";
import { evenlySpread } from "./witnesses.ts";

export interface PassCounts {
  /** Sets measured with the GPU's help. */
  readonly passes: number;
  /** Scenarios of these, and those of them whose losses were computed again. */
  readonly scenarios: number;
  readonly again: number;
  /** Sets measured without it, because single precision could not tell losses apart. */
  readonly without: number;
}

/** Scenarios looked at again wherever they lie. */
const WITNESSES = 64;
/** Products between turns of the event loop. */
const TURN_PRODUCTS = 2 ** 20;
/** The edge of the tail is sought with this much more mass: rounding of sums never moves it inwards. */
const MORE_MASS = 1 + 1e-9;

/** What a pass of the GPU says, in units of `unit`. */
interface Found {
  /** In their order, all scenarios that can be in the tail. */
  readonly candidates: Int32Array;
  readonly single: Float32Array;
  readonly bound: number;
  readonly unit: number;
}

export class TailPass {
  counts: PassCounts = { passes: 0, scenarios: 0, again: 0, without: 0 };
  private readonly client: GpuClient;
  private readonly sets: HeldSets;

  constructor(client: GpuClient, sets: HeldSets) {
    this.client = client;
    this.sets = sets;
  }

  /** RangeError where the reference has one; DeviceFailure where the GPU fails or is wrong. */
  async measure({ scenarios, weights, tailMass }: MeasureWork): Promise<Measured> {
    const { assets, count, returns, probabilities } = scenarios;
    if (returns.length !== assets.length * count || probabilities.length !== count) {
      const found = `${returns.length} returns and ${probabilities.length} probabilities`;
      throw new RangeError(`${found} for ${assets.length} assets in ${count} scenarios`);
    }
    if (weights.length !== assets.length) {
      throw new RangeError(`${weights.length} weights for ${assets.length} assets`);
    }
    const found = await this.find(scenarios, weights, tailMass);
    this.count(found, count);
    if (found === null) {
      return measureTail(await lossesOf(scenarios, weights, null), probabilities, tailMass);
    }
    const losses = await lossesOf(scenarios, weights, found.candidates);
    checkAgainst(found, found.candidates, losses);
    const witnesses = evenlySpread(count, WITNESSES);
    checkAgainst(found, witnesses, await lossesOf(scenarios, weights, witnesses));
    const masses = Float64Array.from(found.candidates, (s) => probabilities[s] as number);
    return measureTail(losses, masses, tailMass);
  }

  /** null: single precision cannot tell the tail from the rest. */
  private async find(
    scenarios: ScenarioSet,
    weights: Float64Array,
    tailMass: number,
  ): Promise<Found | null> {
    const held = this.sets.fits(scenarios) ? await this.sets.hold(scenarios) : null;
    const scaled = held === null ? null : scaleWeights(weights, held.scaling);
    if (held === null || scaled === null) return null;
    const { bound, unit } = scaled;
    const asked = { ask: "losses", set: held.id, weights: scaled.weights } as const;
    const { losses: single } = await this.client.ask(asked);
    const candidates = tailCandidates(single, scenarios.probabilities, tailMass, bound);
    return candidates && { candidates, single, bound, unit };
  }

  private count(found: Found | null, scenarios: number): void {
    const { counts } = this;
    this.counts =
      found === null
        ? { ...counts, without: counts.without + 1 }
        : {
            passes: counts.passes + 1,
            scenarios: counts.scenarios + scenarios,
            again: counts.again + found.candidates.length,
            without: counts.without,
          };
  }
}

/**
 * In their order, the scenarios that can be in the tail of the exact losses, of which each single one is within
 * `bound`; null where that is more than half. The value at risk never falls when losses rise, and moves with
 * them: so the exact one is within `bound` of the single one, and a loss of the tail within two of it.
 */
export function tailCandidates(
  single: Float32Array,
  probabilities: Float64Array,
  tailMass: number,
  bound: number,
): Int32Array | null {
  const edge = valueAtRisk(Float64Array.from(single), probabilities, tailMass * MORE_MASS);
  const least = edge - 2.01 * bound;
  const chosen = new Int32Array(single.length);
  let count = 0;
  for (let s = 0; s < single.length; s++) if (!((single[s] as number) < least)) chosen[count++] = s;
  return count > single.length / 2 ? null : chosen.slice(0, count);
}

/** A GPU that is further off than it can be is broken, and its candidates may be the wrong ones. */
function checkAgainst(
  { single, bound, unit }: Found,
  scenarios: Int32Array,
  losses: Float64Array,
): void {
  for (const [k, s] of scenarios.entries()) {
    const off = Math.abs((losses[k] as number) / unit - (single[s] as number));
    if (off <= bound) continue;
    const far = `${off * unit} off, at most ${bound * unit} is possible`;
    throw new DeviceFailure("CRASHED", `the GPU's loss in scenario ${s} is ${far}`);
  }
}

/** `scenarioLosses` of the chosen scenarios, by that function itself, in blocks; of all where `chosen` is null. */
async function lossesOf(
  scenarios: ScenarioSet,
  weights: Float64Array,
  chosen: Int32Array | null,
): Promise<Float64Array> {
  const losses = new Float64Array(chosen?.length ?? scenarios.count);
  const most = Math.max(1, Math.floor(TURN_PRODUCTS / weights.length));
  for (let from = 0; from < losses.length; from += most) {
    if (from > 0) await nextTurn();
    const block = partOf(scenarios, chosen, from, Math.min(most, losses.length - from));
    losses.set(scenarioLosses(block, weights), from);
  }
  return losses;
}

function partOf(
  { assets, count: all, returns }: ScenarioSet,
  chosen: Int32Array | null,
  from: number,
  count: number,
): ScenarioSet {
  const part = new Float64Array(assets.length * count);
  for (let asset = 0; asset < assets.length; asset++) {
    for (let k = 0; k < count; k++) {
      const s = chosen === null ? from + k : (chosen[from + k] as number);
      part[asset * count + k] = returns[asset * all + s] as number;
    }
  }
  return { assets, count, returns: part, probabilities: NOT_ASKED };
}

/** Losses do not depend on them. */
const NOT_ASKED = new Float64Array(0);
