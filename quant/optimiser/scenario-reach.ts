// Which scenarios may have changed sides of the value at risk since they were last looked at. Promises: what is not
// among those that `surround` calls near is, as long as `covers` says so, on the side on which it was then.
//
// Why: from one point to another a loss less the value at risk changes by at most the distance between them times the
// length of the scenario's returns (Cauchy and Schwarz), over the names that are held at either. Those with the least
// room are near; they are chosen from a ring, and the ring from all, so that all are looked at rarely.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { select } from "../selection.ts";
import { addProducts } from "./tail-loss.ts";

/** About so many scenarios are near, and in the ring. */
const NEAR = 128;
const RING = 1280;
/** Names that count though they are held no more. */
const SPARE = 4;
/** Room is compared by every few scenarios, about so many. */
const SAMPLE = 320;
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
  private readonly held: Int32Array;
  private heldCount = 0;
  private readonly isHeld: Uint8Array;
  /** 0, 1, 2 …: where the names of a part are. */
  private readonly places: Int32Array;
  private readonly factors: Float64Array;
  /** Squared: so far each scenario of the part that was last measured can go. */
  private readonly room: Float64Array;
  private readonly sample = new Float64Array(2 * SAMPLE);

  constructor(set: ScenarioSet, scale: number) {
    const assets = set.assets.length;
    this.set = set;
    this.scale = scale;
    this.all = new Part();
    this.all.reserve(set.count, 0);
    this.all.count = set.count;
    for (let s = 0; s < set.count; s++) this.all.ids[s] = s;
    this.ringBall = new Ball(assets);
    this.ball = new Ball(assets);
    this.held = new Int32Array(assets);
    this.isHeld = new Uint8Array(assets);
    this.places = this.held.map((_, k) => k);
    this.factors = new Float64Array(assets);
    this.room = new Float64Array(set.count);
  }

  /** Whether everything that is not near is on the side on which it was at the last `surround`. */
  covers(net: Float64Array, t: number): boolean {
    return this.ball.roomAt(net, t) > 0 && this.holdsAll(net);
  }

  /** How far from a point the same is true, as long as no other name is held. */
  roomAt(net: Float64Array, t: number): number {
    return this.ball.roomAt(net, t);
  }

  /** Those that are near, and their losses at net weights that are covered. */
  nearAt(net: Float64Array): Looked {
    this.measure(this.nearest, net);
    return this.nearest;
  }

  /** As they were last measured. */
  get near(): Looked {
    return this.nearest;
  }

  /**
   * Chooses what is near a point anew: answers with all that may have changed sides since the last `surround`. `step`:
   * of net weights, in what is not 0 the names that will be held on the way.
   */
  surround(net: Float64Array, t: number, step = net): Looked {
    if (this.ringBall.roomAt(net, t) > 0 && this.holdsAll(net) && this.holdsAll(step)) {
      this.measure(this.ring, net);
      if (this.chooseNear(net, t)) return this.ring;
    }
    this.chooseRing(net, t, step);
    this.chooseNear(net, t);
    return this.all;
  }

  private holdsAll(net: Float64Array): boolean {
    for (let a = 0; a < net.length; a++) if (net[a] !== 0 && this.isHeld[a] === 0) return false;
    return true;
  }

  private measure(part: Part, net: Float64Array): void {
    const { held, heldCount, factors, places } = this;
    for (let k = 0; k < heldCount; k++)
      factors[k] = -this.scale * (net[held[k] as number] as number);
    part.losses.fill(0, 0, part.count);
    addProducts(part.losses, part.count, part.returns, part.stride, places, factors, heldCount);
  }

  private chooseRing(net: Float64Array, t: number, step: Float64Array): void {
    const { all, ring, set, held } = this;
    this.hold(net, step);
    const factors = this.factors.subarray(0, this.heldCount);
    for (let k = 0; k < factors.length; k++)
      factors[k] = -this.scale * (net[held[k] as number] as number);
    all.losses.fill(0);
    addProducts(all.losses, set.count, set.returns, set.count, held, factors, factors.length);
    const most = this.measureRoom(all, t, RING);
    this.fill(ring, all, most, set.returns, set.count, held);
    this.ringBall.set(
      net,
      t,
      ring.count === all.count ? Number.POSITIVE_INFINITY : Math.sqrt(most),
    );
  }

  /** The names that count from now on: those of before that are held no more stay until they are many. */
  private hold(net: Float64Array, step: Float64Array): void {
    const { all, set, held, isHeld } = this;
    let now = 0;
    for (let a = 0; a < net.length; a++) if (net[a] !== 0 || step[a] !== 0) now++;
    if (this.heldCount > now + SPARE) {
      this.heldCount = 0;
      isHeld.fill(0);
    }
    if (this.heldCount === 0) all.squares.fill(1);
    for (let a = 0; a < net.length; a++) {
      if ((net[a] === 0 && step[a] === 0) || isHeld[a] === 1) continue;
      isHeld[a] = 1;
      held[this.heldCount++] = a;
      const from = a * set.count;
      for (let s = 0; s < set.count; s++) {
        const value = this.scale * (set.returns[from + s] as number);
        all.squares[s] = (all.squares[s] as number) + value * value;
      }
    }
  }

  /** False if the ring does not reach far enough for as many as are to be near. */
  private chooseNear(net: Float64Array, t: number): boolean {
    const { ring, ringBall, nearest } = this;
    const most = this.measureRoom(ring, t, NEAR);
    const radius = Math.sqrt(most);
    const rest = ringBall.roomAt(net, t);
    if (radius > rest && rest < ringBall.radius / 2) return false;
    this.fill(nearest, ring, most, ring.returns, ring.stride, this.places);
    this.ball.set(net, t, nearest.count === ring.count ? rest : Math.min(radius, rest));
    return true;
  }

  /** Fills `room`, squared; answers with that within which about so many of a part lie. */
  private measureRoom(part: Part, t: number, wanted: number): number {
    const { count, losses, squares } = part;
    const { room, sample } = this;
    for (let i = 0; i < count; i++) {
      const over = (losses[i] as number) - t;
      room[i] = (over * over) / (squares[i] as number);
    }
    if (count <= 2 * wanted) return Number.POSITIVE_INFINITY;
    const each = Math.max(1, Math.floor(count / SAMPLE));
    const some = sample.subarray(0, Math.ceil(count / each));
    for (let k = 0; k < some.length; k++) some[k] = room[k * each] as number;
    const rank = Math.floor((wanted * some.length) / count);
    select(some, rank);
    return some[rank] as number;
  }

  /** Into a part all of another that have no more room than that. */
  private fill(
    into: Part,
    from: Part,
    most: number,
    returns: Float64Array,
    stride: number,
    names: Int32Array,
  ): void {
    const { room, heldCount } = this;
    let count = 0;
    for (let i = 0; i < from.count; i++) if ((room[i] as number) <= most) count++;
    into.reserve(count, heldCount);
    const { chosen } = into;
    let found = 0;
    for (let i = 0; i < from.count; i++) if ((room[i] as number) <= most) chosen[found++] = i;
    into.count = count;
    for (let k = 0; k < count; k++) {
      const i = chosen[k] as number;
      into.ids[k] = from.ids[i] as number;
      into.losses[k] = from.losses[i] as number;
      into.squares[k] = from.squares[i] as number;
    }
    for (let n = 0; n < heldCount; n++) {
      const source = (names[n] as number) * stride;
      const target = n * into.stride;
      for (let k = 0; k < count; k++) {
        into.returns[target + k] = returns[source + (chosen[k] as number)] as number;
      }
    }
  }
}

