// For tests: a registered answer by its name, folded as events come. Promises: a test goes on without an
// answer that was taken out.

import type { Account, Row } from "../../../projections/answer.ts";
import { answersOf } from "../../../projections/answers.ts";
import { parseScaled } from "../../../schemas/values/decimal.ts";
import type { AnyEvent } from "../../../streams/event.ts";

export interface AskedAnswer {
  see(event: AnyEvent): void;
  rows(): readonly Row[];
}

/** Null where no answer has the name. */
export function askedAnswer(account: Account, name: string): AskedAnswer | null {
  const answer = answersOf(account).find(({ projection }) => projection.name === name);
  if (answer === undefined) return null;
  const { projection } = answer;
  let state = projection.initial();
  return {
    see(event) {
      if (projection.inputs.includes(event.topic)) state = projection.evolve(state, event as never);
    },
    rows: () => answer.rows(state),
  };
}

/** An amount of two decimals in minor units; an empty cell is 0. */
export const minor = (cell: Row[string] | undefined): bigint =>
  cell === undefined || cell === null ? 0n : BigInt(parseScaled(String(cell), 2) ?? 0);

export const sumOf = (rows: readonly Row[], column: string): bigint =>
  rows.reduce((total, row) => total + minor(row[column]), 0n);

/** Of an account of the ledger: debits less credits. */
export const balanceOf = (rows: readonly Row[], name: string): bigint => {
  const own = rows.filter(({ account }) => account === name);
  return sumOf(own, "debit") - sumOf(own, "credit");
};
