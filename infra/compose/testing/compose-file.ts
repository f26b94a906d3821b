// docker-compose.yml as its tests read it: merged, with $$ and ${NAME:-default} as Docker reads them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const folder = join(import.meta.dirname, "..");

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: readonly string[] | Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: {
    readonly disable?: boolean;
    readonly test?: readonly string[];
  };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, object>>;
}

/** The file as it is written, for the schema. */
export const composeText = (): string => readFileSync(join(folder, "docker-compose.yml"), "utf8");

export function composeFile(): ComposeFile {
  const text = composeText()
    .replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")
    .replaceAll("$$", "$");
  return parse(text, { merge: true }) as ComposeFile;
}

/** A service that the file has. */
export function serviceOf(name: string): Service {
  const service = composeFile().services[name];
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return service;
}
