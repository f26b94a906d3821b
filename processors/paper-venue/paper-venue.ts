// A venue of paper: fills orders at prices that the market printed, after our latency, with slippage and
// fees. Promises: an order trades at prices printed at or after its decision (look-ahead is impossible), or on
// ticks beyond them, in lots; all orders of a symbol together execute no more of a bar's or tick's volume than the cap lets them,
// in whole lots; each order gets one last report. docs/orders.md says more.
//
// Which prices a MARKET order sees:
// - bar-close: on arrival the last close known, if its bar ended at or after the decision; so a decision made at
//   a bar's end gets that close. Otherwise (the decision came later, as it does on bars built from ticks) the
//   next close.
// - next-open: the first bar that starts at or after the decision and ends after arrival.
// - next-tick: the first tick that is not suspicious and comes after the order.
// - quote: the other side of the best quote that stands when it arrives, then each that follows (quotes.ts).
//   Trades set off stops, hold auctions, and move the queue where there is one (queue.ts).
// All other orders look at the last close on arrival (bar-close), then at each such bar from its open along the
// path of bar-path.ts, or at each tick.
// IOC takes the first price it could have, or is cancelled. A DAY order's day is the UTC date of the first bar or
// tick it could trade on: it ends with the first of a later date, which needs no calendar, and an order given
// after the close is good for the next session. A date's first price is its opening, its last one its close,
// which is known with the first price of the date after (or at the end of a bar of a day).
// A split, a change of symbol and a delisting cancel every order of the symbol, GTC too, and those that
// were decided before it and arrive after (docs/corporate-actions.md has the reason).
// Where there is an order gate (isGated), only what it lets through is acted on; what it refuses never was an order
// here, and is answered with a rejection.

import { TapedeckError } from "../../schemas/errors.ts";
import { type EventOf, emit } from "../../streams/event.ts";
import { nothing, type Processor } from "../../streams/processor.ts";
import type { VenueConfig } from "../venue-config.ts";
import { bookOf, type VenueState } from "./book.ts";
import { accrueThrough, hearRate } from "./carry.ts";
import { arrive, catchUp, tell } from "./door.ts";
import { expiryBefore, settleExpired } from "./expiry.ts";
import { learn, onBar, onTick } from "./market.ts";
import { onQuote } from "./quotes.ts";
import { act, deny, handle } from "./requests.ts";
import { Session } from "./session.ts";
import { onStatus } from "./status.ts";
import { allTerms, readsRates, termsOf } from "./terms.ts";
import { expire } from "./time-limits.ts";

/** What a request comes as. */
const requests: ReadonlySet<Input> = new Set(["orders", "risk.order-verdicts"]);

type Input =
  | "orders"
  | "risk.order-verdicts"
  | "market.instruments"
  | "market.corporate-actions"
  | "market.status"
  | "market.rates"
  | "market.bars"
  | "market.ticks"
  | "market.quotes";

/** A bar over the expiry holds the last price before it. What ends a contract otherwise settles it otherwise. */
function settlement(event: EventOf<Input>, expiryUs: number): "BEFORE" | "AFTER" | null {
  if (event.topic === "market.corporate-actions" && event.value.action === "DELISTING") return null;
  return event.topic === "market.bars" && event.value.startUs < expiryUs ? "AFTER" : "BEFORE";
}

/** On bars: what is charged within one waits for what trades in it, unless what is held goes elsewhere. */
function carriedTo(event: EventOf<Input>): number {
  switch (event.topic) {
    case "market.bars":
      return event.value.startUs;
    case "orders":
      return event.value.action === "TRANSFER" ? event.timeUs : NEVER;
    case "risk.order-verdicts":
      return event.value.order.action === "TRANSFER" ? event.timeUs : NEVER;
    case "market.rates":
      return NEVER;
    default:
      return event.timeUs;
  }
}

const NEVER = -1;

