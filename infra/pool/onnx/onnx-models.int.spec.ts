// Inference by onnxruntime in the pool: answers are the network's, whoever else asks at the time; a file that is
// no model of rows is refused; a device that is not there is out and says why.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../../quant/random.ts";
import { cpuDrivers } from "../cpu-device.ts";
import type { DenseLayer } from "../models.ts";
import { openPool } from "../open-pool.ts";
import type { Pool } from "../pool.ts";
import { testDevice } from "../testing/device-contract.spec.ts";
import type { InferWork } from "../work.ts";
import { onnxDriver } from "./onnx-device.ts";
import { denseNetwork, network, node, type Port, tensor } from "./onnx-file.ts";
import { loadOnnxModels, type ModelFile, onnxModel } from "./onnx-models.ts";
import { describeOnnx } from "./testing/describe-onnx.ts";

const folder = mkdtempSync(join(tmpdir(), "tapedeck-onnx-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function saved(bytes: Uint8Array): ModelFile {
  const path = join(folder, `${++files}.onnx`);
  writeFileSync(path, bytes);
  return onnxModel(path);
}

const WIDTH = 61;
const layers: readonly DenseLayer[] = [
  drawn(WIDTH, 67, 1, true),
  drawn(67, 33, 2, true),
  drawn(33, 3, 3, false),
];

function drawn(inputs: number, outputs: number, seed: number, clips: boolean): DenseLayer {
  const random = new Random(seed);
  const draw = () => random.normal() / Math.sqrt(inputs);
  return { inputs, outputs, clips, weights: Float32Array.from({ length: inputs * outputs }, draw) };
}

/** A row through the layers in double precision. */
function through(row: Float32Array): readonly number[] {
  let values: readonly number[] = [...row];
  for (const { outputs, weights, clips } of layers) {
    values = Array.from({ length: outputs }, (_, out) => {
      const sum = values.reduce((all, one, i) => all + one * (weights[i * outputs + out] ?? 0), 0);
      return clips ? Math.max(0, sum) : sum;
    });
  }
  return values;
}

const workOf = (model: string, seed: number, count: number, width = WIDTH): InferWork => {
  const random = new Random(seed);
  const rows = Float32Array.from({ length: count * width }, () => random.normal());
  return { kind: "infer", model, rows, count };
};

async function infer(pool: Pool, work: InferWork) {
  const answer = await pool.submit(work);
  if (answer.status === "FAILED") throw new Error(`${answer.reason}: ${answer.detail}`);
  return answer;
}

const X: Port = ["x", ["rows", 4]];
/** Each row by what all rows are together: rows that must never meet. */
const mixing = () =>
  network({
    nodes: [
      node("Transpose", ["x"], "turned"),
      node("MatMul", ["turned", "x"], "all"),
      node("MatMul", ["x", "all"], "y"),
    ],
    tensors: [],
    input: X,
    output: ["y", ["rows", 4]],
  });
const doubled = (input: Port, output: Port) =>
  network({ nodes: [node("Add", ["x", "x"], "y")], tensors: [], input, output });

const drivers = (count: number, model: ModelFile) =>
  Array.from({ length: count }, (_, i) => onnxDriver({ name: `onnx-${i}`, models: [model] }));

describeOnnx("inference by onnxruntime", () => {
  testDevice("on the CPU", () => ({
    driver: onnxDriver({ name: "onnx-0", models: [saved(denseNetwork(layers))] }),
  }));

  test("answers what the network does, and says by what", async () => {
    const model = saved(denseNetwork(layers));
    const pool = await openPool({ drivers: drivers(1, model) });
    try {
      const work = workOf(model.digest, 5, 40);
      const { result, method, devices } = await infer(pool, work);
      expect(method).toMatch(/^onnxruntime\/\d+\.\d+\.\d+ cpu$/);
      expect(devices).toEqual(["onnx-0"]);
      for (let row = 0; row < work.count; row++) {
        const expected = through(work.rows.subarray(row * WIDTH, (row + 1) * WIDTH));
        for (const [out, value] of expected.entries()) {
          expect(result.outputs[3 * row + out]).toBeCloseTo(value, 5);
        }
      }
    } finally {
      await pool.close();
    }
  });

  test("answers the same bits alone, in any batch, and in any process", async () => {
    const model = saved(denseNetwork(layers));
    const pool = await openPool({
      drivers: [...drivers(2, model), ...cpuDrivers(1)],
      audit: { share: 0.2, seed: 1, reference: onnxDriver({ name: "audit", models: [model] }) },
    });
    try {
      const random = new Random(9);
      const works = Array.from({ length: 200 }, (_, i) =>
        workOf(model.digest, i, 1 + random.integer(40)),
      );
      const together = await Promise.all(works.map((work) => infer(pool, work)));
      const { batches, batchedRequests } = pool.metrics();
      expect(batchedRequests / batches).toBeGreaterThan(2);
      for (const [index, work] of works.entries()) {
        expect((await infer(pool, work)).result).toEqual(together[index]?.result);
      }
      const alone = workOf(model.digest, 0, 1);
      const first = together[0]?.result.outputs.slice(0, 3);
      expect((await infer(pool, alone)).result.outputs).toEqual(first);
      await pool.checked();
      expect(pool.metrics()).toMatchObject({ differences: 0, recalled: 0 });
      expect(pool.metrics().audits).toBeGreaterThan(0);
    } finally {
      await pool.close();
    }
  });

  test("runs row by row what would mix rows, and what takes one row", async () => {
    const free = saved(mixing());
    const one = saved(doubled(["x", [1, 2, 2]], ["y", [1, 2, 2]]));
    const sound = saved(doubled(X, ["y", ["rows", 4]]));
    const { models } = await loadOnnxModels([free, one, sound]);
    expect([free, one, sound].map(({ digest }) => models.get(digest)?.alone)).toEqual([
      true,
      true,
      false,
    ]);
    const { rows } = workOf("", 1, 3, 4);
    for (const { digest } of [free, one, sound]) {
      const model = models.get(digest);
      if (model === undefined) throw new Error("it was loaded");
      expect([model.inputs, model.outputs]).toEqual([4, 4]);
      const together = await model.run(rows, 3);
      for (const row of [0, 1, 2]) {
        const alone = await model.run(rows.slice(4 * row, 4 * row + 4), 1);
        expect(alone).toEqual(together.slice(4 * row, 4 * row + 4));
      }
    }
  });

  test("refuses what is no model of rows, with the reason", async () => {
    const text = saved(new TextEncoder().encode("not a model"));
    const two = saved(doubled(X, ["y", [5, 4]]));
    const unsized = saved(doubled(["x", ["rows", "width"]], ["y", ["rows", "width"]]));
    const { path } = saved(denseNetwork(layers));
    const cases = [
      [text, /1\.onnx|protobuf|load/i],
      [two, /its output y is float32 \[5, 4\]: for any number of rows, or for one/],
      [unsized, /its input x is float32 \[rows, width\], not float32 \[rows, …\]/],
      [{ digest: "0".repeat(64), path }, /its SHA-256 is [0-9a-f]{64}, not 0{64}/],
      [{ digest: "0", path: join(folder, "none.onnx") }, /ENOENT/],
    ] as const;
    for (const [file, message] of cases) {
      await expect(loadOnnxModels([file])).rejects.toMatchObject({
        code: "POOL_MODEL_INVALID",
        message: expect.stringMatching(message),
      });
    }
  });

  test("takes what another device cannot open, and what no device knows is said to be nobody's", async () => {
    const model = saved(denseNetwork(layers));
    const gpu = onnxDriver({ name: "gpu", models: [model], provider: "cuda" });
    const reference = onnxDriver({ name: "audit", models: [model] });
    const audit = { share: 0, seed: 1, reference };
    const pool = await openPool({ drivers: [gpu, ...drivers(1, model), ...cpuDrivers(1)], audit });
    try {
      expect(pool.metrics().slots.get("gpu")?.quarantined).toMatch(/provider|cuda/i);
      expect((await infer(pool, workOf(model.digest, 1, 2))).devices).toEqual(["onnx-0"]);
      await expect(infer(pool, workOf("another", 1, 2))).rejects.toThrow(
        "DEVICE_FAULT: no device is left that does infer",
      );
    } finally {
      await pool.close();
    }
  });

  test("is ended in the midst of its work, over and over", async () => {
    const model = saved(denseNetwork([drawn(400, 1000, 1, true), drawn(1000, 400, 2, false)]));
    for (let round = 0; round < 6; round++) {
      const pool = await openPool({ drivers: drivers(2, model) });
      const asked = Array.from({ length: 20 }, (_, i) =>
        pool.submit(workOf(model.digest, i, 300, 400)),
      );
      await asked[0];
      await pool.close();
      const statuses = (await Promise.all(asked)).map(
        (answer) => answer.status === "DONE" || answer.reason,
      );
      expect(new Set(statuses)).toEqual(new Set([true, "CANCELLED"]));
    }
  });
});

describe("without onnxruntime", () => {
  test("a model is refused with what to install", () => {
    const hooks = registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "onnxruntime-node") throw new Error(`Cannot find package ${specifier}`);
        return next(specifier, context);
      },
    });
    try {
      expect(() => onnxModel(join(folder, "any.onnx"))).toThrow(
        expect.objectContaining({ code: "POOL_RUNTIME_MISSING" }),
      );
    } finally {
      hooks.deregister();
    }
  });

  test("files are what the format says", () => {
    // Field 1, a whole number: 8; then the graph, then the operator set 17.
    const bytes = denseNetwork([
      { inputs: 1, outputs: 1, weights: Float32Array.of(2), clips: false },
    ]);
    expect([...bytes.subarray(0, 3)]).toEqual([0x08, 8, 0x3a]);
    expect([...bytes.subarray(-6)]).toEqual([0x42, 4, 0x0a, 0, 0x10, 17]);
    expect(tensor("w", [1, 1], Float32Array.of(2)).slice(-6)).toEqual([0x4a, 4, 0, 0, 0, 64]);
  });
});
