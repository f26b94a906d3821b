// The shapes of an answer that can be shown: a fold of the tape, or a walk through it. Amounts are
// decimal text, exact; times are ISO 8601 text; a cell without a value is null.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { LotMethod } from "../schemas/values/holding.ts";
import type { AnyEvent, Position } from "../streams/event.ts";
import type { EventLog } from "../streams/log.ts";
import type { Projection } from "../streams/projection.ts";

export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface Answer<State = unknown, In extends TopicName = TopicName> {
  readonly projection: Projection<State, In>;
  /** The question in words. */
  readonly question: string;
  rows(state: State): readonly Row[];
}

/** The portfolio that a run trades for: what no event of the tape says. */
export interface Account {
  readonly name: string;
  readonly currency: string;
  /** Decimal digits of the currency's minor unit. */
  readonly currencyScale: number;
  readonly initialCashMinor: bigint;
  /** How closing takes cost out; left out: at average cost. */
  readonly lots?: LotMethod;
}

/** An event and the events that it follows from. */
export interface Explanation {
  /** What the event is to the one that it explains; empty at the root. */
  readonly link: string;
  readonly event: AnyEvent;
  readonly because: readonly Explanation[];
  /** Raw input that the event sums up: from the first offset to before the last. */
  readonly span: { readonly from: Position; readonly toOffset: number } | null;
}

/** A question about one event that is answered by walking the log. */
export interface Walk {
  readonly name: string;
  readonly question: string;
  ask(log: EventLog, position: Position): Promise<Explanation>;
}
