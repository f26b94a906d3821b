// Secrets never reach a log: values under keys that name one, and passwords inside URLs, are replaced
// before a line is made. By key, since a value does not tell what it is. Pure; what it is given stays.

const HIDDEN = "[hidden]";
/** With the usual spellings: apiKey, api-key, API_KEY. */
const secretKey =
  /pass(word|phrase|wd)?$|secret|token$|credential|authorization|cookie|jaas|(api|private|access|signing|encryption)[-_]?key$/i;
/** `password` in scheme://user:password@host; what lies before and after stays. */
const urlPassword = /\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/@]+@/gi;
/** Deeper, longer or rounder than a log line should be: cut, so that one line cannot hold a service up. */
const DEPTH = 6;
const ENTRIES = 100;
const TEXT = 4000;

/** A copy fit for JSON: bigints as text, errors as name, message and stack. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Date) return String(value);
  if (depth >= DEPTH) return "[deeper]";
  if (value instanceof Error) {
    return redact({ type: value.name, message: value.message, stack: value.stack }, depth);
  }
  if (Array.isArray(value)) return value.slice(0, ENTRIES).map((item) => redact(item, depth + 1));
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  return Object.fromEntries(
    entries.slice(0, ENTRIES).map(([key, item]) => {
      const hide = secretKey.test(String(key)) && item !== null && item !== undefined;
      return [String(key), hide ? HIDDEN : redact(item, depth + 1)];
    }),
  );
}

export function redactText(text: string): string {
  const short = text.length > TEXT ? `${text.slice(0, TEXT)}… (${text.length} characters)` : text;
  return short.replace(urlPassword, `$1${HIDDEN}@`);
}
