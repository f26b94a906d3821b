// Generated from schemas/pool.requests.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

function readItems(reader: Reader): string[] {
  const items: string[] = [];
  for (let left = reader.block(); left > 0; left = reader.block()) {
    for (; left > 0; left--) items.push(reader.string());
  }
  return items;
}

/** A portfolio problem for the pool, with all that its answer follows from. */
export interface PoolRequest {
  readonly portfolio: string;
  /** of the portfolio's requests, from 1 */
  readonly number: number;
  /** JSON: what quant/optimiser/problem.ts names, without the scenarios */
  readonly problem: string;
  /** JSON: how scenarios are made of the returns, with the seed (quant/scenarios/scenario-recipe.ts) */
  readonly recipe: string;
  readonly assets: readonly string[];
  readonly periods: number;
  /** simple returns, float64 little endian: asset by asset, oldest first */
  readonly returns: Uint8Array;
  /** SHA-256 of problem, recipe, assets, periods and returns, in hex */
  readonly inputHash: string;
}
export function encodePoolRequest(writer: Writer, value: PoolRequest): void {
  writer.string(value.portfolio);
  writer.long(value.number);
  writer.string(value.problem);
  writer.string(value.recipe);
  if (value.assets.length > 0) {
    writer.long(value.assets.length);
    for (const item of value.assets) {
      writer.string(item);
    }
  }
  writer.long(0);
  writer.int(value.periods);
  writer.blob(value.returns);
  writer.string(value.inputHash);
}
export function decodePoolRequest(reader: Reader): PoolRequest {
  return {
    portfolio: reader.string(),
    number: reader.long(),
    problem: reader.string(),
    recipe: reader.string(),
    assets: readItems(reader),
    periods: reader.int(),
    returns: reader.blob(),
    inputHash: reader.string(),
  };
}

export const poolRequestCodec: Codec<PoolRequest> = {
  encode: encodePoolRequest,
  decode: decodePoolRequest,
};
