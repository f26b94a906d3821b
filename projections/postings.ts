// The entries that an event posts. Promises: they sum to zero in each currency, whatever was traded. Debits
// are positive. What is held stands at cost; a contract against margin has no cost in the books, its profit
// is paid as it is made; a conversion passes through an account of its own in both currencies.

import type { Charge, ExecReason } from "../schemas/generated/fills.ts";
import type { CorporateAction } from "../schemas/generated/market.corporate-actions.ts";
import type { Instrument } from "../schemas/generated/market.instruments.ts";
import { type Booking, paid } from "../schemas/values/booking.ts";
import { isMargined } from "../schemas/values/contract-terms.ts";
import { baseMinor } from "../schemas/values/conversion.ts";
import type { ActionResult } from "../schemas/values/corporate-action.ts";

/**
 * realised: profit of what was closed, before fees, a credit where it is a gain, as dividends (before tax) and
 * interest are where they were received. conversion: what was given for another currency less what was got of it.
 */
export type AccountName =
  | "cash"
  | "securities"
  | "realised"
  | "dividends"
  | "fees"
  | "taxes"
  | "interest"
  | "conversion"
  | "capital";

export interface Entry {
  readonly currency: string;
  /** Decimal digits of the amount. */
  readonly scale: number;
  readonly account: AccountName;
  readonly amount: bigint;
}

/** What made the entries, in a word or two for a statement. */
export type Cause =
  | "OPENING"
  | "BUY"
  | "SELL"
  | "BUSTED"
  | "CARRIED"
  | "CONVERSION"
  | CorporateAction["action"];

/** The entries of one event, which belong together. */
export interface Transaction {
  readonly portfolio: string;
  readonly cause: Cause;
  readonly symbol: string;
  /** Signed; 0 where none was traded. */
  readonly quantity: number;
  readonly price: number;
  /** Of what was carried; NONE else. */
  readonly reason: ExecReason;
  readonly entries: readonly Entry[];
}

const inUse = (entries: readonly Entry[]): readonly Entry[] =>
  entries.filter(({ amount }) => amount !== 0n);

/** `costBefore`, `costAfter`: of the holding. */
export function entriesOf(
  booking: Booking,
  instrument: Instrument,
  costBefore: bigint,
  costAfter: bigint,
): readonly Entry[] {
  const { currency, currencyScale: scale } = instrument;
  const entry = (account: AccountName, amount: bigint): Entry => ({
    currency,
    scale,
    account,
    amount,
  });
  const cash = paid(booking, instrument);
  const costs = [
    entry("fees", booking.fee),
    entry("interest", booking.carry),
    entry("cash", cash),
    ...booking.charges.flatMap(chargeEntries),
  ];
  if (instrument.contract === "EXCHANGE") {
    const base = baseMinor(booking.quantity, instrument);
    const other = { currency: instrument.baseCurrency, scale: instrument.baseScale };
    return inUse([
      entry("conversion", booking.value),
      { ...other, account: "conversion", amount: -base },
      { ...other, account: "cash", amount: base },
      ...costs,
    ]);
  }
  const held = isMargined(instrument) ? 0n : costAfter - costBefore;
  return inUse([entry("securities", held), entry("realised", -booking.realised), ...costs]);
}

/** Paid in its own currency, whatever the instrument settles in. */
function chargeEntries({ kind, currency, scale, amount }: Charge): readonly Entry[] {
  const account = kind === "TAX" ? "taxes" : "fees";
  return [
    { currency, scale, account, amount },
    { currency, scale, account: "cash", amount: -amount },
  ];
}

/** `costBefore`: of the holding. */
export function actionEntries(
  action: CorporateAction,
  { holding, cash, realised, tax }: ActionResult,
  instrument: Instrument,
  costBefore: bigint,
): readonly Entry[] {
  const { currency, currencyScale: scale } = instrument;
  const account = action.action === "CASH_DIVIDEND" ? "dividends" : "realised";
  const held = isMargined(instrument) ? 0n : holding.cost - costBefore;
  return inUse([
    { currency, scale, account: "securities", amount: held },
    { currency, scale, account, amount: -realised - tax },
    { currency, scale, account: "taxes", amount: tax },
    { currency, scale, account: "cash", amount: cash },
  ]);
}
