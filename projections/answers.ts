// The registered answers as data, for whoever lists them or asks one by its name.

import type { Account, Answer, Walk } from "./answer.ts";
import * as registered from "./projections.ts";

type Registered = Walk | ((account: Account) => Answer);

const all: readonly Registered[] = Object.values(registered);

/** The folds of a run that trades for `account`, by the names of their folders. */
export const answersOf = (account: Account): readonly Answer[] =>
  all.filter((one) => typeof one === "function").map((one) => one(account));

export const walks: readonly Walk[] = all.filter((one) => typeof one !== "function");
