// Where did every cent go? The ledger's trial balance: what stands in each account of each currency.

import { formatScaled } from "../../schemas/values/decimal.ts";
import type { Account, Answer } from "../answer.ts";
import {
  type LedgerInput,
  type LedgerState,
  ledgerInputs,
  openLedger,
  postEvent,
} from "../ledger.ts";

export const cashLedger = (account: Account): Answer<LedgerState, LedgerInput> => ({
  question: "Where did every cent go?",
  projection: {
    name: "cash-ledger",
    version: 2,
    inputs: ledgerInputs,
    initial: () => openLedger(account),
    evolve: (state, event) => {
      postEvent(state, event);
      return state;
    },
  },
  rows: (state) =>
    [...state.books.values()].flatMap(({ portfolio, currency, currencyScale, accounts }) =>
      [...accounts].map(([name, amount]) => ({
        portfolio,
        account: name,
        debit: amount >= 0n ? formatScaled(amount, currencyScale) : null,
        credit: amount < 0n ? formatScaled(-amount, currencyScale) : null,
        currency,
      })),
    ),
});
