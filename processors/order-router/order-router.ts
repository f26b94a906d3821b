// Turns approved targets into orders. Promises: position and working orders of a symbol never lead past
// its approved target; nothing is sent while a cancel is unanswered, so a lost race with a fill cannot
// double an order; a fill, a cancel or a rejection is answered by what is still missing.
//
// - A target stays until the next one. Working orders that lead past it are cancelled, newest first; when the
//   venue has answered, the rest is sent. Limit orders are not re-priced while they lead to the target.
// - An order is never larger than the trade that the risk gate measured, or than what was working when it
//   did: after a race the rest follows in further orders.
// - An order that the venue refuses, or ends by itself (IOC, the day's end), uses its approval up: the next
//   verdict decides anew.
// - HaltTrading, ReduceOnly and KillTrading end every approval that is not sent yet; KillTrading also cancels
//   what works. No verdict is acted on while trading is halted or killed.
// - A split restates position and approval in new shares. The venue cancels what works, and what is missing
//   is sent anew in new shares, decided at the split. A change of symbol takes the position along, and a
//   delisting closes it; both end the approval.
// - decidedUs is the time of the event that was acted on: the verdict, or the report that freed a quantity.
//   So no order can trade at a price older than what it was decided from.

import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { OrdersConfig, PortfolioConfig } from "../flow-config.ts";
import { act } from "./actions.ts";
import { bookOf, Desk, type RouterState } from "./desk.ts";

type Input =
  | "risk.verdicts"
  | "fills"
  | "market.instruments"
  | "market.corporate-actions"
  | "control.commands";

export function orderRouter(
  config: OrdersConfig,
  portfolio: PortfolioConfig,
): Processor<RouterState, Input, "orders"> {
  return {
    name: "order-router",
    version: 1,
    scope: "portfolio",
    inputs: [
      "risk.verdicts",
      "fills",
      "market.instruments",
      "market.corporate-actions",
      "control.commands",
    ],
    outputs: { orders: config.latencyUs },
    onFailure: "stop",
    initial: () => ({ books: new Map(), nextOrderId: 1, trading: "ACTIVE", orders: [] }),
    evolve: (state, event) => {
      if (state.orders.length > 0) state.orders = [];
      if (event.topic === "market.instruments") {
        bookOf(state, event.value.symbol).instrument = event.value;
      } else if (event.topic === "market.corporate-actions") {
        act(state, event.value);
      } else if (event.value.portfolio === portfolio.name) {
        route(new Desk(state, config, portfolio.name, event.timeUs), event);
      }
      return state;
    },
    decide: ({ orders }) =>
      orders.length === 0 ? nothing : orders.map((order) => emit("orders", order)),
  };
}

type Routed = Exclude<Input, "market.instruments" | "market.corporate-actions">;

function route(desk: Desk, event: EventOf<Routed>): void {
  if (event.topic === "risk.verdicts") desk.approve(event.value);
  else if (event.topic === "fills") desk.report(event.value);
  else desk.obey(event.value);
}
