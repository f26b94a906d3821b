// One row of a file of funding, borrow and financing rates to the event that it states, or to the reason why it states
// none. Promises: nothing is rounded; a moment without a zone is refused, not guessed.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketRate } from "../../schemas/generated/market.rates.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import type { Cells, Fault } from "./cells.ts";
import { type Columns, columnsBy } from "./columns-by.ts";
import { shown } from "./import-error.ts";
import type { Notice, NoticeKind } from "./import-notices.ts";
import { fault, momentOf, noMoment } from "./row-faults.ts";

/** Normalized names: lower case, letters and digits only. */
const names = {
  time: ["time", "timestamp", "fundingtime", "eventtime"],
  symbol: ["symbol", "ticker"],
  kind: ["kind", "type"],
  rate: ["rate", "fundingrate"],
  mark: ["mark", "markprice"],
} as const;

type RateColumns = Columns<keyof typeof names>;

const kinds: ReadonlyMap<string, MarketRate["kind"]> = new Map(
  (["FUNDING", "BORROW", "FINANCING"] as const).map((kind) => [kind, kind]),
);
const RATE_DIGITS = 9;

export const marketRates: NoticeKind<"market.rates"> = {
  topic: "market.rates",
  name: "rates",
  plural: "rates",
  open: ({ file, header }, held) => {
    const columns = columnsBy(names, ["time", "symbol", "kind", "rate"], file, header);
    return (cells) => decode(cells, columns, held);
  },
  renaming: null,
};

function decode(
  cells: Cells,
  columns: RateColumns,
  held: ReadonlyMap<string, Instrument>,
): Notice<"market.rates"> | Fault {
  const text = (role: keyof typeof names): string =>
    columns[role] < 0 ? "" : cells.text(columns[role]).trim();
  const timeUs = momentOf(text("time"));
  if (timeUs === null) return noMoment(text("time"));
  const symbol = text("symbol");
  const instrument = held.get(symbol);
  if (instrument === undefined) {
    return fault("IMPORT_SYMBOL_UNKNOWN", `the tape has no instrument ${shown(symbol)}`);
  }
  const kind = kinds.get(text("kind").toUpperCase());
  if (kind === undefined) {
    const known = [...kinds.keys()].join(", ");
    return fault("IMPORT_FIELD_INVALID", `${shown(text("kind"))} is no rate: ${known}`);
  }
  const ratePerBillion = parseScaled(text("rate"), RATE_DIGITS);
  if (ratePerBillion === null) {
    const detail = `${shown(text("rate"))} is no rate of at most ${RATE_DIGITS} decimals, such as 0.0001`;
    return fault("IMPORT_NUMBER_INVALID", detail);
  }
  const mark = text("mark");
  if (mark === "") return { timeUs, value: { symbol, kind, ratePerBillion, markPrice: null } };
  const markPrice = parseScaled(mark, instrument.priceScale);
  if (kind === "FUNDING" && markPrice !== null && markPrice > 0) {
    return { timeUs, value: { symbol, kind, ratePerBillion, markPrice } };
  }
  const detail =
    kind === "FUNDING"
      ? `${shown(mark)} is no price above 0 with at most ${instrument.priceScale} decimals`
      : `a mark goes with FUNDING alone: leave ${shown(mark)} out`;
  return fault("IMPORT_FIELD_INVALID", detail);
}
