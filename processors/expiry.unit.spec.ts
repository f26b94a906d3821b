// A contract that expires while it is held, through risk gate, router, venue and projector: cash has its profit, nobody
// goes on trading it, and nobody tries for ever.

import { expect, test } from "vitest";
import type { ExecutionReport } from "../schemas/generated/fills.ts";
import type { Order } from "../schemas/generated/orders.ts";
import type { PortfolioSnapshot } from "../schemas/generated/portfolio.snapshots.ts";
import { dealOf } from "../schemas/values/deal.ts";
import type { EventOf } from "../streams/event.ts";
import { Task } from "../streams/task.ts";
import { bar, MINUTE_US, proposal } from "../streams/testing/facts.ts";
import { at, equity } from "../streams/testing/given.ts";
import { playInOrder } from "../streams/testing/play-in-order.ts";
import type { PortfolioConfig } from "./flow-config.ts";
import { orderRouter } from "./order-router/order-router.ts";
import type { OrdersConfig } from "./orders-config.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";
import { portfolioProjector } from "./portfolio-projector/portfolio-projector.ts";
import type { RiskConfig } from "./risk-config.ts";
import { riskGate } from "./risk-gate/risk-gate.ts";
import type { VenueConfig } from "./venue-config.ts";

const M = MINUTE_US;
const portfolio: PortfolioConfig = {
  ...{ name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 100_000_00n },
};
const risk: RiskConfig = {
  ...{ maxPosition: null, maxGrossExposureMinor: null, priceCollarBps: null },
  ...{ maxOrderValueMinor: null, maxDrawdownBps: null, onBreach: "reduce" },
};
const orders: OrdersConfig = {
  ...{ type: "MARKET", limitOffsetBps: 0, timeInForce: "GTC", goodForUs: null, latencyUs: 1 },
  exits: { stopLossBps: 500, takeProfitBps: null, trailingStopBps: null },
};
const venue: VenueConfig = {
  ...{ fill: "bar-close", latencyUs: 1, slippageBps: 10, participationBps: null },
  ...{ feePerMillion: 0, minimumFeeMinor: 100 },
};
const ranked = [
  ...(["market.instruments", "market.bars", "orders", "fills", "portfolio.snapshots"] as const),
  ...(["weights.proposals", "risk.verdicts"] as const),
] as const;
type Topic = (typeof ranked)[number];

test("a contract that expires is settled, its orders end, and new ones are refused once", () => {
  const tasks = [
    new Task(portfolioProjector(portfolio), 0),
    new Task(riskGate(risk, portfolio), 0),
    new Task(orderRouter(orders, portfolio), 0),
    new Task(paperVenue(venue, "bars"), 0),
  ];
  const future = equity("ES", { contract: "LINEAR", multiplier: 50, expiryUs: 3 * M });
  const sources: EventOf<Topic>[] = [
    at(0, "market.instruments", future),
    at(M, "market.bars", bar("ES", M, 2_000_00)),
    at(M, "weights.proposals", proposal(["ES", 3, 2_000_00])),
    at(2 * M, "market.bars", bar("ES", 2 * M, 2_010_00)),
    at(3 * M, "market.bars", bar("ES", 3 * M, 2_020_00)),
    at(4 * M, "market.bars", bar("ES", 4 * M, 1_000_00)),
    at(4 * M, "weights.proposals", proposal(["ES", 5, 1_000_00])),
    ...Array.from({ length: 20 }, (_, i) =>
      at((5 + i) * M, "market.bars", bar("ES", (5 + i) * M, 900_00)),
    ),
  ];
  const reports: ExecutionReport[] = [];
  const sent: Order[] = [];
  let snapshot: PortfolioSnapshot | null = null;
  playInOrder(tasks, ranked, sources, (event) => {
    if (event.topic === "fills") reports.push(event.value);
    if (event.topic === "orders") sent.push(event.value);
    if (event.topic === "portfolio.snapshots") snapshot = event.value;
  });
  // Bought at 2,002.00 with slippage, settled at 2,020.00 without; 3 contracts of 50; a fee of 1.00 for the order.
  expect(snapshot).toMatchObject({ cash: 100_000_00n + 3n * 50n * 18_00n - 1_00n, quantity: 0 });
  const deals = reports.filter((report) => dealOf(report) !== null);
  expect(deals.map(({ orderId, price, reason }) => [orderId, price, reason])).toEqual([
    [1, 2_002_00, "NONE"],
    [0, 2_020_00, "InstrumentExpired"],
  ]);
  const refused = reports.filter(({ execType }) => execType === "REJECTED");
  expect(new Set(refused.map(({ reason }) => reason))).toEqual(new Set(["InstrumentExpired"]));
  // The stop's end is heard of before the settlement: it is sent anew, and recalled.
  expect(sent.map(({ orderId, action, type }) => `${orderId} ${action} ${type}`)).toEqual([
    ...["1 NEW MARKET", "2 NEW STOP", "3 NEW MARKET", "4 NEW STOP", "4 CANCEL STOP"],
  ]);
});
