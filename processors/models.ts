// The built-in signal models by name. The list of them is model-list.ts.

import * as listed from "./model-list.ts";
import type { SignalModel } from "./signal-model.ts";

/** By the name that `model:` takes in a configuration; in alphabetical order of their exports. */
export const builtInModels: Readonly<Record<string, () => SignalModel>> = Object.fromEntries(
  Object.values<SignalModel>(listed).map((model) => [model.name, () => model]),
);
