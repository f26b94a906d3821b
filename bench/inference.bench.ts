// Inference by onnxruntime through the pool: the way there and back for one row, rows a second from many requests at once, with
// one process and with two; and whether a row's bits depend on the batch that it is in.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DenseLayer } from "../infra/pool/models.ts";
import { onnxDriver } from "../infra/pool/onnx/onnx-device.ts";
import { denseNetwork } from "../infra/pool/onnx/onnx-file.ts";
import { loadOnnxModels, type ModelFile, onnxModel } from "../infra/pool/onnx/onnx-models.ts";
import { openPool } from "../infra/pool/open-pool.ts";
import type { InferWork } from "../infra/pool/work.ts";
import { Random } from "../quant/random.ts";
import { report } from "./measured.ts";

const SHAPES = [
  [60, 64, 64, 1],
  [8, 16, 2],
  [5, 1],
  [129, 16, 3],
  [300, 257, 33, 7],
  [1000, 128, 1],
] as const;
const BATCHES = [1, 2, 3, 5, 7, 8, 12, 13, 16, 31, 33, 64, 100, 255, 512, 1024];
const ROWS = 1024;
const ROUND_TRIPS = 2000;
const REQUESTS = 4000;
const ROWS_EACH = 8;
/** The first ones warm this side of the pool. */
const ROUNDS = 12;

const random = new Random(1);
const folder = mkdtempSync(join(tmpdir(), "tapedeck-inference-"));

function saved(sizes: readonly number[]): ModelFile {
  const layers = sizes.slice(1).map((outputs, index): DenseLayer => {
    const inputs = sizes[index] as number;
    const draw = () => random.normal() / Math.sqrt(inputs);
    const weights = Float32Array.from({ length: inputs * outputs }, draw);
    return { inputs, outputs, weights, clips: index < sizes.length - 2 };
  });
  const path = join(folder, `${sizes.join("-")}.onnx`);
  writeFileSync(path, denseNetwork(layers));
  return onnxModel(path);
}

const rowsOf = (width: number, count: number): Float32Array =>
  Float32Array.from({ length: width * count }, () => random.normal());

/** Outputs whose bits are others in some batch than among all rows together. */
async function differing(models: readonly ModelFile[]): Promise<number> {
  const { models: loaded } = await loadOnnxModels(models);
  let found = 0;
  for (const { digest } of models) {
    const model = loaded.get(digest);
    if (model === undefined || model.alone) throw new Error(`${digest} is run row by row`);
    const { inputs, outputs } = model;
    const rows = rowsOf(inputs, ROWS);
    const all = new Int32Array((await model.run(rows, ROWS)).buffer);
    for (const size of BATCHES) {
      for (let from = 0; from + size <= ROWS; from += size) {
        const part = rows.slice(from * inputs, (from + size) * inputs);
        const bits = new Int32Array((await model.run(part, size)).buffer);
        found += bits.filter((value, at) => value !== all[from * outputs + at]).length;
      }
    }
  }
  return found;
}

async function throughPool(model: ModelFile, width: number, processes: number): Promise<void> {
  const drivers = Array.from({ length: processes }, (_, i) =>
    onnxDriver({ name: `onnx-${i}`, models: [model] }),
  );
  const pool = await openPool({ drivers });
  const workOf = (count: number): InferWork => ({
    kind: "infer",
    model: model.digest,
    rows: rowsOf(width, count),
    count,
  });
  const took: number[] = [];
  for (let i = 0; i < ROUND_TRIPS; i++) {
    const work = workOf(1);
    const begun = performance.now();
    await pool.submit(work);
    took.push(performance.now() - begun);
  }
  took.sort((a, b) => a - b);
  const plain = { reference: null, ratio: null };
  const at = (share: number): number => took[Math.floor(share * took.length)] as number;
  const name = `one row there and back, ${processes} process${processes === 1 ? "" : "es"}`;
  report({ name: `${name}, median`, value: at(0.5), unit: "ms", ...plain });
  report({ name: `${name}, 99 %`, value: at(0.99), unit: "ms", ...plain });
  const works = Array.from({ length: REQUESTS }, () => workOf(ROWS_EACH));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const begun = performance.now();
    await Promise.all(works.map((work) => pool.submit(work)));
    best = Math.min(best, (performance.now() - begun) / 1000);
  }
  const rate = `requests of ${ROWS_EACH} rows, ${processes} process${processes === 1 ? "" : "es"}`;
  report({ name: rate, value: (REQUESTS * ROWS_EACH) / best, unit: "rows/s", ...plain });
  await pool.close();
}

try {
  const models = SHAPES.map(saved);
  const [first] = models as [ModelFile];
  for (const processes of [1, 2]) await throughPool(first, SHAPES[0][0], processes);
  const value = await differing(models);
  const name = `outputs that depend on the batch, ${SHAPES.length} networks`;
  const missed = value === 0 ? {} : { missed: "none may" };
  report({ name, value, unit: "", reference: null, ratio: null, ...missed });
} catch (error) {
  if ((error as { code?: string }).code !== "POOL_RUNTIME_MISSING") throw error;
  console.error(`left out: ${(error as Error).message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
