// The built-in signal models, one line each: a new one is a folder and a line, an old one goes the
// same way. What they are called in a configuration is their own `name`.

export { emaCross } from "./ema-cross/ema-cross.ts";
export { meanReversion } from "./mean-reversion/mean-reversion.ts";
