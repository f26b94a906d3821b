// A flow with much state: of each symbol that it saw, how often and with what mean. It writes nothing
// but its state.

import type { KafkaLog } from "../../infra/kafka/log/kafka-log.ts";
import { Writer } from "../../schemas/avro.ts";
import type { Processor } from "../../streams/processor.ts";
import { writeRecord } from "../../streams/record.ts";
import { type GroupPlan, planGroups } from "../../streams/task-groups.ts";
import { buildTopology, type Topology } from "../../streams/topology.ts";

interface Seen {
  count: number;
  mean: number;
}

const START_US = Date.UTC(2026, 0, 5, 14, 30) * 1000;
const BATCH = 5_000;

export const keeper: Processor<Map<string, Seen>, "forecasts", never> = {
  name: "keeper",
  version: 1,
  scope: "symbol",
  inputs: ["forecasts"],
  outputs: {},
  onFailure: "stop",
  initial: () => new Map(),
  evolve(state, { value: { symbol, mean } }) {
    const seen = state.get(symbol);
    if (seen === undefined) state.set(symbol, { count: 1, mean });
    else {
      seen.count++;
      seen.mean += (mean - seen.mean) / seen.count;
    }
    return state;
  },
  decide: () => [],
};

export const keeperTopology = (): Topology =>
  buildTopology({ sources: ["forecasts"], processors: [keeper] });

export const keeperPlan = (): GroupPlan => planGroups(keeperTopology(), 1, () => 1)[0] as GroupPlan;

/** One event of each of `keys` symbols. */
export async function feedKeys(log: KafkaLog, keys: number): Promise<void> {
  await log.createTopic("forecasts", 1);
  const writer = new Writer(1 << 20);
  for (let base = 0; base < keys; base += BATCH) {
    const count = Math.min(BATCH, keys - base);
    writer.pos = 0;
    for (let i = base; i < base + count; i++) {
      const symbol = `K${String(i).padStart(7, "0")}`;
      const forecast = {
        symbol,
        model: "m",
        horizonUs: 1,
        mean: i / keys,
        lower: -1,
        upper: 1,
        coverage: 0.9,
        alpha: 0.1,
        kappaPlus: 0,
        verdict: "PASS",
      } as const;
      writeRecord(writer, "forecasts", START_US + i, i, null, 0, forecast);
    }
    const bytes = writer.bytes.subarray(0, writer.pos);
    const maxTimeUs = START_US + base + count - 1;
    const batch = { topic: "forecasts", partition: 0, baseOffset: base, count, maxTimeUs, bytes };
    await log.commit({ produced: [batch], checkpoints: [] });
  }
}
