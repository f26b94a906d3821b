// A small market on disk for tests of runs: one-minute bars of a seeded random walk.

import { Random } from "../../../quant/random.ts";
import { equity } from "../../../streams/testing/given.ts";
import { openEmbeddedLog } from "../../log/embedded-log.ts";
import { openSourceWriter } from "../../tape/source-writer.ts";

export const FIRST_BAR_US = 1.6e15;
const MINUTE_US = 60e6;

/** Bars go round the symbols; all symbols have a bar at each minute. */
export async function writeMarketTape(
  dir: string,
  market: { readonly symbols: readonly string[]; readonly bars: number; readonly seed: number },
): Promise<void> {
  const log = await openEmbeddedLog(dir, { mode: "write" });
  const writer = await openSourceWriter(log, 1);
  for (const symbol of market.symbols) {
    await writer.append("market.instruments", FIRST_BAR_US, equity(symbol));
  }
  const random = new Random(market.seed);
  const prices = market.symbols.map(() => 10_000);
  for (let i = 0; i < market.bars; i++) {
    const k = i % market.symbols.length;
    const startUs = FIRST_BAR_US + Math.floor(i / market.symbols.length) * MINUTE_US;
    const open = prices[k] as number;
    const close = Math.max(2000, Math.round(open * (1 + 0.002 * random.normal())));
    prices[k] = close;
    await writer.append("market.bars", startUs + MINUTE_US, {
      symbol: market.symbols[k] as string,
      startUs,
      endUs: startUs + MINUTE_US,
      open,
      high: Math.max(open, close) + 5,
      low: Math.min(open, close) - 5,
      close,
      volume: 1000,
      trades: 0,
    });
  }
  await writer.flush();
  await log.close();
}
