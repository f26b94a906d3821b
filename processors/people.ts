// Who may command what. Promises: one rule for all who obey commands; without a roster anybody who is named may, nobody
// without a name; two persons are two names that differ by more than case and space.
//
// What only takes risk away (halt, reduce, kill, flatten) is never asked for a name: it must work in a hurry.

import type { ControlCommand } from "../schemas/generated/control.commands.ts";

/** enable: end a halt, a kill or a latch. override: one of two. limits: SetLimit. overlays: set and lift. */
export const powers = ["enable", "override", "limits", "overlays"] as const;
export type Power = (typeof powers)[number];

/** What each person may, by name in one form (`nameOf`); left out: no roster. */
export type Roster = Readonly<Record<string, readonly Power[]>> | undefined;

/** One form of a name. */
export const nameOf = (who: string): string => who.trim().toLowerCase();

const powerOf: Readonly<Partial<Record<ControlCommand["command"], Power>>> = {
  EnableTrading: "enable",
  RequestOverride: "override",
  ConfirmOverride: "override",
  SetLimit: "limits",
  SetOverlay: "overlays",
  LiftOverlay: "overlays",
};

/** Whether a command counts at all: what only takes risk away always does. */
export function isAllowed({ command, who }: ControlCommand, people: Roster): boolean {
  const power = powerOf[command];
  return power === undefined || powerProblem(people, who, power) === null;
}

/** Whether it names a person, of the roster where there is one. */
export function isKnown(who: string, people: Roster): boolean {
  const name = nameOf(who);
  return name !== "" && (people === undefined || Object.hasOwn(people, name));
}

/** Why this person may not, in words; null where it may. */
export function powerProblem(people: Roster, who: string, power: Power): string | null {
  const name = nameOf(who);
  if (name === "") return "it does not name who gave it";
  if (people === undefined) return null;
  const may = Object.hasOwn(people, name) ? people[name] : undefined;
  if (may === undefined) return `${who.trim()} is not among portfolio.people`;
  return may.includes(power)
    ? null
    : `${who.trim()} has not the power "${power}" in portfolio.people`;
}
