// Everything that happened in a simulation: its hash, a trace for people, how often each thing was seen.

export type Happening =
  | "opened"
  | "read"
  | "refilled"
  | "admitted"
  | "awaited"
  | "late"
  | "committed"
  | "acknowledged"
  | "crashed"
  | "restarted"
  | "outlived"
  | "fenced"
  | "stopped"
  | "redelivered"
  | "reordered"
  | "clogged"
  | "refused"
  | "lost"
  | "hidden"
  | "deferred"
  | "published"
  | "healed";

/** Two independent 32-bit hashes: same steps, same 64 bits. */
export class History {
  readonly counts = new Map<Happening, number>();
  private readonly trace: ((line: string) => void) | null;
  private first = 0x811c9dc5;
  private second = 0x9747b28c;

  constructor(trace: ((line: string) => void) | null) {
    this.trace = trace;
  }

  note(atUs: number, what: Happening, who: string, ...numbers: readonly number[]): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
    this.text(what);
    this.text(who);
    this.number(atUs);
    for (const number of numbers) this.number(number);
    this.trace?.(`${(atUs / 1e6).toFixed(6)} ${what.padEnd(12)} ${who} ${numbers.join(" ")}`);
  }

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.mix(text.charCodeAt(i));
    this.mix(text.length);
  }

  number(value: number): void {
    this.mix(value | 0);
    this.mix(Math.floor(value / 0x1_0000_0000));
  }

  bytes(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = bytes.length & ~3;
    for (let i = 0; i < whole; i += 4) this.mix(view.getInt32(i, true));
    for (let i = whole; i < bytes.length; i++) this.mix(bytes[i] as number);
    this.mix(bytes.length);
  }

  private mix(word: number): void {
    this.first = Math.imul(this.first ^ word, 0x01000193);
    this.second = Math.imul((this.second ^ word) + 0x7f4a7c15, 0x5bd1e995);
    this.second ^= this.second >>> 15;
  }

  get hash(): string {
    const hex = (word: number) => (word >>> 0).toString(16).padStart(8, "0");
    return hex(this.first) + hex(this.second);
  }
}
