// Names in a cluster on the command line. Promises: what Kafka would refuse, or what would lie in a
// namespace that no other command names, is refused before anything is asked.

import { InvalidArgumentError, Option } from "commander";
import { isName } from "../kafka/topics/names.ts";

export const prefixOption = (about: string): Option =>
  new Option("--prefix <prefix>", about).argParser(prefix).default("");

/** Without `unset` it may be left out: the prefix then names the application. */
export function appOption(about: string, unset?: string): Option {
  const option = new Option("--app <name>", about).argParser(app);
  return unset === undefined ? option : option.default(unset);
}

function prefix(text: string): string {
  if (text === "" || (isName(text) && text.endsWith("."))) return text;
  throw new InvalidArgumentError("write letters, digits, hyphens and dots, a dot at the end");
}

function app(text: string): string {
  if (isName(text)) return text;
  throw new InvalidArgumentError("write letters, digits, hyphens and dots, 150 at most");
}
