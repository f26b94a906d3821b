// Writes a seeded, simulated market to a tape: instruments, then ticks or bars, as import would have.
// Promises: the same options give the same bytes; memory does not grow with the length.

import type { SimulatedInstrument } from "../../quant/market-model.ts";
import { type Session, simulateMarket } from "../../quant/market-simulator.ts";
import { Random } from "../../quant/random.ts";
import { TapedeckError } from "../../schemas/errors.ts";
import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import { spotTerms } from "../../schemas/values/contract-terms.ts";
import { formatIsoUs } from "../../schemas/values/time.ts";
import type { EventLog } from "../../streams/log.ts";
import { ZoneClock } from "../import/zone-clock.ts";
import { openSourceWriter, type SourceWriter } from "../tape/source-writer.ts";
import { GridBars } from "./grid-bars.ts";

export interface SimulateOptions {
  readonly seed: number;
  /** 1 to MAX_INSTRUMENTS. */
  readonly instruments: number;
  /** Trading days, weekends left out. */
  readonly days: number;
  /** Expected of each instrument. */
  readonly ticksPerDay: number;
  /** The first day, as microseconds of its midnight in UTC. */
  readonly firstDayUs: number;
  /** Write bars of this length instead of ticks; null: ticks. */
  readonly barsUs: number | null;
  readonly partitions: number;
}

export interface Simulated {
  readonly instruments: number;
  readonly ticks: number;
  readonly bars: number;
}

export const MAX_INSTRUMENTS = 500;
const DAY_US = 86_400_000_000;
const HOUR_US = 3_600_000_000;
const OPEN_US = 9.5 * HOUR_US;
const CLOSE_US = 16 * HOUR_US;
const END_US = Date.UTC(2200, 0, 1) * 1000;
const TIME_ZONE = "America/New_York";
const PRICE_SCALE = 2;
const ROUND_LOT = 100;
const VENUE = "XSIM";
const TICKS_PER_PROGRESS = 8192;

/** The ICAO spelling alphabet, four letters each; numbered beyond it. */
const NAMES =
  "ALFA BRAV CHAR DELT ECHO FOXT GOLF HOTL INDI JULI KILO LIMA MIKE NOVE OSCR PAPA QUEB ROMO SIER TANG UNIF VICT WHIS XRAY YANK ZULU";

const symbolOf = (index: number): string => NAMES.split(" ")[index] ?? `SIM${index + 1}`;

/**
 * `onProgress` sees the ticks so far and the number that is expected. Throws VALUE_TIME_INVALID where
 * the market would not lie within 1970 to 2200.
 */
export async function simulateTape(
  log: EventLog,
  options: SimulateOptions,
  onProgress: (done: number, expected: number) => void = () => undefined,
): Promise<Simulated> {
  const sessions = sessionsOf(options);
  const random = new Random(options.seed);
  const instruments = drawInstruments(random, options);
  const symbols = instruments.map((_, index) => symbolOf(index));
  const writer = await openSourceWriter(log, options.partitions);
  const firstUs = sessions[0]?.openUs ?? 0;
  for (const symbol of symbols) {
    await writer.append("market.instruments", firstUs, listing(symbol));
  }
  const bars = options.barsUs === null ? null : new GridBars(options.barsUs, symbols);
  const expected = options.instruments * options.days * options.ticksPerDay;
  let ticks = 0;
  let written = 0;
  for (const tick of simulateMarket(random.nextUint32(), instruments, sessions)) {
    if (bars === null) {
      const { instrument, timeUs, price, quantity, suspicious } = tick;
      const symbol = symbols[instrument] as string;
      const value = { symbol, price, quantity, venue: VENUE, suspicious };
      const full = writer.append("market.ticks", timeUs, value);
      if (full !== null) await full;
    } else {
      if (tick.timeUs >= bars.endUs) written += await writeBars(writer, bars);
      bars.add(tick);
    }
    if (++ticks % TICKS_PER_PROGRESS === 0) onProgress(ticks, expected);
  }
  if (bars !== null) written += await writeBars(writer, bars);
  await writer.flush();
  return { instruments: instruments.length, ticks, bars: written };
}

async function writeBars(writer: SourceWriter, bars: GridBars): Promise<number> {
  const closed = bars.close();
  for (const bar of closed) {
    const full = writer.append("market.bars", bar.endUs, bar);
    if (full !== null) await full;
  }
  return closed.length;
}

/** Monday to Friday from the first day on, the exchange's hours; holidays are not simulated. */
function sessionsOf({ firstDayUs, days }: SimulateOptions): readonly Session[] {
  const clock = new ZoneClock(TIME_ZONE);
  const sessions: Session[] = [];
  for (let dayUs = firstDayUs; sessions.length < days; dayUs += DAY_US) {
    const weekday = new Date(dayUs / 1000).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    sessions.push({
      openUs: clock.toUtc(dayUs + OPEN_US),
      closeUs: clock.toUtc(dayUs + CLOSE_US),
    });
  }
  const lastUs = sessions.at(-1)?.closeUs ?? firstDayUs;
  if (firstDayUs >= 0 && lastUs < END_US) return sessions;
  throw new TapedeckError(
    "VALUE_TIME_INVALID",
    `a market from ${formatIsoUs(firstDayUs)} on for ${days} days ends at ${formatIsoUs(lastUs)}`,
    { firstDayUs, days },
  );
}

/** Prices of 20 to 400, volatilities of 15 to 45 % a year, loadings on the market of 0.3 to 0.8. */
function drawInstruments(random: Random, options: SimulateOptions): readonly SimulatedInstrument[] {
  return Array.from({ length: options.instruments }, () => ({
    startPrice: Math.round((20 + 380 * square(random.uniform())) * 10 ** PRICE_SCALE),
    tickSize: 1,
    lotSize: ROUND_LOT,
    annualVolatility: 0.15 + 0.3 * random.uniform(),
    marketLoading: 0.3 + 0.5 * random.uniform(),
    ticksPerSession: options.ticksPerDay,
  }));
}

const square = (value: number): number => value * value;

/** Prints come in round lots; single shares may be traded all the same. */
const listing = (symbol: string): Instrument => ({
  symbol,
  assetClass: "EQUITY",
  currency: "USD",
  currencyScale: 2,
  priceScale: PRICE_SCALE,
  quantityScale: 0,
  tickSize: 1,
  lotSize: 1,
  multiplier: 1,
  calendar: "XNYS",
  timeZone: TIME_ZONE,
  ...spotTerms,
});
