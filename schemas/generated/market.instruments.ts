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

export const contractKindSymbols = ["SPOT", "EXCHANGE", "LINEAR", "INVERSE"] as const;

export type ContractKind = (typeof contractKindSymbols)[number];

function contractKindIndex(value: ContractKind): number {
  switch (value) {
    case "SPOT":
      return 1;
    case "EXCHANGE":
      return 2;
    case "LINEAR":
      return 3;
    case "INVERSE":
      return 4;
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
  /** what a trade settles: SPOT the whole value against what is bought; EXCHANGE cash in one currency against cash in another, and its prices convert; LINEAR and INVERSE the profit alone, of price times quantity or of quantity over price */
  readonly contract: ContractKind;
  /** LINEAR, INVERSE: when it settles in cash; null for a perpetual, and for what is held */
  readonly expiryUs: number | null;
  /** EXCHANGE: the currency that the quantity is of. Else empty */
  readonly baseCurrency: string;
  /** EXCHANGE: decimal digits of that currency's minor unit. Else 0 */
  readonly baseScale: number;
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
  writer.enumeration(contractKindIndex(value.contract), value.contract);
  if (value.expiryUs === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.expiryUs);
  }
  writer.string(value.baseCurrency);
  writer.int(value.baseScale);
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
    contract: reader.goesOn() ? reader.enumeration(contractKindSymbols) : "SPOT",
    expiryUs: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    baseCurrency: reader.wentOn ? reader.string() : "",
    baseScale: reader.wentOn ? reader.int() : 0,
  };
}

export const instrumentCodec: Codec<Instrument> = {
  encode: encodeInstrument,
  decode: decodeInstrument,
};
