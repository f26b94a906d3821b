// Tests of onnxruntime, which say why where they cannot be run.

import { describe, test } from "vitest";
import { loadOnnxRuntime } from "../onnx-api.ts";

/** Skipped, with the reason, where the package is not there; failed where TAPEDECK_REQUIRE_ONNX=1. */
export function describeOnnx(name: string, body: () => void): void {
  const reason = whyNot();
  if (reason === null) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    if (process.env.TAPEDECK_REQUIRE_ONNX === "1") {
      test("TAPEDECK_REQUIRE_ONNX=1", () => {
        throw new Error(reason);
      });
    } else test.skip(reason, () => undefined);
  });
}

function whyNot(): string | null {
  try {
    loadOnnxRuntime();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
