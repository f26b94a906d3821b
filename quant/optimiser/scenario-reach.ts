// Which scenarios may have changed sides of the value at risk since they were last looked at. Promises: what is not near
// is, as long as `covers` says so, on the side on which it was at the last `surround`.
//
// Why: with any middle m of returns and any spread d, a loss less t is −Σ (r − m) w − (t + Σ m w); from one point to
// another it changes by at most √(Σ ((r − m) / d)² + 1) times √(Σ (d Δw)² + (Δt + Σ m Δw)²), over the names that are held at
// either (Cauchy and Schwarz). The one is the length of a scenario, the other that of the way; a scenario's distance from t
// in its lengths is its room. A good middle is that of scenarios near t: what they have in common moves t, and none of
// them against it. Those with the least room are near; they are chosen from a ring, and the ring from all, so that all are
// looked at rarely.

import type { ScenarioSet } from "../scenarios/scenario-set.ts";
import { select } from "../selection.ts";
import { Ball, DISTANCE, type Looked, Metric, Part, Shells } from "./scenario-part.ts";
import { addProducts } from "./tail-loss.ts";

/** About so many scenarios are near, and in the ring. */
const NEAR = 150;
const RING = 900;
/** Names that count though they are held no more. */
const SPARE = 4;
/** Room is compared by every few scenarios, about so many. */
const SAMPLE = 256;

