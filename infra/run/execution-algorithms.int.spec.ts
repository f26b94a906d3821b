// Each execution algorithm on the recorded minute bars of October 2013: one parent of IBM, its children against
// a calculation from the file, and its implementation shortfall against the arrival price.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FlowConfig } from "../../processors/flow-config.ts";
import type { AlgorithmConfig } from "../../processors/orders-config.ts";
import { flowTopology } from "../../processors/topology.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { EventOf } from "../../streams/event.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { importFiles } from "../import/import-files.ts";
import { defaultOptions } from "../import/import-options.ts";
import { eventsOf, filesOf } from "../import/testing/imported.ts";
import { bareFlow, longFrom } from "./testing/bare-flow.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const path = join(data, "bars-1m-4-equities-2013-10.csv.gz");
const there = existsSync(path);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const MINUTE_US = 60_000_000;
/** Half an hour after the third session opens: two days are known by then. */
const START_US = Date.UTC(2013, 9, 8, 14, 0) * 1000;
const QUANTITY = 60_000;

const flow: FlowConfig = {
  ...bareFlow,
  model: longFrom(START_US),
  portfolio: { ...bareFlow.portfolio, initialCashMinor: 10_000_000_000n },
  sizing: { method: "FIXED_QUANTITY", quantity: String(QUANTITY), allowShort: false },
};

interface Bar {
  readonly startUs: number;
  /** Scaled by 10,000, as the import scales it. */
  readonly open: number;
  readonly close: number;
  readonly volume: number;
}

function fileBars(): { lines: string[]; bars: Bar[] } {
  const [header = "", ...all] = gunzipSync(readFileSync(path)).toString().trim().split("\n");
  const own = all.filter((line) => line.split(",")[1] === "IBM");
  const bars = own.map((line) => {
    const [ms = "", , open = "", , , close = "", volume = ""] = line.split(",");
    const scaled = (text: string) => Number(text.replace(".", ""));
    return {
      startUs: Number(ms) * 1000,
      open: scaled(open),
      close: scaled(close),
      volume: Number(volume),
    };
  });
  return { lines: [header, ...own], bars };
}

async function run(algorithm: AlgorithmConfig | null) {
  const { lines, bars } = fileBars();
  const tape = createMemoryLog();
  const files = filesOf({ "ibm.csv.gz": gzipSync(lines.join("\n")) });
  await importFiles(files, defaultOptions("bars"), async () => tape);
  const target = createMemoryLog();
  const orders = algorithm === null ? flow.orders : { ...flow.orders, algorithm };
  const topology = flowTopology({ ...flow, orders });
  await runClosed({ topology, partitions: 1, sourceOf: () => tape, target });
  const events = await eventsOf(target);
  const children = events
    .filter((event): event is EventOf<"orders"> => event.topic === "orders")
    .map(({ value }) => value);
  const fills = events
    .filter((event): event is EventOf<"fills"> => event.topic === "fills")
    .map(({ value }) => value);
  return { bars, children, fills };
}

type Ran = Awaited<ReturnType<typeof run>>;

/** Implementation shortfall of a buy, in basis points of the arrival value; no fees. */
function shortfallBps({ children, fills }: Ran): number {
  const arrival = (children[0]?.referencePrice ?? 0) * QUANTITY;
  const paid = fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return ((paid - arrival) / arrival) * 10_000;
}

const limits = { maxChildren: 400, leftover: "SWEEP" } as const;
const algorithms: Readonly<Record<string, AlgorithmConfig | null>> = {
  "one order": null,
  TWAP: { ...limits, schedule: { method: "TWAP", overUs: 60 * MINUTE_US, slices: 12 } },
  VWAP: {
    ...limits,
    schedule: { method: "VWAP", overUs: 300 * MINUTE_US, slices: 30, curve: null, days: 20 },
  },
  POV: { ...limits, schedule: { method: "POV", overUs: 300 * MINUTE_US, rateBps: 1_000 } },
  "implementation shortfall": {
    ...limits,
    schedule: {
      method: "IMPLEMENTATION_SHORTFALL",
      overUs: 60 * MINUTE_US,
      slices: 12,
      halfLifeUs: 15 * MINUTE_US,
    },
  },
};

