// What a configuration comes to: everything that a run needs to know, in machine units.

import type { FlowConfig } from "../../processors/flow-config.ts";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import type { LoadedModel } from "../models/load-model.ts";
import type { Plain } from "./read-yaml.ts";

export interface RunConfig {
  readonly flow: FlowConfig;
  /** Where flow.model came from, and its digest. */
  readonly model: LoadedModel;
  /** The tape's folder, absolute. */
  readonly tape: string;
  /** Event times in microseconds: from fromUs on, before toUs; null is no limit. */
  readonly range: { readonly fromUs: number | null; readonly toUs: number | null };
  /** null: every symbol of the tape. */
  readonly symbols: readonly string[] | null;
  readonly seed: number;
  readonly partitions: number;
  /** In the order of time; those of one time in the order of the file. */
  readonly commands: readonly { readonly timeUs: number; readonly value: ControlCommand }[];
  /**
   * The settings with defaults filled in, one form for each value, keys sorted: what tells runs
   * apart. Where files lie is not in it: the tape's content and the model's digest are hashed by
   * themselves, so a file model appears by its name alone.
   */
  readonly canonical: Settings;
  /** The same as a YAML file that may be read anywhere on this machine: its paths are absolute. */
  readonly document: string;
}

export type Settings = { readonly [key: string]: Plain };
