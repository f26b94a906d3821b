// Figures in the words of limits: "10 %", "1.2". Promises: what is shown reads back to the number to 12 digits.

/** 0.1 is "10 %". */
export const percent = (share = Number.NaN): string => `${number(100 * share)} %`;

/** Without the last digits, which are those of binary fractions: 0.07 · 100 is 7. */
export const number = (value: number): string => String(Number(value.toPrecision(12)));

export const cvarWords = (tailMass: number, limit: number): string =>
  `CVaR at ${percent(1 - tailMass)} ≤ ${percent(limit)}`;
