// Turns approved targets into orders. Promises: position and working orders of a symbol never lead past
// its approved target; nothing is sent while a cancel is unanswered, so a lost race with a fill cannot
// double an order; a fill, a cancel or a rejection is answered by what is still missing.
//
// - A target stays until the next one. Working orders that lead past it are cancelled, newest first; when the
//   venue has answered, the rest is sent. Limit orders are not re-priced while they lead to the target.
// - An order is never larger than the trade that the risk gate measured, or than what was working when it
//   did: after a race the rest follows in further orders.
// - The venue's reports may come late, twice or out of order (schemas/values/order-progress.ts): what it says that
//   it has executed counts from when it says so; each execution is booked once. A report that its order cannot
//   have is not followed, but an execution is booked even then. A cancel that is refused is not sent again
//   before the next verdict: its order is about to be heard of.
// - An order that the venue refuses, or ends by itself (IOC, its date), uses its approval up: the next
//   verdict decides anew.
// - HaltTrading, ReduceOnly and KillTrading end every approval that is not sent yet; the first two cancel what would
//   open or turn a position, KillTrading all that works, and FlattenPositions then closes what is held: a market order, reduce-only, once nothing of the
//   symbol works. No verdict is acted on while trading is halted, killed or flattened.
// - What an order says is in entry-terms.ts; a limit order may be amended as the market goes (reprice.ts). What a
//   distance in ATRs is measured in is told by the features: a feature event sends nothing but what waited for the
//   first of them.
// - Protective exits (exits.ts), where they are configured: a position has a stop, a limit and a trailing stop of its
//   size at the venue, in one group with every order that makes it smaller, so that what one executes is taken off
//   the others there, without us. They are replaced as the position changes and cancelled when it is flat. An exit
//   that executes ends the approval, and cancels what would enlarge the position again: the next verdict decides anew.
//   They stay while trading is halted; KillTrading cancels them, and none is sent before EnableTrading.
// - With a bracket they go with the order that opens the position, as its children, so that the venue sets them in force
//   with its execution; one such order of a symbol works at a time. What enlarges a position has them enlarged as it is
//   sent. When the execution is heard of they are moved to where the average entry price puts them.
// - A split restates position and approval in new shares. The venue cancels what works, and what is missing
//   is sent anew in new shares, decided at the split. A change of symbol takes the position along: the venue is told of it
//   under the new name (TRANSFER), and exits are sent anew. A delisting closes it. Both end the approval.
// - Where an algorithm is configured (parent-order.ts), what a verdict asks of a symbol is a parent: children are sent
//   as they come due, never more than the parent in all. Another target cancels what works and begins anew
//   when that has ended; a child that the venue ends leaves its rest to the next slice.
// - decidedUs is the time of the event that was acted on: the verdict, or the report that freed a quantity.
//   So no order can trade at a price older than what it was decided from.

import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { PortfolioConfig } from "../flow-config.ts";
import type { OrdersConfig } from "../orders-config.ts";
import { isAllowed, type Roster } from "../people.ts";
import { act } from "./actions.ts";
import { Desk } from "./desk.ts";
import { needsRange } from "./entry-terms.ts";
import { bookOf, type RouterState } from "./order-book.ts";

type Input =
  | "risk.verdicts"
  | "fills"
  | "market.instruments"
  | "market.corporate-actions"
  | "market.bars"
  | "features"
  | "control.commands";

export function orderRouter(
  config: OrdersConfig,
  portfolio: PortfolioConfig,
): Processor<RouterState, Input, "orders"> {
  return {
    name: "order-router",
    version: 2,
    scope: "portfolio",
    inputs: [
      "risk.verdicts",
      "fills",
      "market.instruments",
      "market.corporate-actions",
      "control.commands",
      // They tell an algorithm the time, and an order that is to be amended the price.
      ...(config.algorithm === undefined && config.reprice === undefined
        ? []
        : (["market.bars"] as const)),
      ...(needsRange(config) ? (["features"] as const) : []),
    ],
    outputs: { orders: config.latencyUs },
    onFailure: "stop",
    initial: () => ({ books: new Map(), nextOrderId: 1, trading: "ACTIVE", orders: [] }),
    evolve: (state, event) => {
      if (state.orders.length > 0) state.orders = [];
      if (event.topic === "market.instruments") {
        bookOf(state, event.value.symbol).instrument = event.value;
      } else if (event.topic === "market.corporate-actions") {
        const moved = act(state, event.value, event.timeUs);
        if (moved !== null) new Desk(state, config, portfolio.name, event.timeUs).bring(moved);
      } else if (event.topic === "market.bars") {
        new Desk(state, config, portfolio.name, event.timeUs).observe(event.value);
      } else if (event.topic === "features") {
        const { symbol, atr } = event.value;
        const book = bookOf(state, symbol);
        const isFirst = book.atr === null;
        book.atr = atr;
        if (isFirst) new Desk(state, config, portfolio.name, event.timeUs).resume(symbol);
      } else if (event.value.portfolio === portfolio.name) {
        const desk = new Desk(state, config, portfolio.name, event.timeUs);
        route(desk, event, portfolio.people);
      }
      return state;
    },
    decide: ({ orders }) =>
      orders.length === 0 ? nothing : orders.map((order) => emit("orders", order)),
  };
}

type Routed = Extract<Input, "risk.verdicts" | "fills" | "control.commands">;

function route(desk: Desk, event: EventOf<Routed>, people: Roster): void {
  if (event.topic === "risk.verdicts") desk.approve(event.value);
  else if (event.topic === "fills") desk.report(event.value);
  else if (isAllowed(event.value, people)) desk.obey(event.value);
}
