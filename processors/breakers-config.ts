// What the system itself is held to, in machine units (flow-config.ts). null: the breaker is off.

export interface BreakersConfig {
  /** What the risk gate does when one trips: nothing new, or only what reduces positions. */
  readonly response: "HALT" | "REDUCE_ONLY";
  /** Least share of right signals among the last `outcomes`. */
  readonly modelDecay: { readonly leastBps: number; readonly outcomes: number } | null;
  readonly dataQuality: DataQualityConfig | null;
  /** Oldest bar that a decision may be made from. */
  readonly maxAgeUs: number | null;
}

export interface DataQualityConfig {
  /** Least share of good bars among the last `bars` expected ones. */
  readonly leastBps: number;
  readonly bars: number;
  /** How far apart bars are while the market is open; null: only what other symbols have is expected. */
  readonly every: { readonly barUs: number; readonly closedUs: number } | null;
}
