// What an amount of another currency came to in the account's, at the rates that the run recorded. Promises: the last
// close of a pair with the account's currency, as the portfolio's snapshots convert; one rounding, half to even;
// null where no rate was recorded, never a guess.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { convertMinor, type Rate, rateOf } from "../../schemas/values/conversion.ts";

export class RecordedRates {
  private readonly instruments: ReadonlyMap<string, Instrument>;
  private readonly currency: string;
  private readonly rates = new Map<string, Rate>();

  constructor(instruments: ReadonlyMap<string, Instrument>, currency: string) {
    this.instruments = instruments;
    this.currency = currency;
  }

  /** In the one order with what is converted. Cost: a look-up, unless the symbol is a pair. */
  bar(symbol: string, close: number): void {
    const pair = this.instruments.get(symbol);
    if (pair === undefined || pair.contract !== "EXCHANGE") return;
    const other = pair.currency === this.currency ? pair.baseCurrency : pair.currency;
    const rate = rateOf(pair, close, other, this.currency);
    if (rate !== null) this.rates.set(other, rate);
  }

  /** Minor units of the account's currency. */
  convert(amount: bigint, currency: string): bigint | null {
    if (currency === this.currency || amount === 0n) return amount;
    const rate = this.rates.get(currency);
    return rate === undefined ? null : convertMinor(amount, rate);
  }
}

/** True where amounts may have to be converted: then digests need the bars, too. */
export function hasPairs(instruments: ReadonlyMap<string, Instrument>): boolean {
  for (const { contract } of instruments.values()) if (contract === "EXCHANGE") return true;
  return false;
}
