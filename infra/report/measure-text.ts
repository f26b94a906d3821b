// How a measure is written for people, on the page and on a terminal. Promises: plain text, not yet
// escaped; a probability near 0 or 1 never reads as certain; no value is a dash.

import { count, decimals, duration, grouped, percent } from "./figures.ts";
import type { MeasureUnit } from "./measure-conventions.ts";

const LEAST_PROBABILITY = 0.001;

function probability(value: number): string {
  if (value < LEAST_PROBABILITY) return `< ${LEAST_PROBABILITY}`;
  if (value > 1 - LEAST_PROBABILITY) return `> ${1 - LEAST_PROBABILITY}`;
  return decimals(value, 3);
}

const WRITTEN: Readonly<Record<MeasureUnit, (value: number, currency: string) => string>> = {
  part: (value) => percent(value),
  ratio: (value) => decimals(value, 2),
  probability,
  statistic: (value) => decimals(value, 2),
  days: (value) => `${count(Math.ceil(value))} d`,
  seconds: (value) => duration(value),
  money: (value, currency) => `${grouped(value.toFixed(2))} ${currency}`,
};

/** `currency` is that of amounts of money. */
export const measureText = (unit: MeasureUnit, value: number | null, currency: string): string =>
  value === null ? "–" : WRITTEN[unit](value, currency);
