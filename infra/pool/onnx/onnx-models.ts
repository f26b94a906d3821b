// Models in ONNX files, run by onnxruntime in this process. Promises: a file is known by the SHA-256 of its bytes, and
// one that changed is refused; what a row answers does not depend on the rows beside it: a model that fails the
// probe of that when it is loaded, or that takes one row at a time, is run row by row.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Random } from "../../../quant/random.ts";
import { TapedeckError } from "../../../schemas/errors.ts";
import { type ModelShape, REFERENCE_MODEL, referenceLayers } from "../models.ts";
import {
  loadOnnxRuntime,
  type OnnxRuntime,
  type OnnxSession,
  type PortMetadata,
  type Provider,
  requireOnnxRuntime,
} from "./onnx-api.ts";
import { denseNetwork } from "./onnx-file.ts";

export interface ModelFile {
  /** SHA-256 of its bytes, in hex: what `model` of work for inference names. */
  readonly digest: string;
  readonly path: string;
}

export interface LoadedOnnxModel extends ModelShape {
  /** One row a run: rows of a run would change each other's answers, or the model takes no more. */
  readonly alone: boolean;
  run(rows: Float32Array, count: number): Promise<Float32Array>;
}

export interface LoadedModels {
  /** By digest; the pool's own model is among them, run in the same way. */
  readonly models: ReadonlyMap<string, LoadedOnnxModel>;
  /** Name and version of what runs them, and by what. */
  readonly method: string;
}

/** Throws POOL_MODEL_INVALID where the file cannot be read, POOL_RUNTIME_MISSING where nothing could run it. */
export function onnxModel(path: string): ModelFile {
  requireOnnxRuntime();
  return { digest: digestOf(readModel(path)), path };
}

/**
 * Loads them, and the pool's own as a file of the same kind. Throws POOL_RUNTIME_MISSING, and POOL_MODEL_INVALID where a file is no model of one
 * tensor of floats to another, or not the one that its digest names.
 */
export async function loadOnnxModels(
  files: readonly ModelFile[],
  provider: Provider = "cpu",
): Promise<LoadedModels> {
  const runtime = loadOnnxRuntime();
  const { node, common } = runtime.env.versions;
  const method = `onnxruntime/${node ?? common} ${provider}`;
  const models = new Map<string, LoadedOnnxModel>();
  const own = denseNetwork(referenceLayers());
  models.set(REFERENCE_MODEL, await load(runtime, own, REFERENCE_MODEL, provider));
  for (const { digest, path } of files) {
    const bytes = readModel(path);
    const found = digestOf(bytes);
    if (found !== digest) throw invalid(path, `its SHA-256 is ${found}, not ${digest}`);
    models.set(digest, await load(runtime, bytes, path, provider));
  }
  return { models, method };
}

async function load(
  runtime: OnnxRuntime,
  bytes: Uint8Array,
  path: string,
  provider: Provider,
): Promise<LoadedOnnxModel> {
  const options = {
    // It falls back to nothing: a provider that is not there is an error.
    executionProviders: [provider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
  } as const;
  const session = await runtime.InferenceSession.create(bytes, options).catch((cause) => {
    throw invalid(path, messageOf(cause), cause);
  });
  const input = portOf(session.inputMetadata, "input", path);
  const output = portOf(session.outputMetadata, "output", path);
  const run = runnerOf(runtime, session, input, output);
  const { width: inputs, batch } = input;
  const { width: outputs } = output;
  const rowByRow = batch === 1 || (await dependOnEachOther(run, input.width).catch(failing(path)));
  return {
    inputs,
    outputs,
    alone: rowByRow,
    async run(rows, count) {
      if (!rowByRow || count === 1) return run(rows, count);
      const answers = new Float32Array(count * outputs);
      for (let row = 0; row < count; row++) {
        const one = rows.slice(row * inputs, (row + 1) * inputs);
        answers.set(await run(one, 1), row * outputs);
      }
      return answers;
    },
  };
}

type Run = (rows: Float32Array, count: number) => Promise<Float32Array>;

interface OnnxPort {
  readonly name: string;
  /** Dimensions behind the batch; one that is free is the whole row. */
  readonly dimensions: readonly number[];
  readonly width: number;
  /** null: any. */
  readonly batch: number | null;
}

function runnerOf(
  { Tensor }: OnnxRuntime,
  session: OnnxSession,
  input: OnnxPort,
  output: OnnxPort,
): Run {
  return async (rows, count) => {
    if (count === 0) return new Float32Array(0);
    const feeds = { [input.name]: new Tensor("float32", rows, [count, ...input.dimensions]) };
    const answer = (await session.run(feeds))[output.name]?.data;
    if (answer instanceof Float32Array && answer.length === count * output.width) {
      // Not memory of the runtime's.
      return answer.slice();
    }
    throw new RangeError(`it did not answer ${count} rows of ${output.width} floats`);
  };
}

/** Its one input or output. Throws POOL_MODEL_INVALID. */
function portOf(ports: readonly PortMetadata[], what: "input" | "output", path: string): OnnxPort {
  const [only] = ports;
  if (only === undefined || ports.length > 1) {
    throw invalid(path, `it has ${ports.length} ${what}s, not one`);
  }
  const { name, isTensor, type, shape } = only;
  const [batch, ...rest] = shape ?? [];
  const dimensions = rest.filter((size) => typeof size === "number" && size > 0) as number[];
  const isFree = typeof batch === "string" || (batch ?? 0) < 1;
  const said = `${type ?? "?"} [${(shape ?? []).join(", ")}]`;
  if (!isTensor || type !== "float32" || batch === undefined || dimensions.length < rest.length) {
    const wanted = "float32 [rows, …] with a size for every dimension but the rows";
    throw invalid(path, `its ${what} ${name} is ${said}, not ${wanted}`);
  }
  if (!isFree && batch !== 1) {
    throw invalid(path, `its ${what} ${name} is ${said}: for any number of rows, or for one`);
  }
  const width = dimensions.reduce((product, size) => product * size, 1);
  return { name, dimensions, width, batch: isFree ? null : 1 };
}

const PROBED = 19;
const TOGETHER = 5;

/** Whether the same rows answer other bits together than alone. */
async function dependOnEachOther(run: Run, width: number): Promise<boolean> {
  const random = new Random(1);
  const rows = Float32Array.from({ length: PROBED * width }, () => random.normal());
  const inParts = async (size: number): Promise<string> => {
    const parts: Buffer[] = [];
    for (let from = 0; from < PROBED; from += size) {
      const part = rows.slice(from * width, (from + size) * width);
      const { buffer } = await run(part, part.length / width);
      parts.push(Buffer.from(buffer));
    }
    return Buffer.concat(parts).toString("base64");
  };
  const alone = await inParts(1);
  return (await inParts(PROBED)) !== alone || (await inParts(TOGETHER)) !== alone;
}

const failing =
  (path: string) =>
  (cause: unknown): never => {
    throw invalid(path, messageOf(cause), cause);
  };

function readModel(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw invalid(path, messageOf(cause), cause);
  }
}

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const invalid = (path: string, why: string, cause?: unknown): TapedeckError =>
  new TapedeckError("POOL_MODEL_INVALID", `${path}: ${why}`, { path }, cause);
