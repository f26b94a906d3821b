// What the order that leads to an approved target says, by the settings. Promises: prices lie on ticks, no nearer than
// asked; what waits for a trigger opens a position, and what makes one smaller never waits for one; where the ATR that
// a distance is measured in is not known yet, nothing is sent.

import type { OrderType, Side } from "../../schemas/generated/orders.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import type { OrdersConfig } from "../orders-config.ts";
import { isInRanges } from "./exits.ts";
import { awayFrom, trailTerms } from "./limit-price.ts";
import { lotOf, type SymbolBook } from "./order-book.ts";
import type { Terms } from "./outbox.ts";

export interface Wanted {
  readonly side: Side;
  readonly quantity: number;
  /** It makes a position smaller, and is to do no more. */
  readonly reduces: boolean;
  /** What its prices are measured from. */
  readonly price: number;
  /** In place of the configured type. */
  readonly type: OrderType;
}

/** Waits for a price to set it off. */
export const isTriggered = (type: OrderType): boolean => type !== "MARKET" && type !== "LIMIT";

/** Some distance is in multiples of the ATR. */
export function needsRange({ limitOffsetAtrs, trigger, reprice, exits }: OrdersConfig): boolean {
  const distances = [trigger, reprice].filter((one) => one !== undefined);
  return (
    limitOffsetAtrs !== undefined || distances.some((one) => "atrs" in one) || isInRanges(exits)
  );
}

const limited: ReadonlySet<OrderType> = new Set(["LIMIT", "STOP_LIMIT", "LIMIT_IF_TOUCHED"]);
const touched: ReadonlySet<OrderType> = new Set(["MARKET_IF_TOUCHED", "LIMIT_IF_TOUCHED"]);

/** What the settings say of an order of that size and side: all of an order but when and why. */
export function shapeOf(
  config: OrdersConfig,
  book: SymbolBook,
  { side, quantity, reduces, price, type: asked }: Wanted,
): Omit<Terms, "referencePrice" | "timeInForce"> | null {
  const type = reduces && isTriggered(asked) ? "MARKET" : asked;
  const tick = book.instrument?.tickSize ?? 1;
  const shape = { side, type, quantity, limitPrice: null };
  if (type === "TRAILING_STOP") {
    const trail = trailTerms(config.trigger ?? null, book.atr, tick);
    return trail === null ? null : { ...shape, ...trail };
  }
  const from = isTriggered(type) ? triggerPrice(config, book, { side, price, type }) : price;
  if (from === null) return null;
  const trigger = isTriggered(type) ? { stopPrice: from } : {};
  if (!limited.has(type)) return { ...shape, ...trigger };
  const { limitOffsetBps: bps, limitOffsetAtrs: atrs } = config;
  const limitPrice = awayFrom(side, from, atrs === undefined ? { bps } : { atrs }, book.atr, tick);
  if (limitPrice === null) return null;
  return {
    ...{ ...shape, ...trigger, limitPrice },
    ...(config.postOnly === true ? { postOnly: true } : {}),
    ...displayed(config, book, quantity),
  };
}

/** A stop lies where the price goes against the order, a touch where it comes its way. */
function triggerPrice(
  { trigger }: OrdersConfig,
  { instrument, atr }: SymbolBook,
  { side, price, type }: Pick<Wanted, "side" | "price" | "type">,
): number | null {
  const other = side === "BUY" ? "SELL" : "BUY";
  const towards = touched.has(type) ? side : other;
  return awayFrom(towards, price, trigger ?? { bps: 0 }, atr, instrument?.tickSize ?? 1);
}

/** In whole lots, one at least; nothing where all of it may be seen. */
function displayed({ display }: OrdersConfig, book: SymbolBook, quantity: number) {
  if (display === undefined) return {};
  const lot = lotOf(book);
  const scale = book.instrument?.quantityScale ?? 0;
  const [whole = "0", digits = ""] = display.split(".");
  const cut = `${whole}.${digits.slice(0, scale)}`;
  const most = parseScaled(display, scale) ?? parseScaled(cut, scale) ?? quantity;
  const displayQuantity = Math.max(lot, most - (most % lot));
  return displayQuantity < quantity ? { displayQuantity } : {};
}
