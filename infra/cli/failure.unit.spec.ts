import { afterEach, describe, expect, test, vi } from "vitest";
import { TapedeckError } from "../../schemas/errors.ts";
import { reportFailure } from "./failure.ts";

afterEach(() => vi.restoreAllMocks());

/** What is written to a stream while `act` is done. */
function written(stream: "stdout" | "stderr", act: () => void): string {
  let text = "";
  vi.spyOn(process[stream], "write").mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  act();
  return text;
}

describe("a processor's failure", () => {
  const cause = new TapedeckError("PROCESSOR_COMMAND_INVALID", "SetLimit names no limit");
  const failure = new TapedeckError("PROCESSOR_FAILED", "risk-gate failed", { offset: 3n }, cause);

  test("says what to do about what the processor found, then where to look", () => {
    const text = written("stderr", () => expect(reportFailure(failure, false)).toBe(5));
    expect(text.split("\n")).toEqual([
      "error PROCESSOR_FAILED: risk-gate failed",
      `  → ${cause.next} (PROCESSOR_COMMAND_INVALID)`,
      `  → ${failure.next}`,
      "",
    ]);
  });

  test("has both codes as JSON", () => {
    const text = written("stdout", () => expect(reportFailure(failure, true)).toBe(5));
    expect(JSON.parse(text).error).toMatchObject({
      code: "PROCESSOR_FAILED",
      because: { code: "PROCESSOR_COMMAND_INVALID", next: cause.next },
      facts: { offset: "3" },
    });
  });

  test("that is no finding of its own stands alone", () => {
    const bare = new TapedeckError("PROCESSOR_FAILED", "it failed", {}, new Error("x"));
    const text = written("stderr", () => reportFailure(bare, false));
    expect(text).toBe(`error PROCESSOR_FAILED: it failed\n  → ${bare.next}\n`);
  });
});
