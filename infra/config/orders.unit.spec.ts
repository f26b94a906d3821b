// The shapes of orders that a configuration can ask for: in machine units, in one form, and refused where the terms do
// not go together.

import { describe, expect, test } from "vitest";
import type { OrdersConfig } from "../../processors/orders-config.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import { configFromText, type ReadConfig } from "./load-config.ts";
import { formatProblem, problemsOf } from "./problem.ts";

const PATH = "/home/trader/runs/my-run.yaml";
const read = (orders: string): ReadConfig =>
  configFromText(`tape: x\norders: { ${orders} }`, PATH, []);

function findings(orders: string): string[] {
  try {
    read(orders);
  } catch (error) {
    if (!(error instanceof TapedeckError)) throw error;
    return problemsOf(error).map((found) => formatProblem("f", found));
  }
  return [];
}

const plain: OrdersConfig = read("").flow.orders;

describe("types of orders", () => {
  test.each<[string, Partial<OrdersConfig>]>([
    ["type: stop, trigger: 0.01", { type: "STOP", trigger: { bps: 100 } }],
    ["type: stop-limit, trigger: 1 atr", { type: "STOP_LIMIT", trigger: { atrs: 1 } }],
    [
      "type: market-if-touched, trigger: 0.5",
      { type: "MARKET_IF_TOUCHED", trigger: { bps: 5000 } },
    ],
    [
      "type: limit-if-touched, trigger: 0.01, limitOffset: -0.25 atr",
      {
        type: "LIMIT_IF_TOUCHED",
        trigger: { bps: 100 },
        limitOffsetBps: 0,
        limitOffsetAtrs: -0.25,
      },
    ],
    ["type: trailing-stop, trigger: 3 atr", { type: "TRAILING_STOP", trigger: { atrs: 3 } }],
    ["type: on-open", { type: "MARKET", timeInForce: "AT_THE_OPENING" }],
    ["type: on-close, timeInForce: AT_THE_CLOSE", { type: "MARKET", timeInForce: "AT_THE_CLOSE" }],
  ])("%s", (orders, expected) => {
    expect(read(orders).flow.orders).toEqual({ ...plain, ...expected });
    const config = read(orders);
    expect(configFromText(config.document, PATH).canonical).toEqual(config.canonical);
  });

  test("with their terms", () => {
    const { flow } = read(
      "type: limit, postOnly: true, display: 0.5, reprice: 0.002, bracket: true, stopLoss: 2 atr, takeProfit: 4 atr, trailingStop: 2.5 atr",
    );
    expect(flow.orders).toEqual({
      ...{ ...plain, type: "LIMIT", postOnly: true, display: "0.5", bracket: true },
      reprice: { bps: 20 },
      exits: {
        ...plain.exits,
        ...{ stopLossAtrs: 2, takeProfitAtrs: 4, trailingStopAtrs: 2.5 },
      },
    });
  });
});

test("terms that are off are what was before there were any", () => {
  const off = read("postOnly: false, display: off, reprice: off, bracket: false, trigger: off");
  expect(off.canonical).toEqual(read("").canonical);
  expect(Object.keys(off.flow.orders).sort()).toEqual(Object.keys(plain).sort());
  expect(read("stopLoss: 2.0 atr").canonical).toEqual(read("stopLoss: 2 atr").canonical);
});

test.each([
  ["type: stop", /orders\.type: found stop; orders\.trigger must say how far away/],
  ["type: limit, trigger: 0.01", /orders\.trigger: does nothing with orders\.type limit/],
  ["type: stop, trigger: 0 atr", /orders\.trigger: found "0 atr"; must be above 0/],
  ["type: stop, trigger: 2 atrs", /orders\.trigger: .*multiples of the ATR such as 2 atr/],
  ["type: on-open, timeInForce: DAY", /timeInForce: found DAY; orders\.type on-open says when/],
  ["type: stop, trigger: 0.1, timeInForce: AT_THE_CLOSE", /type stop needs DAY, GTC, GTD/],
  ["postOnly: true", /postOnly: needs orders\.type limit with timeInForce DAY, GTC or GTD/],
  ["type: limit, postOnly: true, timeInForce: IOC", /postOnly: needs/],
  ["type: limit, postOnly: true, limitOffset: -0.01", /limitOffset: found -0\.01; below 0 takes/],
  ["reprice: 0.01", /reprice: needs orders\.type limit/],
  ["display: 100", /display: needs orders\.type limit, stop-limit or limit-if-touched/],
  ["bracket: true", /bracket: needs one of orders\.stopLoss/],
  [
    "bracket: true, stopLoss: 0.1, algorithm: { twap: { over: 1h, slices: 2 } }",
    /slices open a pos/,
  ],
  ["type: on-close, algorithm: { twap: { over: 1h, slices: 2 } }", /need market or limit/],
  ["stopLoss: 1.5", /or off, or multiples of the ATR/],
  ["limitOffset: near", /orders\.limitOffset: .*multiples of the ATR such as 0\.5 atr/],
])("%s is refused", (orders, message) => {
  expect(findings(orders).join("\n")).toMatch(message);
});
