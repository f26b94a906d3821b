import fc from "fast-check";
import { expect, test } from "vitest";
import { measureTail } from "../../../quant/optimiser/tail-measure.ts";
import { tailCandidates } from "./tail-pass.ts";

const BOUND = 2 ** -10;

const drawn = fc.array(
  fc.record({
    // In steps smaller than the bound: many losses that single precision puts in another order.
    loss: fc.integer({ min: -40, max: 40 }).map((steps) => (steps * BOUND) / 4),
    off: fc.constantFrom(-BOUND, -BOUND / 2, 0, BOUND),
    chance: fc.integer({ min: 0, max: 3 }),
  }),
  { minLength: 1, maxLength: 80 },
);

test("the candidates hold the tail, however wrong each loss is within the bound", () => {
  let narrowed = 0;
  fc.assert(
    fc.property(drawn, fc.integer({ min: 1, max: 20 }), (rows, share) => {
      const total = rows.reduce((sum, { chance }) => sum + chance, 0);
      fc.pre(total > 0);
      const losses = Float64Array.from(rows, ({ loss }) => loss);
      const single = Float32Array.from(rows, ({ loss, off }) => loss + off);
      const chances = Float64Array.from(rows, ({ chance }) => chance / total);
      const mass = Math.min(share, total) / total;
      const chosen = tailCandidates(single, chances, mass, BOUND);
      if (chosen === null) return;
      narrowed++;
      const part = (of: Float64Array) => Float64Array.from(chosen, (s) => of[s] as number);
      expect(measureTail(part(losses), part(chances), mass)).toStrictEqual(
        measureTail(losses, chances, mass),
      );
    }),
    { numRuns: 3000 },
  );
  expect(narrowed).toBeGreaterThan(500);
});

test("are none to speak of where no loss can be told from another", () => {
  const single = new Float32Array(10);
  expect(tailCandidates(single, new Float64Array(10).fill(0.1), 0.1, 1)).toBeNull();
});
