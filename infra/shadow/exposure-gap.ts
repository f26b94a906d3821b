// What the difference in decisions comes to: equity and exposure of the live and the shadow's portfolio
// over time, and how far they were apart. Promises: amounts are compared exactly, in minor units; what
// is kept for the charts is bounded, and no greatest gap of a stretch is lost from it.

import { addToBuckets, type Buckets, emptyBuckets } from "../../quant/down-sample.ts";
import type { PortfolioSnapshot } from "../../schemas/generated/portfolio.snapshots.ts";

/** Minor units. */
export interface Standing {
  readonly equity: bigint;
  readonly gross: bigint;
  readonly net: bigint;
}

export interface Point {
  readonly timeUs: number;
  readonly live: Standing;
  readonly shadow: Standing;
}

const measures = ["equity", "gross", "net"] as const;
export type Measure = (typeof measures)[number];

interface Stretch {
  /** By the size of the gap in equity, then in gross exposure. */
  readonly widest: Point;
  readonly last: Point;
}

interface Told {
  readonly timeUs: number;
  readonly standing: Standing;
}

const BUCKETS = 500;

const size = (gap: bigint): bigint => (gap < 0n ? -gap : gap);

export const gapOf = ({ live, shadow }: Point, measure: Measure): bigint =>
  shadow[measure] - live[measure];

function merge(earlier: Stretch, later: Stretch): Stretch {
  const wider =
    size(gapOf(later.widest, "equity")) > size(gapOf(earlier.widest, "equity")) ||
    (gapOf(later.widest, "equity") === gapOf(earlier.widest, "equity") &&
      size(gapOf(later.widest, "gross")) > size(gapOf(earlier.widest, "gross")));
  return { widest: wider ? later.widest : earlier.widest, last: later.last };
}

export class ExposureGap {
  /** Where the gap of each measure was greatest in size, the first time; null before any snapshot. */
  readonly greatest: Record<Measure, Point | null> = { equity: null, gross: null, net: null };
  /** After the last snapshot that was taken in. */
  last: Point | null = null;
  private readonly curve: Buckets<Stretch> = emptyBuckets(BUCKETS);
  private readonly live: Told[] = [];
  private readonly shadow: Told[] = [];
  private standing: Omit<Point, "timeUs">;

  /** Cash at the start, in minor units, of each side. */
  constructor(liveCash: bigint, shadowCash: bigint) {
    const initial = (equity: bigint): Standing => ({ equity, gross: 0n, net: 0n });
    this.standing = { live: initial(liveCash), shadow: initial(shadowCash) };
  }

  /** Of one side, in the order of its times. */
  add(side: "live" | "shadow", timeUs: number, snapshot: PortfolioSnapshot): void {
    const { equity, grossExposure: gross, netExposure: net } = snapshot;
    this[side].push({ timeUs, standing: { equity, gross, net } });
  }

  /** Takes in what both sides told of before `untilUs`: an instant counts once it is over. */
  settle(untilUs: number): void {
    const { live, shadow } = this;
    let l = 0;
    let s = 0;
    for (;;) {
      const [a, b] = [live[l]?.timeUs ?? untilUs, shadow[s]?.timeUs ?? untilUs];
      const timeUs = Math.min(a, b);
      if (timeUs >= untilUs) break;
      for (; live[l]?.timeUs === timeUs; l++) {
        this.standing = { ...this.standing, live: (live[l] as Told).standing };
      }
      for (; shadow[s]?.timeUs === timeUs; s++) {
        this.standing = { ...this.standing, shadow: (shadow[s] as Told).standing };
      }
      this.see({ timeUs, ...this.standing });
    }
    live.splice(0, l);
    shadow.splice(0, s);
  }

  private see(point: Point): void {
    this.last = point;
    for (const measure of measures) {
      const before = this.greatest[measure];
      if (before === null || size(gapOf(point, measure)) > size(gapOf(before, measure))) {
        this.greatest[measure] = point;
      }
    }
    addToBuckets(this.curve, point.timeUs, { widest: point, last: point }, merge);
  }

  /** In the order of time, each instant once. */
  points(): readonly Point[] {
    return this.curve.items.flatMap(({ value: { widest, last } }) =>
      widest.timeUs === last.timeUs ? [last] : [widest, last],
    );
  }
}
