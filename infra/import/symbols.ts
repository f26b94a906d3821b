// What may be a symbol. Promises: nothing that a terminal, a spreadsheet, a path or an object key
// could take for something else.

const SYMBOL = /^[A-Za-z0-9^$.][A-Za-z0-9^$._:/=&+-]*$/;
const MAX_SYMBOL = 32;

/** Null when `text` may be a symbol, else why not. */
export function symbolProblem(text: string): string | null {
  if (text === "") return "it is empty";
  if (text.length > MAX_SYMBOL) return `it is longer than ${MAX_SYMBOL} characters`;
  return SYMBOL.test(text) ? null : "it holds characters that no symbol has";
}
