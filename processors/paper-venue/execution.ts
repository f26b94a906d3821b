// What an execution comes to: its price, part by part (price-parts.ts), and its fee. Promises: never beyond the order's
// limit; who waited at a price gets just that. Prices and quantities are scaled integers, fees bigint minor units.

import type { Charge, PricePart } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { noCharges } from "../../schemas/values/charges.ts";
import { divideRounded } from "../../schemas/values/decimal.ts";
import { notionalMinor } from "../../schemas/values/money.ts";
import { monthOf } from "../../schemas/values/time.ts";
import type { FeeSchedule, Levy, VenueConfig } from "../venue-config.ts";
import type { Book } from "./book.ts";
import { charge } from "./fees.ts";
import { levy } from "./levies.ts";
import { priceOf } from "./price-parts.ts";
import type { RestingOrder } from "./resting-order.ts";

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
  readonly charges: readonly Charge[];
  readonly parts: readonly PricePart[];
}

/** Counts the execution in what the book and the order keep of volumes, impact and fees. */
export function execute(
  book: Book,
  resting: RestingOrder,
  quantity: number,
  print: Print,
  config: VenueConfig,
): Execution {
  const { order } = resting;
  const { liquidity } = book;
  // An order rests or trades only once its instrument was known.
  const instrument = book.instrument as Instrument;
  const { price, parts, lasting } = print.atLimit
    ? { price: print.price, parts: none, lasting: 0 }
    : priceOf(order, quantity, print.price, config, liquidity, instrument);
  if (liquidity !== null) {
    liquidity.used += quantity;
    liquidity.moved += lasting;
  }
  const slippage = order.side === "BUY" ? price - print.price : print.price - price;
  const { fees, levies } = config;
  const done = { price, quantity, print };
  const charged =
    fees === undefined
      ? feeOf(price, quantity, instrument, config)
      : scheduled(fees, book, resting, done);
  const foreign = fees?.currency !== undefined && fees.currency.code !== instrument.currency;
  const fee = foreign ? 0n : charged;
  let charges = noCharges;
  if (foreign && charged !== 0n) {
    const { code: currency, scale } = fees.currency as NonNullable<FeeSchedule["currency"]>;
    charges = [{ kind: "FEE", currency, scale, amount: charged }];
  }
  if (levies !== undefined) charges = [...charges, ...leviedOn(levies, instrument, resting, done)];
  return { price, slippage: slippage === 0 ? 0 : slippage, fee, charges, parts };
}

function leviedOn(
  levies: readonly Levy[],
  instrument: Instrument,
  resting: RestingOrder,
  { price, quantity }: Done,
): readonly Charge[] {
  const { side } = resting.order;
  const { charges, tallies } = levy(levies, instrument, { side, price, quantity }, resting.levied);
  resting.levied = tallies;
  return charges;
}

const none: readonly PricePart[] = [];

interface Done {
  readonly price: number;
  readonly quantity: number;
  readonly print: Print;
}

/** By the schedule; a month's volume is that of its first print on, whatever prints come late. */
function scheduled(fees: FeeSchedule, book: Book, resting: RestingOrder, done: Done): bigint {
  const { portfolio } = resting.order;
  const { print, ...trade } = done;
  const isTiered = fees.tiers.length > 1;
  const month = isTiered ? monthOf(print.timeUs) : 0;
  const known = isTiered ? book.monthly.get(portfolio) : undefined;
  const current = known !== undefined && known.month >= month ? known : { month, volume: 0n };
  const instrument = book.instrument as Instrument;
  const { currency } = fees;
  const { fee, tally, volume } = charge(
    fees,
    currency === undefined ? instrument : { ...instrument, currencyScale: currency.scale },
    { ...trade, isMaker: print.atLimit },
    resting.tally,
    current.volume,
  );
  resting.tally = tally;
  if (isTiered) book.monthly.set(portfolio, { month: current.month, volume });
  return fee;
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
