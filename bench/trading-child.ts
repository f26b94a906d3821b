// The whole flow over bars that are in memory already, in a process of its own: node trading-child.ts CONFIG BARS.
// What deciding costs, without a tape to read or to write. Prints one JSON line.

import { loadConfig } from "../infra/config/load-config.ts";
import { flowTopology } from "../processors/topology.ts";
import type { TopicName } from "../schemas/generated/facts.ts";
import type { AnyEvent } from "../streams/event.ts";
import { runObserved } from "../streams/observed-run.ts";
import { instrument, walk } from "./market-tape.ts";

export interface Decided {
  readonly seconds: number;
  /** User and system time of all threads over the same stretch: the compiler's and the collector's, too. */
  readonly cpuSeconds: number;
  readonly orders: number;
  readonly fills: number;
  readonly finalEquity: string;
}

const [path = "", count = "0"] = process.argv.slice(2);
const config = await loadConfig(path);

function sourceOf<T extends TopicName>(topic: T, values: readonly (readonly [number, unknown])[]) {
  const events = values.map(([timeUs, value], offset) => {
    const place = { topic, partition: 0, offset, timeUs, origin: offset };
    return { ...place, cause: null, ordinal: 0, value } as unknown as AnyEvent;
  });
  return { topic, partition: 0, events };
}

const bars = [...walk(Number(count), 7)];
const sources = [
  sourceOf("market.instruments", [[0, instrument]]),
  sourceOf(
    "market.bars",
    bars.map((bar) => [bar.endUs, bar]),
  ),
];
let orders = 0;
let fills = 0;
let finalEquity = 0n;
const before = process.cpuUsage();
const start = performance.now();
runObserved({
  topology: flowTopology(config.flow),
  sources,
  see: (event) => {
    if (event.topic === "orders") orders++;
    else if (event.topic === "fills") fills++;
    else if (event.topic === "portfolio.snapshots") finalEquity = event.value.equity;
  },
});
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
const decided: Decided = {
  seconds,
  cpuSeconds: (user + system) / 1e6,
  orders,
  fills,
  finalEquity: String(finalEquity),
};
console.log(JSON.stringify(decided));
