// What is wrong with imported data, by symbol. Promises: one pass in the tape's order, memory by the
// number of symbols; every figure's method is stated in docs/import.md; nothing is changed or
// dropped here, only counted.

import { calendarNames, calendarOf } from "../../processors/trading-calendar.ts";
import type { MarketBar } from "../../schemas/generated/market.bars.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { MarketQuote } from "../../schemas/generated/market.quotes.ts";
import type { MarketTick } from "../../schemas/generated/market.ticks.ts";
import { formatScaled } from "../../schemas/values/decimal.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import { DAY_US, type ImportKind, type Session } from "./import-options.ts";
import type { MarketValue } from "./row-decoder.ts";
import { SpikeDetector } from "./spike-detector.ts";
import type { Row } from "./time-order.ts";
import type { ZoneClock } from "./zone-clock.ts";

/** Silence within a session that counts as a gap between prints or quotes. */
export const QUIET_US = 300_000_000;
/** Days between daily bars that no weekend with a holiday explains. */
const LONG_WEEKEND_DAYS = 4;
/** Events of one instant that are compared with each other. */
const MAX_INSTANT = 1024;

export interface Gaps {
  readonly count: number;
  /** Bars that the gaps would have held; 0 for ticks and quotes. */
  readonly missing: number;
  readonly longestSeconds: number;
  readonly longestFrom: string | null;
}

export interface SymbolQuality {
  readonly events: number;
  readonly firstTime: string;
  readonly lastTime: string;
  readonly lowestPrice: string;
  readonly highestPrice: string;
  /** Events equal in everything to one of the same instant (bars: the second is refused). */
  readonly duplicates: number;
  /** Rows that lay behind an earlier row of the symbol in its file; sorted on the tape. */
  readonly outOfOrder: number;
  readonly gaps: Gaps;
  readonly spikes: number;
  readonly firstSpike: string | null;
  readonly suspicious: number;
  readonly crossedQuotes: number;
  readonly lockedQuotes: number;
  readonly oneSidedQuotes: number;
}

export interface GapRule {
  readonly kind: ImportKind;
  /** Of bars; at least a day means daily. */
  readonly intervalUs: number;
  readonly exchange: ZoneClock;
  readonly session: Session;
}

/** The quality of one symbol's events. */
class SymbolWatch {
  events = 0;
  firstUs = 0;
  lastUs = 0;
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;
  duplicates = 0;
  outOfOrder = 0;
  gaps = 0;
  missing = 0;
  longestUs = 0;
  longestFromUs = 0;
  spikes = 0;
  firstSpikeUs = 0;
  suspicious = 0;
  crossed = 0;
  locked = 0;
  oneSided = 0;
  readonly instant: MarketValue[] = [];
  readonly spike = new SpikeDetector();
  readonly askSpike = new SpikeDetector();
  readonly instrument: Instrument;

  constructor(instrument: Instrument) {
    this.instrument = instrument;
  }
}

export class QualityWatch {
  private readonly rule: GapRule;
  private readonly symbols = new Map<string, SymbolWatch>();

  constructor(rule: GapRule) {
    this.rule = rule;
  }

  /** A row that lies behind an earlier one of its symbol in its file. */
  late(instrument: Instrument): void {
    this.watch(instrument).outOfOrder++;
  }

  /** A row as it goes to the tape, in order of time. */
  placed(row: Row, instrument: Instrument): void {
    const watch = this.watch(instrument);
    const { timeUs, value } = row;
    if (watch.events === 0) watch.firstUs = timeUs;
    else if (timeUs !== watch.lastUs) {
      this.gap(watch, timeUs);
      watch.instant.length = 0;
    }
    if (this.rule.kind !== "bars") this.duplicate(watch, value);
    watch.events++;
    watch.lastUs = timeUs;
    if ("close" in value) this.bar(watch, value, timeUs);
    else if ("price" in value) this.tick(watch, value, timeUs);
    else this.quote(watch, value, timeUs);
  }

  /** A bar that a symbol has already: it is refused, but counted. */
  repeated(instrument: Instrument): void {
    this.watch(instrument).duplicates++;
  }

  private watch(instrument: Instrument): SymbolWatch {
    let watch = this.symbols.get(instrument.symbol);
    if (watch === undefined) {
      watch = new SymbolWatch(instrument);
      this.symbols.set(instrument.symbol, watch);
    }
    return watch;
  }

  private duplicate(watch: SymbolWatch, value: MarketValue): void {
    const { instant } = watch;
    for (const other of instant) {
      if (!sameValue(other, value)) continue;
      watch.duplicates++;
      return;
    }
    if (instant.length < MAX_INSTANT) instant.push(value);
  }

  private gap(watch: SymbolWatch, timeUs: number): void {
    const { kind, intervalUs, exchange, session } = this.rule;
    const distance = timeUs - watch.lastUs;
    if (kind === "bars" && intervalUs >= DAY_US) {
      const missing = this.daysMissing(watch, timeUs);
      if (missing > 0) this.count(watch, distance, missing);
      return;
    }
    if (distance <= (kind === "bars" ? intervalUs : QUIET_US)) return;
    // Only silence within one session is a gap.
    const from = exchange.toLocal(watch.lastUs);
    const to = exchange.toLocal(timeUs);
    const midnight = Math.floor(from / DAY_US) * DAY_US;
    const inSession = from >= midnight + session.openUs && to <= midnight + session.closeUs;
    if (!inSession) return;
    this.count(watch, distance, kind === "bars" ? Math.round(distance / intervalUs) - 1 : 0);
  }

