// The programs that run on a GPU, in WGSL. Each does what a function of quant does, named beside it.

import { PHILOX } from "../../../quant/scenarios/philox.ts";

/** Threads of a group: a multiple of every vendor's width; each program is written for it. */
export const GROUP = 64;

/** What a device runs; a test puts a faulty one in its place. */
export interface Shaders {
  readonly losses: string;
  readonly places: string;
}

/** `scenarioLosses`, in single precision: single-precision.ts says how far it may be from it. */
const losses = `
@group(0) @binding(0) var<storage, read> returns: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
/** Assets and scenarios. */
@group(0) @binding(2) var<uniform> shape: vec4u;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let scenario = id.x;
  if (scenario >= shape.y) { return; }
  var loss = 0.0;
  for (var asset = 0u; asset < shape.x; asset++) {
    loss -= weights[asset] * returns[asset * shape.y + scenario];
  }
  losses[scenario] = loss;
}`;

/** `drawPlaces`, bit for bit: a thread draws a path. */
const places = `
/** First path; paths; steps of each. */
@group(0) @binding(0) var<uniform> part: vec4u;
/** Key; periods of the history; the last word at which a run ends. */
@group(0) @binding(1) var<uniform> source: vec4u;
@group(0) @binding(2) var<storage, read_write> places: array<u32>;

fn multiplyHigh(a: u32, b: u32) -> u32 {
  let middle = (a >> 16u) * (b & 0xffffu) + (((a & 0xffffu) * (b & 0xffffu)) >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return (a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u);
}

fn philox(block: u32) -> vec4u {
  var c = vec4u(block, 0u, 0u, 0u);
  var k = source.xy;
  for (var round = 0u; round < ${PHILOX.rounds}u; round++) {
    c = vec4u(
      multiplyHigh(${PHILOX.multipliers[1]}u, c.z) ^ c.y ^ k.x,
      ${PHILOX.multipliers[1]}u * c.z,
      multiplyHigh(${PHILOX.multipliers[0]}u, c.x) ^ c.w ^ k.y,
      ${PHILOX.multipliers[0]}u * c.x,
    );
    k += vec2u(${PHILOX.steps[0]}u, ${PHILOX.steps[1]}u);
  }
  return c;
}

@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= part.y) { return; }
  let periods = source.z;
  var place = 0u;
  for (var step = 0u; step < part.z; step++) {
    let words = philox((part.x + id.x) * part.z + step);
    if (step == 0u || words.x <= source.w) {
      let low = words.z * periods;
      let sum = low + multiplyHigh(words.w, periods);
      place = multiplyHigh(words.z, periods) + select(0u, 1u, sum < low);
    } else {
      place = select(place + 1u, 0u, place + 1u == periods);
    }
    places[id.x * part.z + step] = place;
  }
}`;

export const SHADERS: Shaders = { losses, places };
