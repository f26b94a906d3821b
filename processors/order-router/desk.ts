// One event's work on the router's books: what to aim at, what has come of it, what to send next.

import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { ExecutionReport } from "../../schemas/generated/fills.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Side } from "../../schemas/generated/orders.ts";
import type { RiskVerdict, Target } from "../../schemas/generated/risk.verdicts.ts";
import { dealOf, isVenuesOwn } from "../../schemas/values/deal.ts";
import { hear } from "../../schemas/values/heard-reports.ts";
import { advance, isDone } from "../../schemas/values/order-progress.ts";
import { isEnd } from "../../schemas/values/order-status.ts";
import type { OrdersConfig } from "../orders-config.ts";
import { isSwitch, nextTradingState } from "../trading-state.ts";
import type { Moved } from "./actions.ts";
import { isTriggered, shapeOf } from "./entry-terms.ts";
import {
  averageEntry,
  type Cover,
  cameTooLate,
  coverOf,
  EXIT_GROUP,
  endChildren,
  hasExits,
  isEntry,
  isInRanges,
  protect,
  wantedExits,
} from "./exits.ts";
import {
  type Approval,
  bookOf,
  execute,
  isConversion,
  isOpen,
  isUnanswered,
  leavesOf,
  type RouterState,
  type SymbolBook,
  sum,
  untoldOf,
  type WorkingOrder,
} from "./order-book.ts";
import { Outbox } from "./outbox.ts";
import { childTerms, pendingParent } from "./parent-order.ts";
import { reprice } from "./reprice.ts";
import { hearBar, type Slicing, sendSlice } from "./slicing.ts";

export class Desk {
  private readonly state: RouterState;
  private readonly config: OrdersConfig;
  private readonly portfolio: string;
  private outbox: Outbox;
  private nowUs: number;

  constructor(state: RouterState, config: OrdersConfig, portfolio: string, nowUs: number) {
    this.state = state;
    this.config = config;
    this.portfolio = portfolio;
    this.outbox = new Outbox(state, portfolio, nowUs);
    this.nowUs = nowUs;
  }

  approve(verdict: RiskVerdict): void {
    const { trading } = this.state;
    if (trading !== "ACTIVE" && trading !== "REDUCE_ONLY") return;
    for (const target of verdict.targets) this.aim(target);
  }

  private aim({ symbol, quantity, referencePrice }: Target): void {
    const book = bookOf(this.state, symbol);
    const trade = Math.abs(quantity - book.position);
    const largest = Math.max(trade, Math.abs(sum(book.working, leavesOf)));
    for (const working of book.working) working.cancelRefused = false;
    const { approval } = book;
    if (this.config.algorithm === undefined || isConversion(book)) {
      book.approval = { quantity, referencePrice, largest, parent: null };
    } else if (approval?.parent == null || approval.quantity !== quantity) {
      for (const working of book.working) this.outbox.cancel(working);
      const parent = pendingParent(this.nowUs, referencePrice);
      book.approval = { quantity, referencePrice, largest, parent };
    }
    this.settle(symbol, book);
    if (this.config.bracket === true) this.protect(symbol, book);
  }

  /** Something that it waited for is known now. */
  resume(symbol: string): void {
    const book = bookOf(this.state, symbol);
    this.settle(symbol, book);
    this.protect(symbol, book);
  }

  /** A bar of a symbol: it tells an algorithm the time, and what trades; and limit orders where the price is. */
  observe(bar: MarketBar): void {
    const book = bookOf(this.state, bar.symbol);
    reprice(book, bar.close, this.config, (working, limitPrice) => {
      const quantity = working.progress.leavesQuantity;
      this.outbox.replace(working, { quantity, limitPrice });
    });
    const slicing = this.slicing(bar.symbol, book);
    if (slicing === null) return;
    hearBar(book, bar, slicing);
    this.settle(bar.symbol, book);
  }

  private slicing(symbol: string, book: SymbolBook): Slicing | null {
    const { algorithm, exits } = this.config;
    if (algorithm === undefined) return null;
    return {
      algorithm,
      nowUs: this.nowUs,
      beside: hasExits(exits),
      cancel: (working) => this.outbox.cancel(working),
      submit: (side, quantity, reduces) => this.submit(symbol, book, side, quantity, reduces),
    };
  }

