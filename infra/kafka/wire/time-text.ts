// Event times as RFC 3339 text in bytes: 2024-03-28T14:30:00.000001Z, always 27 bytes, always UTC.
// Promises: one text for a time and no other; the text of a second and of a day is kept, as most
// times share it with the one before.

export const TIME_TEXT_BYTES = 27;
const SECOND_BYTES = 20;
const DAY_BYTES = 11;
const SECOND_US = 1_000_000;
const DAY_S = 86_400;
const ZERO = 0x30;
const COLON = 0x3a;
const POINT = 0x2e;
const Z = 0x5a;

/** Texts of times before and after each other; give each direction of each partition its own. */
export class TimeText {
  /** "2024-03-28T14:30:00." of `second`. */
  private readonly text = new Uint8Array(SECOND_BYTES);
  /** Seconds since the epoch. */
  private second = -1;
  private day = -1;

  /** Writes a safe integer of microseconds, 0 or more, from `at` on; gives the end. */
  write(bytes: Uint8Array, at: number, timeUs: number): number {
    const second = Math.floor(timeUs / SECOND_US);
    if (second !== this.second) this.turn(second);
    bytes.set(this.text, at);
    let rest = (timeUs - second * SECOND_US) | 0;
    for (let place = at + SECOND_BYTES + 5; place >= at + SECOND_BYTES; place--) {
      const tenth = (rest / 10) | 0;
      bytes[place] = ZERO + rest - tenth * 10;
      rest = tenth;
    }
    bytes[at + TIME_TEXT_BYTES - 1] = Z;
    return at + TIME_TEXT_BYTES;
  }

  /** Microseconds since the epoch of the 27 bytes at `at`; -1 if they are not a time's one text. */
  read(bytes: Uint8Array, at: number): number {
    if (bytes[at + TIME_TEXT_BYTES - 1] !== Z) return -1;
    let micros = 0;
    for (let place = at + SECOND_BYTES; place < at + TIME_TEXT_BYTES - 1; place++) {
      const digit = (bytes[place] as number) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      micros = micros * 10 + digit;
    }
    if (!this.same(bytes, at)) {
      const second = this.parse(bytes, at);
      if (second < 0) return -1;
      this.turn(second);
      // What the second is written as decides: the 30th of February is no other day's text.
      if (!this.same(bytes, at)) return -1;
    }
    const timeUs = this.second * SECOND_US + micros;
    return timeUs <= Number.MAX_SAFE_INTEGER ? timeUs : -1;
  }

  private same(bytes: Uint8Array, at: number): boolean {
    const { text } = this;
    // From the end on: that is where times differ.
    for (let i = SECOND_BYTES - 1; i >= 0; i--) if (bytes[at + i] !== text[i]) return false;
    return this.second >= 0;
  }

  /** Seconds since the epoch; -1 if no date is near the text. */
  private parse(bytes: Uint8Array, at: number): number {
    const { text } = this;
    let day = this.day;
    for (let i = 0; i < DAY_BYTES && day >= 0; i++) if (bytes[at + i] !== text[i]) day = -1;
    if (day < 0) {
      const date = String.fromCharCode(...bytes.subarray(at, at + DAY_BYTES));
      const ms = Date.parse(`${date}00:00:00Z`);
      if (!(ms >= 0)) return -1;
      day = Math.floor(ms / 1000 / DAY_S);
    }
    const two = (i: number): number =>
      ((bytes[at + i] as number) - ZERO) * 10 + (bytes[at + i + 1] as number) - ZERO;
    const rest = two(11) * 3600 + two(14) * 60 + two(17);
    return rest >= 0 && rest < DAY_S ? day * DAY_S + rest : -1;
  }

  private turn(second: number): void {
    const { text } = this;
    const day = Math.floor(second / DAY_S);
    if (day !== this.day) {
      const date = new Date(day * DAY_S * 1000).toISOString();
      for (let i = 0; i < DAY_BYTES; i++) text[i] = date.charCodeAt(i);
    }
    const rest = (second - day * DAY_S) | 0;
    const minutes = (rest / 60) | 0;
    const hours = (minutes / 60) | 0;
    this.two(11, hours);
    text[13] = COLON;
    this.two(14, minutes - hours * 60);
    text[16] = COLON;
    this.two(17, rest - minutes * 60);
    text[19] = POINT;
    this.second = second;
    this.day = day;
  }

  private two(at: number, value: number): void {
    const tens = (value / 10) | 0;
    this.text[at] = ZERO + tens;
    this.text[at + 1] = ZERO + value - tens * 10;
  }
}
