// --set key=value, as backtest, verify and fork have it.

import { Option } from "commander";
import { type Override, parseOverride } from "../config/load-config.ts";

/** The option; it may be given several times, and is undefined where it was not given. */
export const setOption = (about: string): Option =>
  new Option("--set <key=value>", `${about}; may be given several times`).argParser(
    (text, before: readonly Override[] = []) => [...before, parseOverride(text)],
  );