  /** Sessions between two daily bars; of a calendar that is not known, weekdays where they are too many. */
  private daysMissing({ instrument, lastUs }: SymbolWatch, timeUs: number): number {
    const { intervalUs, exchange } = this.rule;
    if (intervalUs > DAY_US || !calendarNames.includes(instrument.calendar)) {
      const days = Math.round((timeUs - lastUs) / DAY_US);
      return days > LONG_WEEKEND_DAYS ? weekdays(lastUs, timeUs) - 1 : 0;
    }
    const dateOf = (endUs: number): number => Math.floor(exchange.toLocal(endUs - 1) / DAY_US);
    const [last, next] = [dateOf(lastUs), dateOf(timeUs)];
    const { sessionFrom } = calendarOf(instrument.calendar);
    let missing = 0;
    for (let session = sessionFrom(lastUs); session.day < next; ) {
      if (session.day > last) missing++;
      session = sessionFrom(session.closeUs);
    }
    return missing;
  }

  private count(watch: SymbolWatch, distance: number, missing: number): void {
    watch.gaps++;
    watch.missing += missing;
    if (distance <= watch.longestUs) return;
    watch.longestUs = distance;
    watch.longestFromUs = watch.lastUs;
  }

  private bar(watch: SymbolWatch, bar: MarketBar, timeUs: number): void {
    range(watch, bar.low, bar.high);
    this.spike(watch, watch.spike, bar.close, timeUs);
  }

  private tick(watch: SymbolWatch, tick: MarketTick, timeUs: number): void {
    if (tick.suspicious) {
      watch.suspicious++;
      return;
    }
    range(watch, tick.price, tick.price);
    this.spike(watch, watch.spike, tick.price, timeUs);
  }

  private quote(watch: SymbolWatch, quote: MarketQuote, timeUs: number): void {
    const { bidPrice, askPrice } = quote;
    if (bidPrice === null || askPrice === null) watch.oneSided++;
    else if (bidPrice > askPrice) watch.crossed++;
    else if (bidPrice === askPrice) watch.locked++;
    if (quote.suspicious) {
      watch.suspicious++;
      return;
    }
    if (bidPrice !== null) {
      range(watch, bidPrice, bidPrice);
      this.spike(watch, watch.spike, bidPrice, timeUs);
    }
    if (askPrice !== null) {
      range(watch, askPrice, askPrice);
      this.spike(watch, watch.askSpike, askPrice, timeUs);
    }
  }

  private spike(watch: SymbolWatch, detector: SpikeDetector, price: number, timeUs: number): void {
    if (price <= 0 || !detector.add(price, watch.instrument.tickSize)) return;
    if (watch.spikes === 0) watch.firstSpikeUs = timeUs;
    watch.spikes++;
  }

  /** Symbols in alphabetical order. */
  report(): Record<string, SymbolQuality> {
    const report: Record<string, SymbolQuality> = Object.create(null);
    for (const symbol of [...this.symbols.keys()].sort()) {
      const watch = this.symbols.get(symbol);
      if (watch !== undefined && watch.events > 0) report[symbol] = qualityOf(watch);
    }
    return report;
  }
}

function range(watch: SymbolWatch, low: number, high: number): void {
  if (low < watch.low) watch.low = low;
  if (high > watch.high) watch.high = high;
}

function qualityOf(watch: SymbolWatch): SymbolQuality {
  const price = (value: number): string =>
    Number.isFinite(value) ? formatScaled(value, watch.instrument.priceScale) : "";
  return {
    events: watch.events,
    firstTime: formatIsoUs(watch.firstUs),
    lastTime: formatIsoUs(watch.lastUs),
    lowestPrice: price(watch.low),
    highestPrice: price(watch.high),
    duplicates: watch.duplicates,
    outOfOrder: watch.outOfOrder,
    gaps: {
      count: watch.gaps,
      missing: watch.missing,
      longestSeconds: watch.longestUs / 1e6,
      longestFrom: watch.gaps === 0 ? null : formatIsoUs(watch.longestFromUs),
    },
    spikes: watch.spikes,
    firstSpike: watch.spikes === 0 ? null : formatIsoUs(watch.firstSpikeUs),
    suspicious: watch.suspicious,
    crossedQuotes: watch.crossed,
    lockedQuotes: watch.locked,
    oneSidedQuotes: watch.oneSided,
  };
}

function sameValue(a: MarketValue, b: MarketValue): boolean {
  if ("price" in a && "price" in b) {
    return (
      a.price === b.price &&
      a.quantity === b.quantity &&
      a.venue === b.venue &&
      a.suspicious === b.suspicious
    );
  }
  if ("bidPrice" in a && "bidPrice" in b) {
    return (
      a.bidPrice === b.bidPrice &&
      a.askPrice === b.askPrice &&
      a.bidQuantity === b.bidQuantity &&
      a.askQuantity === b.askQuantity &&
      a.venue === b.venue &&
      a.suspicious === b.suspicious
    );
  }
  return false;
}

/** Mondays to Fridays after `fromUs` up to `toUs`. */
function weekdays(fromUs: number, toUs: number): number {
  let count = 0;
  const last = Math.floor(toUs / DAY_US);
  for (let day = Math.floor(fromUs / DAY_US) + 1; day <= last; day++) {
    const weekday = (day + 4) % 7; // 1970-01-01 was a Thursday; 0 is Sunday
    if (weekday !== 0 && weekday !== 6) count++;
  }
  return count;
}
