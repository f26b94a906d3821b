// Which columns of a file play which part, by their names. Promises: a name is matched whatever its case and its
// punctuation; columns that have no part are left alone.

import { fileError, shown } from "./import-error.ts";

/** Column numbers; -1 where the file has none. */
export type Columns<Role extends string> = { readonly [R in Role]: number };

/** `names`: lower case, letters and digits only. IMPORT_COLUMN_MISSING where there is none of `needed`. */
export function columnsBy<Role extends string>(
  names: { readonly [R in Role]: readonly string[] },
  needed: readonly NoInfer<Role>[],
  file: string,
  header: readonly string[],
): Columns<Role> {
  const plain = header.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ""));
  const of = (role: Role): number => plain.findIndex((name) => names[role].includes(name));
  const missing = needed.find((role) => of(role) < 0);
  if (missing !== undefined) {
    const what = `has no column called ${missing}: it has ${header.map((name) => shown(name)).join(", ")}`;
    throw fileError("IMPORT_COLUMN_MISSING", file, what, { column: missing });
  }
  const roles = Object.keys(names) as Role[];
  return Object.fromEntries(roles.map((role) => [role, of(role)])) as Columns<Role>;
}
