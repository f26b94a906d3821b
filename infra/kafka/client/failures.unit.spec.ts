import { expect, test } from "vitest";
import type { TapedeckError } from "../../../schemas/errors.ts";
import { kafkaError, Refused } from "./failures.ts";

test("tells the place of what was refused, and nothing of what was sent there", () => {
  const place = { topic: "orders", partition: 3, bytes: new Uint8Array(1_000), count: 7 };
  const error = kafkaError(new Refused(29, "Produce", place), "write") as TapedeckError;
  expect(error.facts).toEqual({
    error: "TOPIC_AUTHORIZATION_FAILED",
    request: "Produce",
    topic: "orders",
    partition: 3,
  });
});
