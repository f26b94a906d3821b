import { describe, expect, test } from "vitest";
import { answerTo, failedAnswer, poolRequest } from "../../processors/pool-work.ts";
import type { PoolRequest } from "../../schemas/generated/pool.requests.ts";
import { carryOut } from "../pool/carry-out.ts";
import type { Answer, Pool, Terms } from "../pool/pool.ts";
import type { SolveWork } from "../pool/work.ts";
import { newPoolGauges, newSlotGauges } from "../telemetry/pool-metrics.ts";
import { liveAnswers } from "./live-answers.ts";

const LATENCY_US = 1_000_000;
const history = {
  assets: ["A", "B"],
  periods: 4,
  returns: Float64Array.of(0.01, -0.02, 0.03, 0.01, -0.01, 0.02, 0.01, 0),
};
const asked = (number: number, seed = number): PoolRequest =>
  poolRequest(
    { objective: { kind: "MINIMUM_CVAR", tailMass: 0.5 } },
    { kind: "BOOTSTRAP", count: 20, seed },
    history,
    { portfolio: "main", number },
  );

const given = { request: 1, sequence: 1, inputHash: "", devices: ["cpu-0"], queuedMs: 1, ranMs: 2 };
const solved = (work: SolveWork, early = false): Answer<"solve"> => ({
  ...given,
  status: "DONE",
  early,
  method: "optimise/1",
  result: carryOut(work, () => false) as never,
});

function setUp(give: (work: SolveWork, terms: Terms) => Promise<Answer<"solve">>) {
  const gauges = newPoolGauges(1);
  const pool = {
    submit: give,
    metrics: () => gauges,
    close: async () => undefined,
    checked: async () => undefined,
  } as unknown as Pool;
  const lines: string[] = [];
  const log = { write: (_: string, message: string) => void lines.push(message) };
  const answers = liveAnswers(async () => pool);
  const { prepare } = answers.asked(log);
  const signal = new AbortController().signal;
  const ask = (request: PoolRequest): Promise<void> =>
    prepare({ value: request } as Parameters<typeof prepare>[0], signal);
  return { answers, ask, lines, gauges };
}

describe("answers of a live flow's pool", () => {
  test("are those that a backtest computes, and are the pool's, once", async () => {
    let solves = 0;
    const { answers, ask, lines } = setUp(async (work) => {
      solves++;
      return solved(work);
    });
    const request = asked(1);
    await ask(request);
    // What this thread would answer to another problem shows whose answer it is.
    const other = { ...asked(2), inputHash: request.inputHash };
    const { weights } = answerTo(request, LATENCY_US);
    expect(answers.answer(other, LATENCY_US).weights).toEqual(weights);
    await ask(request);
    expect(answers.answer(request, LATENCY_US)).toEqual(answerTo(request, LATENCY_US));
    expect([solves, lines]).toEqual([2, ["solved", "solved"]]);
  });

  test("say why there is none, and so does work that was cut short", async () => {
    const out = { ...given, status: "FAILED", reason: "OUT_OF_MEMORY", detail: "512 MiB" } as const;
    const failing = setUp(async () => out);
    const request = asked(1);
    await failing.ask(request);
    const why = failedAnswer(request, LATENCY_US, ["OUT_OF_MEMORY: 512 MiB"]);
    expect(failing.answers.answer(request, LATENCY_US)).toEqual(why);
    expect(failing.lines).toEqual(["not solved"]);

    const early = setUp(async (work) => solved(work, true));
    await early.ask(request);
    const cut = failedAnswer(request, LATENCY_US, ["HUNG: it was ended after 2 ms"]);
    expect(early.answers.answer(request, LATENCY_US)).toEqual(cut);
  });

  test("are REFUSED, as in a backtest, where the request cannot be computed with", async () => {
    const invalid = { ...given, status: "FAILED", reason: "INVALID", detail: "" } as const;
    const { answers, ask, lines } = setUp(async () => invalid);
    for (const request of [
      { ...asked(1), periods: 3 },
      { ...asked(1), recipe: "{" },
    ]) {
      await ask(request);
      const answer = answers.answer(request, LATENCY_US);
      expect(answer.status).toBe("REFUSED");
      expect(answer).toEqual(answerTo(request, LATENCY_US));
    }
    expect(lines).toEqual([]);
  });

  test("that nobody takes are kept in small numbers", async () => {
    let solves = 0;
    const { answers, ask } = setUp(async (work) => {
      solves++;
      return solved(work);
    });
    const requests = Array.from({ length: 12 }, (_, number) => asked(number));
    for (const request of requests) await ask(request);
    const marked = (request: PoolRequest) => ({ ...asked(99), inputHash: request.inputHash });
    const fromPool = requests.filter((request) => {
      const { scenarioHash } = answers.answer(marked(request), LATENCY_US);
      return scenarioHash === answerTo(request, LATENCY_US).scenarioHash;
    });
    expect([solves, fromPool.map(({ number }) => number)]).toEqual([
      12,
      [4, 5, 6, 7, 8, 9, 10, 11],
    ]);
  });

  test("reject where no pool can be opened, and say that no device is left", async () => {
    const none = liveAnswers(() => Promise.reject(new Error("POOL_DEVICE_NONE")));
    const { prepare } = none.asked({ write: () => undefined });
    const event = { value: asked(1) } as Parameters<typeof prepare>[0];
    const { signal } = new AbortController();
    await expect(prepare(event, signal)).rejects.toThrow("POOL_DEVICE_NONE");
    await none.close();

    const { answers, ask, gauges } = setUp(async (work) => solved(work));
    expect([answers.gauges(), answers.ailments()]).toEqual([null, []]);
    await ask(asked(1));
    const slot = newSlotGauges("cpu");
    gauges.slots.set("cpu-0", slot);
    expect([answers.gauges(), answers.ailments()]).toEqual([gauges, []]);
    slot.quarantined = "its heap was full";
    const what = "no device of the pool is left";
    expect(answers.ailments()).toEqual([{ what, out: { "cpu-0": "its heap was full" } }]);
  });
});
