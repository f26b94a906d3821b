// What is charged beside an order's fees: regulators' fees and taxes, of one side or both. Promises: exact integers;
// maximum and rounding are for an order's executions together, as with fees; an execution of an instrument that
// a levy is not for is charged nothing by it.

import type { Charge } from "../../schemas/generated/fills.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { noCharges } from "../../schemas/values/charges.ts";
import { isMargined } from "../../schemas/values/contract-terms.ts";
import type { Levy } from "../venue-config.ts";
import { ROUNDERS, valueOfTrade, valueScale } from "./fees.ts";

/** Of one order so far and one levy. */
export interface LevyTally {
  /** By the rates, before the maximum, in billionths of the unit of value. */
  readonly raw: bigint;
  /** Minor units. */
  readonly charged: bigint;
}

export interface Levied {
  readonly charges: readonly Charge[];
  /** One for each levy. */
  readonly tallies: readonly LevyTally[];
}

const nothing: LevyTally = { raw: 0n, charged: 0n };

interface Trade {
  readonly side: "BUY" | "SELL";
  readonly price: number;
  readonly quantity: number;
}

export function levy(
  levies: readonly Levy[],
  instrument: Instrument,
  trade: Trade,
  before: readonly LevyTally[] | null,
): Levied {
  const tallies = levies.map((one, i) => {
    const tally = before?.[i] ?? nothing;
    return isDue(one, instrument, trade.side) ? counted(one, instrument, trade, tally) : tally;
  });
  const charges = tallies.flatMap(({ charged }, i): readonly Charge[] => {
    const amount = charged - (before?.[i]?.charged ?? 0n);
    const { kind } = levies[i] as Levy;
    const { currency, currencyScale: scale } = instrument;
    return amount === 0n ? [] : [{ kind, currency, scale, amount }];
  });
  return { charges: charges.length === 0 ? noCharges : charges, tallies };
}

/** What is bought and held is levied on: no conversion, and no contract against margin. */
const isDue = (
  { side, currency, assetClass }: Levy,
  instrument: Instrument,
  traded: Trade["side"],
): boolean =>
  (side === "BOTH" || side === traded) &&
  (currency === null || currency === instrument.currency) &&
  (assetClass === null || assetClass === instrument.assetClass) &&
  instrument.contract !== "EXCHANGE" &&
  !isMargined(instrument);

function counted(of: Levy, instrument: Instrument, trade: Trade, tally: LevyTally): LevyTally {
  const digits = valueScale(instrument);
  const { quantityScale, currencyScale } = instrument;
  const value = valueOfTrade(instrument, trade);
  const perUnit = BigInt(trade.quantity) * 10n ** BigInt(digits - quantityScale + 3);
  const raw =
    tally.raw +
    (value < 0n ? -value : value) * BigInt(of.valuePerBillion) +
    perUnit * BigInt(of.perUnitMicros);
  const scale = 10n ** BigInt(digits);
  const most = of.maximumMicros === null ? null : BigInt(of.maximumMicros) * scale * 1_000n;
  const due = most !== null && raw > most ? most : raw;
  const minor = 10n ** BigInt(currencyScale);
  return { raw, charged: ROUNDERS[of.rounding](due * minor, scale * 1_000_000_000n) };
}
