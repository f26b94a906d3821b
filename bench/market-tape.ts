// The tape that replays are timed on: seeded one-minute bars of one share, on an embedded log as
// `import` writes them. Promises: the same bars from the same seed; beside the tape the same bars
// as CSV where a peer wants to read them.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { openEmbeddedLog } from "../infra/log/embedded-log.ts";
import { openSourceWriter } from "../infra/tape/source-writer.ts";
import { Random } from "../quant/random.ts";
import type { MarketBar } from "../schemas/generated/market.bars.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import type { MarketTick } from "../schemas/generated/market.ticks.ts";
import { spotTerms } from "../schemas/values/contract-terms.ts";

const MINUTE_US = 60_000_000;
const FIRST_US = Date.UTC(2013, 9, 7, 13, 30) * 1000;

/** Standard deviation of the bounce, in cents. */
const BOUNCE = 4;
const SYMBOL = "ACME";
export const instrument: Instrument = {
  symbol: SYMBOL,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: 2,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "24x7",
  timeZone: "UTC",
  ...spotTerms,
};

/**
 * A slow walk with a bounce on top: the walk alone turns an EMA cross of 10 and 20 bars 4 times in 100
 * bars, the bounce makes it 9. Prices in cents, around 100 dollars.
 */
export function* walk(bars: number, seed: number): Generator<MarketBar> {
  const random = new Random(seed);
  let level = 10_000;
  let close = level;
  for (let i = 0; i < bars; i++) {
    // Drawn back to 10,000, so that a long walk stays far from zero.
    level += 2 * random.normal() + (10_000 - level) * 1e-4;
    const open = close;
    close = Math.round(level + BOUNCE * random.normal());
    const startUs = FIRST_US + i * MINUTE_US;
    yield {
      symbol: SYMBOL,
      startUs,
      endUs: startUs + MINUTE_US,
      open,
      high: Math.max(open, close) + random.integer(8),
      low: Math.min(open, close) - random.integer(8),
      close,
      volume: 100 + random.integer(10_000),
      trades: 1 + random.integer(200),
    };
  }
}

/** Prints of a bar, evenly over its minute: open, high, low and close among them. */
const TICKS_PER_BAR = 10;

/** Writes `bars` bars to a new tape in `folder`, or the prints that make them. */
export async function writeTape(
  folder: string,
  bars: number,
  as: "bars" | "ticks" = "bars",
  seed = 7,
): Promise<void> {
  const log = await openEmbeddedLog(folder, { mode: "write" });
  try {
    const writer = await openSourceWriter(log, 1);
    await writer.append("market.instruments", 0, instrument);
    for (const bar of walk(bars, seed)) {
      if (as === "bars") await writer.append("market.bars", bar.endUs, bar);
      else
        for (const [timeUs, tick] of ticks(bar)) await writer.append("market.ticks", timeUs, tick);
    }
    await writer.flush();
  } finally {
    await log.close();
  }
}

function* ticks({ symbol, startUs, open, high, low, close }: MarketBar) {
  for (let i = 0; i < TICKS_PER_BAR; i++) {
    const price = i === 0 ? open : i === 3 ? high : i === 6 ? low : close;
    const tick: MarketTick = { symbol, price, quantity: 100, venue: "XNAS", suspicious: false };
    yield [startUs + (i * MINUTE_US) / TICKS_PER_BAR, tick] as const;
  }
}

/** The same bars as lines of end_us,open,high,low,close,volume; prices in dollars. */
export async function writeCsv(path: string, bars: number, seed = 7): Promise<void> {
  const file = createWriteStream(path);
  file.write("end_us,open,high,low,close,volume\n");
  const dollars = (cents: number) => (cents / 100).toFixed(2);
  for (const { endUs, open, high, low, close, volume } of walk(bars, seed)) {
    const prices = [open, high, low, close].map(dollars).join(",");
    if (!file.write(`${endUs},${prices},${volume}\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

/** What every replay here runs: EMA cross 10/20, fixed quantity, all checks on, exact books. */
export const runConfig = (tape: string, source: "bars" | "ticks" = "bars"): string => `
tape: ${tape}
source: ${source}
features: { emaFast: 10, emaSlow: 20 }
model: ema-cross
portfolio: { cash: 100000000 }
sizing: { method: fixed-quantity, quantity: 100 }
`;

/**
 * The same bars with an order in about 20 of them, and all of the trading half on: portfolio limits with a window of
 * returns, the order gate, costs part by part, a fee schedule, carry, protective exits.
 */
export const fullConfig = (tape: string): string => `
tape: ${tape}
source: bars
features: { emaFast: 14, emaSlow: 40 }
model: ema-cross
portfolio: { cash: 100000000, lots: fifo }
sizing: { method: fixed-quantity, quantity: 100 }
risk:
  maxNetExposure: 50000000
  maxLeverage: 2
  maxWeight: 1
  maxExpectedShortfall: 0.05
  returnsWindow: 60
  maxDailyLoss: 0.05
  maxTradesADay: 10000
  orders:
    priceCollar: 0.05
    maxValue: 1000000
    maxQuantity: 1000
    volumeShare: 1
    orderRate: 20 in 1s
    messageRate: 50 in 1s
    repeats: 10 in 1s
    maxPriceAge: 3m
    approvedOnly: true
    buyingPower: true
venue:
  price: { halfSpread: 0.0001, volumeShare: 0.1, volatility: 0.05, temporaryImpact: 0.7, permanentImpact: 0.3 }
  fees: { preset: ib-tiered-us }
  carry: { borrow: 0.01, financing: 0.05 }
`;
