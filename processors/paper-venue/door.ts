// What lies between an order and the book: its way there, closed doors, and the way back of what the venue says.
// Promises: requests of a symbol arrive in the order they were sent in, reports are heard in the order they were made
// in; a request that has arrived meets no price from before its arrival, or from before the opening that it waited
// for. The venue acts when an event of its symbol comes: on whatever was due before it, first.
//
// A derived event's time is its cause's and a constant, so that one order holds on any number of partitions. A delay of
// its own is therefore kept here: the order waits until its time has come, and what comes of it is told with the
// first event of the symbol after that.

import type { Order } from "../../schemas/generated/orders.ts";
import type { VenueConfig } from "../venue-config.ts";
import type { Book, VenueState } from "./book.ts";
import { accrue } from "./carry.ts";
import { delayBack, delayTo, isRefused } from "./chance.ts";
import { closedBy, sessionFrom } from "./hours.ts";
import { deny, handle, refuseTwice } from "./requests.ts";
import { keyOf, Session } from "./session.ts";
import { expire } from "./time-limits.ts";

interface At {
  readonly state: VenueState;
  readonly book: Book;
  readonly config: VenueConfig;
}

/** A request has come as far as its least latency: it is worked on now, or waits. */
export function arrive(at: At, order: Order, nowUs: number, isDenied = false): void {
  const { book, config } = at;
  const last = book.underway.at(-1)?.dueUs ?? nowUs;
  const delay = config.chance === undefined ? 0 : delayTo(config.chance, order);
  const dueUs = Math.max(nowUs + delay, last);
  if (dueUs > nowUs || book.underway.length > 0) book.underway.push({ order, dueUs, isDenied });
  else admit(at, order, nowUs, isDenied);
}

/** Works on what was due before `nowUs` (or at it, for an order's own instant), and opens the doors. `carryUs`: carry comes up to it. */
export function catchUp(at: At, nowUs: number, isOrder: boolean, carryUs = nowUs): void {
  const { book } = at;
  for (;;) {
    const next = book.underway[0];
    if (next === undefined || next.dueUs > nowUs || (next.dueUs === nowUs && !isOrder)) break;
    openDoors(at, next.dueUs, carryUs);
    carryTo(at, Math.min(next.dueUs, carryUs));
    book.underway.shift();
    admit(at, next.order, next.dueUs, next.isDenied);
  }
  openDoors(at, nowUs, carryUs);
  carryTo(at, carryUs);
}

/** Charges what positions cost to hold, where they do: most events are no reason for a session of their own. */
function carryTo({ state, book, config }: At, nowUs: number): void {
  if (config.carry !== undefined) accrue(new Session(state, book, config, nowUs));
}

/** Those that waited for the opening, in their order, as of the opening. */
function openDoors(at: At, nowUs: number, carryUs: number): void {
  const { book, config } = at;
  const hours = config.trading?.hours ?? null;
  while (book.halt === null) {
    const first = book.shut[0];
    if (first === undefined) break;
    const waitedUs = Math.max(first.sinceUs, book.resumedUs);
    const opensUs =
      hours === null
        ? waitedUs
        : Math.max(waitedUs, sessionFrom(hours, book.instrument, waitedUs).openUs);
    if (opensUs > nowUs) break;
    carryTo(at, Math.min(opensUs, carryUs));
    book.shut.shift();
    work(at, first.order, opensUs, true);
  }
}

function admit(at: At, order: Order, nowUs: number, isDenied: boolean): void {
  const { state, book, config } = at;
  const session = new Session(state, book, config, nowUs);
  if (isDenied) {
    deny(session, order);
    return;
  }
  const unknown = { order, executed: 0, leaves: 0 };
  if (order.action === "TRANSFER") {
    handle(session, order);
    return;
  }
  if (order.action === "CANCEL") {
    cancel(at, order, session);
    return;
  }
  if (refuseTwice(session, order)) return;
  const reason = closedBy(book, config, nowUs);
  if (order.action === "NEW" && config.chance !== undefined && isRefused(config.chance, order)) {
    session.report(unknown, "REJECTED", "RefusedByVenue");
  } else if (reason === null) work(at, order, nowUs, false);
  else if (config.trading?.closed === "WAIT") book.shut.push({ order, sinceUs: nowUs });
  else if (order.action === "NEW") session.report(unknown, "REJECTED", reason);
  else {
    session.report(session.find(order) ?? unknown, "REPLACE_REJECTED", reason);
  }
}

/** Taken at any time: of what rests, and of what waits at the door. */
function cancel(at: At, order: Order, session: Session): void {
  const { book } = at;
  const isIt = (one: { readonly order: Order }): boolean => keyOf(one.order) === keyOf(order);
  const isWaiting = book.shut.some((one) => isIt(one) && one.order.action === "NEW");
  book.shut = book.shut.filter((one) => !isIt(one));
  if (isWaiting) session.report({ order, executed: 0, leaves: 0 }, "CANCELED", "CanceledByUser");
  else work(at, order, session.nowUs, false);
}

function work({ state, book, config }: At, order: Order, nowUs: number, isLate: boolean): void {
  const session = new Session(state, book, config, nowUs);
  expire(session, nowUs);
  // Who waited for the opening does not get a price from before it.
  handle(session, order, isLate ? nowUs : order.decidedUs);
}

/** What is due of what the venue has said; what it just said, once it is due. */
export function tell({ state, book, config }: At, nowUs: number): void {
  const { chance } = config;
  if (chance === undefined || chance.back === null) return;
  for (const report of state.reports) {
    const last = book.unheard.at(-1)?.dueUs ?? nowUs;
    book.unheard.push({ report, dueUs: Math.max(nowUs + delayBack(chance, report), last) });
  }
  const heard = book.unheard.findIndex(({ dueUs }) => dueUs > nowUs);
  const count = heard < 0 ? book.unheard.length : heard;
  state.reports = book.unheard.splice(0, count).map(({ report }) => report);
}
