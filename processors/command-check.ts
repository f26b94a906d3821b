// What is wrong with a command by itself. Promises: who sends commands and who obeys them ask the same; a command that
// passes here can still be refused for what stands when it comes (a ceiling, a roster, no second person).

import type { ControlCommand } from "../schemas/generated/control.commands.ts";
import { orderCheckNameSymbols } from "../schemas/generated/risk.order-verdicts.ts";
import { settableLimits } from "./risk-config.ts";

/** In words that go on from "it is refused: "; null where nothing is. */
export function commandProblem(command: ControlCommand): string | null {
  switch (command.command) {
    case "SetLimit":
      return unsigned(command) ?? limitProblem(command);
    case "SetOverlay":
      return unexplained(command) ?? overlayProblem(command);
    case "LiftOverlay":
      return unexplained(command);
    case "RequestOverride":
    case "ConfirmOverride":
      return unsigned(command) ?? overrideProblem(command);
    case "EnableTrading":
      return unsigned(command);
    case "HaltTrading":
    case "ReduceOnly":
    case "KillTrading":
    case "FlattenPositions":
      return null;
  }
}

const unsigned = ({ who }: ControlCommand): string | null =>
  who.trim() === "" ? "it does not name who gave it" : null;

const unexplained = ({ who, why }: ControlCommand): string | null =>
  who.trim() === "" || why.trim() === "" ? "such a command names who and why" : null;

function limitProblem({ limit, value }: ControlCommand): string | null {
  if (!settableLimits.some((known) => known === limit)) {
    return `there is no limit ${limit ?? "(none named)"}; the limits are ${settableLimits.join(", ")}`;
  }
  if (value === null || (Number.isSafeInteger(value) && value >= 0)) return null;
  return `${limit} may not be ${value}: a limit is a whole number, and not negative`;
}

function overlayProblem(command: ControlCommand): string | null {
  const { overlay, symbol, value, fromUs, untilUs, confidenceBps } = command;
  if (overlay === null) return "such a command says which overlay";
  if (overlay === "TARGET" || overlay === "VIEW") {
    if (symbol === "" || value === null) {
      const what = overlay === "TARGET" ? "its weight" : "its expected return";
      return `a ${overlay} gives its symbol and ${what}, in basis points`;
    }
    if (untilUs === null) return `a ${overlay} says until when`;
  }
  if (overlay === "VIEW") {
    if (value === 0) return "a VIEW expects a return above or below 0";
    const sure = confidenceBps ?? 0;
    if (!Number.isInteger(sure) || sure < 1 || sure > 10_000) {
      return "a VIEW gives its confidence, from 1 to 10,000 basis points";
    }
  }
  const ends = untilUs === null || fromUs === null || untilUs > fromUs;
  return ends ? null : "such a command ends after it begins";
}

function overrideProblem({
  command,
  limit,
  symbol,
  value,
  untilUs,
}: ControlCommand): string | null {
  if (symbol === "") return "an override names the symbol";
  if (!orderCheckNameSymbols.some((known) => known === limit)) {
    return `there is no check ${limit ?? "(none named)"} of orders`;
  }
  if (command === "ConfirmOverride") return null;
  if (value === null)
    return "a RequestOverride gives the ceiling: the most that the check may measure";
  return untilUs === null ? "a RequestOverride says until when" : null;
}
