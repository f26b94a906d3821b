// Which scenarios may have changed sides of the value at risk since they were last looked at. Promises: what is not near
// is, as long as `covers` says so, on the side on which it was at the last `surround`.
//
// Why: from one point to another a loss less the value at risk changes by at most the distance between them times the
// length of the scenario's returns (Cauchy and Schwarz), over the names that are held at either: a scenario has so much
// room. Those with the least are near; they are chosen from a ring, and the ring from all, so that all are looked at rarely.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { select } from "../selection.ts";
import { addProducts } from "./tail-loss.ts";

/** About so many scenarios are near, and in the ring. */
const NEAR = 150;
const RING = 1280;
/** Names that count though they are held no more. */
const SPARE = 4;
/** Room is compared by every few scenarios, about so many. */
const SAMPLE = 256;
/** What rounding may hide: of a distance, and of a loss against the length of its returns times that of the weights. */
const DISTANCE = 1e-9;
const LOSS = 1e-13;

/** Scenarios that were looked at together, with their scaled losses there. */
export interface Looked {
  readonly ids: Int32Array;
  readonly count: number;
  readonly losses: Float64Array;
}

export class ScenarioReach {
  private readonly set: ScenarioSet;
  /** Of returns, a power of two; t is in these units. */
  private readonly scale: number;
  private readonly all: Part;
  private readonly ring = new Part();
  private readonly nearest = new Part();
  private readonly ringBall: Ball;
  private readonly ball: Ball;
  /** Names whose returns count, in the order of the parts' returns. */
  /** Whether what is near has its returns. */
  private isGathered = false;
  private readonly held: Int32Array;
  private heldCount = 0;
  private readonly isHeld: Uint8Array;
  /** Of every scenario Σ r² + 1 over the names that count, scaled. */
  private readonly squares: Float64Array;
  /** Of those outside the ring (loss − t)² at its centre; Infinity inside. */
  private readonly outside: Float64Array;
  /** 0, 1, 2 …: where the names of a part are. */
  private readonly places: Int32Array;
  private readonly factors: Float64Array;
  /** Room, squared, of the part that was last measured; and who of it was chosen. */
  private readonly room: Float64Array;
  private readonly chosen: Int32Array;
  private readonly sample = new Float64Array(2 * SAMPLE);

  constructor(set: ScenarioSet, scale: number) {
    const assets = set.assets.length;
    this.set = set;
    this.scale = scale;
    this.all = new Part();
    this.all.reserve(set.count);
    this.all.count = set.count;
    for (let s = 0; s < set.count; s++) this.all.ids[s] = s;
    this.ringBall = new Ball(assets);
    this.ball = new Ball(assets);
    this.held = new Int32Array(assets);
    this.isHeld = new Uint8Array(assets);
    this.squares = new Float64Array(set.count).fill(1);
    this.outside = new Float64Array(set.count);
    this.places = this.held.map((_, k) => k);
    this.factors = new Float64Array(assets);
    this.room = new Float64Array(set.count);
    this.chosen = new Int32Array(set.count);
  }

  /** Whether everything that is not near is on the side on which it was at the last `surround`. */
  covers(net: Float64Array, t: number): boolean {
    return this.ball.distanceTo(net, t) < this.ball.radius && this.holds(net);
  }

  get radius(): number {
    return this.ball.radius;
  }

  /** Whether all names that are not 0 count. */
  holds(net: Float64Array): boolean {
    for (let a = 0; a < net.length; a++) if (net[a] !== 0 && this.isHeld[a] === 0) return false;
    return true;
  }

  /** How far from a point the same is true, as long as no other name is held. */
  roomAt(net: Float64Array, t: number): number {
    return this.ball.radius - this.ball.distanceTo(net, t);
  }

  /** Who they are, with losses as they were last measured. */
  get near(): Looked {
    return this.nearest;
  }

  /** Those that are near, with their losses at net weights that are covered. */
  nearAt(net: Float64Array): Looked {
    const { nearest, ring } = this;
    if (!this.isGathered) this.gather(nearest, ring.returns, ring.stride, this.places);
    this.isGathered = true;
    this.measure(nearest, net);
    return nearest;
  }

  /** That may be held on the way, as long as it is covered. */
  get names(): Int32Array {
    return this.held.subarray(0, this.heldCount);
  }

