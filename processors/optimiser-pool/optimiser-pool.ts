// Answers what the optimiser asks. Promises: one answer to each request, later by the declared latency; it follows from
// the request alone, so whoever computes it ahead of its time changes nothing. A problem that cannot be solved
// is answered with why.

import type { PoolAnswer } from "../../schemas/generated/pool.answers.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import { emit } from "../../streams/event.ts";
import type { Processor } from "../../streams/processor.ts";
import { answerTo } from "../pool-work.ts";

export type AnswerRequest = (request: PoolRequest, latencyUs: number) => PoolAnswer;

/** `answer`: what answers a request; another than in this thread gives the same. Cost: one solve an event. */
export const optimiserPool = (
  latencyUs: number,
  answer: AnswerRequest = answerTo,
): Processor<null, "pool.requests", "pool.answers"> => ({
  name: "optimiser-pool",
  version: 1,
  scope: "portfolio",
  inputs: ["pool.requests"],
  outputs: { "pool.answers": latencyUs },
  onFailure: "stop",
  initial: () => null,
  evolve: (state) => state,
  decide: (_, { value }) => [emit("pool.answers", answer(value, latencyUs))],
});
