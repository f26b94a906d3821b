// What is otherwise at the venue for a class of instruments, or for a symbol. Promises: what interpret.ts promises; what
// is wrong is told with its own place; the words of a rule name the venue's keys.

import type { VenueConfig, VenueTerms } from "../../processors/venue-config.ts";
import type { HumanAssetClass, HumanConfig, HumanVenueTerms } from "./human-config.ts";
import type { Plain } from "./read-yaml.ts";
import { oneVenue, type VenueReader, venueCosts } from "./venue.ts";

type HumanVenue = HumanConfig["venue"];

const BPS_DIGITS = 4;

/** Where there is something; `symbols`: the run's, null where it takes all that the tape holds. */
export function venueTerms(
  read: VenueReader,
  { byAssetClass = {}, bySymbol = {} }: HumanVenue,
  symbols: readonly string[] | null,
): Pick<VenueConfig, "byAssetClass" | "bySymbol"> {
  const classes = Object.entries(byAssetClass) as readonly [HumanAssetClass, HumanVenueTerms][];
  const own = Object.entries(bySymbol);
  for (const [name] of classes) {
    if (assetClasses.includes(name)) continue;
    const rule = `is no class of instruments: one of ${assetClasses.join(", ")}`;
    read.fail(`/venue/byAssetClass/${name}`, rule);
  }
  for (const [symbol] of own) {
    if (symbols === null || symbols.includes(symbol)) continue;
    read.fail(
      pointerTo(symbol),
      "is none of the run's symbols: leave it out, or name it in symbols",
    );
  }
  return {
    ...(classes.length === 0
      ? {}
      : {
          byAssetClass: Object.fromEntries(
            classes.map(([name, terms]) => [
              name.toUpperCase(),
              termsOf(read, terms, `/venue/byAssetClass/${name}`),
            ]),
          ),
        }),
    ...(own.length === 0
      ? {}
      : {
          bySymbol: Object.fromEntries(
            own.map(([symbol, terms]) => [symbol, termsOf(read, terms, pointerTo(symbol))]),
          ),
        }),
  };
}

const assetClasses: readonly string[] = ["equity", "fx", "crypto", "future", "index"];

const pointerTo = (symbol: string): string =>
  `/venue/bySymbol/${symbol.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** A group that is there and comes to nothing takes the venue's away. */
function termsOf(read: VenueReader, terms: HumanVenueTerms, base: string): VenueTerms {
  const { slippage, hours, ...groups } = terms;
  const inner = under(read, base);
  const trading = hours === undefined ? {} : { trading: { hours } };
  const costs = venueCosts(inner, { ...groups, ...trading } as HumanVenue, 0);
  const names = ["price", "fees", "levies", "carry", "margin"] as const;
  return {
    ...(slippage === undefined
      ? {}
      : { slippageBps: inner.fraction("/venue/slippage", slippage, BPS_DIGITS) }),
    ...Object.fromEntries(
      names.flatMap((name) => (terms[name] === undefined ? [] : [[name, costs[name] ?? null]])),
    ),
    ...(hours === undefined ? {} : { hours: costs.trading?.hours ?? null }),
  };
}

/** Reads the keys of the venue from another place. */
function under(read: VenueReader, base: string): VenueReader {
  const at = (pointer: string): string => {
    const own = pointer.replace(/^\/venue/, "").replace(/^\/trading/, "");
    return base + own;
  };
  return {
    fraction: (pointer, value, digits) => read.fraction(at(pointer), value, digits),
    duration: (pointer, text, leastUs) => read.duration(at(pointer), text, leastUs),
    fail: (pointer, message) => read.fail(at(pointer), message),
  };
}

/** Their one form; an empty group stays, for it says that there is none. */
export function oneTerms({ byAssetClass, bySymbol }: HumanVenue): {
  readonly [key: string]: Plain;
} {
  const each = (all: object): Plain =>
    Object.fromEntries(
      Object.entries(all).map(([name, terms]) => [
        name,
        { ...(terms as { readonly [key: string]: Plain }), ...oneVenue(terms as HumanVenue) },
      ]),
    );
  return {
    ...(byAssetClass === undefined ? {} : { byAssetClass: each(byAssetClass) }),
    ...(bySymbol === undefined ? {} : { bySymbol: each(bySymbol) }),
  };
}
