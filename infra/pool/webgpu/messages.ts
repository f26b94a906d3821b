// What the process of a WebGPU device is asked, and what it answers. One request at a time.

import type { PathDraw } from "../../../quant/scenarios/path-bootstrap.ts";

export type GpuRequest =
  /** Makes room for a set of returns: in parts of so many scenarios, each asset by asset. */
  | {
      readonly ask: "hold";
      readonly set: number;
      readonly assets: number;
      readonly parts: readonly number[];
    }
  /** Values of a part from a place in it on. */
  | {
      readonly ask: "fill";
      readonly set: number;
      readonly part: number;
      readonly from: number;
      readonly values: Float32Array;
    }
  /** Forgets a set. */
  | { readonly ask: "drop"; readonly set: number }
  /** Losses of weights in every scenario of a set. */
  | { readonly ask: "losses"; readonly set: number; readonly weights: Float32Array }
  /** Places of all paths of a draw, as `drawPlaces`. */
  | { readonly ask: "places"; readonly draw: PathDraw };

export type GpuReply =
  | { readonly reply: "done" }
  | { readonly reply: "losses"; readonly losses: Float32Array }
  | { readonly reply: "places"; readonly places: Int32Array }
  | GpuTrouble;

export interface GpuTrouble {
  readonly reply: "trouble";
  readonly reason: "CRASHED" | "OUT_OF_MEMORY";
  readonly message: string;
}

/** Said once, when the process is ready or cannot be. */
export type GpuGreeting =
  | { readonly reply: "ready"; readonly adapter: GpuDescription }
  | { readonly reply: "missing"; readonly message: string };

export interface GpuDescription {
  readonly name: string;
  /** A CPU that plays a GPU. */
  readonly software: boolean;
  readonly maxBufferBytes: number;
  /** Scenarios of one part: groups of a pass × their size. */
  readonly maxPartScenarios: number;
}
