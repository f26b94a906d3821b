// What a report charges beside its fee: taxes, and fees in other currencies than the instrument's. Promises: what
// is given back of a busted trade is what was charged, in the same currencies.

import type { Charge, ChargeKind, ExecutionReport } from "../generated/fills.ts";

/** Shared by all that charges nothing: plain data that is never changed. */
export const noCharges: readonly Charge[] = [];

export const givenBack = (charges: readonly Charge[]): readonly Charge[] =>
  charges.length === 0
    ? noCharges
    : charges.map((charge) => ({ ...charge, amount: -charge.amount }));

/** The sum of those in a currency, of a kind where one is named. */
export function chargesIn(charges: readonly Charge[], currency: string, kind?: ChargeKind): bigint {
  let sum = 0n;
  for (const charge of charges) {
    if (charge.currency === currency && (kind === undefined || charge.kind === kind)) {
      sum += charge.amount;
    }
  }
  return sum;
}

/** Fee and taxes of an execution in its instrument's currency; what is charged in others is not in it. */
export const costIn = ({ fee, charges }: ExecutionReport, currency: string): bigint =>
  charges.length === 0 ? fee : fee + chargesIn(charges, currency);
