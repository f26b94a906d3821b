// The contract of a decision: fold events into state, then decide what to write. Both are pure:
// no clock, chance or world; the same events give the same decisions anywhere. They are functions, not
// methods: the runtime calls them without their object, once for all tasks of the processor, and
// a state is all that is theirs to remember.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { EmitOf, EventOf } from "./event.ts";

export interface Processor<
  State = unknown,
  In extends TopicName = TopicName,
  Out extends TopicName = TopicName,
> {
  /** An agent noun in kebab-case; also its folder, consumer group and metric label. */
  readonly name: string;
  readonly version: number;
  /** symbol: one task per partition, sees its symbols only. portfolio: one task sees everything. */
  readonly scope: "symbol" | "portfolio";
  readonly inputs: readonly In[];
  /** Inputs that it never answers: they have no part in the order of what a symbol's tasks write. */
  readonly unanswered?: readonly In[];
  /** Topics it alone writes, each with the latency from cause to event, in microseconds. */
  readonly outputs: Readonly<Record<Out, number>>;
  /** What an exception or an undecodable input does. */
  readonly onFailure: "stop" | "dead-letter";
  /** Plain data only (state.ts says which), made anew at each call. */
  initial(): State;
  /**
   * Owns `state`: may change it in place and return it; what an event holds may be kept in it, not
   * changed. Sees each input once, in the one order.
   */
  evolve(state: State, event: EventOf<In>): State;
  /**
   * Sees the state with `event` folded in. Must not change it, nor may `evolve` later change in place
   * what was given here: events are read by others, and after a restart from their bytes.
   */
  decide(state: State, event: EventOf<In>): readonly EmitOf<Out>[];
}

/** What most events lead to. */
export const nothing: readonly never[] = [];
