// Which settings differ between configurations? Promises: keys with their dots, as `--set` takes them, in
// the order in which the configurations first name them.

export interface SettingDifference {
  readonly key: string;
  /** One for each configuration; undefined where it does not name the key. */
  readonly values: readonly unknown[];
}

/** Lists are compared whole, groups key by key. */
export function settingDifferences(configs: readonly unknown[]): readonly SettingDifference[] {
  const flat = configs.map((config) => new Map(settingsOf(config, "")));
  const keys = new Set(flat.flatMap((settings) => [...settings.keys()]));
  return [...keys]
    .map((key) => ({ key, values: flat.map((settings) => settings.get(key)) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

function settingsOf(value: unknown, key: string): readonly (readonly [string, unknown])[] {
  if (!(value instanceof Object) || Array.isArray(value)) return [[key, value]];
  return Object.entries(value).flatMap(([name, inner]) =>
    settingsOf(inner, key === "" ? name : `${key}.${name}`),
  );
}