  /** An execution is booked, once, whatever its order's state allows: the venue has dealt. */
  report(report: ExecutionReport): void {
    const { orderId, execId, symbol } = report;
    const book = bookOf(this.state, symbol);
    const heard = hear(book.heard, execId);
    if (heard === null) return;
    book.heard = heard;
    // What a split has ended is sent anew for the split's own reason, as of its time.
    // A parent does not outlive one: it has a verdict of its own.
    const isRestated = report.reason === "CorporateAction" && book.approval?.parent == null;
    if (isRestated) this.decideAt(report.tradeUs);
    const deal = dealOf(report);
    const moved = deal === null ? null : execute(this.state, book, deal);
    if (moved !== null) this.bring(moved);
    // Closed by the venue: nothing of what was approved before stands.
    if (isVenuesOwn(report)) book.approval = null;
    for (const list of [book.working, book.exits]) {
      const known = list.find(({ order }) => order.orderId === orderId);
      if (known !== undefined) this.note(book, list, known, report);
    }
    this.settle(symbol, book);
    this.protect(symbol, book);
    this.flatten(symbol, book);
  }

  /** What was held under another name: the venue is told before anything is asked of it there. */
  bring(moved: Moved): void {
    const { symbol } = moved;
    const book = bookOf(this.state, symbol);
    this.outbox.transfer(moved);
    this.protect(symbol, book);
    this.flatten(symbol, book);
  }

  private decideAt(timeUs: number): void {
    this.nowUs = timeUs;
    this.outbox = new Outbox(this.state, this.portfolio, timeUs);
  }

  private note(
    book: SymbolBook,
    list: WorkingOrder[],
    known: WorkingOrder,
    report: ExecutionReport,
  ) {
    const before = known.progress;
    const isExit = list === book.exits;
    known.progress = advance(before, report).progress;
    known.cancelRefused = report.execType === "CANCEL_REJECTED";
    const { status } = known.progress;
    const ended = isEnd(status) && !isEnd(before.status);
    // The position was closed to protect it: nothing of what was approved before it stands.
    if (report.execType === "FILLED" && isExit) {
      book.approval = null;
      for (const working of book.working) if (isEntry(working)) this.outbox.cancel(working);
    }
    const isClosing = this.state.trading === "FLATTENED" && known.order.reduceOnly;
    const isRefused = ended && status === "REJECTED" && !cameTooLate(book, known, report);
    if (isRefused && (isExit || isClosing)) book.refused.push(known.order.type);
    if (ended && !isExit && known.progress.cumQuantity === 0) endChildren(book, known);
    // Ended by the venue, not by us: what was approved has been tried. Of a slice the next takes it over.
    const isSliced = this.config.algorithm !== undefined;
    const isWorking = isSliced && book.approval?.parent?.status === "WORKING";
    const goesOn = isWorking && status !== "REJECTED";
    if (ended && status !== "FILLED" && before.cancels === 0 && !isExit && !goesOn) {
      book.approval = null;
    }
    if (isDone(known.progress)) list.splice(list.indexOf(known), 1);
  }

  obey(command: ControlCommand): void {
    const { state } = this;
    if (!isSwitch(command)) return;
    const { command: name } = command;
    state.trading = nextTradingState(state.trading, command);
    for (const [symbol, book] of state.books) {
      if (name !== "EnableTrading") book.approval = null;
      if (name === "KillTrading" || name === "FlattenPositions") {
        for (const working of [...book.working, ...book.exits]) this.outbox.cancel(working);
      }
      if (name === "HaltTrading" || name === "ReduceOnly") this.cancelOpening(book);
      if (name === "FlattenPositions") {
        book.refused = [];
        this.flatten(symbol, book);
      }
      if (name === "EnableTrading") this.protect(symbol, book);
    }
  }

  /** Cancels what would open or turn the position, newest first; what only makes it smaller goes on. */
  private cancelOpening({ position: booked, working, exits }: SymbolBook): void {
    const position = booked + sum(working, untoldOf) + sum(exits, untoldOf);
    const plain = working.filter(({ order }) => !order.reduceOnly);
    let open = sum(plain, leavesOf);
    for (const one of plain.toReversed()) {
      const closes = position !== 0 && position > 0 !== open > 0;
      if (open === 0 || (closes && Math.abs(open) <= Math.abs(position))) return;
      this.outbox.cancel(one);
      open -= leavesOf(one);
    }
  }