/** Scenarios with their returns side by side, of the names that are held. */
class Part implements Looked {
  ids = new Int32Array(0);
  count = 0;
  losses = new Float64Array(0);
  /** Σ r² + 1, scaled: by its root a loss less t changes at most per unit of distance. */
  squares = new Float64Array(0);
  returns = new Float64Array(0);
  stride = 0;
  /** Their places in the part that they were chosen from. */
  chosen = new Int32Array(0);

  /** Makes room; what was in it is lost. */
  reserve(count: number, names: number): void {
    if (count > this.stride) {
      this.stride = Math.ceil(1.25 * count);
      this.ids = new Int32Array(this.stride);
      this.losses = new Float64Array(this.stride);
      this.squares = new Float64Array(this.stride);
      this.chosen = new Int32Array(this.stride);
    }
    const size = names * this.stride;
    if (size > this.returns.length) this.returns = new Float64Array(size);
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
    this.radius = radius;
  }

  /** How far it reaches beyond a point; below 0: not as far as the point. */
  roomAt(net: Float64Array, t: number): number {
    let square = (t - this.t) * (t - this.t);
    let size = 1 + t * t;
    for (let a = 0; a < net.length; a++) {
      const held = net[a] as number;
      const gone = held - (this.net[a] as number);
      square += gone * gone;
      size += held * held;
    }
    return this.radius * (1 - DISTANCE) - Math.sqrt(square) - LOSS * Math.sqrt(size);
  }
}
