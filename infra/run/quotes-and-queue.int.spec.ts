// Orders on the recorded quotes and trades of IBM on 2013-10-07: what the flow fills, against a plain reading of the
// two files by the rules of docs/venue.md, which shares no code with the venue.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { FlowConfig } from "../../processors/flow-config.ts";
import { flowTopology } from "../../processors/topology.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { runClosed } from "../../streams/closed-run.ts";
import type { EventOf } from "../../streams/event.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { importFiles } from "../import/import-files.ts";
import { defaultOptions } from "../import/import-options.ts";
import { eventsOf } from "../import/testing/imported.ts";
import { bareFlow, longFrom } from "./testing/bare-flow.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const data = process.env.TAPEDECK_DATA ?? join(root, "../shared/data");
const paths = {
  trades: join(data, "trades-ibm-2013-10-07.csv.gz"),
  quotes: join(data, "quotes-ibm-2013-10-07.csv.gz"),
};
const there = existsSync(paths.trades);
if (!there) console.warn(`skipped: no recorded markets at ${data}; set TAPEDECK_DATA`);

const MINUTE_US = 60_000_000;
const START_US = Date.UTC(2013, 9, 7, 14, 0) * 1000;
/** No record of the files, which have milliseconds, lies at an arrival. */
const LATENCY_US = 1_500;
const QUANTITY = 3_000;

const flow: FlowConfig = {
  ...bareFlow,
  source: "ticks",
  bars: { intervalUs: MINUTE_US, suspicious: "exclude" },
  model: longFrom(START_US),
  sizing: { method: "FIXED_QUANTITY", quantity: String(QUANTITY), allowShort: false },
  orders: { ...bareFlow.orders, latencyUs: LATENCY_US },
  venue: { ...bareFlow.venue, fill: "quote" },
};

/** Scaled by 10,000, as the import scales it. */
const scaled = (text: string): number => Number(text.replace(".", ""));

interface Row {
  readonly timeUs: number;
  readonly what: "trade" | "bid" | "ask" | "arrival";
  readonly price: number;
  readonly quantity: number;
  readonly order?: Order;
}

const linesOf = (path: string): string[][] =>
  gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));

/** What is not suspicious, by time; at one instant trades before quotes, each in the file's order. */
function recorded(): Row[] {
  const trades = linesOf(paths.trades)
    .filter((row) => row[4] === "0")
    .map(([ms = "", price = "", size = ""]): Row => {
      return {
        timeUs: Number(ms) * 1000,
        what: "trade",
        price: scaled(price),
        quantity: Number(size),
      };
    });
  const quotes = linesOf(paths.quotes)
    .filter((row) => row[6] === "0")
    .map(([ms = "", bid = "", bidSize = "", ask = "", askSize = ""]): Row => {
      const timeUs = Number(ms) * 1000;
      return bid === ""
        ? { timeUs, what: "ask", price: scaled(ask), quantity: Number(askSize) }
        : { timeUs, what: "bid", price: scaled(bid), quantity: Number(bidSize) };
    });
  return [...trades, ...quotes].sort((a, b) => a.timeUs - b.timeUs);
}

async function run(config: Pick<FlowConfig, "orders" | "venue">, partitions = 1, commit = 1e6) {
  const tape = createMemoryLog();
  for (const kind of ["trades", "quotes"] as const) {
    const what = kind === "trades" ? "ticks" : "quotes";
    const options = { ...defaultOptions(what), symbols: ["IBM"] };
    await importFiles([paths[kind]], options, async () => tape);
  }
  const target = createMemoryLog();
  const topology = flowTopology({ ...flow, ...config });
  await runClosed({
    topology,
    partitions,
    sourceOf: () => tape,
    target,
    eventsPerCommit: commit,
  });
  const events = await eventsOf(target);
  const orders = events.filter((one): one is EventOf<"orders"> => one.topic === "orders");
  const fills = events.filter((one): one is EventOf<"fills"> => one.topic === "fills");
  return {
    orders: orders.map(({ value }) => value),
    // In the order of the venue's reports.
    fills: fills.map(({ value }) => value).sort((a, b) => a.execId - b.execId),
  };
}

type Told = Pick<ExecutionReport, "orderId" | "price" | "quantity" | "tradeUs">;
const told = (fills: readonly Told[]): Told[] =>
  fills.map(({ orderId, price, quantity, tradeUs }) => ({ orderId, price, quantity, tradeUs }));

