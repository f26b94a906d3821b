// The smallest flow that shows every rule of the one order: a task for each partition of symbols, and one
// that sees everything. For tests of what runs tasks.

import type { TopicName } from "../../schemas/generated/facts.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import { emit } from "../event.ts";
import type { EventLog } from "../log.ts";
import { createMemoryLog } from "../memory-log.ts";
import type { Processor } from "../processor.ts";
import { publishAll } from "../simulator/published.ts";
import type { SourceFact } from "../simulator/scenario.ts";
import { type AnyProcessor, buildTopology, type Topology } from "../topology.ts";
import { bar } from "./facts.ts";

/** Volume of a bar that the watcher fails on. */
export const UNLUCKY = 13;

export interface SmallFlowOptions {
  /** From a bar to its signal. */
  readonly latencyUs?: number;
  readonly onFailure?: "stop" | "dead-letter";
}

/** A signal for each bar: its strength counts the symbol's bars in hundredths. */
export const watcher = (
  options: SmallFlowOptions = {},
): Processor<Map<string, number>, "market.bars", "signals"> => ({
  name: "watcher",
  version: 1,
  scope: "symbol",
  inputs: ["market.bars"],
  outputs: { signals: options.latencyUs ?? 0 },
  onFailure: options.onFailure ?? "stop",
  initial: () => new Map(),
  evolve(state, { value: { symbol, volume } }) {
    if (volume === UNLUCKY) throw new Error(`volume ${volume}`);
    return state.set(symbol, (state.get(symbol) ?? 0) + 1);
  },
  decide: (state, { value: { symbol, close } }) => [
    emit("signals", {
      symbol,
      model: "count",
      strength: (state.get(symbol) ?? 0) / 100,
      price: close,
      volatility: 0,
    }),
  ],
});

/** One proposal for each event seen, with a target that tells which, and as what number. */
export const teller = (): Processor<
  { seen: number },
  "market.bars" | "signals",
  "weights.proposals"
> => ({
  name: "teller",
  version: 1,
  scope: "portfolio",
  inputs: ["market.bars", "signals"],
  outputs: { "weights.proposals": 0 },
  onFailure: "stop",
  initial: () => ({ seen: 0 }),
  evolve: (state) => {
    state.seen++;
    return state;
  },
  decide: ({ seen }, { topic, value, timeUs }) => [
    emit("weights.proposals", {
      portfolio: "main",
      method: "FIXED_QUANTITY",
      equity: BigInt(timeUs),
      targets: [
        { symbol: `${topic} ${value.symbol}`, weight: 0, quantity: seen, referencePrice: 0 },
      ],
      certificate: null,
    }),
  ],
});

export const smallFlow = (
  options: SmallFlowOptions = {},
  ...more: readonly AnyProcessor[]
): Topology =>
  buildTopology({ sources: ["market.bars"], processors: [watcher(options), teller(), ...more] });

/** A bar that ends, and reaches the tape, at `timeUs`. */
export const barAt = (
  timeUs: number,
  symbol: string,
  changes: Partial<MarketBar> = {},
): SourceFact => ({
  topic: "market.bars",
  timeUs,
  arrivalUs: timeUs,
  value: bar(symbol, timeUs, 100, changes),
});

/** A tape that holds the facts in their order, on so many partitions. */
export async function tapeOf(
  topology: Topology,
  facts: readonly SourceFact[],
  recorded = 1,
): Promise<EventLog> {
  const tape = createMemoryLog();
  await publishAll(tape, {
    topology,
    partitions: recorded,
    sourcePartitions: () => recorded,
    facts,
    prompt: new Set<TopicName>(),
    findFault: () => null,
  });
  return tape;
}
