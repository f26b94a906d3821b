// A password, token or private key in memory. Promises: it comes out by `reveal` alone; printed,
// logged, turned to text or to JSON it reads "[secret]", so that what holds one may be shown whole.

const SHOWN = "[secret]";

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}

/** Text that others wrote, such as a library's message, without the secrets given. */
export function redacted(text: string, secrets: readonly Secret[]): string {
  let shown = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value !== "") shown = shown.replaceAll(value, SHOWN);
  }
  return withoutUserinfo(shown);
}

/** Names and passwords that stand in front of a host, as in https://name:password@host. */
export const withoutUserinfo = (text: string): string =>
  text.replace(/[^\s"'/@]+:[^\s"'@]*@/g, `${SHOWN}@`);
