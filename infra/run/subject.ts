// What is the same strategy? Promises: one name for runs, walks, shadows and live flows that would decide alike on the
// same market: their settings and their model, without what only says when, where and how often it was tried.

import { createHash } from "node:crypto";
import { canonicalJson, type Json, type Phase } from "./manifest.ts";

/** Groups of settings that say when, where and how a run was made, not what it decides by. */
const CIRCUMSTANCES = ["tape", "range", "commands", "report", "partitions", "seed"];

/**
 * 16 hex digits. `without`: keys with their dots that are left out too, such as those that a walk chooses.
 * A model's digest counts where it is known (null: not).
 */
export function subjectOf(config: Json, digest: string | null, without: readonly string[]): string {
  const left = dropped(config, [...CIRCUMSTANCES, ...without], "");
  return createHash("sha256")
    .update(canonicalJson({ config: left, digest }))
    .digest("hex")
    .slice(0, 16);
}

export const subjectOfPhase = ({ config, model }: Phase, without: readonly string[] = []): string =>
  subjectOf(config, model.digest, without);

function dropped(value: Json, keys: readonly string[], prefix: string): Json {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as { readonly [key: string]: Json });
  return Object.fromEntries(
    entries
      .filter(([key]) => !keys.includes(prefix + key))
      .map(([key, inner]) => [key, dropped(inner, keys, `${prefix}${key}.`)]),
  );
}
