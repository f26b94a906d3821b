// Lists of names on the command line, comma between.

import { InvalidArgumentError, Option } from "commander";

export const namesOption = (flags: string, about: string): Option =>
  new Option(flags, `${about}; comma between`).argParser((text: string): readonly string[] => {
    const names = text.split(",").map((name) => name.trim());
    if (names.includes("")) throw new InvalidArgumentError("write names with a comma between");
    return names;
  });
