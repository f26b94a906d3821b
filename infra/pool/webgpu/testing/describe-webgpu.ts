// Tests of a GPU run on software Vulkan, and say why where they cannot.

import { createRequire } from "node:module";
import { describe, test } from "vitest";
import { softwareVulkan } from "./software-vulkan.ts";

/** Skipped, with the reason, where there is no driver or package; failed where TAPEDECK_REQUIRE_WEBGPU=1. */
export function describeWebGpu(
  name: string,
  body: (environment: Readonly<Record<string, string>>) => void,
): void {
  const environment = softwareVulkan();
  const reason = typeof environment === "string" ? environment : whyNoPackage();
  if (reason === null && typeof environment !== "string") {
    describe(name, () => body(environment));
    return;
  }
  describe(name, () => {
    if (process.env.TAPEDECK_REQUIRE_WEBGPU === "1") {
      test("TAPEDECK_REQUIRE_WEBGPU=1", () => {
        throw new Error(reason ?? "");
      });
    } else test.skip(reason ?? "", () => undefined);
  });
}

function whyNoPackage(): string | null {
  try {
    createRequire(import.meta.url).resolve("webgpu");
    return null;
  } catch {
    return "the npm package webgpu is not installed";
  }
}