export function paperVenue(
  settings: VenueConfig,
  source: "ticks" | "bars",
  isGated = false,
): Processor<VenueState, Input, "fills"> {
  const { fill, latencyUs } = settings;
  const readsStatus = settings.trading?.status === true;
  const onQuotes = fill === "quote";
  const onTicks = onQuotes || fill === "next-tick";
  if (onTicks && source === "bars") {
    throw new TapedeckError(
      "PROCESSOR_CONFIG_INVALID",
      `venue.fill is ${fill}, but the source has bars only: use next-open or bar-close`,
      { fill, source },
    );
  }
  const configOf = termsOf(settings);
  const all = allTerms(settings);
  const isDelayed = all.some(
    ({ chance, trading, carry }) =>
      chance !== undefined || trading !== undefined || carry !== undefined,
  );
  const learnsBars = onTicks && all.some(({ price }) => price !== undefined);
  return {
    name: "paper-venue",
    version: 2,
    scope: "symbol",
    inputs: [
      isGated ? "risk.order-verdicts" : "orders",
      "market.instruments",
      "market.corporate-actions",
      onTicks ? "market.ticks" : "market.bars",
      ...(onQuotes ? (["market.quotes"] as const) : []),
      ...(readsStatus ? (["market.status"] as const) : []),
      ...(readsRates(settings) ? (["market.rates"] as const) : []),
      ...(learnsBars ? (["market.bars"] as const) : []),
    ],
    unanswered: learnsBars ? ["market.instruments", "market.bars"] : ["market.instruments"],
    outputs: { fills: latencyUs },
    onFailure: "stop",
    initial: () => ({ books: new Map(), reports: [] }),
    evolve: (state, event) => {
      if (state.reports.length > 0) state.reports = [];
      const book = bookOf(state, event.value.symbol);
      if (event.topic === "market.instruments") {
        book.instrument = event.value;
        book.isDelisted = false;
        return state;
      }
      const config = configOf(event.value.symbol, book.instrument);
      const isLesson = learnsBars && event.topic === "market.bars";
      const { timeUs } = event;
      const expiryUs = isLesson ? null : expiryBefore(book, timeUs);
      const settles = expiryUs === null ? null : settlement(event, expiryUs);
      if (expiryUs !== null && settles === "BEFORE") {
        // What was due by then comes first, and no day after it is charged for.
        if (isDelayed) catchUp({ state, book, config }, expiryUs, true);
        settleExpired(new Session(state, book, config, timeUs));
      }
      if (!isLesson && isDelayed) {
        const carryUs = onTicks ? timeUs : carriedTo(event);
        catchUp({ state, book, config }, timeUs, requests.has(event.topic), carryUs);
      }
      const session = new Session(state, book, config, timeUs);
      switch (event.topic) {
        case "orders":
          expire(session, timeUs);
          if (isDelayed) arrive({ state, book, config }, event.value, timeUs);
          else handle(session, event.value);
          break;
        case "risk.order-verdicts": {
          expire(session, timeUs);
          const { outcome, order } = event.value;
          const isDenied = outcome !== "PASS";
          if (isDelayed) arrive({ state, book, config }, order, timeUs, isDenied);
          else if (isDenied) deny(session, order);
          else handle(session, order);
          break;
        }
        case "market.corporate-actions":
          expire(session, timeUs);
          act(session, event.value);
          break;
        case "market.status":
          expire(session, timeUs);
          onStatus(session, event.value);
          break;
        case "market.rates":
          hearRate(session, event.value);
          break;
        case "market.bars":
          if (isLesson) learn(session, event.value);
          else {
            onBar(session, event.value);
            if (config.carry !== undefined) accrueThrough(session, event.value);
          }
          break;
        case "market.ticks":
          if (!event.value.suspicious) onTick(session, event.value);
          break;
        case "market.quotes":
          if (!event.value.suspicious) onQuote(session, event.value);
          break;
      }
      if (settles === "AFTER") settleExpired(session);
      if (!isLesson && isDelayed) tell({ state, book, config }, timeUs);
      return state;
    },
    decide: ({ reports }) =>
      reports.length === 0 ? nothing : reports.map((report) => emit("fills", report)),
  };
}