/** The open of the first bar that begins at or after a time: what a market order gets. */
const openAt = (bars: readonly Bar[], timeUs: number): number =>
  bars.find(({ startUs }) => startUs >= timeUs)?.open ?? 0;

describe.runIf(there)("algorithms on recorded minutes", () => {
  test("buy what was asked for, at the opens that follow their slices", async () => {
    for (const [name, algorithm] of Object.entries(algorithms)) {
      const ran = await run(algorithm);
      const { bars, children, fills } = ran;
      expect(children.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(QUANTITY);
      expect(fills.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(QUANTITY);
      expect(children.every(({ action }) => action === "NEW")).toBe(true);
      const arrival = bars.findLast(({ startUs }) => startUs < START_US)?.close;
      expect(children.every(({ referencePrice }) => referencePrice === arrival)).toBe(true);
      for (const { orderId, price } of fills) {
        const child = children.find((one) => one.orderId === orderId);
        expect(price).toBe(openAt(bars, child?.decidedUs ?? 0));
      }
      const bps = shortfallBps(ran).toFixed(2);
      console.info(`${name}: ${children.length} orders, shortfall ${bps} bp`);
    }
  });

  test("TWAP: every five minutes a twelfth", async () => {
    const { children, bars, fills } = await run(algorithms.TWAP as AlgorithmConfig);
    const slots = Array.from({ length: 12 }, (_, k) => START_US + k * 5 * MINUTE_US);
    expect(children.map(({ decidedUs }) => decidedUs)).toEqual(slots);
    expect(children.map(({ quantity }) => quantity)).toEqual(slots.map(() => 5_000));
    expect(fills.map(({ price }) => price)).toEqual(slots.map((slot) => openAt(bars, slot)));
  });

  test("POV: at each minute a tenth of what has traded since", async () => {
    const { children, bars } = await run(algorithms.POV as AlgorithmConfig);
    let traded = 0;
    let sent = 0;
    const expected: (readonly [number, number])[] = [];
    for (const { startUs, volume } of bars.filter((bar) => bar.startUs >= START_US)) {
      traded += volume;
      const quantity = Math.min(QUANTITY, Math.floor(traded / 10)) - sent;
      if (quantity > 0) expected.push([startUs + MINUTE_US, quantity]);
      sent += quantity;
    }
    expect(children.map(({ decidedUs, quantity }) => [decidedUs, quantity])).toEqual(expected);
  });

  test("VWAP: the children follow the volume of the two days before", async () => {
    const { children, bars } = await run(algorithms.VWAP as AlgorithmConfig);
    const usual = (fromUs: number): number => {
      const dayUs = 1440 * MINUTE_US;
      const isIn = ({ startUs }: Bar, days: number) =>
        startUs >= fromUs - days * dayUs && startUs < fromUs - days * dayUs + 10 * MINUTE_US;
      // Tuesday's days before are Monday and Friday.
      const past = bars.filter((bar) => isIn(bar, 1) || isIn(bar, 4));
      return past.reduce((sum, { volume }) => sum + volume, 0);
    };
    const slots = Array.from({ length: 30 }, (_, k) => START_US + k * 10 * MINUTE_US);
    const volumes = slots.map(usual);
    const all = volumes.reduce((a, b) => a + b, 0);
    let due = 0;
    for (const [k, slot] of slots.entries()) {
      due += (QUANTITY * (volumes[k] as number)) / all;
      const sent = children.filter(({ decidedUs }) => decidedUs <= slot);
      const sum = sent.reduce((total, { quantity }) => total + quantity, 0);
      expect(Math.abs(sum - due)).toBeLessThanOrEqual(0.5 + 1e-6);
    }
  });
});
