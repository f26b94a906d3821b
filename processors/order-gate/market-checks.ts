// The checks of a request against the market and the books: price, size, approval, and what is there to pay or to
// deliver. Exact integers. Promises: where a value that a check needs is not known, the check fails.
//
// What only reduces a position passes all but the price collar; what is marked reduce-only passes that too: a
// protective stop lies far from the market on purpose.

import type { DecimalText } from "../../schemas/values/decimal.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { orderWorth } from "./buying-power.ts";
import { hold, type Inquiry, pricesOf, toLong, unknown, usedAt } from "./inquiry.ts";
import { signOf } from "./working-orders.ts";

/** The number at the scale, digits beyond it dropped; what does not fit is beyond every order. */
export function scaledLimit(text: DecimalText, scale: number): number {
  const exact = parseScaled(text, scale);
  if (exact !== null) return exact;
  const [whole = "0", digits = ""] = text.split(".");
  return parseScaled(`${whole}.${digits.slice(0, scale)}`, scale) ?? unknown;
}

export function checkPriceAge(inquiry: Inquiry): void {
  const { config, watch, nowUs, opening } = inquiry;
  if (config.maxPriceAgeUs === null || opening === 0) return;
  const measured = watch.priceUs < 0 ? unknown : nowUs - watch.priceUs;
  const finding = { check: "PRICE_AGE", unit: "MICROSECONDS", used: pricesOf(watch) } as const;
  hold(inquiry, { ...finding, limit: config.maxPriceAgeUs, measured }, "StalePrice");
}

/** |price - last| / last in basis points, rounded up. The price of a market order is what it was decided at. */
export function checkCollar(inquiry: Inquiry): void {
  const { config, watch, order } = inquiry;
  if (config.priceCollarBps === null || order.reduceOnly) return;
  const { limitPrice, stopPrice, referencePrice } = order;
  const last = BigInt(watch.price);
  const apart = BigInt(limitPrice ?? stopPrice ?? referencePrice) - last;
  const size = apart < 0n ? -apart : apart;
  const measured = last > 0n ? toLong((size * 10_000n + last - 1n) / last) : unknown;
  const finding = { check: "PRICE_COLLAR", unit: "BPS", used: pricesOf(watch) } as const;
  const reason = last > 0n ? "PriceCollarExceeded" : "NoReferencePrice";
  hold(inquiry, { ...finding, limit: config.priceCollarBps, measured }, reason);
}

export function checkQuantity(inquiry: Inquiry): void {
  const { config, watch, quantity, opening } = inquiry;
  if (config.maxOrderQuantity === null || opening === 0) return;
  const scale = watch.instrument?.quantityScale ?? 0;
  const limit = watch.instrument === null ? 0 : scaledLimit(config.maxOrderQuantity, scale);
  const finding = { check: "MAX_ORDER_QUANTITY", unit: "QUANTITY", used: [] } as const;
  hold(inquiry, { ...finding, limit, measured: quantity }, "MaxOrderQuantityExceeded");
}

export function checkValue(inquiry: Inquiry): void {
  const { config, watch, quantity, opening } = inquiry;
  if (config.maxOrderValueMinor === null || opening === 0) return;
  const value = orderWorth(inquiry, quantity);
  const measured = value === null ? unknown : toLong(value);
  const finding = { check: "MAX_ORDER_VALUE", unit: "MINOR", used: pricesOf(watch) } as const;
  const reason = value === null ? "NoReferencePrice" : "MaxOrderValueExceeded";
  hold(inquiry, { ...finding, limit: config.maxOrderValueMinor, measured }, reason);
}

/** The limit is a share of the mean volume of the bars that are known, rounded down. */
export function checkVolumeShare(inquiry: Inquiry): void {
  const { config, watch, quantity, opening } = inquiry;
  if (config.volumeShare === null || opening === 0) return;
  const { volumes } = watch;
  const total = volumes.reduce((sum, volume) => sum + BigInt(volume), 0n);
  const of = BigInt(Math.max(volumes.length, 1)) * 10_000n;
  const limit = toLong((total * BigInt(config.volumeShare.mostBps)) / of);
  const finding = { check: "VOLUME_SHARE", unit: "QUANTITY", used: pricesOf(watch) } as const;
  hold(inquiry, { ...finding, limit, measured: quantity }, "VolumeShareExceeded");
}

/** Two bounds: where the position may end, and what may be opened on the way, so that going to and fro is none. */
export function checkApproved(inquiry: Inquiry): void {
  const { config, watch, order, quantity, reach, opening } = inquiry;
  if (!config.approvedOnly || opening === 0) return;
  const { approved } = watch;
  const sign = signOf(order.side);
  const used = usedAt("risk.verdicts", approved?.timeUs ?? -1);
  const shared = { unit: "QUANTITY", used } as const;
  const limit = approved === null ? 0 : Math.max(0, approved.target * sign);
  const end = { check: "APPROVED_TARGET", limit, measured: reach + quantity, ...shared } as const;
  hold(inquiry, end, "NotApproved");
  const budget = approved?.direction === sign ? approved.budget : 0;
  const taken = takenByOthers(inquiry) + opening;
  const way = { check: "APPROVED_QUANTITY", limit: budget, measured: taken, ...shared } as const;
  hold(inquiry, way, "NotApproved");
}

/** A replace gives back what its order took. */
function takenByOthers({ state, watch, order }: Inquiry): number {
  const own = state.orders.get(order.orderId)?.charged ?? 0;
  return watch.approved === null ? 0 : watch.approved.taken - own;
}

export function checkShort(inquiry: Inquiry): void {
  const { config, watch, order, quantity, reach, opening } = inquiry;
  if (config.shortable === null || opening === 0 || order.side === "BUY") return;
  const text = Object.hasOwn(config.shortable, order.symbol) ? config.shortable[order.symbol] : "0";
  const limit = scaledLimit(text ?? "0", watch.instrument?.quantityScale ?? 0);
  const used = usedAt("portfolio.snapshots", watch.positionUs);
  const finding = { check: "SHORT_AVAILABILITY", unit: "QUANTITY", used } as const;
  hold(inquiry, { ...finding, limit, measured: reach + quantity }, "ShortNotAvailable");
}
