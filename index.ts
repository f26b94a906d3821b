// The types that a user's own file may import: `import type { SignalModel } from "tapedeck"`.
// Types only: a model, or a fix for dead letters, runs without a line of ours.

export type { PortfolioModel } from "./processors/portfolio-model.ts";
export type { SignalModel } from "./processors/signal-model.ts";
export type { ControlCommand } from "./schemas/generated/control.commands.ts";
export type { Features } from "./schemas/generated/features.ts";
export type { MarketBar } from "./schemas/generated/market.bars.ts";
export type { Instrument } from "./schemas/generated/market.instruments.ts";
export type { MarketQuote } from "./schemas/generated/market.quotes.ts";
export type { MarketTick } from "./schemas/generated/market.ticks.ts";
export type { DeadLetterFix, FixedEvent, RefusedMessage } from "./streams/dead-letter-fix.ts";
