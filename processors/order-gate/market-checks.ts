// The checks of a request against the market and the books: price, size, approval, and what is there to pay or to
// deliver. Exact integers. Promises: each check that is on is made of every order, and where a value that it needs is not
// known, it fails. What only reduces a position is held to limits of its own (limitFor).

import { type DecimalText, parseScaled } from "../../schemas/values/decimal.ts";
import { orderWorth } from "./buying-power.ts";
import {
  hold,
  holdingsOf,
  type Inquiry,
  limitFor,
  pricesOf,
  termsOf,
  toLong,
  unknown,
  usedAt,
} from "./inquiry.ts";
import { signOf } from "./working-orders.ts";

/** The number at the scale, digits beyond it dropped; what does not fit is beyond every order. */
export function scaledLimit(text: DecimalText, scale: number): number {
  const exact = parseScaled(text, scale);
  if (exact !== null) return exact;
  const [whole = "0", digits = ""] = text.split(".");
  return parseScaled(`${whole}.${digits.slice(0, scale)}`, scale) ?? unknown;
}

export function checkPriceAge(inquiry: Inquiry): void {
  const { config, limits, watch, nowUs } = inquiry;
  if (limits.maxPriceAgeUs === null) return;
  const limit = limitFor(inquiry, limits.maxPriceAgeUs, config.reducing?.maxPriceAgeUs);
  const measured = watch.priceUs < 0 ? unknown : nowUs - watch.priceUs;
  const finding = { check: "PRICE_AGE", unit: "MICROSECONDS", used: pricesOf(watch) } as const;
  hold(inquiry, { ...finding, limit, measured }, "StalePrice");
}

/**
 * |price - last| / last in basis points, rounded up. The price of a market order is what it was decided at. An order
 * marked reduce-only is a protective one: its stop and its target lie far off on purpose, and what is measured is how far
 * its limit lies on the side where it gives money away: from its stop where it has one, else from the last close.
 */
export function checkCollar(inquiry: Inquiry): void {
  const { config, limits, watch, order, opening } = inquiry;
  if (limits.priceCollarBps === null) return;
  const { limitPrice, stopPrice, referencePrice, reduceOnly, side } = order;
  const from = BigInt(reduceOnly && limitPrice !== null ? (stopPrice ?? watch.price) : watch.price);
  const price = reduceOnly ? limitPrice : (limitPrice ?? stopPrice ?? referencePrice);
  const apart = price === null ? 0n : BigInt(price) - from;
  const size = apart < 0n ? -apart : apart;
  const isGiven = side === "BUY" ? apart > 0n : apart < 0n;
  const counted = reduceOnly && !isGiven ? 0n : size;
  const isKnown = from > 0n || price === null;
  const measured = isKnown ? toLong(counted === 0n ? 0n : upTo(counted * 10_000n, from)) : unknown;
  const loose = config.reducing?.priceCollarBps;
  const own = limits.priceCollarBps;
  const limit = opening > 0 || loose === undefined ? own : (loose ?? unknown);
  const finding = { check: "PRICE_COLLAR", unit: "BPS", used: pricesOf(watch) } as const;
  hold(
    inquiry,
    { ...finding, limit, measured },
    isKnown ? "PriceCollarExceeded" : "NoReferencePrice",
  );
}

const upTo = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;

export function checkQuantity(inquiry: Inquiry): void {
  const { config, limits, watch, quantity } = inquiry;
  if (limits.maxOrderQuantity === null) return;
  const scale = watch.instrument?.quantityScale ?? 0;
  const reducing = config.reducing?.maxOrderQuantity;
  const own = scaledLimit(limits.maxOrderQuantity, scale);
  const loose = typeof reducing === "string" ? scaledLimit(reducing, scale) : reducing;
  const limit = watch.instrument === null ? 0 : limitFor(inquiry, own, loose);
  const finding = { check: "MAX_ORDER_QUANTITY", unit: "QUANTITY", used: termsOf(watch) } as const;
  hold(inquiry, { ...finding, limit, measured: quantity }, "MaxOrderQuantityExceeded");
}

