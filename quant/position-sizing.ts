// How much of equity to hold of one thing, from what was measured of it. Promises: finite and never
// below 0 or beyond the cap, whatever finite numbers come in; + − × ÷ and a square root alone, so the
// same bits on every engine.

/** Below this a standard deviation is rounding, not a market: nothing is held of it. */
export const LEAST_VOLATILITY = 1e-9;

/**
 * Fraction of equity at which a position has the volatility `target` (a year's, as a fraction), at most
 * `cap`: target / (volatility √barsPerYear). `volatility` is a bar's standard deviation of returns, taken
 * to grow with the square root of time. Below LEAST_VOLATILITY: 0. Source: Moskowitz, Ooi and Pedersen,
 * "Time series momentum", Journal of Financial Economics 104 (2012), equation 5 (theirs aims at 40 %).
 */
export function volatilityTargetSize(
  target: number,
  volatility: number,
  barsPerYear: number,
  cap: number,
): number {
  if (!(volatility >= LEAST_VOLATILITY)) return 0;
  return within(target / (volatility * Math.sqrt(barsPerYear)), cap);
}

/**
 * `fraction` of the growth-optimal position mean / variance, at most `cap`; nothing without an edge (mean
 * at or below 0). Mean and variance are of the excess return of one unit, over the same interval. Source:
 * Thorp, "The Kelly criterion in blackjack, sports betting and the stock market" (2006), section 7.1: for
 * small intervals f* = (m - r) / s².
 */
export function fractionalKellySize(
  fraction: number,
  mean: number,
  variance: number,
  cap: number,
): number {
  if (!(mean > 0) || !(variance >= LEAST_VOLATILITY * LEAST_VOLATILITY)) return 0;
  return within((fraction * mean) / variance, cap);
}

/** What the integrated sizer goes by; each from 0 to 1. */
export interface Conviction {
  /** Strength of the signal without its sign. */
  readonly strength: number;
  /** Probability that the signal is right. */
  readonly confidence: number;
  /** Weight of the market's regime for this signal. */
  readonly regime: number;
  /** Toxicity of the order flow, such as VPIN. */
  readonly toxicity: number;
}

/**
 * Fraction of a full position: √strength × confidence × regime × (1 - toxicity), multiplied from left to
 * right. The root makes a weak signal count for more than in proportion, and a strong one for no more
 * than 1. Source: the integrated sizer of the ML4T pipeline that this flow descends from.
 */
export const integratedSize = ({ strength, confidence, regime, toxicity }: Conviction): number =>
  Math.sqrt(strength) * confidence * regime * (1 - toxicity);

const within = (size: number, cap: number): number => (size < cap ? size : cap);
