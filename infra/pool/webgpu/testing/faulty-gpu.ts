// The process of a GPU with a fault, named by GPU_FAULT: for tests of how each is caught. All but one show only in
// sets of GPU_UNLUCKY assets, so that the device passes its admission.

import { serveGpu } from "../gpu-process.ts";
import { GpuSession } from "../gpu-session.ts";
import { SHADERS } from "../shaders.ts";

const fault = process.env.GPU_FAULT ?? "";
const unlucky = Number(process.env.GPU_UNLUCKY);

const faulty = (wrong: string): string =>
  SHADERS.losses.replace("= loss;", `= select(loss, ${wrong}, shape.x == ${unlucky}u);`);

const programs: Readonly<Record<string, string>> = {
  /** The first asset is left out of every sum, in every set. */
  WRONG_SUMS: SHADERS.losses.replace("asset = 0u", "asset = 1u"),
  /** A seventh of the losses look like gains. */
  HIDDEN_TAIL: faulty("select(loss, -loss, scenario % 7u == 3u && loss > 0.0)"),
  /** One loss looks like a gain: no sample is likely to show it. */
  HIDDEN_LOSS: faulty("select(loss, -1.0, scenario == 5u)"),
  /** Never ends. */
  HANGS: SHADERS.losses.replace("asset++", `asset += select(1u, 0u, shape.x == ${unlucky}u)`),
};

/** When a set comes. */
const acts: Readonly<Record<string, (session: GpuSession) => unknown>> = {
  DIES: () => process.kill(process.pid, "SIGKILL"),
  IS_LOST: (session) => session.destroy(),
  /** More than any adapter has, part by part within what it allows for one. */
  IS_FULL: (session) => hold.call(session, -1, 1, new Array(2000).fill(2 ** 28)),
};

const { hold } = GpuSession.prototype;
GpuSession.prototype.hold = async function (set, assets, counts) {
  if (assets === unlucky) await acts[fault]?.(this);
  return hold.call(this, set, assets, counts);
};
const places =
  fault === "WRONG_PLACES"
    ? SHADERS.places.replace("= place;", "= select(place, 0u, step == 1u);")
    : SHADERS.places;
await serveGpu({ losses: programs[fault] ?? SHADERS.losses, places });
