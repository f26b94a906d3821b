// Which request meets which fault, as data. Promises: the decision for a client's n-th request of a
// kind rests on the seed, the rule, the client id and n alone: however requests of several clients
// come between one another, each client meets the same faults again.

import { splitMix64 } from "../../quant/random.ts";
import type { ApiName, RequestHeader } from "./request-frames.ts";

export type FaultAction =
  /** The request, or its response, waits; what comes after it on the connection waits behind it. */
  | { readonly kind: "delay"; readonly of: "request" | "response"; readonly ms: number }
  /**
   * Both connections are cut: before the broker gets a byte; when it has half of the request; when it
   * has answered and the client has not got a byte of it.
   */
  | { readonly kind: "cut"; readonly at: "before" | "middle" | "after" }
  /** The broker answers, the client never hears it; the connection stays. */
  | { readonly kind: "swallow" }
  /** The broker gets the same bytes once more, later, on a connection of their own. */
  | { readonly kind: "duplicate"; readonly afterMs: number }
  /** The client's connection is cut, and the broker gets the request only later. */
  | { readonly kind: "late"; readonly afterMs: number }
  /** Nothing passes in this direction between this broker and anybody, from now on for a while. */
  | { readonly kind: "pause"; readonly direction: Direction; readonly ms: number }
  /** The request trickles. */
  | { readonly kind: "throttle"; readonly bytesPerSecond: number };

export type Direction = "requests" | "responses";

export interface FaultRule {
  /** Absent: any. */
  readonly apis?: readonly ApiName[];
  readonly clientId?: string;
  /** Of the requests that match, counted for each client id from 1. */
  readonly when: { readonly nth: number } | { readonly probability: number };
  readonly action: FaultAction;
}

export interface Decision {
  /** Index of the rule. */
  readonly rule: number;
  /** Which of the client's matching requests this is, from 1. */
  readonly nth: number;
  readonly action: FaultAction;
}

export class FaultRules {
  private readonly rules: readonly FaultRule[];
  private readonly seed: number;
  private readonly counts = new Map<string, number>();

  /** `seed` is a safe integer. */
  constructor(rules: readonly FaultRule[], seed: number) {
    this.rules = rules;
    this.seed = seed;
  }

  /** The first rule that applies to this request; every rule that matches counts it. */
  decide({ api, clientId }: Pick<RequestHeader, "api" | "clientId">): Decision | null {
    let decision: Decision | null = null;
    for (const [rule, { apis, clientId: wanted, when, action }] of this.rules.entries()) {
      if (apis !== undefined && (api === null || !apis.includes(api))) continue;
      if (wanted !== undefined && clientId !== wanted) continue;
      const counted = `${rule} ${clientId ?? ""}`;
      const nth = (this.counts.get(counted) ?? 0) + 1;
      this.counts.set(counted, nth);
      const applies =
        "nth" in when ? when.nth === nth : this.draw(`${counted} ${nth}`) < when.probability;
      if (applies) decision ??= { rule, nth, action };
    }
    return decision;
  }

  /** Uniform in [0, 1), from the seed and a text. */
  private draw(text: string): number {
    let hash = BigInt.asUintN(64, BigInt(this.seed) ^ 0xcbf29ce484222325n);
    for (let i = 0; i < text.length; i++) {
      // FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), mixed once more below.
      hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
    }
    const [word = 0n] = splitMix64(hash, 1);
    return Number(word >> 11n) / 2 ** 53;
  }
}
