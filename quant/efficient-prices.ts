// The prices behind a simulated market's prints. Promises: each step gives every instrument one return,
// from a shock of the market and one of its own (one factor: two instruments correlate by the product
// of their loadings), scaled by its volatility, the regime, the time of day and its clustering variance.

import {
  type MarketModel,
  type ScaledRegime,
  type SimulatedInstrument,
  scaleRegimes,
  smile,
} from "./market-model.ts";
import type { Random } from "./random.ts";

/** A single return beyond this is cut: no price reaches 0. */
const LARGEST_RETURN = 0.5;

export class EfficientPrices {
  /** In the scaled units of the start price, but not rounded to ticks. */
  readonly prices: Float64Array;
  regime: ScaledRegime;
  private readonly random: Random;
  private readonly model: MarketModel;
  private readonly regimes: readonly ScaledRegime[];
  /** Clustering variances, 1 on average. */
  private readonly variances: Float64Array;
  /** Standard deviation of a day's return, night included. */
  private readonly daily: Float64Array;
  private readonly marketLoading: Float64Array;
  private readonly ownLoading: Float64Array;
  private readonly tickSize: Float64Array;
  // Sessions until the next of each: exponential waits, so that steps without one cost nothing.
  private untilSwitch: number;
  private untilMarketJump: number;
  private untilOwnJump: number;

  constructor(random: Random, instruments: readonly SimulatedInstrument[], model: MarketModel) {
    this.random = random;
    this.model = model;
    this.regimes = scaleRegimes(model.regimes);
    this.regime = this.firstRegime();
    this.prices = Float64Array.from(instruments, (one) => one.startPrice);
    this.variances = new Float64Array(instruments.length).fill(1);
    const day = Math.sqrt(1 / model.sessionsPerYear);
    this.daily = Float64Array.from(instruments, (one) => one.annualVolatility * day);
    this.marketLoading = Float64Array.from(instruments, (one) => one.marketLoading);
    this.ownLoading = Float64Array.from(instruments, ({ marketLoading }) =>
      Math.sqrt(1 - marketLoading * marketLoading),
    );
    this.tickSize = Float64Array.from(instruments, (one) => one.tickSize);
    this.untilSwitch = random.exponential() * this.regime.meanSessions;
    this.untilMarketJump = random.exponential() / model.jumpsPerSession;
    this.untilOwnJump = random.exponential() / (model.jumpsPerSession * instruments.length);
  }

  /** The return between a close and the next open. */
  passNight(): void {
    const { random, model, prices } = this;
    const scale = Math.sqrt(model.overnightShare) * this.regime.volatility;
    const common = random.normal();
    for (let i = 0; i < prices.length; i++) this.move(i, scale * this.mixed(i, common));
  }

  /** One step: `middle` is where in the session (0 to 1), `length` its share of it. */
  step(middle: number, length: number, stepUs: number): void {
    const { random, model } = this;
    this.untilSwitch -= length;
    if (this.untilSwitch <= 0) this.switchRegime();
    const { regime, prices, variances } = this;
    const diffusive = (1 - model.overnightShare) * (1 - model.jumpShare) * length;
    const scale = regime.volatility * Math.sqrt(diffusive * smile(middle, model.varianceSmile));
    const drift = (regime.annualDrift / model.sessionsPerYear) * length;
    const pull = Math.min(1, stepUs / model.varianceMemoryUs);
    const feedback = Math.min(1 - pull, Math.sqrt(model.varianceFeedback * pull));
    const keep = 1 - pull - feedback;
    const common = random.normal();
    for (let i = 0; i < prices.length; i++) {
      const shock = this.mixed(i, common);
      const variance = variances[i] as number;
      this.move(i, drift / (this.daily[i] as number) + scale * Math.sqrt(variance) * shock);
      variances[i] = pull + variance * (keep + feedback * shock * shock);
    }
    this.jump(length);
  }

  /** Jumps of the market, and of each instrument alone, of the same expected number. */
  private jump(length: number): void {
    const { random, model, prices } = this;
    const share = (1 - model.overnightShare) * model.jumpShare;
    const scale = this.regime.volatility * Math.sqrt(share / model.jumpsPerSession);
    this.untilMarketJump -= length;
    while (this.untilMarketJump <= 0) {
      this.untilMarketJump += random.exponential() / model.jumpsPerSession;
      const common = scale * random.normal();
      for (let i = 0; i < prices.length; i++) {
        this.move(i, (this.marketLoading[i] as number) * common);
      }
    }
    this.untilOwnJump -= length;
    while (this.untilOwnJump <= 0) {
      this.untilOwnJump += random.exponential() / (model.jumpsPerSession * prices.length);
      const index = random.integer(prices.length);
      this.move(index, (this.ownLoading[index] as number) * scale * random.normal());
    }
  }

  /** A standard normal that is the market's by the instrument's loading. */
  private mixed(index: number, common: number): number {
    const own = (this.ownLoading[index] as number) * this.random.normal();
    return (this.marketLoading[index] as number) * common + own;
  }

  /** `days` is the return in units of the instrument's daily standard deviation. */
  private move(index: number, days: number): void {
    const change = days * (this.daily[index] as number);
    const cut = Math.max(-LARGEST_RETURN, Math.min(LARGEST_RETURN, change));
    const moved = (this.prices[index] as number) * (1 + cut);
    this.prices[index] = Math.max(this.tickSize[index] as number, moved);
  }

  private firstRegime(): ScaledRegime {
    let left = this.random.uniform();
    for (const regime of this.regimes) {
      left -= regime.share;
      if (left < 0) return regime;
    }
    return this.regimes.at(-1) as ScaledRegime;
  }

  private switchRegime(): void {
    const others = this.regimes.filter((regime) => regime !== this.regime);
    const next = others.length === 0 ? 0 : this.random.integer(others.length);
    this.regime = others[next] ?? this.regime;
    this.untilSwitch = this.random.exponential() * this.regime.meanSessions;
  }
}
