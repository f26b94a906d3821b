// What a position against margin ties up, and when it has too little behind it. Promises: exact minor units, rounded
// half to even once; what is free and what is locked add up to the total, always.

import { divideRounded } from "./decimal.ts";

/** Fractions of a position's value in parts per million; a leverage divides both. */
export interface MarginTerms {
  readonly initialPerMillion: number;
  readonly maintenancePerMillion: number;
  /** At least 1: the position may be this many times what is locked for it at a rate of 1. */
  readonly leverage: number;
}

/** To open, and to keep, a position of that value (its sign does not matter). */
export function marginOf(value: bigint, terms: MarginTerms): Readonly<Record<MarginKind, bigint>> {
  const size = value < 0n ? -value : value;
  const share = (perMillion: number): bigint =>
    divideRounded(size * BigInt(perMillion), 1_000_000n * BigInt(terms.leverage));
  return {
    initial: share(terms.initialPerMillion),
    maintenance: share(terms.maintenancePerMillion),
  };
}

export type MarginKind = "initial" | "maintenance";

export interface MarginBalance {
  readonly total: bigint;
  /** Behind positions. */
  readonly locked: bigint;
  /** Below 0: more is locked than there is, which is a margin call. */
  readonly free: bigint;
}

/** `locked`: the initial margins of all positions. */
export function balanceOf(total: bigint, locked: readonly bigint[]): MarginBalance {
  const sum = locked.reduce((all, each) => all + each, 0n);
  return { total, locked: sum, free: total - sum };
}

/**
 * A position that stands for itself: its equity is the initial margin of its cost and what it has gained since.
 * CALL: less than the initial margin of its value is left; LIQUIDATION: less than the maintenance margin.
 */
export function marginState(
  cost: bigint,
  value: bigint,
  terms: MarginTerms,
): "ENOUGH" | "CALL" | "LIQUIDATION" {
  const equity = marginOf(cost, terms).initial + value - cost;
  const { initial, maintenance } = marginOf(value, terms);
  if (equity < maintenance) return "LIQUIDATION";
  return equity < initial ? "CALL" : "ENOUGH";
}
