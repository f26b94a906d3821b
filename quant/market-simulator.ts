// A seeded market: prints of several instruments in order of time. Promises: the same seed and inputs
// give the same ticks on every engine (+ − × ÷ and square root only); memory does not grow with time.
//
// Time goes in steps, each with one return of every efficient price (efficient-prices.ts). On top,
// prints are a Poisson process that follows the time of day and the regime, half a spread beside it.

import { EfficientPrices } from "./efficient-prices.ts";
import {
  defaultMarketModel,
  type MarketModel,
  type SimulatedInstrument,
  smile,
} from "./market-model.ts";
import { Random } from "./random.ts";

/** When the market is open, in microseconds since the epoch; in order, without overlap. */
export interface Session {
  readonly openUs: number;
  readonly closeUs: number;
}

export interface SimulatedTick {
  /** Index into the instruments. */
  readonly instrument: number;
  readonly timeUs: number;
  /** Scaled as the instrument's start price; a multiple of its tick size. */
  readonly price: number;
  /** Scaled as the instrument's lot size; a multiple of it. */
  readonly quantity: number;
  /** Off the market by 3 to 8 %, as its source would flag it. */
  readonly suspicious: boolean;
}

const LEAST_STEPS = 390;
const MOST_STEPS = 23_400;

/**
 * Cost: about 0.25 µs a tick and 40 ns for each instrument and step; a session has as many steps as the
 * busiest instrument has ticks, from 390 to 23,400.
 */
export function* simulateMarket(
  seed: number,
  instruments: readonly SimulatedInstrument[],
  sessions: Iterable<Session>,
  model: MarketModel = defaultMarketModel,
): Generator<SimulatedTick, void, undefined> {
  const random = new Random(seed);
  const market = new EfficientPrices(random, instruments, model);
  const prints = new Prints(random, market.prices, instruments, model);
  const busiest = instruments.reduce((most, one) => Math.max(most, one.ticksPerSession), 0);
  const steps = Math.min(MOST_STEPS, Math.max(LEAST_STEPS, Math.ceil(busiest)));
  const length = 1 / steps;
  let isFirst = true;
  for (const { openUs, closeUs } of sessions) {
    if (!isFirst) market.passNight();
    isFirst = false;
    const stepUs = (closeUs - openUs) / steps;
    for (let step = 0; step < steps; step++) {
      const middle = (step + 0.5) * length;
      market.step(middle, length, stepUs);
      prints.openGaps(openUs + step * stepUs, length);
      const activity = market.regime.activity * smile(middle, model.activitySmile);
      const meanUs = (closeUs - openUs) / (prints.perSession * activity);
      const endUs = (step + 1) * stepUs;
      let at = step * stepUs + meanUs * random.exponential();
      for (; at < endUs; at += meanUs * random.exponential()) {
        const tick = prints.draw(openUs + Math.floor(at));
        if (tick !== null) yield tick;
      }
    }
  }
}

class Prints {
  /** Expected, of all instruments together. */
  readonly perSession: number;
  private readonly random: Random;
  private readonly efficient: Float64Array;
  private readonly instruments: readonly SimulatedInstrument[];
  private readonly model: MarketModel;
  /** Expected prints per session of each instrument and those before it. */
  private readonly cumulative: Float64Array;
  private readonly gapEndsUs: Float64Array;
  /** Sessions until the next data gap. */
  private untilGap: number;

  constructor(
    random: Random,
    efficient: Float64Array,
    instruments: readonly SimulatedInstrument[],
    model: MarketModel,
  ) {
    this.random = random;
    this.efficient = efficient;
    this.instruments = instruments;
    this.model = model;
    let total = 0;
    this.cumulative = Float64Array.from(instruments, (one) => {
      total += one.ticksPerSession;
      return total;
    });
    this.perSession = total;
    this.gapEndsUs = new Float64Array(instruments.length);
    this.untilGap = random.exponential() / (model.gapsPerSession * instruments.length);
  }

  /** Starts data gaps; `length` is the share of a session until the next call. */
  openGaps(nowUs: number, length: number): void {
    const { random, model, gapEndsUs } = this;
    this.untilGap -= length;
    while (this.untilGap <= 0) {
      this.untilGap += random.exponential() / (model.gapsPerSession * gapEndsUs.length);
      gapEndsUs[random.integer(gapEndsUs.length)] = nowUs + model.meanGapUs * random.exponential();
    }
  }

  /** A print of one of the instruments; null where its data has a gap. */
  draw(timeUs: number): SimulatedTick | null {
    const { random, model, cumulative } = this;
    const pick = random.uniform() * this.perSession;
    let index = 0;
    while ((cumulative[index] as number) <= pick) index++;
    const { tickSize, lotSize } = this.instruments[index] as SimulatedInstrument;
    const efficient = this.efficient[index] as number;
    const side = (random.nextUint32() & 1) === 0 ? 1 : -1;
    const suspicious = random.uniform() < model.suspiciousShare;
    const half = Math.max(tickSize, efficient * model.spreadBps * 1e-4) / 2;
    const distance = suspicious ? efficient * (0.03 + 0.05 * random.uniform()) : half;
    const quantity = this.lots() * lotSize;
    if (timeUs < (this.gapEndsUs[index] as number)) return null;
    const ticks = Math.round((efficient + side * distance) / tickSize);
    const price = Math.max(1, ticks) * tickSize;
    return { instrument: index, timeUs, price, quantity, suspicious };
  }

  private lots(): number {
    const { random, model } = this;
    const block = random.integer(100) === 0 ? 10 : 1;
    // The floor of an exponential with this mean is geometric with mean meanLots - 1 or nearly so.
    return (1 + Math.floor((model.meanLots - 0.5) * random.exponential())) * block;
  }
}
