// Squared lengths of the edges that resting variables would move along: D. Goldfarb and J. Reid, Mathematical Programming
// 12, 1977. Promises: after each exchange as if measured anew, at the cost of a product with the inverse.

import { FREE, type Vertex } from "./vertex.ts";

export class EdgeLengths {
  /** Of each resting variable; of others without meaning. */
  readonly squares: Float64Array;
  private readonly vertex: Vertex;
  private readonly product: Float64Array;
  private readonly image: Float64Array;
  private readonly speeds: Float64Array;
  private readonly overlaps: Float64Array;

  constructor(vertex: Vertex) {
    const { variables } = vertex;
    this.vertex = vertex;
    this.squares = new Float64Array(variables).fill(1);
    this.product = new Float64Array(variables + 1);
    this.image = new Float64Array(variables + 1);
    this.speeds = new Float64Array(variables);
    this.overlaps = new Float64Array(variables);
  }

  /** All anew. */
  measure(): void {
    const { vertex, squares, image } = this;
    for (let j = 0; j < vertex.variables; j++) {
      if (vertex.status[j] === FREE) continue;
      vertex.answerTo(j, image);
      let square = 1;
      for (let c = 0; c < vertex.size; c++) square += (image[c] as number) * (image[c] as number);
      squares[j] = square;
    }
  }

  /**
   * Before an exchange. With q the edge that was travelled and `speed` that of what stopped it, an edge j loses
   * speed_j / speed times q. `leaving`: a variable that stopped it at its bound, or -1: what `look` was given did.
   */
  update(
    entering: number,
    direction: number,
    step: Float64Array,
    speed: number,
    leaving: number,
  ): void {
    const { vertex, squares, product, image, speeds } = this;
    const { size, variables, candidate, candidateImage } = vertex;
    const own = entering < variables ? 1 : 0;
    let square = own;
    for (let c = 0; c < size; c++) {
      const value = direction * (step[c] as number);
      square += value * value;
      image[c] = value;
    }
    vertex.inverse.timesRow(image, product);
    if (leaving < 0) speeds.set(candidate.subarray(0, variables));
    else speeds.fill(0);
    vertex.subtractPrices(candidateImage, speeds);
    const { overlaps } = this;
    overlaps.fill(0);
    vertex.subtractPrices(product, overlaps);
    for (let j = 0; j < variables; j++) {
      const share = (speeds[j] as number) / speed;
      if (share === 0) continue;
      const shorter =
        (squares[j] as number) - share * (2 * (overlaps[j] as number) - share * square);
      squares[j] = Math.max(shorter, 1 + own * share * share);
    }
    if (leaving >= 0) squares[leaving] = Math.max(1, square / (speed * speed));
  }
}
