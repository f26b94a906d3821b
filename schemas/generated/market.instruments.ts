// Generated from schemas/market.instruments.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const assetClassSymbols = ["EQUITY", "FX", "CRYPTO", "FUTURE", "INDEX"] as const;

export type AssetClass = (typeof assetClassSymbols)[number];

function assetClassIndex(value: AssetClass): number {
  switch (value) {
    case "EQUITY":
      return 1;
    case "FX":
      return 2;
    case "CRYPTO":
      return 3;
    case "FUTURE":
      return 4;
    case "INDEX":
      return 5;
    default:
      return 0;
  }
}

/** What a symbol is: how its prices and quantities are scaled, what it trades in, when and where it trades. */
export interface Instrument {
  readonly symbol: string;
  readonly assetClass: AssetClass;
  /** ISO 4217 code of the currency that prices are quoted and settled in */
  readonly currency: string;
  /** decimal digits of the currency's minor unit: 2 for USD, 0 for JPY */
  readonly currencyScale: number;
  /** decimal digits of a price: 18.25 is 1825 at scale 2 */
  readonly priceScale: number;
  /** decimal digits of a quantity: 0 for whole shares */
  readonly quantityScale: number;
  /** smallest price step, scaled by priceScale */
  readonly tickSize: number;
  /** smallest quantity step, scaled by quantityScale */
  readonly lotSize: number;
  /** units of the underlying per unit of quantity; 1 for shares */
  readonly multiplier: number;
  /** trading calendar, an ISO 10383 MIC such as XNYS, or 24x7 */
  readonly calendar: string;
  /** IANA time zone of the calendar */
  readonly timeZone: string;
}
export function encodeInstrument(writer: Writer, value: Instrument): void {
  writer.string(value.symbol);
  writer.enumeration(assetClassIndex(value.assetClass), value.assetClass);
  writer.string(value.currency);
  writer.int(value.currencyScale);
  writer.int(value.priceScale);
  writer.int(value.quantityScale);
  writer.long(value.tickSize);
  writer.long(value.lotSize);
  writer.long(value.multiplier);
  writer.string(value.calendar);
  writer.string(value.timeZone);
}
export function decodeInstrument(reader: Reader): Instrument {
  return {
    symbol: reader.string(),
    assetClass: reader.enumeration(assetClassSymbols),
    currency: reader.string(),
    currencyScale: reader.int(),
    priceScale: reader.int(),
    quantityScale: reader.int(),
    tickSize: reader.long(),
    lotSize: reader.long(),
    multiplier: reader.long(),
    calendar: reader.string(),
    timeZone: reader.string(),
  };
}

export const instrumentCodec: Codec<Instrument> = {
  encode: encodeInstrument,
  decode: decodeInstrument,
};
