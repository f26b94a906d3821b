// Whether returns of assets can be computed with. Promises: every reason says where and with which value.

/** So many reasons are told; one more says how many are left. */
const MOST_REASONS = 10;

export interface ReturnTable {
  readonly assets: readonly string[];
  readonly count: number;
  readonly returns: Float64Array;
}

/** Reasons against a table that is called `name`; empty where there are none. Cost: about 1 ns a value. */
export function checkTable(table: ReturnTable, name: string): readonly string[] {
  const { assets, count, returns } = table;
  const reasons: string[] = [];
  if (assets.length === 0) reasons.push(`${name}.assets is empty`);
  if (!(Number.isInteger(count) && count >= 1)) {
    reasons.push(`${name}.count is ${count}; a whole number from 1 is needed`);
  }
  if (returns.length !== assets.length * count) {
    const needed = `${assets.length} assets × ${count} = ${assets.length * count}`;
    reasons.push(`${name}.returns has ${returns.length} values; ${needed} are needed`);
  }
  reasons.push(...repeatedNames(assets, name));
  if (reasons.length > 0) return shortened(reasons);
  return allFinite(returns) ? [] : shortened(notFinite(table, name));
}

/** A sum that only a NaN or Infinity in `values` can make NaN: one multiplication and addition each. */
export function allFinite(values: Float64Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * 0;
  return sum === 0;
}

export function shortened(reasons: readonly string[]): readonly string[] {
  const more = reasons.length - MOST_REASONS;
  return more <= 0 ? reasons : [...reasons.slice(0, MOST_REASONS), `and ${more} more`];
}

function repeatedNames(assets: readonly string[], name: string): string[] {
  const reasons: string[] = [];
  const seen = new Set<string>();
  for (const asset of assets) {
    if (asset === "") reasons.push(`${name}.assets holds an empty name`);
    else if (seen.has(asset)) reasons.push(`${name}.assets holds ${asset} twice`);
    seen.add(asset);
  }
  return reasons;
}

/** Row by row, as a person reads a table. Rows are counted from 0. */
function notFinite({ assets, count, returns }: ReturnTable, name: string): string[] {
  const reasons: string[] = [];
  for (let s = 0; s < count; s++) {
    for (let j = 0; j < assets.length; j++) {
      const value = returns[j * count + s] as number;
      if (!Number.isFinite(value)) {
        reasons.push(`${name}.returns[row ${s}, ${assets[j]}] is ${value}`);
      }
    }
  }
  return reasons;
}
