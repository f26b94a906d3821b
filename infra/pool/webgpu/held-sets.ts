// Scenario sets in the memory of a GPU. Promises: a set is copied there once while it is kept; what is kept is
// bounded by bytes, the set used longest ago goes first; this thread is never held up for more than a few
// milliseconds at a time.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { ScenarioSet } from "../../../quant/scenarios/scenario-set.ts";
import type { GpuClient } from "./gpu-client.ts";
import type { GpuDescription } from "./messages.ts";
import { largestReturn, powerOfTwo, type Scaling, scalingOf } from "./single-precision.ts";

export interface HeldSet {
  readonly id: number;
  readonly scaling: Scaling;
}

interface Kept extends HeldSet {
  readonly bytes: number;
  readonly set: WeakRef<ScenarioSet>;
}

/** Values of one message: 1 MiB. */
const MESSAGE_VALUES = 2 ** 18;
/** Values looked at between turns of the event loop. */
const TURN_VALUES = 2 ** 20;

export class HeldSets {
  private readonly client: GpuClient;
  private readonly adapter: GpuDescription;
  private readonly limitBytes: number;
  /** In the order of last use. */
  private readonly kept = new Map<number, Kept>();
  /** null: single precision cannot hold it. */
  private readonly known = new WeakMap<ScenarioSet, Kept | null>();
  private bytes = 0;
  private nextId = 1;

  constructor(client: GpuClient, adapter: GpuDescription, limitBytes: number) {
    this.client = client;
    this.adapter = adapter;
    this.limitBytes = limitBytes;
  }

  /** Whether it would fit if nothing else were kept. */
  fits(set: ScenarioSet): boolean {
    const bytes = 4 * set.returns.length;
    return bytes > 0 && bytes <= this.limitBytes && this.partScenarios(set) > 0;
  }

  /** Where the set lies; null where single precision cannot hold it. */
  async hold(set: ScenarioSet): Promise<HeldSet | null> {
    const known = this.known.get(set);
    if (known === null) return null;
    if (known !== undefined && this.kept.delete(known.id)) {
      this.kept.set(known.id, known);
      return known;
    }
    const scaling = scalingOf(await largestReturns(set));
    if (scaling === null) {
      this.known.set(set, null);
      return null;
    }
    const bytes = 4 * set.returns.length;
    await this.makeRoom(bytes);
    const held = { id: this.nextId++, scaling, bytes, set: new WeakRef(set) };
    await this.copy(set, held);
    this.known.set(set, held);
    this.kept.set(held.id, held);
    this.bytes += bytes;
    return held;
  }

  private async makeRoom(bytes: number): Promise<void> {
    const gone = [...this.kept.values()].filter(({ set }) => set.deref() === undefined);
    for (const { id, bytes: freed } of [...gone, ...this.kept.values()]) {
      if (this.bytes + bytes <= this.limitBytes) break;
      if (!this.kept.delete(id)) continue;
      this.bytes -= freed;
      await this.client.ask({ ask: "drop", set: id });
    }
  }

  private partScenarios({ assets }: ScenarioSet): number {
    const { maxBufferBytes, maxPartScenarios } = this.adapter;
    return Math.min(maxPartScenarios, Math.floor(maxBufferBytes / (4 * assets.length)));
  }

  private async copy(set: ScenarioSet, { id, scaling }: HeldSet): Promise<void> {
    const most = this.partScenarios(set);
    const parts: number[] = [];
    for (let from = 0; from < set.count; from += most) parts.push(Math.min(most, set.count - from));
    const assets = set.assets.length;
    await this.client.ask({ ask: "hold", set: id, assets, parts });
    for (const [part, count] of parts.entries()) {
      for (let from = 0; from < assets * count; from += MESSAGE_VALUES) {
        const values = new Float32Array(Math.min(MESSAGE_VALUES, assets * count - from));
        scaled(values, set, scaling, { first: part * most, count, from });
        await this.client.ask({ ask: "fill", set: id, part, from, values });
      }
    }
  }
}

async function largestReturns(set: ScenarioSet): Promise<Float64Array> {
  const largest = new Float64Array(set.assets.length);
  let looked = 0;
  for (let asset = 0; asset < largest.length; asset++) {
    largest[asset] = largestReturn(set, asset);
    looked += set.count;
    if (looked < TURN_VALUES) continue;
    looked = 0;
    await nextTurn();
  }
  return largest;
}

/** Fills `values` from place `from` of a part on: `count` scenarios from `first` on, asset by asset. */
function scaled(
  values: Float32Array,
  { count: all, returns }: ScenarioSet,
  { exponents }: Scaling,
  part: { readonly first: number; readonly count: number; readonly from: number },
): void {
  let done = 0;
  while (done < values.length) {
    const asset = Math.floor((part.from + done) / part.count);
    const within = part.from + done - asset * part.count;
    const end = Math.min(values.length, done + part.count - within);
    const factor = powerOfTwo(-(exponents[asset] as number));
    const start = asset * all + part.first + within - done;
    for (; done < end; done++) values[done] = (returns[start + done] as number) * factor;
  }
}