  /**
   * Chooses what is near a point anew: answers with all that may have changed sides since the last `surround`. `step`:
   * of net weights, in what is not 0 the names that will be held on the way.
   */
  surround(net: Float64Array, t: number, step = net): Looked {
    if (this.ringBall.radius > 0) {
      this.hold(net, step);
      if (this.ringBall.distanceTo(net, t) < this.ringBall.radius) {
        this.measure(this.ring, net);
        if (this.chooseNear(net, t)) return this.ring;
      }
    }
    this.chooseRing(net, t, step);
    this.chooseNear(net, t);
    return this.all;
  }

  private measure({ losses, returns, stride, count }: Part, net: Float64Array): void {
    const { held, heldCount, factors, places } = this;
    for (let k = 0; k < heldCount; k++)
      factors[k] = -this.scale * (net[held[k] as number] as number);
    losses.fill(0, 0, count);
    addProducts(losses, count, returns, stride, places, factors, heldCount);
  }

  /** Takes names that were not held into account: what is outside the ring then has less room. */
  private hold(net: Float64Array, step: Float64Array): void {
    const before = this.heldCount;
    for (let a = 0; a < net.length; a++) {
      if ((net[a] !== 0 || step[a] !== 0) && this.isHeld[a] === 0) this.add(a);
    }
    if (this.heldCount === before || this.ringBall.radius === Number.POSITIVE_INFINITY) return;
    const { squares, outside } = this;
    // The least quotient, without dividing.
    let above = Number.POSITIVE_INFINITY;
    let below = 1;
    for (let s = 0; s < squares.length; s++) {
      if ((outside[s] as number) * below < above * (squares[s] as number)) {
        above = outside[s] as number;
        below = squares[s] as number;
      }
    }
    this.ringBall.radius = Math.sqrt(above / below) * (1 - DISTANCE);
  }

  private add(a: number): void {
    const { set, squares, ring, isHeld, held } = this;
    isHeld[a] = 1;
    held[this.heldCount] = a;
    const from = a * set.count;
    for (let s = 0; s < squares.length; s++) {
      const value = this.scale * (set.returns[from + s] as number);
      squares[s] = (squares[s] as number) + value * value;
    }
    ring.widen(this.heldCount + 1);
    const target = this.heldCount * ring.stride;
    for (let k = 0; k < ring.count; k++) {
      const s = ring.ids[k] as number;
      ring.returns[target + k] = set.returns[from + s] as number;
      ring.inverse[k] = 1 / (squares[s] as number);
    }
    this.heldCount++;
  }

  private chooseRing(net: Float64Array, t: number, step: Float64Array): void {
    const { all, ring, set, held, squares, outside } = this;
    this.holdOnly(net, step);
    const factors = this.factors.subarray(0, this.heldCount);
    for (let k = 0; k < factors.length; k++)
      factors[k] = -this.scale * (net[held[k] as number] as number);
    all.losses.fill(0);
    addProducts(all.losses, set.count, set.returns, set.count, held, factors, factors.length);
    for (let s = 0; s < squares.length; s++) all.inverse[s] = 1 / (squares[s] as number);
    const most = this.measureRoom(all, t, RING);
    const count = this.choose(all.count, most);
    this.take(ring, all, count);
    this.gather(ring, set.returns, set.count, held);
    const isWhole = count === all.count;
    this.ringBall.set(net, t, isWhole ? Number.POSITIVE_INFINITY : Math.sqrt(most));
    for (let s = 0; s < squares.length; s++) {
      const over = (all.losses[s] as number) - t;
      outside[s] = over * over;
    }
    for (let k = 0; k < count; k++) outside[ring.ids[k] as number] = Number.POSITIVE_INFINITY;
  }

  /** The names of now; those of before stay as long as they are few. */
  private holdOnly(net: Float64Array, step: Float64Array): void {
    this.ring.count = 0;
    let now = 0;
    for (let a = 0; a < net.length; a++) if (net[a] !== 0 || step[a] !== 0) now++;
    if (this.heldCount > now + SPARE) {
      this.heldCount = 0;
      this.isHeld.fill(0);
      this.squares.fill(1);
    }
    for (let a = 0; a < net.length; a++) {
      if ((net[a] !== 0 || step[a] !== 0) && this.isHeld[a] === 0) this.add(a);
    }
  }

  /** False if the ring does not reach far enough for as many as are to be near. */
  private chooseNear(net: Float64Array, t: number): boolean {
    const { ring, ringBall, nearest } = this;
    const most = this.measureRoom(ring, t, NEAR);
    const wanted = Math.sqrt(most);
    const rest = ringBall.radius - ringBall.distanceTo(net, t);
    if (wanted > rest && rest < ringBall.radius / 2) return false;
    const count = this.choose(ring.count, most);
    const radius = count === ring.count ? rest : Math.min(wanted, rest);
    this.take(nearest, ring, count);
    this.isGathered = false;
    this.ball.set(net, t, radius);
    return true;
  }

