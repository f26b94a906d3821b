// A flow in which nearly every tick leads to a verdict: bars as long as the time between two ticks of a
// symbol, averages so short that each bar turns the view, no limit that refuses.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, type Override } from "../../infra/config/load-config.ts";
import type { RunConfig } from "../../infra/config/run-config.ts";

export const SYMBOLS = 10;

const YAML = `
source: ticks
bars: { interval: 10ms }
model: ema-cross
features: { emaFast: 1, emaSlow: 3, atr: 1, volatility: 2 }
portfolio: { currency: USD, cash: 1000000000 }
sizing: { method: fixed-quantity, quantity: 1 }
risk:
  maxPosition: off
  maxGrossExposure: off
  priceCollar: off
  maxOrderValue: off
  maxDrawdown: off
orders: { type: market, latency: 50ms }
venue: { fill: next-tick, latency: 1ms }
`;

export async function verdictConfig(overrides: readonly Override[] = []): Promise<RunConfig> {
  const folder = mkdtempSync(join(tmpdir(), "tapedeck-bench-"));
  try {
    const path = join(folder, "flow.yaml");
    writeFileSync(path, `tape: ${folder}\n${YAML}`);
    return await loadConfig(path, overrides);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
