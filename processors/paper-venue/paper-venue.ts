// A venue of paper: fills orders at prices that the market printed, after our latency, with slippage and
// fees. Promises: an order trades once, whole, at a price printed at or after its decision (look-ahead is
// impossible), in lots and ticks; each order gets one last report. Volume does not limit it yet.
//
// Where a MARKET order trades:
// - bar-close: at once, at the last close known, if its bar ended at or after the decision; so a decision
//   made at a bar's end gets that close. Otherwise (the decision came later, as it does on bars built
//   from ticks) at the next close.
// - next-open: at the open of the first bar that starts at or after the decision and ends after arrival.
// - next-tick: at the first tick that is not suspicious and comes after the order.
// A LIMIT order trades where the price is at the limit or better: on arrival at that last close
// (bar-close), at a bar's open, at a tick; else at its limit when a bar's low or high reaches it. The bars it
// looks at are those of next-open.
// IOC takes the first price it could have, or is cancelled; on a bar that is the open. A DAY order's day is
// the UTC date of the first bar or tick it could trade on: it ends with the first of a later date, which
// needs no calendar, and an order given after the close is good for the next session.
// A split, a change of symbol and a delisting cancel every order of the symbol, GTC too, and those that
// were decided before it and arrive after (docs/corporate-actions.md has the reason).

import { TapedeckError } from "../../schemas/errors.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { VenueConfig } from "../flow-config.ts";
import { acceptable, firstPrint, type Print, tradable } from "./execution.ts";
import { bookOf, type RestingOrder, Session, type VenueState } from "./session.ts";

type Input =
  | "orders"
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "market.ticks";

export function paperVenue(
  config: VenueConfig,
  source: "ticks" | "bars",
): Processor<VenueState, Input, "fills"> {
  const onTicks = config.fill === "next-tick";
  if (onTicks && source === "bars") {
    throw new TapedeckError(
      "PROCESSOR_CONFIG_INVALID",
      "venue.fill is next-tick, but the source has bars only: use next-open or bar-close",
      { fill: config.fill, source },
    );
  }
  return {
    name: "paper-venue",
    version: 1,
    scope: "symbol",
    inputs: [
      "orders",
      "market.instruments",
      "market.corporate-actions",
      onTicks ? "market.ticks" : "market.bars",
    ],
    unanswered: ["market.instruments"],
    outputs: { fills: config.latencyUs },
    onFailure: "stop",
    initial: () => ({ books: new Map(), reports: [] }),
    evolve: (state, event) => {
      if (state.reports.length > 0) state.reports = [];
      const book = bookOf(state, event.value.symbol);
      if (event.topic === "market.bars") {
        book.close = event.value.close;
        book.closeUs = event.value.endUs;
        if (book.resting.length > 0) {
          new Session(state, book, config, event.timeUs).trade(event.value.endUs - 1, (resting) =>
            onBar(resting, event.value, config),
          );
        }
      } else if (event.topic === "market.ticks") {
        if (book.resting.length > 0) onTick(new Session(state, book, config, event.timeUs), event);
      } else if (event.topic === "orders") {
        new Session(state, book, config, event.timeUs).take(event.value);
      } else if (event.topic === "market.corporate-actions") {
        new Session(state, book, config, event.timeUs).act(event.value);
      } else {
        book.instrument = event.value;
      }
      return state;
    },
    decide: ({ reports }) =>
      reports.length === 0 ? nothing : reports.map((report) => emit("fills", report)),
  };
}

function onTick(session: Session, { value, timeUs }: EventOf<"market.ticks">): void {
  if (value.suspicious) return;
  const { price } = value;
  session.trade(timeUs, ({ order }) =>
    acceptable(order, price) ? { price, timeUs, atLimit: false } : null,
  );
}

/** undefined: the bar is not for this order to trade on; null: it could have and did not. */
function onBar(
  { order, arrivedUs }: RestingOrder,
  bar: MarketBar,
  { fill }: VenueConfig,
): Print | null | undefined {
  if (fill === "bar-close" && order.type === "MARKET") {
    if (bar.endUs < order.decidedUs) return undefined;
    return { price: bar.close, timeUs: bar.endUs, atLimit: false };
  }
  return tradable(order, arrivedUs, bar) ? firstPrint(order, bar) : undefined;
}
