// A schema registry as Confluent's interface describes it; Apicurio's differences are met here and
// written down in docs/schemas.md. Promises: what was read under an id is kept for ever, because ids never
// change meaning; that an id is missing is not kept; an answer of another shape is refused by name.

import { TapedeckError } from "../../../schemas/errors.ts";
import { type Answer, notARegistry, openExchange } from "./exchange.ts";
import type { RegistryAccess } from "./settings.ts";

/** The level that publishing sets: every version reads every other. */
export const FULL_TRANSITIVE = "FULL_TRANSITIVE";

/** A schema under a subject. */
export interface Registered {
  readonly id: number;
  readonly version: number;
  readonly text: string;
}

export interface RegistryClient {
  readonly url: string;
  /** `<prefix><topic>-value`: the registry's TopicNameStrategy. */
  subjectOf(topic: string): string;
  /** The registered schema that the registry takes for this text; "no-subject" and "no-schema" differ. */
  lookUp(subject: string, text: string): Promise<Registered | "no-subject" | "no-schema">;
  /** All versions of a subject, oldest first; empty where there is no subject. */
  versions(subject: string): Promise<readonly Registered[]>;
  /** Text of the Avro schema with this id; null where the registry has none. Cached for ever. */
  schemaText(id: number): Promise<string | null>;
  /** Compatibility level in force for the subject. */
  level(subject: string): Promise<string>;
  setLevel(subject: string, level: string): Promise<void>;
  /** The registry's own verdict against every version, at the subject's level; why, where it says why. */
  isCompatible(subject: string, text: string): Promise<{ ok: boolean; reasons: readonly string[] }>;
  /** Registers it, or finds it: its id. */
  register(subject: string, text: string): Promise<number>;
  close(): void;
}

const NO_SUBJECT = 40401;
const NO_VERSION = 40402;
const NO_SCHEMA = 40403;
const NO_LEVEL = 40408;
const NOT_COMPATIBLE = 409;
/** The wire has 32 bits for an id, and registries count in a signed integer. */
const MAX_ID = 2 ** 31 - 1;

/** Opens nothing yet: the first request does. */
export function openRegistry(access: RegistryAccess): RegistryClient {
  const { url } = access;
  const exchange = openExchange(access);
  const texts = new Map<number, string>();
  const asked = new Map<number, Promise<string | null>>();

  /** The body, if it is of the shape; the code of the error, where it is one of `expected`. */
  async function ask<T>(
    request: readonly ["GET" | "POST" | "PUT", string, unknown?],
    shape: (body: Fields) => T | undefined,
    expected: readonly number[] = [],
  ): Promise<T | number> {
    const answer = await exchange.ask(...request);
    if (answer.errorCode !== 0) {
      if (expected.includes(answer.errorCode)) return answer.errorCode;
      throw refused(url, request[1], answer);
    }
    const found = shape((answer.body ?? {}) as Fields);
    if (found !== undefined) return found;
    const shown = JSON.stringify(answer.body).slice(0, 120);
    throw notARegistry(url, `answers ${request[0]} ${request[1]} with ${shown}`);
  }
  const at = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`;

  async function fetchText(id: number): Promise<string | null> {
    if (id < 1 || id > MAX_ID) return null;
    const shape = (body: Fields) =>
      typeof body.schema === "string" ? { text: body.schema, avro: isAvro(body) } : undefined;
    const found = await ask(["GET", `/schemas/ids/${id}`], shape, [NO_SCHEMA]);
    if (typeof found === "number") return null;
    // JSON and Protobuf schemas have ids too: none of ours, whatever they say.
    const text = found.avro ? found.text : "";
    texts.set(id, text);
    return text;
  }

  return {
    url,
    subjectOf: (topic) => `${access.subjectPrefix}${topic}-value`,

    async lookUp(subject, schema) {
      const codes = [NO_SUBJECT, NO_SCHEMA];
      const found = await ask(["POST", at(subject), { schema }], asRegistered, codes);
      if (typeof found !== "number") return found;
      return found === NO_SUBJECT ? "no-subject" : "no-schema";
    },

    async versions(subject) {
      const list = (body: unknown) =>
        Array.isArray(body) && body.every(Number.isSafeInteger) ? (body as number[]) : undefined;
      const numbers = await ask(["GET", `${at(subject)}/versions`], list, [NO_SUBJECT]);
      if (typeof numbers === "number") return [];
      const found: Registered[] = [];
      for (const number of [...numbers].sort((a, b) => a - b)) {
        const path = `${at(subject)}/versions/${number}`;
        const one = await ask(["GET", path], asRegistered, [NO_VERSION, NO_SUBJECT]);
        if (typeof one !== "number") found.push(one); // else deleted meanwhile
      }
      return found;
    },

    async schemaText(id) {
      const known = texts.get(id);
      if (known !== undefined) return known;
      const running = asked.get(id) ?? fetchText(id).finally(() => asked.delete(id));
      asked.set(id, running);
      return running;
    },

    async level(subject) {
      const shape = ({ compatibilityLevel }: Fields) =>
        typeof compatibilityLevel === "string" ? compatibilityLevel : undefined;
      const path = `/config/${encodeURIComponent(subject)}`;
      const own = await ask(["GET", path], shape, [NO_SUBJECT, NO_LEVEL]);
      if (typeof own === "string") return own;
      return (await ask(["GET", "/config"], shape)) as string;
    },

    async setLevel(subject, level) {
      const path = `/config/${encodeURIComponent(subject)}`;
      const shape = (body: Fields) => (typeof body.compatibility === "string" ? true : undefined);
      await ask(["PUT", path, { compatibility: level }], shape);
    },

    async isCompatible(subject, schema) {
      const path = `/compatibility${at(subject)}/versions?verbose=true`;
      const shape = ({ is_compatible: ok, messages }: Fields) =>
        typeof ok === "boolean" ? { ok, reasons: isTexts(messages) ? messages : [] } : undefined;
      const found = await ask(["POST", path, { schema }], shape, [NO_SUBJECT]);
      return typeof found === "number" ? { ok: true, reasons: [] } : found;
    },

    async register(subject, schema) {
      const shape = ({ id }: Fields) => (isId(id) ? { id } : undefined);
      const path = `${at(subject)}/versions`;
      const found = await ask(["POST", path, { schema }], shape);
      return (found as { id: number }).id;
    },

    close: () => exchange.close(),
  };
}

type Fields = Readonly<Record<string, unknown>>;

const isId = (value: unknown): value is number => Number.isSafeInteger(value);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isAvro = ({ schemaType, references }: Fields): boolean =>
  (schemaType === undefined || schemaType === "AVRO") &&
  (!Array.isArray(references) || references.length === 0);

function asRegistered(body: Fields): Registered | undefined {
  const { id, version, schema } = body;
  if (!isId(id) || !isId(version) || typeof schema !== "string") return undefined;
  return { id, version, text: isAvro(body) ? schema : "" };
}

function refused(url: string, path: string, { body, errorCode }: Answer): TapedeckError {
  const said = (body as { message?: unknown }).message;
  const what = typeof said === "string" ? said : JSON.stringify(body);
  const code = errorCode === NOT_COMPATIBLE ? "REGISTRY_INCOMPATIBLE" : "REGISTRY_REFUSED";
  return new TapedeckError(code, `${url} refuses ${path}: ${what} (${errorCode})`, {
    url,
    path,
    errorCode,
  });
}
