import { describe, expect, test } from "vitest";
import type { Features } from "../../schemas/generated/features.ts";
import { type AnyEvent, emit, type Position } from "../../streams/event.ts";
import { partitionOf } from "../../streams/partition.ts";
import {
  bar,
  eventsOf,
  fill,
  logOf,
  MINUTE_US,
  order,
  START_US,
} from "../../streams/testing/tape.ts";
import type { Explanation } from "../answer.ts";
import { lineage } from "./lineage.ts";

const at = (topic: Position["topic"], offset = 0): Position => ({ topic, partition: 0, offset });

const features: Features = {
  symbol: "IBM",
  barEndUs: START_US,
  price: 18_000,
  logReturn: 0,
  emaFast: 180,
  emaSlow: 179,
  atr: 1,
  volatility: 0.01,
  warm: true,
};
const targets = [{ symbol: "IBM", weight: 1, quantity: 100, referencePrice: 18_000 }];
const END = START_US + MINUTE_US;
const instant = { timeUs: END };
const tick = { symbol: "IBM", price: 18_000, quantity: 1, venue: "", suspicious: false };

/** Three prints, the bar of the first two, and the decision made on it; filled at the next bar. */
const decision = [
  { ...emit("market.ticks", tick), timeUs: START_US },
  { ...emit("market.ticks", tick), timeUs: START_US + 5 },
  { ...emit("market.ticks", tick), timeUs: END },
  { ...emit("market.bars", bar("IBM", END, 18_000)), ...instant, cause: at("market.ticks", 2) },
  { ...emit("features", features), ...instant, cause: at("market.bars") },
  {
    ...emit("signals", {
      symbol: "IBM",
      model: "ema-cross",
      strength: 1,
      price: 18_000,
      volatility: 0.01,
    }),
    ...instant,
    cause: at("features"),
  },
  {
    ...emit("weights.proposals", {
      portfolio: "main",
      method: "FIXED_QUANTITY",
      equity: 1n,
      targets,
      certificate: null,
    }),
    ...instant,
    cause: at("signals"),
  },
  {
    ...emit("risk.verdicts", {
      portfolio: "main",
      outcome: "PASS",
      reason: "NONE",
      state: "ACTIVE",
      targets,
      checks: [],
      scalePpm: 1_000_000,
      overlays: [],
      events: [],
      answer: "",
    }),
    ...instant,
    cause: at("weights.proposals"),
  },
  {
    ...emit("orders", order(1, { decidedUs: END })),
    timeUs: END + 1000,
    cause: at("risk.verdicts"),
  },
] as const;

const nextBar = {
  ...emit("market.bars", bar("IBM", END + MINUTE_US, 18_050)),
  timeUs: END + MINUTE_US,
};
const execution = emit("fills", fill(100, 18_050, { tradeUs: END }));

function outline({ link, event, because }: Explanation): unknown {
  const name = `${event.topic}/${event.offset}`;
  return because.length === 0 ? [link, name] : [link, name, because.map(outline)];
}

const chain = [
  "executes the order",
  "orders/0",
  [
    [
      "allowed by",
      "risk.verdicts/0",
      [
        [
          "judges",
          "weights.proposals/0",
          [
            [
              "proposed on the signal",
              "signals/0",
              [
                [
                  "seen by the model as",
                  "features/0",
                  [["computed from", "market.bars/0", [["completed by", "market.ticks/2"]]]],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ],
];

describe("lineage", () => {
  test("explains a fill by its order and by the bar that priced it, down to the prints", async () => {
    const log = await logOf(
      eventsOf([
        ...decision,
        nextBar,
        { ...execution, timeUs: END + MINUTE_US + 1000, cause: at("market.bars", 1) },
      ]) as readonly AnyEvent[],
      2,
    );
    const explained = await lineage.ask(log, at("fills"));
    expect(outline(explained)).toEqual([
      "",
      "fills/0",
      [chain, ["at the price of", "market.bars/1"]],
    ]);
    const builtBar = await lineage.ask(log, at("market.bars"));
    expect(builtBar.span).toEqual({ from: at("market.ticks"), toOffset: 2 });
  });

  test("explains a fill on arrival by its order and the last bar before it", async () => {
    const log = await logOf(
      eventsOf([
        ...decision,
        { ...execution, timeUs: END + 2000, cause: at("orders") },
      ]) as readonly AnyEvent[],
    );
    const explained = await lineage.ask(log, at("fills"));
    expect(explained.because.map(({ link, event }) => [link, event.topic])).toEqual([
      ["executes the order", "orders"],
      ["at the price of", "market.bars"],
    ]);
  });

  test("explains a fill behind an order gate by the gate's verdict, and that by the order", async () => {
    const request = order(1, { decidedUs: END });
    const gate = {
      ...emit("risk.order-verdicts", {
        portfolio: "main",
        symbol: request.symbol,
        outcome: "PASS",
        reason: "NONE",
        state: "ACTIVE",
        latch: "NONE",
        overriddenBy: "",
        checks: [],
        order: request,
      }),
      timeUs: END + 1000,
      cause: at("orders"),
    };
    const log = await logOf(
      eventsOf([
        ...decision,
        gate,
        { ...execution, timeUs: END + 2000, cause: at("risk.order-verdicts") },
      ]) as readonly AnyEvent[],
    );
    const { because } = await lineage.ask(log, at("fills"));
    expect(because.map(({ link, event }) => [link, event.topic])).toEqual([
      ["executes the order", "risk.order-verdicts"],
      ["at the price of", "market.bars"],
    ]);
    expect(because[0]?.because.map(({ link, event }) => [link, event.topic])).toEqual([
      ["judges the request", "orders"],
    ]);
  });

  test("finds the bar in the tape's own partitions, which need not be the run's", async () => {
    const count = 5;
    const partition = partitionOf("IBM", count);
    const last = { ...emit("market.bars", bar("XOM", START_US, 1)), timeUs: START_US };
    const log = await logOf(
      eventsOf([
        { ...last, partition: count - 1 },
        { ...emit("market.bars", bar("IBM", END, 18_000)), timeUs: END, partition },
        { ...emit("orders", order(1, { decidedUs: END })), timeUs: END + 1000 },
        { ...execution, timeUs: END + 2000, cause: at("orders") },
      ]) as readonly AnyEvent[],
    );
    const price = (await lineage.ask(log, at("fills"))).because.at(-1);
    expect(price?.event).toMatchObject({ topic: "market.bars", value: { symbol: "IBM" } });
  });

  test("an order sent after an execution names it and the verdict that it acts on", async () => {
    const log = await logOf(
      eventsOf([
        ...decision,
        { ...execution, timeUs: END + 2000, cause: at("orders") },
        {
          ...emit("orders", order(2, { decidedUs: END + 2000 })),
          timeUs: END + 3000,
          cause: at("fills"),
        },
      ]) as readonly AnyEvent[],
    );
    const explained = await lineage.ask(log, at("orders", 1));
    expect(explained.because.map(({ link, event }) => [link, event.topic])).toEqual([
      ["after the execution", "fills"],
      ["under the verdict", "risk.verdicts"],
    ]);
  });

  test("a position without an event is refused", async () => {
    const log = await logOf(eventsOf([execution]) as readonly AnyEvent[]);
    await expect(lineage.ask(log, at("fills", 7))).rejects.toThrowError(
      expect.objectContaining({ code: "STREAMS_OFFSET_OUT_OF_RANGE" }),
    );
  });
});
