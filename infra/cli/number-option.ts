// Whole numbers given on the command line.

import { InvalidArgumentError } from "commander";

/** A parser for commander that takes whole numbers from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const upTo = most === Number.MAX_SAFE_INTEGER ? " or more" : ` to ${most}`;
    throw new InvalidArgumentError(`give a whole number, ${least}${upTo}`);
  };