  /** Fills `room`, squared; answers with that within which about so many of a part lie. */
  private measureRoom({ count, losses, inverse }: Part, t: number, wanted: number): number {
    const { room } = this;
    fillRoom(room, count, losses, t, inverse);
    if (count <= 2 * wanted) return Number.POSITIVE_INFINITY;
    const each = Math.max(1, Math.floor(count / SAMPLE));
    const some = this.sample.subarray(0, Math.ceil(count / each));
    for (let k = 0; k < some.length; k++) some[k] = room[k * each] as number;
    const rank = Math.floor((wanted * some.length) / count);
    select(some, rank);
    return some[rank] as number;
  }

  /** Chooses of the first `count` those with no more room than `most`; how many. */
  private choose(count: number, most: number): number {
    const { room, chosen } = this;
    let found = 0;
    for (let i = 0; i < count; i++) {
      chosen[found] = i;
      found += (room[i] as number) <= most ? 1 : 0;
    }
    return found;
  }

  /** Into a part those of another that were chosen; their returns are for `gather`. */
  private take(into: Part, from: Part, count: number): void {
    const { chosen } = this;
    into.reserve(count);
    into.count = count;
    for (let k = 0; k < count; k++) {
      const i = chosen[k] as number;
      into.chosen[k] = i;
      into.ids[k] = from.ids[i] as number;
      into.losses[k] = from.losses[i] as number;
      into.inverse[k] = from.inverse[i] as number;
    }
  }

  /** The returns of a part out of those that it was chosen from. */
  private gather(into: Part, returns: Float64Array, stride: number, names: Int32Array): void {
    const { heldCount } = this;
    const { chosen, count } = into;
    into.widen(heldCount);
    for (let n = 0; n < heldCount; n++) {
      const source = (names[n] as number) * stride;
      const target = n * into.stride;
      for (let k = 0; k < count; k++) {
        into.returns[target + k] = returns[source + (chosen[k] as number)] as number;
      }
    }
  }
}

// A function of its own: a long loop that an engine replaces while it runs is best left at its end.
function fillRoom(
  room: Float64Array,
  count: number,
  losses: Float64Array,
  t: number,
  inverse: Float64Array,
): void {
  for (let i = 0; i < count; i++) {
    const over = (losses[i] as number) - t;
    room[i] = over * over * (inverse[i] as number);
  }
}

/** Scenarios with their returns side by side, of the names that count. */
class Part implements Looked {
  ids = new Int32Array(0);
  count = 0;
  losses = new Float64Array(0);
  /** 1 / (Σ r² + 1), scaled: times the square of a loss less t it is the square of its room. */
  inverse = new Float64Array(0);
  returns = new Float64Array(0);
  stride = 0;
  /** Places in the part that they were chosen from. */
  chosen = new Int32Array(0);

  /** Makes room; what was in it is lost. */
  reserve(count: number): void {
    if (count <= this.stride) return;
    this.stride = Math.ceil(1.25 * count);
    this.ids = new Int32Array(this.stride);
    this.losses = new Float64Array(this.stride);
    this.inverse = new Float64Array(this.stride);
    this.chosen = new Int32Array(this.stride);
    this.returns = new Float64Array(0);
  }

  /** Makes room for the returns of more names; what was in it stays. */
  widen(names: number): void {
    const size = names * this.stride;
    if (size <= this.returns.length) return;
    const wider = new Float64Array(size + SPARE * this.stride);
    wider.set(this.returns);
    this.returns = wider;
  }
}

/** A point from which scenarios were judged, and how far that holds. */
class Ball {
  radius = -1;
  private readonly net: Float64Array;
  private t = 0;

  constructor(assets: number) {
    this.net = new Float64Array(assets);
  }

  set(net: Float64Array, t: number, radius: number): void {
    this.net.set(net);
    this.t = t;
    this.radius = radius * (1 - DISTANCE);
  }

  /** To a point, with what rounding may hide. */
  distanceTo(net: Float64Array, t: number): number {
    let square = (t - this.t) * (t - this.t);
    let size = 1 + t * t;
    for (let a = 0; a < net.length; a++) {
      const held = net[a] as number;
      const gone = held - (this.net[a] as number);
      square += gone * gone;
      size += held * held;
    }
    return Math.sqrt(square) + LOSS * Math.sqrt(size);
  }
}
