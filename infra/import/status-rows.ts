// One row of a file of trading states (halts, early closes, busted trades) to the event that it states, or to the reason
// why it states none. Promises: a moment without a zone is refused, not guessed.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketStatus } from "../../schemas/generated/market.status.ts";
import type { Cells, Fault } from "./cells.ts";
import { type Columns, columnsBy } from "./columns-by.ts";
import { shown } from "./import-error.ts";
import type { Notice, NoticeKind } from "./import-notices.ts";
import { fault, momentOf, noMoment } from "./row-faults.ts";

/** Normalized names: lower case, letters and digits only. */
const names = {
  time: ["time", "timestamp", "eventtime"],
  symbol: ["symbol", "ticker"],
  status: ["status", "state", "kind"],
  from: ["from", "fromtime"],
  to: ["to", "totime"],
  reason: ["reason", "why"],
} as const;

type StatusColumns = Columns<keyof typeof names>;

const kinds: ReadonlyMap<string, MarketStatus["status"]> = new Map(
  (["TRADING", "HALTED", "CLOSED", "BUSTED"] as const).map((kind) => [kind, kind]),
);
const LONGEST_REASON = 500;

export const marketStatus: NoticeKind<"market.status"> = {
  topic: "market.status",
  name: "status",
  plural: "trading states",
  open: ({ file, header }, held) => {
    const columns = columnsBy(names, ["time", "symbol", "status"], file, header);
    return (cells) => decode(cells, columns, held);
  },
  renaming: null,
};

function decode(
  cells: Cells,
  columns: StatusColumns,
  held: ReadonlyMap<string, Instrument>,
): Notice<"market.status"> | Fault {
  const text = (role: keyof typeof names): string =>
    columns[role] < 0 ? "" : cells.text(columns[role]).trim();
  const timeUs = momentOf(text("time"));
  if (timeUs === null) return noMoment(text("time"));
  const symbol = text("symbol");
  if (!held.has(symbol)) {
    return fault("IMPORT_SYMBOL_UNKNOWN", `the tape has no instrument ${shown(symbol)}`);
  }
  const status = kinds.get(text("status").toUpperCase());
  if (status === undefined) {
    const known = [...kinds.keys()].join(", ");
    return fault("IMPORT_FIELD_INVALID", `${shown(text("status"))} is no state: ${known}`);
  }
  const reason = text("reason").slice(0, LONGEST_REASON).toWellFormed();
  if (status !== "BUSTED") {
    const value = { symbol, status, fromUs: timeUs, toUs: timeUs, reason };
    return { timeUs, value };
  }
  const [from, to] = [text("from"), text("to")];
  const [fromUs, toUs] = [momentOf(from), momentOf(to)];
  if (fromUs === null || toUs === null) return noMoment(fromUs === null ? from : to);
  if (fromUs <= toUs && toUs <= timeUs) {
    return { timeUs, value: { symbol, status, fromUs, toUs, reason } };
  }
  const detail = `trades from ${shown(from)} to ${shown(to)}, told at ${shown(text("time"))}: from, to and time must follow one another`;
  return fault("IMPORT_FIELD_INVALID", detail);
}
