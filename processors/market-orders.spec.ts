// Plain market orders without exits, for specs that add what they are about.

import type { OrdersConfig } from "./orders-config.ts";

export const marketOrders: OrdersConfig = {
  type: "MARKET",
  limitOffsetBps: 0,
  timeInForce: "GTC",
  goodForUs: null,
  latencyUs: 1,
  exits: { stopLossBps: null, takeProfitBps: null, trailingStopBps: null },
};
