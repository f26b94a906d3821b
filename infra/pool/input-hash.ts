// What a piece of work is known by: SHA-256 over its content. Promises: the same for equal content on every
// machine, whatever order its fields were written in; a scenario set counts by its own hash, which is
// computed once a set.

import { createHash, type Hash } from "node:crypto";
import { endianness } from "node:os";
import { scenarioBytes } from "../../quant/scenarios/scenario-hash.ts";
import type { ScenarioSet } from "../../quant/scenarios/scenario-set.ts";
import type { Work } from "./work.ts";

const known = new WeakMap<ScenarioSet, string>();

/** That of quant (scenario-hash.ts), once a set: it must not change after that. */
export function setHash(set: ScenarioSet): string {
  const before = known.get(set);
  if (before !== undefined) return before;
  const hash = createHash("sha256");
  if (endianness() === "LE") updateLittle(hash, set);
  else hash.update(scenarioBytes(set));
  const digest = hash.digest("hex");
  known.set(set, digest);
  return digest;
}

/** A copy has the hash of what it is a copy of: no second pass. */
export const rememberHash = (set: ScenarioSet, hash: string): void => void known.set(set, hash);

const NOTHING = new Float64Array(0);

/** What `scenarioBytes` gives, where numbers lie in memory as they are hashed: five times as fast. */
function updateLittle(hash: Hash, set: ScenarioSet): void {
  hash.update(scenarioBytes({ ...set, returns: NOTHING, probabilities: NOTHING }));
  for (const values of [set.returns, set.probabilities]) {
    const positive = new Float64Array(values.length);
    // -0 as 0.
    for (let i = 0; i < values.length; i++) positive[i] = (values[i] as number) + 0;
    hash.update(new Uint8Array(positive.buffer));
  }
}

export function inputHash(work: Work): string {
  const hash = createHash("sha256");
  put(hash, work);
  return hash.digest("hex");
}

const isSet = (value: object): value is ScenarioSet =>
  "probabilities" in value && "returns" in value && "assets" in value;

/** Each value with its kind before it, so that no two contents give the same bytes. */
function put(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}:${value.byteLength}:`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length}:`);
    for (const item of value) put(hash, item);
  } else if (typeof value === "object" && value !== null) {
    if (isSet(value)) hash.update(`set:${setHash(value)}`);
    else putFields(hash, value);
  } else if (typeof value === "string") {
    hash.update(`s${value.length}:${value}`);
  } else {
    hash.update(`${typeof value}:${Object.is(value, -0) ? "-0" : String(value)};`);
  }
}

function putFields(hash: Hash, value: object): void {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  hash.update(`{${fields.length}:`);
  for (const [name, field] of fields.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}=`);
    put(hash, field);
  }
}
