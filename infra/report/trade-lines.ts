// The last closed round trips, to be read one by one. Promises: as many as are kept, whatever the run's
// length, in the order in which they closed.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { averagePrice } from "../../schemas/values/holding.ts";
import type { RoundTrip } from "../../schemas/values/round-trip.ts";
import type { TradeLine } from "./report-data.ts";

const KEPT = 1000;

export class TradeLines {
  private closed: { readonly instrument: Instrument; readonly trip: RoundTrip }[] = [];

  add(trip: RoundTrip, instrument: Instrument): void {
    this.closed.push({ instrument, trip });
    if (this.closed.length >= 2 * KEPT) this.trim();
  }

  private trim(): void {
    this.closed = this.closed.sort((a, b) => a.trip.exitUs - b.trip.exitUs).slice(-KEPT);
  }

  end(): readonly TradeLine[] {
    this.trim();
    return this.closed.map(({ instrument, trip }) => ({
      symbol: instrument.symbol,
      direction: trip.direction,
      entryUs: trip.entryUs,
      exitUs: trip.exitUs,
      quantity: formatScaled(trip.entryQuantity, instrument.quantityScale),
      entryPrice: averagePrice(trip.entryValue, trip.entryQuantity, instrument),
      exitPrice: averagePrice(trip.exitValue, trip.exitQuantity, instrument),
      profit: formatScaled(trip.realised - trip.fees, instrument.currencyScale),
      fees: formatScaled(trip.fees, instrument.currencyScale),
      adverse: trip.adverse,
      favourable: trip.favourable,
      currency: instrument.currency,
    }));
  }
}
