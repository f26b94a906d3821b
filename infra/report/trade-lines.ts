// The last closed round trips: to be read one by one, and to draw intervals from. Promises: as many as are
// kept, whatever the run's length, in the order in which they closed.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice } from "../../schemas/values/holding.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";
import type { RecordedRates } from "./recorded-rates.ts";
import type { TradeLine } from "./report-data.ts";
import type { ClosedTrips } from "./trip-intervals.ts";

const KEPT = 1000;
/** Beyond those of the instrument's prices: an average falls between its ticks. */
const DIGITS = 2;
/** That intervals are drawn from. */
const DRAWN = 10_000;

interface ClosedTrip {
  /** In units of the account's currency. */
  readonly profit: number;
  readonly holdingSeconds: number;
  readonly adverse: number;
  readonly favourable: number;
}

export class TradeLines {
  private closed: { readonly instrument: Instrument; readonly trip: RoundTrip }[] = [];

  private drawn: ClosedTrip[] = [];
  private readonly rates: RecordedRates;
  private readonly currencyScale: number;

  /** `rates` are of the account's currency, which has `currencyScale` digits. */
  constructor(rates: RecordedRates, currencyScale: number) {
    this.rates = rates;
    this.currencyScale = currencyScale;
  }

  add(trip: RoundTrip, instrument: Instrument): void {
    const { realised, fees, exitUs, entryUs, adverse, favourable } = trip;
    const profit = this.rates.convert(realised - fees, instrument.currency) ?? 0n;
    this.drawn.push({
      profit: Number(profit) / 10 ** this.currencyScale,
      holdingSeconds: (exitUs - entryUs) / 1_000_000,
      adverse,
      favourable,
    });
    if (this.drawn.length >= 2 * DRAWN) this.drawn = this.drawn.slice(-DRAWN);
    this.closed.push({ instrument, trip });
    if (this.closed.length >= 2 * KEPT) this.trim();
  }

  private trim(): void {
    this.closed = this.closed.sort((a, b) => a.trip.exitUs - b.trip.exitUs).slice(-KEPT);
  }

  /** The last 10,000. */
  sample(): ClosedTrips {
    const last = this.drawn.slice(-DRAWN);
    return {
      profits: last.map(({ profit }) => profit),
      holdingSeconds: last.map(({ holdingSeconds }) => holdingSeconds),
      adverse: last.map(({ adverse }) => adverse),
      favourable: last.map(({ favourable }) => favourable),
    };
  }

  end(): readonly TradeLine[] {
    this.trim();
    return this.closed.map(({ instrument, trip }) => ({
      symbol: instrument.symbol,
      direction: trip.direction,
      entryUs: trip.entryUs,
      exitUs: trip.exitUs,
      quantity: formatScaled(trip.entryQuantity, instrument.quantityScale),
      entryPrice: averagePrice(trip.entryValue, trip.entryQuantity, instrument, DIGITS),
      exitPrice: averagePrice(trip.exitValue, trip.exitQuantity, instrument, DIGITS),
      profit: formatScaled(trip.realised - trip.fees, instrument.currencyScale),
      fees: formatScaled(trip.fees, instrument.currencyScale),
      adverse: trip.adverse,
      favourable: trip.favourable,
      currency: instrument.currency,
    }));
  }
}
