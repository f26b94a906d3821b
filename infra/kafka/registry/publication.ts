// What publishing our schemas would do to a registry, and doing it. Promises: nothing is registered
// unless every schema reads, and is read by, every version that the registry has, by the registry's
// verdict and by ours; done twice it does nothing the second time.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { parseAvro } from "./avro-model.ts";
import { breaksOfChange, type ChangeBreak } from "./compatibility.ts";
import type { LocalSchema } from "./local-schemas.ts";
import { FULL_TRANSITIVE, type Registered, type RegistryClient } from "./registry-client.ts";
import { meaningOfText } from "./schema-ids.ts";

/** Something that keeps a schema from being published. */
export interface Problem extends ChangeBreak {
  /** Registered version that it breaks with. */
  readonly version: number;
}

export interface Standing {
  readonly topic: TopicName;
  readonly subject: string;
  /** new: no such subject; changed: the subject has not today's schema. */
  readonly state: "new" | "changed" | "unchanged";
  /** Of the registered schema that means the same; null where there is none. */
  readonly id: number | null;
  readonly version: number | null;
  /** Compatibility level of the subject; null where there is no subject. */
  readonly level: string | null;
  /** Our verdict: every field that breaks, by version. */
  readonly problems: readonly Problem[];
  /** The registry's verdict, at its level; null where it was not asked, because nothing changes. */
  readonly registrySays: { readonly ok: boolean; readonly reasons: readonly string[] } | null;
}

/** Where each schema stands with the registry. Changes nothing. */
export async function examine(
  client: RegistryClient,
  schemas: readonly LocalSchema[],
): Promise<readonly Standing[]> {
  const standings: Standing[] = [];
  for (const schema of schemas) standings.push(await standingOf(client, schema));
  return standings;
}

async function standingOf(client: RegistryClient, schema: LocalSchema): Promise<Standing> {
  const { topic, text, model, meaning } = schema;
  const subject = client.subjectOf(topic);
  const versions = await client.versions(subject);
  if (versions.length === 0) {
    const none = { id: null, version: null, level: null, problems: [], registrySays: null };
    return { topic, subject, state: "new", ...none };
  }
  const same = versions.findLast((one) => meaningOfText(one.text) === meaning);
  const level = await client.level(subject);
  const problems = versions.flatMap((one) => problemsWith(one, model));
  return {
    topic,
    subject,
    state: same === undefined ? "changed" : "unchanged",
    id: same?.id ?? null,
    version: same?.version ?? null,
    level,
    problems,
    registrySays: same === undefined ? await client.isCompatible(subject, text) : null,
  };
}

function problemsWith({ version, text }: Registered, model: LocalSchema["model"]): Problem[] {
  try {
    return breaksOfChange(model, parseAvro(text)).map((one) => ({ version, ...one }));
  } catch (error) {
    const reason = `the registered schema is no Avro: ${(error as Error).message}`;
    return [{ version, path: "", reason, direction: "old records, new reader" }];
  }
}

export const isPublishable = ({ problems, registrySays }: Standing): boolean =>
  problems.length === 0 && registrySays?.ok !== false;

/** The failure that a check ends with; null where everything may be published. */
export function incompatible(standings: readonly Standing[], url: string): TapedeckError | null {
  const bad = standings.filter((one) => !isPublishable(one));
  if (bad.length === 0) return null;
  const names = bad.map(({ topic }) => topic).join(", ");
  const what = `not compatible with what ${url} has: ${names}`;
  return new TapedeckError("REGISTRY_INCOMPATIBLE", what, { url, topics: names });
}

export interface Published {
  readonly topic: TopicName;
  readonly subject: string;
  readonly id: number | null;
  readonly version: number | null;
  readonly outcome: "new" | "changed" | "unchanged";
  /** Whether the subject's level was set. */
  readonly levelSet: boolean;
}

/**
 * Sets each subject to FULL_TRANSITIVE and registers what is new. With `dryRun` says what it would do: an
 * id that is not there yet is null. Throws REGISTRY_INCOMPATIBLE before anything is changed.
 */
export async function publish(
  client: RegistryClient,
  schemas: readonly LocalSchema[],
  dryRun: boolean,
): Promise<readonly Published[]> {
  const standings = await examine(client, schemas);
  const failure = incompatible(standings, client.url);
  if (failure !== null) throw failure;
  const done: Published[] = [];
  for (const [i, { topic, subject, state, level, id, version }] of standings.entries()) {
    const levelSet = level !== FULL_TRANSITIVE;
    if (dryRun) {
      done.push({ topic, subject, id, version, outcome: state, levelSet });
      continue;
    }
    // The level first: no version may slip in between that the next one could not follow.
    if (levelSet) await client.setLevel(subject, FULL_TRANSITIVE);
    const place =
      state === "unchanged" ? { id, version } : await register(client, subject, schemas[i]);
    done.push({ topic, subject, ...place, outcome: state, levelSet });
  }
  return done;
}

async function register(client: RegistryClient, subject: string, schema: LocalSchema | undefined) {
  const text = schema?.text ?? "";
  const id = await client.register(subject, text);
  const found = await client.lookUp(subject, text);
  return { id, version: typeof found === "string" ? null : found.version };
}
