// The events that a verdict rests on. Promises: of each symbol that is traded or held the last bar, and the last snapshot
// of its position; the last bar of each pair that converts one of them, and of the benchmark where beta is measured; the
// portfolio's last snapshot; the commands of limits, overlays and trading state that are in force. Topic, time and origin
// name an event on any number of partitions. Cost: one pass over the symbols.
//
// Which of them one check rests on follows from its name and symbol: `schemas/values/risk-evidence.ts`.

import type { UsedEvent } from "../../schemas/generated/risk.verdicts.ts";
import { rateTold } from "../currency.ts";
import type { Evidence } from "./docket.ts";
import type { Seen, SymbolRisk } from "./exposure.ts";

export function eventsUsed(
  { portfolio, marked, commands }: Evidence,
  symbols: ReadonlyMap<string, SymbolRisk>,
  traded: readonly string[],
  overlays: readonly Seen[],
  benchmark: string | null,
): UsedEvent[] {
  const events: UsedEvent[] = [];
  const add = (topic: string, symbol: string, { timeUs, origin }: Seen): void => {
    if (timeUs >= 0) events.push({ topic, symbol, timeUs, origin });
  };
  const foreign: string[] = [];
  const tell = (symbol: string, { bar, marked: own, instrument }: SymbolRisk): void => {
    add("market.bars", symbol, bar);
    add("portfolio.snapshots", symbol, own);
    if (instrument !== null && instrument.currency !== portfolio.currency) {
      foreign.push(instrument.currency);
    }
  };
  for (const [i, symbol] of traded.entries()) {
    const risk = symbols.get(symbol);
    if (risk !== undefined && traded.indexOf(symbol) === i) tell(symbol, risk);
  }
  for (const [symbol, risk] of symbols) {
    const isHeld = risk.position !== 0 || risk.approved !== 0;
    if (isHeld && !traded.includes(symbol)) tell(symbol, risk);
  }
  if (foreign.length > 0) {
    for (const [symbol, { instrument, price, bar }] of symbols) {
      const told = instrument === null ? null : rateTold(instrument, price, portfolio);
      if (told !== null && foreign.includes(told.currency)) add("market.bars", symbol, bar);
    }
  }
  const index = benchmark === null ? undefined : symbols.get(benchmark);
  if (benchmark !== null && index !== undefined) {
    const isTold = events.some(
      ({ topic, symbol }) => topic === "market.bars" && symbol === benchmark,
    );
    if (!isTold) add("market.bars", benchmark, index.bar);
  }
  add("portfolio.snapshots", "", marked);
  for (const [name, seen] of commands) {
    add(name === "breaker" ? "risk.breakers" : "control.commands", "", seen);
  }
  for (const seen of overlays) add("control.commands", "", seen);
  return events;
}
