import { test } from "vitest";
import { expectAlikeHowLate } from "../late-deals.spec.ts";
import { openTrades, trades } from "./trades.ts";

test("what is heard after a corporate action makes the round trips that it had made in time", () => {
  const { initial, evolve } = trades().projection;
  expectAlikeHowLate((events) => {
    const end = events.reduce(evolve, initial());
    const open = openTrades(end);
    return {
      open: open.map(({ symbol, trip }) => [symbol, trip.holding.quantity]),
      earned: [...open, ...end.closed].reduce(
        (sum, { trip }) => sum + trip.realised - trip.fees - trip.holding.cost,
        0n,
      ),
    };
  });
});
