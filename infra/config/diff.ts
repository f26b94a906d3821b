// Which settings differ between two configurations in canonical form.

import type { Plain } from "./read-yaml.ts";

export interface ConfigDifference {
  /** Dotted key such as risk.maxDrawdown, or commands[0].at. */
  readonly key: string;
  /** null where the key is left out. */
  readonly a: Plain;
  readonly b: Plain;
}

/** In the order of a's keys, then of those that b alone has. Empty where both are the same. */
export function diffConfigs(a: Plain, b: Plain, key = ""): readonly ConfigDifference[] {
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) {
    return a.flatMap((item, index) => diffConfigs(item, b[index] ?? null, `${key}[${index}]`));
  }
  if (isGroup(a) && isGroup(b)) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    const path = key === "" ? "" : `${key}.`;
    return [...names].flatMap((name) =>
      diffConfigs(a[name] ?? null, b[name] ?? null, `${path}${name}`),
    );
  }
  return JSON.stringify(a) === JSON.stringify(b) ? [] : [{ key, a, b }];
}

const isGroup = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
