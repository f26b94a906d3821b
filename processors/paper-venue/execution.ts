// What an execution costs beyond the price that was printed. Promises: never beyond the order's limit; slippage
// and fees only ever against us. Prices and quantities
// are scaled integers, fees bigint minor units.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { Order } from "../../schemas/generated/orders.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import type { VenueConfig } from "../flow-config.ts";

/** A price that was printed. */
export interface Print {
  readonly price: number;
  /** When it was printed; of a price inside a bar, the latest it can have been. */
  readonly timeUs: number;
  /** The order waited at this price: it trades there, without slippage. */
  readonly atLimit: boolean;
}

export interface Execution {
  readonly price: number;
  readonly slippage: number;
  readonly fee: bigint;
}

export function execute(
  order: Order,
  quantity: number,
  print: Print,
  instrument: Instrument,
  config: VenueConfig,
): Execution {
  const price = print.atLimit ? print.price : slipped(order, print.price, config.slippageBps);
  const slippage = Math.abs(price - print.price);
  return { price, slippage, fee: feeOf(price, quantity, instrument, config) };
}

/** The price moved against us, rounded up to a whole price unit, but not beyond the limit or below one unit. */
function slipped({ side, limitPrice }: Order, price: number, slippageBps: number): number {
  if (slippageBps === 0 || price <= 0) return price;
  const adverse = Number((BigInt(price) * BigInt(slippageBps) + 9_999n) / 10_000n);
  if (side === "BUY") return Math.min(price + adverse, limitPrice ?? Number.MAX_SAFE_INTEGER);
  return Math.max(price - adverse, limitPrice ?? 1);
}

/** Of the value in minor units, half to even, and at least the minimum. */
function feeOf(
  price: number,
  quantity: number,
  instrument: Instrument,
  { feePerMillion, minimumFeeMinor }: VenueConfig,
): bigint {
  const minimum = BigInt(minimumFeeMinor);
  if (feePerMillion === 0) return minimum;
  const value = notionalMinor(price, quantity, instrument);
  const fee = divideRounded((value < 0n ? -value : value) * BigInt(feePerMillion), 1_000_000n);
  return fee > minimum ? fee : minimum;
}
