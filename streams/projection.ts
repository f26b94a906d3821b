// The contract of an answer: a fold of topics that can be asked. An incompatible new shape takes a
// new name and is rebuilt from the tape.

import type { TopicName } from "../schemas/generated/facts.ts";
import type { EventOf } from "./event.ts";

export interface Projection<State = unknown, In extends TopicName = TopicName> {
  /** The question, a plural noun in kebab-case; also its folder. */
  readonly name: string;
  readonly version: number;
  readonly inputs: readonly In[];
  initial(): State;
  /** Owns `state`: may change it in place and return it. */
  evolve(state: State, event: EventOf<In>): State;
}
