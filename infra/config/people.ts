// Who may command what: portfolio.people. Promises: names come out in the one form that commands are held against; two
// spellings of one name are a finding.

import type { PortfolioConfig } from "../../processors/flow-config.ts";
import { nameOf, type Power } from "../../processors/people.ts";

/** Left out: anybody who is named. */
export function rosterOf(
  read: { fail(pointer: string, message: string): 0 },
  people: Readonly<Record<string, readonly Power[]>> | undefined,
): Pick<PortfolioConfig, "people"> {
  if (people === undefined) return {};
  const roster = new Map<string, readonly Power[]>();
  for (const [who, powers] of Object.entries(people)) {
    const name = nameOf(who);
    const place = `/portfolio/people/${who}`;
    if (name === "") read.fail(place, "found a name without a letter; write who it is");
    if (roster.has(name))
      read.fail(place, `found "${who}" twice; case and space make no other person`);
    roster.set(name, powers);
  }
  return { people: Object.fromEntries(roster) };
}
