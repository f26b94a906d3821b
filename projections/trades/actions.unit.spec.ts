import { describe, expect, test } from "vitest";
import type { EventOf } from "../../streams/event.ts";
import {
  bar,
  delisted,
  dividend,
  filled,
  MINUTE_US,
  renamed,
  split,
} from "../../streams/testing/facts.ts";
import { at, equity } from "../../streams/testing/given.ts";
import { trades } from "./trades.ts";

const M = MINUTE_US;
type Event = EventOf<"market.bars" | "market.corporate-actions" | "fills">;

const closed = (timeUs: number, close: number) =>
  at(timeUs, "market.bars", bar("A", timeUs, close));
const action = (timeUs: number, value: ReturnType<typeof split>) =>
  at(timeUs, "market.corporate-actions", value);
const bought = (timeUs: number, symbol: string, quantity: number, price: number) =>
  at(timeUs, "fills", filled(1, symbol, quantity, price, { tradeUs: timeUs }));

function tripOf(...events: readonly Event[]) {
  const { projection, rows } = trades();
  const listed = at(0, "market.instruments", equity("A"));
  const state = [listed, ...events].reduce(
    (folded, event) => projection.evolve(folded, event),
    projection.initial(),
  );
  return rows(state);
}

describe("a trade", () => {
  test("that goes through a split is told in new shares, without a profit from it", () => {
    const [row] = tripOf(
      bought(M, "A", 100, 400),
      closed(2 * M, 410),
      action(3 * M, split("A", 4, 1)),
      closed(4 * M, 90),
      bought(5 * M, "A", -400, 101),
    );
    expect(row).toMatchObject({
      quantity: "400",
      entryPrice: "1.000000",
      exitPrice: "1.010000",
      profit: "4.00",
      worstPrice: "0.90",
      bestPrice: "1.02",
    });
  });

  test("earns its dividends, and a delisting ends it at the final price", () => {
    const rows = tripOf(
      bought(M, "A", 100, 400),
      action(2 * M, dividend("A", 10)),
      action(3 * M, delisted("A", 50)),
    );
    expect(rows).toMatchObject([
      { profit: "-340.00", exitPrice: "0.500000", worstPrice: "0.50", bestPrice: "4.00" },
    ]);
    expect(rows[0]?.exit).not.toBeNull();
  });

  test("that a split leaves nothing of ends at the last close, in the shares it was held in", () => {
    const rows = tripOf(
      bought(M, "A", 3, 400),
      closed(2 * M, 410),
      action(3 * M, split("A", 1, 20)),
    );
    expect(rows).toMatchObject([
      { quantity: "3", entryPrice: "4.000000", exitPrice: "4.100000", profit: "0.30" },
    ]);
  });

  test("goes on under a new name, and joins what is held under it", () => {
    const gone = action(3 * M, renamed("A", "B"));
    const alone = tripOf(bought(M, "A", 100, 400), gone, bought(4 * M, "B", -100, 450));
    expect(alone).toMatchObject([{ symbol: "B", profit: "50.00" }]);
    const listed = action(M, renamed("A", "B"));
    const met = tripOf(
      listed,
      bought(M, "A", 100, 400),
      bought(2 * M, "B", -40, 450),
      gone,
      bought(4 * M, "B", -60, 500),
    );
    expect(met.map(({ symbol, profit }) => [symbol, profit])).toEqual([
      ["A", "0.00"],
      ["B", "20.00"],
      ["B", "60.00"],
    ]);
  });
});
