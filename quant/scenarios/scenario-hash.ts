// The name of a scenario set. Promises: equal sets have equal hashes on every machine, whatever made them.

import { sha256 } from "../sha256.ts";
import type { ScenarioSet } from "./scenario-set.ts";

/**
 * SHA-256 of `scenarioBytes`, in hexadecimal. Cost: about 5 ms a megabyte, that is 20 ms for 10,000 × 50;
 * infra may hash the same bytes with the platform's own.
 */
export function scenarioHash(set: ScenarioSet): string {
  let text = "";
  for (const byte of sha256(scenarioBytes(set))) text += byte.toString(16).padStart(2, "0");
  return text;
}

/**
 * What is hashed, little-endian: the number of assets and of scenarios (32 bits each); each name's length
 * and UTF-16 units (32 and 16 bits); the returns, asset by asset; the probabilities (64 bits; -0 as 0).
 */
export function scenarioBytes(set: ScenarioSet): Uint8Array {
  const { assets, count, returns, probabilities } = set;
  let names = 0;
  for (const asset of assets) names += 4 + 2 * asset.length;
  const bytes = new Uint8Array(8 + names + 8 * (returns.length + probabilities.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, assets.length, true);
  view.setUint32(4, count, true);
  let at = 8;
  for (const asset of assets) {
    view.setUint32(at, asset.length, true);
    at += 4;
    for (let i = 0; i < asset.length; i++, at += 2) view.setUint16(at, asset.charCodeAt(i), true);
  }
  for (const values of [returns, probabilities]) {
    for (let i = 0; i < values.length; i++, at += 8) {
      view.setFloat64(at, (values[i] as number) + 0, true);
    }
  }
  return bytes;
}