export class ScenarioReach {
  private readonly set: ScenarioSet;
  /** Of returns, a power of two; t is in these units. */
  private readonly scale: number;
  private readonly all: Part;
  private readonly ring = new Part();
  private readonly nearest = new Part();
  private readonly metric: Metric;
  private readonly ringBall: Ball;
  private readonly ball: Ball;
  private readonly shells = new Shells();
  /** Names whose returns count, in the order of the parts' returns. */
  private readonly held: Int32Array;
  private heldCount = 0;
  private readonly isHeld: Uint8Array;
  /** Of every scenario the square of its length: Σ ((r − middle) / spread)² + 1 over the names that count, scaled. */
  private readonly squares: Float64Array;
  /** Of those outside the ring (loss − t)² at its centre; Infinity inside. */
  private readonly outside: Float64Array;
  /** 0, 1, 2 …: where the names of a part are. */
  private readonly places: Int32Array;
  /** Names that are held, by their places, and what they count. */
  private readonly terms: Int32Array;
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
    this.metric = new Metric(assets);
    this.ringBall = new Ball(this.metric);
    this.ball = new Ball(this.metric);
    this.held = new Int32Array(assets);
    this.isHeld = new Uint8Array(assets);
    this.squares = new Float64Array(set.count).fill(1);
    this.outside = new Float64Array(set.count);
    this.places = this.held.map((_, k) => k);
    this.terms = new Int32Array(assets);
    this.factors = new Float64Array(assets);
    this.room = new Float64Array(set.count);
    this.chosen = new Int32Array(set.count);
  }

  /** Whether everything that is not near is on the side on which it was at the last `surround`. */
  covers(net: Float64Array, t: number): boolean {
    return this.holds(net) && this.distance(this.ball, net, t) < this.ball.radius;
  }

  /** How far a step in net weights and t goes, as rooms are measured. */
  lengthOf(net: Float64Array, t: number): number {
    return this.metric.length(net, t);
  }

  get ringRadius(): number {
    return this.ringBall.radius;
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
    return this.ball.radius - this.distance(this.ball, net, t);
  }

  /** Who they are, with losses as they were last measured. */
  get near(): Looked {
    return this.nearest;
  }

  /** Before `crossableAt`: the same who are near, in another order. */
  arrange(): void {
    const { nearest, ring, ball } = this;
    this.shells.arrange(nearest, ball.t, ball.radius);
    nearest.gather(ring.returns, ring.stride, this.places, this.heldCount);
  }

  /** Of those that are near so many, from the first on, may have crossed since the last time; their losses are measured. */
  crossableAt(net: Float64Array, t: number): number {
    const count = this.shells.countAt(this.distance(this.ball, net, t));
    this.measure(this.nearest, count, net);
    return count;
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
      if (this.distance(this.ringBall, net, t) < this.ringBall.radius) {
        this.measure(this.ring, this.ring.count, net);
        if (this.chooseNear(net, t)) return this.ring;
      }
    }
    const looked = this.lookAround(net, t, step);
    this.chooseNear(net, t);
    return looked;
  }

  /** Whether what is near a point can be chosen without a look at all: about as far as what is near now reaches. */
  ringReaches(net: Float64Array, t: number): boolean {
    return this.ringBall.radius - this.distance(this.ringBall, net, t) > this.ball.radius;
  }

  /** Chooses the ring anew around a point; answers with all. `surround` is still to follow. */
  lookAround(net: Float64Array, t: number, step: Float64Array): Looked {
    if (this.ring.count === 0) {
      // What returns are like near t is known after a first ring.
      this.chooseRing(net, t, step);
      this.forget();
    }
    this.chooseRing(net, t, step);
    return this.all;
  }

  private distance(from: Ball, net: Float64Array, t: number): number {
    return from.distanceTo(net, t, this.held, this.heldCount);
  }

  private measure(part: Part, count: number, net: Float64Array): void {
    const terms = this.fillFactors(net);
    part.measure(count, this.terms, this.factors, terms);
  }

  /** Of the names that are held now: places among those that count, and factors. How many. */
  private fillFactors(net: Float64Array): number {
    const { held, heldCount, terms, factors, scale } = this;
    let found = 0;
    for (let k = 0; k < heldCount; k++) {
      const own = net[held[k] as number] as number;
      terms[found] = k;
      factors[found] = -scale * own;
      found += own === 0 ? 0 : 1;
    }
    return found;
  }

  /** Takes names that were not held into account: what is outside the ring then has less room. */
  private hold(net: Float64Array, step: Float64Array): void {
    const before = this.heldCount;
    this.addNames(net, step);
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

  private addNames(net: Float64Array, step: Float64Array): void {
    const { squares, ring, isHeld, held } = this;
    const before = this.heldCount;
    for (let a = 0; a < net.length; a++) {
      if ((net[a] !== 0 || step[a] !== 0) && isHeld[a] === 0) this.add(a);
    }
    if (this.heldCount === before) return;
    let k = before;
    for (; k + 2 <= this.heldCount; k += 2) {
      this.addSquares(held[k] as number, held[k + 1] as number, 1);
    }
    if (k < this.heldCount) this.addSquares(held[k] as number, held[k] as number, 0);
    for (let i = 0; i < ring.count; i++) {
      ring.inverse[i] = 1 / (squares[ring.ids[i] as number] as number);
    }
  }

  private add(a: number): void {
    const { set, scale, metric, ring, isHeld, held } = this;
    isHeld[a] = 1;
    held[this.heldCount] = a;
    const from = a * set.count;
    ring.widen(this.heldCount + 1);
    const target = this.heldCount * ring.stride;
    for (let k = 0; k < ring.count; k++) {
      ring.returns[target + k] = set.returns[from + (ring.ids[k] as number)] as number;
    }
    metric.judge(a, ring.returns, target, ring.count, scale);
    this.heldCount++;
  }

  /** Of two names at a time: that is one load and store for both. `second`: 0, and there is no other. */
  private addSquares(a: number, b: number, second: number): void {
    const { set, scale, metric, squares } = this;
    const { returns, count } = set;
    const { middle, spread } = metric;
    const [ra, rb] = [a * count, b * count];
    const [ma, mb] = [middle[a] as number, middle[b] as number];
    const [sa, sb] = [1 / (spread[a] as number), second / (spread[b] as number)];
    for (let s = 0; s < squares.length; s++) {
      const va = sa * (scale * (returns[ra + s] as number) - ma);
      const vb = sb * (scale * (returns[rb + s] as number) - mb);
      squares[s] = (squares[s] as number) + (va * va + vb * vb);
    }
  }

  private chooseRing(net: Float64Array, t: number, step: Float64Array): void {
    const { all, ring, set, held, squares, outside } = this;
    this.holdOnly(net, step);
    const terms = this.fillFactors(net);
    for (let k = 0; k < terms; k++) this.terms[k] = held[this.terms[k] as number] as number;
    all.losses.fill(0);
    addProducts(all.losses, set.count, set.returns, set.count, this.terms, this.factors, terms);
    for (let s = 0; s < squares.length; s++) all.inverse[s] = 1 / (squares[s] as number);
    const most = this.measureRoom(all, t, RING);
    const count = this.choose(all.count, most);
    ring.take(all, this.chosen, count);
    ring.gather(set.returns, set.count, held, this.heldCount);
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
    let now = 0;
    for (let a = 0; a < net.length; a++) if (net[a] !== 0 || step[a] !== 0) now++;
    if (this.heldCount > now + SPARE) this.forget();
    this.addNames(net, step);
  }

  private forget(): void {
    this.heldCount = 0;
    this.isHeld.fill(0);
    this.squares.fill(1);
  }

  /** False if the ring does not reach far enough for as many as are to be near. */
  private chooseNear(net: Float64Array, t: number): boolean {
    const { ring, ringBall, nearest } = this;
    const most = this.measureRoom(ring, t, NEAR);
    const wanted = Math.sqrt(most);
    const rest = ringBall.radius - this.distance(ringBall, net, t);
    if (wanted > rest && rest < ringBall.radius / 2) return false;
    const count = this.choose(ring.count, most);
    const radius = count === ring.count ? rest : Math.min(wanted, rest);
    nearest.take(ring, this.chosen, count);
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
