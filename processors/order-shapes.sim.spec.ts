// Orders of every shape under seeded faults: what is sent live, killed, restarted, late and on any number of partitions
// equals the closed run, byte for byte, ranges and amendments and brackets too.

import { describe, expect, test } from "vitest";
import { simulate } from "../streams/simulator/simulate.ts";
import type { OrdersConfig } from "./orders-config.ts";
import { flowScenario } from "./simulation.ts";

const SEEDS = 25;
const none = { stopLossBps: null, takeProfitBps: null, trailingStopBps: null } as const;
const ranges = { ...none, stopLossAtrs: 1, takeProfitAtrs: 2, trailingStopAtrs: 3 };

const shapes: readonly Partial<OrdersConfig>[] = [
  { type: "STOP", trigger: { atrs: 0.25 }, timeInForce: "DAY", exits: ranges, bracket: true },
  {
    ...{ type: "LIMIT", limitOffsetBps: 5, timeInForce: "GTC", postOnly: true, display: "20" },
    ...{ reprice: { bps: 10 }, exits: { ...none, stopLossBps: 80, takeProfitBps: 120 } },
    bracket: true,
  },
  { type: "STOP_LIMIT", trigger: { bps: 5 }, limitOffsetBps: -10, timeInForce: "GTC" },
  { type: "MARKET_IF_TOUCHED", trigger: { atrs: 0.5 }, timeInForce: "DAY", exits: ranges },
  { type: "LIMIT_IF_TOUCHED", trigger: { bps: 10 }, limitOffsetAtrs: 0.1, timeInForce: "DAY" },
  { type: "TRAILING_STOP", trigger: { atrs: 1 }, timeInForce: "GTC", exits: ranges, bracket: true },
  { type: "MARKET", timeInForce: "AT_THE_OPENING" },
];

describe("orders of a configured shape, under faults", () => {
  test.each(shapes)("$type, $timeInForce", async (orders) => {
    const findings: string[] = [];
    for (let seed = 0; seed < SEEDS; seed++) {
      const market = { actions: seed % 3 === 0, costs: seed % 2 > 0, quotes: seed % 4 === 1 };
      const scenario = flowScenario(seed, { orders, ...market });
      const { finding } = await simulate({ seed, scenario });
      if (finding !== null) findings.push(`seed ${seed}: ${finding}`);
    }
    expect(findings).toEqual([]);
  });
});