/** The files with the orders in between, each when it arrived. */
function withArrivals(orders: readonly Order[]): Row[] {
  const arrivals = orders.map(
    (order): Row => ({
      timeUs: order.decidedUs + LATENCY_US,
      what: "arrival",
      price: 0,
      quantity: 0,
      order,
    }),
  );
  return [...recorded(), ...arrivals].sort((a, b) => a.timeUs - b.timeUs);
}

/** Buyers at market, by the asks alone. */
function takers(orders: readonly Order[]): Told[] {
  const open: { readonly orderId: number; left: number }[] = [];
  const ask = { price: 0, left: 0 };
  const found: Told[] = [];
  for (const { what, price, quantity, timeUs, order } of withArrivals(orders)) {
    if (what === "ask") Object.assign(ask, { price, left: quantity });
    else if (order !== undefined) open.push({ orderId: order.orderId, left: order.quantity });
    else continue;
    for (const one of open) {
      const taken = Math.min(one.left, ask.left);
      if (taken === 0) continue;
      one.left -= taken;
      ask.left -= taken;
      found.push({ orderId: one.orderId, price: ask.price, quantity: taken, tradeUs: timeUs });
    }
  }
  return found;
}

/** One buyer who rests at his limit, by the queue; `touches` and crosses as configured: only beyond. */
function rester(order: Order): Told[] {
  const { orderId, limitPrice, quantity: asked } = order;
  const limit = limitPrice as number;
  let left = asked;
  let ahead: number | null = null;
  const bid = { price: 0, quantity: 0 };
  const trades = { count: 0, volume: 0 };
  const found: Told[] = [];
  const fill = (most: number, tradeUs: number): void => {
    const quantity = Math.min(left, most);
    if (quantity <= 0) return;
    left -= quantity;
    found.push({ orderId, price: limit, quantity, tradeUs });
  };
  for (const { what, price, quantity, timeUs, order: arrived } of withArrivals([order])) {
    if (arrived !== undefined) {
      if (bid.price === limit) ahead = bid.quantity;
      else ahead = bid.price < limit ? 0 : Math.ceil(trades.volume / trades.count);
    } else if (what === "bid") {
      Object.assign(bid, { price, quantity });
      if (ahead !== null && price < limit) ahead = 0;
      else if (ahead !== null && price === limit) ahead = Math.min(ahead, quantity);
    } else if (what === "ask") {
      if (ahead !== null && price < limit) fill(quantity, timeUs);
    } else {
      if (ahead !== null && price <= limit) {
        fill(quantity - ahead, timeUs);
        ahead = Math.max(0, ahead - quantity);
      }
      trades.count++;
      trades.volume += quantity;
    }
  }
  return found;
}

const twap = {
  schedule: { method: "TWAP", overUs: 30 * MINUTE_US, slices: 6 },
  maxChildren: 100,
  leftover: "LEAVE",
} as const;
const resting = { fill: "quote", limitFill: "CROSS", queueBps: 10_000 } as const;

describe.runIf(there)("a recorded day of quotes and trades", () => {
  test("takers get the ask that stood when they arrived, size by size", async () => {
    const { orders, fills } = await run({
      orders: { ...flow.orders, algorithm: twap },
      venue: flow.venue,
    });
    expect(orders.map(({ quantity }) => quantity)).toEqual([500, 500, 500, 500, 500, 500]);
    expect(told(fills)).toEqual(takers(orders));
    expect(fills.reduce((sum, { quantity }) => sum + quantity, 0)).toBe(QUANTITY);
    const arrival = (orders[0]?.referencePrice ?? 0) * QUANTITY;
    const paid = fills.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
    const bps = (((paid - arrival) / arrival) * 10_000).toFixed(2);
    console.info(`TWAP on quotes: ${fills.length} executions, shortfall ${bps} bp`);
  });

  test("a limit order waits for its queue, and fills as the files say", async () => {
    const { orders, fills } = await run({
      orders: { ...flow.orders, type: "LIMIT", limitOffsetBps: 5 },
      venue: { ...flow.venue, ...resting },
    });
    const [order] = orders;
    expect(orders).toHaveLength(1);
    const expected = rester(order as Order);
    expect(told(fills)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(1);
    console.info(`limit in the queue: ${fills.length} executions`);
  });

  test("wherever it commits and on however many partitions, the same", async () => {
    const config = {
      orders: { ...flow.orders, type: "LIMIT", limitOffsetBps: 1, algorithm: twap } as const,
      venue: { ...flow.venue, ...resting, participationBps: 2_500 },
    };
    const whole = await run(config);
    expect(whole.fills.length).toBeGreaterThan(0);
    expect(await run(config, 3, 997)).toEqual(whole);
  });
});
