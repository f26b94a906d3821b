// The order gate and the venue behind it: what is refused never was an order there.

import { expect, test } from "vitest";
import { bar, order } from "../streams/testing/facts.ts";
import { at, equity, given } from "../streams/testing/given.ts";
import { gateWith } from "./order-gate/testing/gate-facts.ts";
import { paperVenue } from "./paper-venue/paper-venue.ts";

const free = {
  fill: "bar-close",
  latencyUs: 5,
  slippageBps: 0,
  participationBps: null,
  feePerMillion: 0,
  minimumFeeMinor: 0,
} as const;

test("what the gate refuses is answered as a rejection, and leaves nothing at the venue", () => {
  const listed = at(0, "market.instruments", equity("A"));
  const price = at(0, "market.bars", bar("A", 0, 100_00));
  const asked = (quantity: number, changes = {}) =>
    at(
      0,
      "orders",
      order(quantity > 10 ? 1 : 2, "A", quantity, { type: "LIMIT", limitPrice: 90_00, ...changes }),
    );
  const requests = [asked(50), asked(10), asked(11, { orderId: 2, action: "REPLACE" })];
  const cancels = [asked(50, { action: "CANCEL" }), asked(10, { action: "CANCEL" })];
  const verdicts = given(gateWith({ maxOrderQuantity: "10" }), listed, price)
    .when(...requests, ...cancels)
    .map(({ value }) => at(1, "risk.order-verdicts", value));
  const found = given(paperVenue(free, "bars", true), listed, price).when(...verdicts);
  expect(
    found.map(({ value }) => [value.orderId, value.execType, value.reason, value.leavesQuantity]),
  ).toEqual([
    [1, "REJECTED", "DeniedByRisk", 0],
    [2, "REPLACE_REJECTED", "DeniedByRisk", 10],
    [1, "CANCEL_REJECTED", "UnknownOrder", 0],
    [2, "CANCELED", "CanceledByUser", 0],
  ]);
});
