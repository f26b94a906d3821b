// Generated from schemas/control.commands.avsc by npm run generate. Do not edit.

import type { Codec, Reader, Writer } from "../avro.ts";

export const controlCommandNameSymbols = [
  "HaltTrading",
  "ReduceOnly",
  "KillTrading",
  "EnableTrading",
  "SetLimit",
  "FlattenPositions",
  "RequestOverride",
  "ConfirmOverride",
  "SetOverlay",
  "LiftOverlay",
] as const;

export type ControlCommandName = (typeof controlCommandNameSymbols)[number];

function controlCommandNameIndex(value: ControlCommandName): number {
  switch (value) {
    case "HaltTrading":
      return 1;
    case "ReduceOnly":
      return 2;
    case "KillTrading":
      return 3;
    case "EnableTrading":
      return 4;
    case "SetLimit":
      return 5;
    case "FlattenPositions":
      return 6;
    case "RequestOverride":
      return 7;
    case "ConfirmOverride":
      return 8;
    case "SetOverlay":
      return 9;
    case "LiftOverlay":
      return 10;
    default:
      return 0;
  }
}

export const overlayKindSymbols = [
  "RESTRICTED_BUYS",
  "RESTRICTED",
  "BLACKOUT",
  "TARGET",
  "VIEW",
] as const;

export type OverlayKind = (typeof overlayKindSymbols)[number];

function overlayKindIndex(value: OverlayKind): number {
  switch (value) {
    case "RESTRICTED_BUYS":
      return 1;
    case "RESTRICTED":
      return 2;
    case "BLACKOUT":
      return 3;
    case "TARGET":
      return 4;
    case "VIEW":
      return 5;
    default:
      return 0;
  }
}

/** An operator's command; who gave it and why. */
export interface ControlCommand {
  readonly portfolio: string;
  readonly command: ControlCommandName;
  readonly who: string;
  readonly why: string;
  /** SetLimit: which limit; …Override: which check */
  readonly limit: string | null;
  /** SetLimit: its new value; SetOverlay of a TARGET: the weight in basis points of equity, of a VIEW: the expected return in basis points, both signed */
  readonly value: number | null;
  /** …Override: of which symbol's next order; …Overlay: on which symbol, empty for every one */
  readonly symbol: string;
  /** SetOverlay, LiftOverlay: which */
  readonly overlay: OverlayKind | null;
  /** SetOverlay: from when on; null from the command on */
  readonly fromUs: number | null;
  /** SetOverlay: before when; null until it is lifted */
  readonly untilUs: number | null;
  /** SetOverlay of a VIEW: how sure, from 1 to 10,000 */
  readonly confidenceBps: number | null;
}
export function encodeControlCommand(writer: Writer, value: ControlCommand): void {
  writer.string(value.portfolio);
  writer.enumeration(controlCommandNameIndex(value.command), value.command);
  writer.string(value.who);
  writer.string(value.why);
  if (value.limit === null) writer.long(0);
  else {
    writer.long(1);
    writer.string(value.limit);
  }
  if (value.value === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.value);
  }
  writer.string(value.symbol);
  if (value.overlay === null) writer.long(0);
  else {
    writer.long(1);
    writer.enumeration(overlayKindIndex(value.overlay), value.overlay);
  }
  if (value.fromUs === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.fromUs);
  }
  if (value.untilUs === null) writer.long(0);
  else {
    writer.long(1);
    writer.long(value.untilUs);
  }
  if (value.confidenceBps === null) writer.long(0);
  else {
    writer.long(1);
    writer.int(value.confidenceBps);
  }
}
export function decodeControlCommand(reader: Reader): ControlCommand {
  return {
    portfolio: reader.string(),
    command: reader.enumeration(controlCommandNameSymbols),
    who: reader.string(),
    why: reader.string(),
    limit: reader.present() ? reader.string() : null,
    value: reader.present() ? reader.long() : null,
    symbol: reader.goesOn() ? reader.string() : "",
    overlay: reader.goesOn()
      ? reader.present()
        ? reader.enumeration(overlayKindSymbols)
        : null
      : null,
    fromUs: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    untilUs: reader.wentOn ? (reader.present() ? reader.long() : null) : null,
    confidenceBps: reader.goesOn() ? (reader.present() ? reader.int() : null) : null,
  };
}

export const controlCommandCodec: Codec<ControlCommand> = {
  encode: encodeControlCommand,
  decode: decodeControlCommand,
};
