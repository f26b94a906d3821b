// What a simulated market is made of: its parameters, each with its unit and where the idea is from.
// Promises: plain numbers only, with defaults that give the stylised facts of intraday equity returns
// (R. Cont, Quantitative Finance 1, 2001).

export interface SimulatedInstrument {
  /** Scaled integers, as are the tick's. */
  readonly startPrice: number;
  readonly tickSize: number;
  readonly lotSize: number;
  /** Standard deviation of a year's return, as a fraction; above 0. */
  readonly annualVolatility: number;
  /** Correlation with the market factor, 0 to 1. */
  readonly marketLoading: number;
  /** Expected number. */
  readonly ticksPerSession: number;
}

/** One state of the market's Markov chain (J. Hamilton, Econometrica 57(2), 1989). */
export interface Regime {
  /** Expected return of every instrument, per year, as a fraction. */
  readonly annualDrift: number;
  /** Relative to the other regimes: the long-run volatility stays what the instrument asks for. */
  readonly volatility: number;
  /** Ticks per time, relative to the other regimes. */
  readonly activity: number;
  /** Expected stay, in sessions; then any other regime, each as likely. */
  readonly meanSessions: number;
}

export interface MarketModel {
  readonly regimes: readonly Regime[];
  readonly sessionsPerYear: number;
  /**
   * Volatility clustering: the variance follows the diffusion limit of GARCH(1,1) (D. Nelson, Journal
   * of Econometrics 45, 1990) with this time constant, in microseconds of trading.
   */
  readonly varianceMemoryUs: number;
  /**
   * In [0, 1): how much of the variance's changes come from the returns themselves. Without jumps,
   * seasons and regimes the kurtosis of returns is 3 / (1 - varianceFeedback).
   */
  readonly varianceFeedback: number;
  /**
   * Merton's jumps (Journal of Financial Economics 3, 1976): expected number per session, of the market
   * and of each instrument.
   */
  readonly jumpsPerSession: number;
  /** Share of a session's variance that jumps make. */
  readonly jumpShare: number;
  /** Share of a day's variance between a close and the next open (K. French, R. Roll, JFE 17, 1986). */
  readonly overnightShare: number;
  /**
   * The U of the day (R. Wood, T. McInish, J. Ord, Journal of Finance 40(3), 1985): at the open and the
   * close variance and activity are 1 + this times what they are in the middle.
   */
  readonly varianceSmile: number;
  readonly activitySmile: number;
  /** Prints fall half a spread on either side of the efficient price; at least half a tick. */
  readonly spreadBps: number;
  /** Expected size of a print, in lots, at least 1: geometric; one in a hundred is ten times as large. */
  readonly meanLots: number;
  /** Data gaps: expected number per session of each instrument, and their expected length. */
  readonly gapsPerSession: number;
  readonly meanGapUs: number;
  /** Share of prints that are off the market by 3 to 8 % and flagged so. */
  readonly suspiciousShare: number;
}

export const defaultMarketModel: MarketModel = {
  regimes: [
    { annualDrift: 0.15, volatility: 0.7, activity: 0.85, meanSessions: 8 },
    { annualDrift: 0, volatility: 1, activity: 1, meanSessions: 4 },
    { annualDrift: -0.5, volatility: 2, activity: 1.8, meanSessions: 1.5 },
  ],
  sessionsPerYear: 252,
  varianceMemoryUs: 5_400_000_000,
  varianceFeedback: 0.35,
  jumpsPerSession: 0.5,
  jumpShare: 0.1,
  overnightShare: 0.2,
  varianceSmile: 3,
  activitySmile: 3,
  spreadBps: 1,
  meanLots: 2,
  gapsPerSession: 0.15,
  meanGapUs: 480_000_000,
  suspiciousShare: 0.0002,
};

/** How much more than the day's average, at `share` (0 to 1) of a session; the average over it is 1. */
export function smile(share: number, height: number): number {
  const fromMiddle = 2 * share - 1;
  return (1 + height * fromMiddle * fromMiddle) / (1 + height / 3);
}

/** Regimes as the simulator uses them: what a session has of each, over the long run, averages 1. */
export interface ScaledRegime {
  readonly annualDrift: number;
  readonly volatility: number;
  readonly activity: number;
  readonly meanSessions: number;
  /** Long-run share of time: stays are in proportion, as every other regime is as likely next. */
  readonly share: number;
}

export function scaleRegimes(regimes: readonly Regime[]): readonly ScaledRegime[] {
  const total = regimes.reduce((sum, regime) => sum + regime.meanSessions, 0);
  const mean = (of: (regime: Regime) => number): number =>
    regimes.reduce((sum, regime) => sum + (of(regime) * regime.meanSessions) / total, 0);
  const variance = mean((regime) => regime.volatility * regime.volatility);
  const activity = mean((regime) => regime.activity);
  return regimes.map((regime) => ({
    annualDrift: regime.annualDrift,
    volatility: regime.volatility / Math.sqrt(variance),
    activity: regime.activity / activity,
    meanSessions: regime.meanSessions,
    share: regime.meanSessions / total,
  }));
}