export function checkValue(inquiry: Inquiry): void {
  const { config, limits, watch, quantity } = inquiry;
  if (limits.maxOrderValueMinor === null) return;
  const { worth: value, used: rates } = orderWorth(inquiry, quantity);
  const measured = value === null ? unknown : toLong(value);
  const limit = limitFor(inquiry, limits.maxOrderValueMinor, config.reducing?.maxOrderValueMinor);
  const used = [...pricesOf(watch), ...termsOf(watch), ...rates];
  const finding = { check: "MAX_ORDER_VALUE", unit: "MINOR", used } as const;
  const reason = value === null ? "NoReferencePrice" : "MaxOrderValueExceeded";
  hold(inquiry, { ...finding, limit, measured }, reason);
}

/**
 * The limit is a share of the mean volume of the last bars, rounded down; bars that are still to come count as
 * without volume, so that a single one is no mean. Foreign exchange has no volume that all of it is told in: where none
 * was told, it is not held to any.
 */
export function checkVolumeShare(inquiry: Inquiry): void {
  const { config, watch, quantity } = inquiry;
  if (config.volumeShare === null) return;
  const { mostBps, bars } = config.volumeShare;
  const total = watch.volumes.reduce((sum, volume) => sum + BigInt(volume), 0n);
  const share = (bps: number): number => toLong((total * BigInt(bps)) / (BigInt(bars) * 10_000n));
  const reducing = config.reducing?.volumeShareBps;
  const loose = typeof reducing === "number" ? share(reducing) : reducing;
  const isUntold = total === 0n && watch.instrument?.assetClass === "FX";
  const limit = isUntold ? unknown : limitFor(inquiry, share(mostBps), loose);
  const finding = { check: "VOLUME_SHARE", unit: "QUANTITY", used: pricesOf(watch) } as const;
  hold(inquiry, { ...finding, limit, measured: quantity }, "VolumeShareExceeded");
}

/** Two bounds: where the position may end, and what may be opened on the way, so that going to and fro is none. */
export function checkApproved(inquiry: Inquiry): void {
  const { config, watch, order, opening } = inquiry;
  if (!config.approvedOnly) return;
  const { approved } = watch;
  const sign = signOf(order.side);
  const used = [...usedAt("risk.verdicts", approved?.timeUs ?? -1), ...holdingsOf(inquiry)];
  const shared = { unit: "QUANTITY", used } as const;
  const limit = approved === null ? 0 : Math.max(0, approved.target * sign);
  const end = { check: "APPROVED_TARGET", limit, measured: endOf(inquiry), ...shared } as const;
  hold(inquiry, end, "NotApproved");
  const budget = approved?.direction === sign ? approved.budget : 0;
  const taken = opening === 0 ? 0 : takenByOthers(inquiry) + opening;
  const way = { check: "APPROVED_QUANTITY", limit: budget, measured: taken, ...shared } as const;
  hold(inquiry, way, "NotApproved");
}

/** Position in the order's direction when all that works on its side has executed; what only reduces ends at 0. */
function endOf({ reach, quantity, opening }: Inquiry): number {
  return opening === 0 ? Math.min(0, reach + quantity) : reach + quantity;
}

/** A replace gives back what its order took. */
function takenByOthers({ state, watch, order }: Inquiry): number {
  const own = state.orders.get(order.orderId)?.charged ?? 0;
  return watch.approved === null ? 0 : watch.approved.taken - own;
}

/** A purchase sells nothing short. */
export function checkShort(inquiry: Inquiry): void {
  const { config, watch, order } = inquiry;
  if (config.shortable === null) return;
  const text = Object.hasOwn(config.shortable, order.symbol) ? config.shortable[order.symbol] : "0";
  const limit = scaledLimit(text ?? "0", watch.instrument?.quantityScale ?? 0);
  const measured = order.side === "BUY" ? 0 : Math.max(0, endOf(inquiry));
  const used = [...holdingsOf(inquiry), ...termsOf(watch)];
  const finding = { check: "SHORT_AVAILABILITY", unit: "QUANTITY", used } as const;
  hold(inquiry, { ...finding, limit, measured }, "ShortNotAvailable");
}
