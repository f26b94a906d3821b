// Whether a tape holds what a configuration asks of it, before anything is run: its symbols, and each
// of them in the portfolio's currency; quotes, where orders fill from them. Cost: reads the instruments.

import { requireCurrency } from "../../processors/currency.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { EventLog } from "../../streams/log.ts";
import { mergeTopics } from "../../streams/merge.ts";
import { nearest } from "../config/nearest.ts";
import type { RunConfig } from "../config/run-config.ts";

const SYMBOLS_NAMED = 10;

/** Throws TAPE_SYMBOL_UNKNOWN, PROCESSOR_CURRENCY_UNSUPPORTED or TAPE_TOPICS_MISSING. */
export async function checkTape(tape: EventLog, { symbols, flow }: RunConfig): Promise<void> {
  const held = await tape.partitions();
  const quotes = held.some(({ topic, start, end }) => topic === "market.quotes" && end > start);
  if (flow.venue.fill === "quote" && !quotes) {
    const what =
      "venue.fill is quote, but the tape has no quotes: no order would fill: import them, or choose another fill";
    throw new TapedeckError("TAPE_TOPICS_MISSING", what, { topic: "market.quotes" });
  }
  const known = new Map<string, Instrument>();
  for await (const chunk of mergeTopics(tape, ["market.instruments"])) {
    for (const { value } of chunk as readonly { readonly value: Instrument }[]) {
      known.set(value.symbol, value);
    }
  }
  for (const symbol of symbols ?? known.keys()) {
    const instrument = known.get(symbol);
    if (instrument === undefined) throw unknown("symbols", symbol, [...known.keys()]);
    requireCurrency(instrument, flow.portfolio);
  }
  for (const symbol of Object.keys(flow.venue.bySymbol ?? {})) {
    if (!known.has(symbol)) throw unknown("venue.bySymbol", symbol, [...known.keys()]);
  }
}

function unknown(key: string, symbol: string, known: readonly string[]): TapedeckError {
  const likely = nearest(symbol, known);
  const more = known.length > SYMBOLS_NAMED ? `, and ${known.length - SYMBOLS_NAMED} more` : "";
  const held = `${known.slice(0, SYMBOLS_NAMED).join(", ")}${more}`;
  const meant = likely === null ? "" : `; did you mean ${likely}?`;
  const message = `${key}: the tape has no ${symbol}; it has ${held}${meant}`;
  return new TapedeckError("TAPE_SYMBOL_UNKNOWN", message, { symbol });
}
