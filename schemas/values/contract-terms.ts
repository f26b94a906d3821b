// What an instrument may be beside something that is bought and held. Promises: an instrument with these is
// what it was before they came with version 2 of its schema.

import type { Instrument } from "../generated/market.instruments.ts";

export type ContractTerms = Pick<
  Instrument,
  "contract" | "expiryUs" | "baseCurrency" | "baseScale"
>;

/** In the schema's order. */
export const spotTerms: ContractTerms = {
  contract: "SPOT",
  expiryUs: null,
  baseCurrency: "",
  baseScale: 0,
};

/** True where a trade moves no value but its profit: positions are held against margin. */
export const isMargined = ({ contract }: Instrument): boolean =>
  contract === "LINEAR" || contract === "INVERSE";
