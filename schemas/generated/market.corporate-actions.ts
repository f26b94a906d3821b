// Generated from schemas/market.corporate-actions.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const corporateActionKindSymbols = [
  "SPLIT",
  "CASH_DIVIDEND",
  "SYMBOL_CHANGE",
  "DELISTING",
] as const;

export type CorporateActionKind = (typeof corporateActionKindSymbols)[number];

function corporateActionKindIndex(value: CorporateActionKind): number {
  switch (value) {
    case "SPLIT":
      return 1;
    case "CASH_DIVIDEND":
      return 2;
    case "SYMBOL_CHANGE":
      return 3;
    case "DELISTING":
      return 4;
    default:
      return 0;
  }
}

/** What an issuer or an exchange does to what a share is. Effective at the beginning of the session of its ex-date, before any price of that session. */
export interface CorporateAction {
  /** as it was called before the action */
  readonly symbol: string;
  readonly action: CorporateActionKind;
  /** SPLIT: shares after it for each oldShares before it, 4 of 4-for-1; 1 of a 1-for-20 reverse split. Else 1 */
  readonly newShares: number;
  /** SPLIT: 1 of 4-for-1, 20 of a 1-for-20 reverse split. Else 1 */
  readonly oldShares: number;
  /** CASH_DIVIDEND: paid per share, scaled by amountScale. Else 0 */
  readonly amount: number;
  /** decimal digits of the amount: 0.205 is 205 at scale 3 */
  readonly amountScale: number;
  /** CASH_DIVIDEND: ISO 4217 code of the amount. Else empty */
  readonly currency: string;
  /** SYMBOL_CHANGE: what it is called from now on. Else empty */
  readonly newSymbol: string;
  /** DELISTING: what a share is closed at, scaled by the instrument's priceScale; null: nothing is paid */
  readonly finalPrice: number | null;
  /** CASH_DIVIDEND: tax that is taken from what is paid to a holder before he gets it, in parts per million; a short position pays the whole. Else 0 */
  readonly withheldPerMillion: number;
}
export function encodeCorporateAction(writer: Writer, value: CorporateAction): void {
  writer.string(value.symbol);
  writer.enumeration(corporateActionKindIndex(value.action), value.action);
  writer.long(value.newShares);
  writer.long(value.oldShares);
  writer.long(value.amount);
  writer.int(value.amountScale);
  writer.string(value.currency);
  writer.string(value.newSymbol);
  if (value.finalPrice === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.finalPrice);
  }
  writer.int(value.withheldPerMillion);
}
export function decodeCorporateAction(reader: Reader): CorporateAction {
  return {
    symbol: reader.string(),
    action: reader.enumeration(corporateActionKindSymbols),
    newShares: reader.long(),
    oldShares: reader.long(),
    amount: reader.long(),
    amountScale: reader.int(),
    currency: reader.string(),
    newSymbol: reader.string(),
    finalPrice: reader.present() ? reader.long() : null,
    withheldPerMillion: reader.goesOn() ? reader.int() : 0,
  };
}

export const corporateActionCodec: Codec<CorporateAction> = {
  encode: encodeCorporateAction,
  decode: decodeCorporateAction,
};
