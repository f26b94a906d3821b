// NumPy's legacy generator (RandomState), so that figures published for its seeds can be reproduced:
// MT19937 (M. Matsumoto, T. Nishimura, ACM TOMACS 8(1), 1998), 53-bit uniforms, polar normals.

export class RandomState {
  private readonly words = new Uint32Array(624);
  private at = 624;
  private spare: number | null = null;

  constructor(seed: number) {
    this.words[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.words[i - 1] as number;
      this.words[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  uniform(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  normal(): number {
    if (this.spare !== null) {
      const value = this.spare;
      this.spare = null;
      return value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = factor * x;
      return factor * y;
    }
  }

  rayleigh(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform()));
  }

  private next(): number {
    if (this.at === 624) this.twist();
    let word = this.words[this.at++] as number;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  private twist(): void {
    const { words } = this;
    for (let i = 0; i < 624; i++) {
      const joined =
        ((words[i] as number) & 0x80000000) | ((words[(i + 1) % 624] as number) & 0x7fffffff);
      const odd = joined & 1 ? 0x9908b0df : 0;
      words[i] = (words[(i + 397) % 624] as number) ^ (joined >>> 1) ^ odd;
    }
    this.at = 0;
  }
}
