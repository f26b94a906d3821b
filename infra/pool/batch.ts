// Inference of several requests in one run of the model. Promises: what a request gets back is what it would get
// alone, as rows do not depend on those beside them (testing/device-contract.ts holds devices to that).

import type { Inferred, InferWork } from "./work.ts";

export function joinRows(works: readonly InferWork[]): InferWork {
  const [first] = works;
  if (first === undefined) throw new RangeError("nothing to join");
  if (works.length === 1) return first;
  const rows = new Float32Array(works.reduce((sum, work) => sum + work.rows.length, 0));
  let place = 0;
  for (const work of works) {
    rows.set(work.rows, place);
    place += work.rows.length;
  }
  return { ...first, rows, count: works.reduce((sum, { count }) => sum + count, 0) };
}

/** Of each work its own outputs, in memory of their own. */
export function splitRows(
  works: readonly InferWork[],
  { outputs, count }: Inferred,
): readonly Inferred[] {
  const width = count === 0 ? 0 : outputs.length / count;
  let place = 0;
  return works.map((work) => {
    const from = place;
    place += work.count * width;
    return { outputs: outputs.slice(from, place), count: work.count };
  });
}
