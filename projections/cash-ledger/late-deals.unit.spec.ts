import { expect, test } from "vitest";
import { account, expectAlikeHowLate } from "../late-deals.spec.ts";
import { balanceOf, trialBalance } from "../ledger.ts";
import { cashLedger } from "./cash-ledger.ts";

test("what is heard after a corporate action is paid as if it had been heard in time", () => {
  const { initial, evolve } = cashLedger(account).projection;
  expectAlikeHowLate((events) => {
    const ledger = events.reduce(evolve, initial());
    expect(trialBalance(ledger)).toBe(0n);
    return balanceOf(ledger, "main", "USD", "cash");
  });
});
