// Which settings a symbol has: the venue's own, those of its asset class over them, and its own over both. Promises: a
// group is taken whole or not at all; without such settings the venue's own are given as they are.

import type { Instrument } from "../../schemas/generated/market.instruments.ts";
import type { VenueConfig, VenueTerms } from "../venue-config.ts";

/** What holds for a symbol of which that is known. Cost: a look-up; none where nothing is set apart. */
export type TermsOf = (symbol: string, instrument: Instrument | null) => VenueConfig;

export function termsOf(config: VenueConfig): TermsOf {
  const { byAssetClass = {}, bySymbol = {} } = config;
  if (Object.keys(byAssetClass).length === 0 && Object.keys(bySymbol).length === 0) {
    return () => config;
  }
  const ofItsClass = (name: string): VenueTerms | undefined =>
    Object.entries(byAssetClass).find(([each]) => each === name)?.[1];
  // A function of its key alone: what is kept here is no state.
  const made = new Map<string, Map<string, VenueConfig>>();
  return (symbol, instrument) => {
    const assetClass = instrument?.assetClass ?? "UNKNOWN";
    let ofClass = made.get(assetClass);
    if (ofClass === undefined) {
      ofClass = new Map();
      made.set(assetClass, ofClass);
    }
    let terms = ofClass.get(symbol);
    if (terms === undefined) {
      const own = Object.hasOwn(bySymbol, symbol) ? bySymbol[symbol] : undefined;
      terms = apply(apply(config, ofItsClass(assetClass)), own);
      ofClass.set(symbol, terms);
    }
    return terms;
  };
}

/** Every set of terms that some symbol may have. */
export const allTerms = (config: VenueConfig): readonly VenueConfig[] => [
  config,
  ...Object.values(config.byAssetClass ?? {}).map((terms) => apply(config, terms)),
  ...Object.values(config.bySymbol ?? {}).map((terms) => apply(config, terms)),
];

/** Whether the topic of recorded rates is read for some symbol. */
export const readsRates = (config: VenueConfig): boolean =>
  allTerms(config).some(({ carry }) => carry?.rates === true);

function apply(config: VenueConfig, terms: VenueTerms | undefined): VenueConfig {
  if (terms === undefined) return config;
  const { hours, ...groups } = terms;
  const given = { ...config, ...groups } as Record<string, unknown>;
  if (hours !== undefined) {
    const trading = config.trading ?? { status: false, closed: "WAIT" as const };
    given.trading = { ...trading, hours };
  }
  // null takes a group away.
  const kept = Object.entries(given).filter(([, value]) => value !== null);
  return { participationBps: null, ...Object.fromEntries(kept) } as unknown as VenueConfig;
}
