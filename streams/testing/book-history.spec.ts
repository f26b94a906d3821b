// Random histories of a book of two symbols, for properties: executions, prices and every corporate action.

import fc from "fast-check";
import type { CorporateAction } from "../../schemas/generated/market.corporate-actions.ts";
import type { EventOf } from "../event.ts";
import { bar, delisted, dividend, filled, renamed, split } from "./facts.ts";
import { at } from "./given.ts";

/** Symbols of the histories. */
export const bookSymbols = ["A", "B"] as const;

/** An event, once it is given its time. */
export type Step = (
  timeUs: number,
) => EventOf<"market.bars" | "market.corporate-actions" | "fills">;

const symbol = fc.constantFrom(...bookSymbols);
const price = fc.integer({ min: 1, max: 9_999 });
const part = fc.integer({ min: 1, max: 25 });
const acts =
  (value: CorporateAction): Step =>
  (timeUs) =>
    at(timeUs, "market.corporate-actions", value);

export const bookStep: fc.Arbitrary<Step> = fc.oneof(
  fc
    .tuple(symbol, fc.integer({ min: -500, max: 500 }), price)
    .filter(([, quantity]) => quantity !== 0)
    .map(([name, quantity, paid]) => (tradeUs: number) => {
      return at(tradeUs, "fills", filled(1, name, quantity, paid, { fee: 3n, tradeUs }));
    }),
  fc.tuple(symbol, price).map(([name, close]) => (timeUs: number) => {
    return at(timeUs, "market.bars", bar(name, timeUs, close));
  }),
  fc.tuple(symbol, part, part).map(([name, fresh, old]) => acts(split(name, fresh, old))),
  fc.tuple(symbol, fc.integer({ min: 1, max: 500 })).map(([a, paid]) => acts(dividend(a, paid))),
  fc.tuple(symbol, fc.option(price)).map(([name, last]) => acts(delisted(name, last))),
  symbol.map((name) => acts(renamed(name, name === "A" ? "B" : "A"))),
);
