// The types that a user's own file may import: `import type { SignalModel } from "tapedeck"`.
// Types only: a model runs without a line of ours.

export type { SignalModel } from "./processors/signal-model.ts";
export type { Features } from "./schemas/generated/features.ts";