  /** Sends what brings the symbol to its approved target, or cancels what leads past it. */
  private settle(symbol: string, book: SymbolBook): void {
    const { approval, working, exits } = book;
    if (approval === null) return;
    const position = book.position + sum(working, untoldOf) + sum(exits, untoldOf);
    const missing = approval.quantity - position;
    // A fork may go on without the algorithm: what its parent leaves is sent as one order then.
    const slicing = approval.parent === null ? null : this.slicing(symbol, book);
    if (slicing !== null) {
      sendSlice(book, position, slicing);
      return;
    }
    let open = sum(working, leavesOf);
    const past = (): boolean =>
      open !== 0 && (open > 0 !== missing > 0 || Math.abs(open) > Math.abs(missing));
    for (let newest = working.length - 1; past(); newest--) {
      const last = working[newest] as WorkingOrder;
      this.outbox.cancel(last);
      open -= leavesOf(last);
    }
    if (working.some((one) => isOpen(one) && isUnanswered(one)) || missing === open) return;
    const delta = missing - open;
    const turns = position !== 0 && position > 0 !== delta > 0;
    const reduces = turns && (hasExits(this.config.exits) || isTriggered(this.config.type));
    // Children hang on one entry: another one takes its place, and is not sent beside it.
    const entries = this.config.bracket === true && !reduces ? working.filter(isEntry) : [];
    if (entries.some(isOpen)) {
      const isLarger = Math.min(Math.abs(missing), approval.largest) > Math.abs(open);
      if (isLarger) for (const entry of entries) this.outbox.cancel(entry);
      return;
    }
    // Beside exits a position is closed before it is turned: what closes it cannot lead past 0 then.
    const most = reduces ? Math.abs(position) - Math.abs(open) : approval.largest;
    const quantity = Math.min(Math.abs(delta), approval.largest, most);
    // 0 where a fill is explained by no working order of ours: nothing was approved to undo it.
    if (quantity > 0) this.submit(symbol, book, delta > 0 ? "BUY" : "SELL", quantity, reduces);
  }

  private submit(symbol: string, book: SymbolBook, side: Side, quantity: number, reduces: boolean) {
    const { timeInForce, goodForUs, exits, bracket } = this.config;
    const { referencePrice, parent: asked } = book.approval as Approval;
    const parent = this.config.algorithm === undefined ? null : asked;
    const type = parent?.status === "SWEEPING" ? "MARKET" : this.config.type;
    const price = parent?.price ?? referencePrice;
    if (isConversion(book)) {
      this.convert(symbol, book, side, quantity);
      return;
    }
    const shape = shapeOf(this.config, book, { side, quantity, reduces, price, type });
    const isBlind = bracket === true && !reduces && isInRanges(exits) && book.atr === null;
    // Measured in a range that is not known yet: what is approved waits for it.
    if (shape === null || isBlind) return;
    if (book.position === 0) {
      book.entryAtr = book.atr;
      book.refused = [];
    }
    const working = this.outbox.place(symbol, {
      ...shape,
      timeInForce,
      referencePrice,
      expireUs: goodForUs === null ? null : this.nowUs + goodForUs,
      reduceOnly: reduces,
      ocoGroup: reduces && hasExits(exits) ? EXIT_GROUP : null,
      ...(parent === null ? {} : childTerms(parent, this.state.nextOrderId)),
    });
    working.pricedAt = price;
    book.working.push(working);
  }

  /** At the market, whatever the orders of positions are: it is cash that is owed, or lies idle. */
  private convert(symbol: string, book: SymbolBook, side: Side, quantity: number): void {
    const { referencePrice } = book.approval as Approval;
    const terms = { type: "MARKET", limitPrice: null, timeInForce: "GTC" } as const;
    const order = { side, quantity, referencePrice, reduceOnly: false, ...terms };
    book.working.push(this.outbox.place(symbol, order));
  }

  /**
   * After FlattenPositions: once nothing of the symbol works any more, a market order closes what is held. Where that
   * is refused, it is not sent again before the next execution or FlattenPositions.
   */
  private flatten(symbol: string, book: SymbolBook): void {
    if (this.state.trading !== "FLATTENED") return;
    const { working, exits, refused } = book;
    if ([...working, ...exits].some(isOpen) || refused.includes("MARKET")) return;
    const position = book.position + sum(working, untoldOf) + sum(exits, untoldOf);
    if (position === 0 || book.position === 0) return;
    const closing = this.outbox.place(symbol, {
      side: position > 0 ? "SELL" : "BUY",
      type: "MARKET",
      quantity: Math.abs(position),
      limitPrice: null,
      timeInForce: "GTC",
      referencePrice: averageEntry(book),
      reduceOnly: true,
    });
    book.working.push(closing);
  }

  private protect(symbol: string, book: SymbolBook): void {
    const { exits, bracket } = this.config;
    const { trading } = this.state;
    if (!hasExits(exits) || trading === "KILLED" || trading === "FLATTENED") return;
    const { outbox } = this;
    book.entryAtr ??= book.atr;
    const cover = coverOf(book, bracket === true);
    protect(book, wantedExits(exits, book, cover), cover?.entry ?? null, {
      submit: (terms) => {
        const fixed = { timeInForce: "GTC", reduceOnly: true, ocoGroup: EXIT_GROUP } as const;
        const { price: referencePrice, entry } = cover as Cover;
        // What is about to be cancelled has the children that it has.
        if (entry !== null && entry.progress.cancels > 0) return;
        const parentOrderId = entry?.order.orderId ?? null;
        const order = { ...terms, ...fixed, referencePrice, parentOrderId };
        book.exits.push(outbox.place(symbol, order));
      },
      replace: (exit, terms) => outbox.replace(exit, terms),
      cancel: (exit) => outbox.cancel(exit),
    });
  }
}
