// The ledger after trades that do not stand, and after what holding costs.

import { expect, test } from "vitest";
import { emit } from "../../streams/event.ts";
import { equity } from "../../streams/testing/given.ts";
import { eventsOf, fill, fold } from "../../streams/testing/tape.ts";
import { balanceOf, cashLedger, trialBalance } from "./cash-ledger.ts";

const account = { name: "main", currency: "USD", currencyScale: 2, initialCashMinor: 10_000_000n };
const { projection } = cashLedger(account);
const bought = fill(100, 180_00, { fee: 100n });

const balances = (...reports: readonly ReturnType<typeof fill>[]) => {
  const state = fold(
    projection,
    eventsOf([
      emit("market.instruments", equity("IBM")),
      ...reports.map((report) => emit("fills", report)),
    ]),
  );
  expect(trialBalance(state)).toBe(0n);
  const accounts = ["cash", "securities", "realised", "fees", "carry"] as const;
  return accounts.map((name) => balanceOf(state, "main", "USD", name));
};

test("a trade that does not stand gives back what it took", () => {
  const undone = { ...bought, execType: "TRADE_CANCEL" as const, refExecId: 1 };
  expect(balances(bought, undone)).toEqual([10_000_000n, 0n, 0n, 0n, 0n]);
});

test("what holding costs is a debit of carry, what it brings a credit", () => {
  const carried = { ...bought, execType: "CARRIED" as const, fee: 250n };
  const cash = 10_000_000n - 1_800_000n - 100n;
  expect(balances(bought, carried)).toEqual([cash - 250n, 1_800_000n, 0n, 100n, 250n]);
  const paid = { ...carried, fee: -400n };
  expect(balances(bought, carried, paid)).toEqual([cash + 150n, 1_800_000n, 0n, 100n, -150n]);
});
