import { test } from "vitest";
import { account, expectAlikeHowLate } from "../late-deals.spec.ts";
import { positions, positionsOf } from "./positions.ts";

test("what is heard after a corporate action is held and earns as if it had been heard in time", () => {
  const { initial, evolve } = positions(account).projection;
  expectAlikeHowLate((events) => {
    const listed = positionsOf(events.reduce(evolve, initial()));
    return {
      held: listed
        .map(({ instrument, quantity }) => [instrument.symbol, quantity])
        .filter(([, quantity]) => quantity !== 0),
      earned: listed.reduce((sum, { realised, cost }) => sum + realised - cost, 0n),
    };
  });
});
