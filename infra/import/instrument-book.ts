// What each symbol of an import is: as the tape says, else as the options and the files' own
// digits say. Promises: an instrument of the tape is never changed by an import.

import { TapedeckError } from "../../schemas/errors.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { parseScaled } from "../../schemas/values/decimal.ts";
import { isTopicName } from "../../streams/catalogue.ts";
import type { EventLog } from "../../streams/log.ts";
import { RecordCursor } from "../../streams/record.ts";
import type { InstrumentOptions } from "./import-options.ts";
import { symbolProblem } from "./symbols.ts";

/** Bounds what a hostile file can make an import remember. */
const MAX_SYMBOLS = 65_536;

/** The instruments that a tape holds, the latest of each symbol. Cost: reads the whole topic. */
export async function readInstruments(log: EventLog): Promise<Map<string, Instrument>> {
  const found = new Map<string, Instrument>();
  for (const { topic, partition, start, end } of await log.partitions()) {
    if (!isTopicName(topic) || topic !== "market.instruments") continue;
    for (let offset = start; offset < end; ) {
      const batch = await log.read(topic, partition, offset);
      if (batch === null) break;
      const cursor = new RecordCursor(topic, partition, batch.baseOffset, batch.bytes);
      for (let event = cursor.read(); event !== null; event = cursor.read()) {
        if (event.topic === "market.instruments") found.set(event.value.symbol, event.value);
      }
      offset = batch.baseOffset + batch.count;
    }
  }
  return found;
}

export class InstrumentBook {
  /** Why the last symbol that `of` refused was refused. */
  problem = "";
  private readonly options: InstrumentOptions;
  private readonly priceScale: number;
  private readonly quantityScale: number;
  private readonly known: Map<string, Instrument>;
  private readonly others: ReadonlyMap<string, InstrumentOptions>;

  constructor(
    options: InstrumentOptions,
    priceScale: number,
    quantityScale: number,
    held: ReadonlyMap<string, Instrument>,
    others: ReadonlyMap<string, InstrumentOptions> = new Map(),
  ) {
    this.others = others;
    this.options = options;
    this.priceScale = priceScale;
    this.quantityScale = quantityScale;
    this.known = new Map(held);
  }

  /** Null, with `problem` set, when the text cannot be a symbol. */
  of(symbol: string): Instrument | null {
    const known = this.known.get(symbol);
    if (known !== undefined) return known;
    const problem =
      symbolProblem(symbol) ??
      (this.known.size >= MAX_SYMBOLS ? `there are more than ${MAX_SYMBOLS} symbols` : null);
    if (problem !== null) {
      this.problem = problem;
      return null;
    }
    const options = this.others.get(symbol) ?? this.options;
    const made = newInstrument(symbol, options, this.priceScale, this.quantityScale);
    this.known.set(symbol, made);
    return made;
  }
}

/** IMPORT_OPTION_INVALID where a tick or lot size does not fit the scale. */
export function newInstrument(
  symbol: string,
  options: InstrumentOptions,
  priceScale: number,
  quantityScale: number,
): Instrument {
  const { assetClass, currency, currencyScale, multiplier, calendar, timeZone, terms } = options;
  // Equities quote in cents (Regulation NMS, rule 612) also where a vendor writes four decimals.
  const tick = options.tickSize ?? (assetClass === "EQUITY" && priceScale >= 2 ? "0.01" : null);
  return {
    symbol,
    assetClass,
    currency,
    currencyScale,
    priceScale,
    quantityScale,
    tickSize: tick === null ? 1 : step("--tick-size", tick, priceScale),
    lotSize: options.lotSize === null ? 1 : step("--lot-size", options.lotSize, quantityScale),
    multiplier,
    calendar,
    timeZone,
    ...terms,
  };
}

function step(option: string, text: string, scale: number): number {
  const value = parseScaled(text, scale);
  if (value !== null && value > 0) return value;
  throw new TapedeckError(
    "IMPORT_OPTION_INVALID",
    `${option} ${text} is not a positive number of at most ${scale} decimals`,
    { option, value: text, scale },
  );
}
