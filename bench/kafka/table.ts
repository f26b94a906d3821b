// How a figure is printed: what was measured, what it is held against, the ratio.

import type { Measured } from "../measured.ts";

const NAME = 66;

/** As many digits as tell something. */
export const digits = (value: number): string =>
  value.toLocaleString(
    "en-US",
    value < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  );

export const heading = `${"".padEnd(NAME)}${"here".padStart(16)}${"reference".padStart(16)}${"ratio".padStart(9)}`;

export const rowOf = ({ name, value, unit, reference, ratio, against, missed }: Measured): string =>
  [
    name.padEnd(NAME),
    `${digits(value)} ${unit}`.padStart(16),
    (reference === null ? "" : `${digits(reference)} ${unit}`).padStart(16),
    (ratio === null ? "" : `${digits(ratio)} ×`).padStart(9),
    against === undefined ? "" : `  ${against}`,
    missed === undefined ? "" : `  MISSED: ${missed}`,
  ].join("");
