// Our schemas in a real registry: published once, found again by us and by a stock client, and never
// broken. Each test has subjects of its own and takes them away.

import { join } from "node:path";
import { SchemaRegistry, SchemaType } from "@kafkajs/confluent-schema-registry";
import { afterEach, beforeEach, expect, test } from "vitest";
import { plainTypeOf } from "../../../schemas/codegen/avsc-oracle.ts";
import { readSchemas } from "../../../schemas/codegen/generated-files.ts";
import { goldenOf } from "../../../schemas/codegen/golden.ts";
import type { TapedeckError } from "../../../schemas/errors.ts";
import type { TopicName } from "../../../schemas/generated/facts.ts";
import { topicNames } from "../../../streams/catalogue.ts";
import { describeKafka, freshPrefix, useBroker } from "../../broker/testing.ts";
import { type LocalSchema, localSchema, readLocalSchemas } from "./local-schemas.ts";
import { examine, publish } from "./publication.ts";
import { openRegistry, type RegistryClient } from "./registry-client.ts";
import { openSchemaIds } from "./schema-ids.ts";
import { registryAt } from "./settings.ts";

const address = useBroker()?.registry ?? "";
const all = readLocalSchemas(topicNames);

let prefix = "";
let client: RegistryClient;

beforeEach(() => {
  prefix = freshPrefix();
  client = openRegistry(registryAt(address, { subjectPrefix: prefix }));
});

afterEach(async () => {
  const subjects = (await (await fetch(`${address}/subjects`)).json()) as string[];
  for (const subject of subjects.filter((name) => name.startsWith(prefix))) {
    await fetch(`${address}/subjects/${subject}`, { method: "DELETE" });
  }
  client.close();
});

/** Registers a text as someone else would, at the registry's own level. */
async function registerElsewhere(topic: string, schema: string, schemaType = "AVRO") {
  const answer = await fetch(`${address}/subjects/${prefix}${topic}-value/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify(schemaType === "AVRO" ? { schema } : { schema, schemaType }),
  });
  return ((await answer.json()) as { id: number }).id;
}

interface Field {
  name: string;
  type: unknown;
  default?: unknown;
  doc?: string;
}

/** Fields that no other test registers, so that an id that the registry gives is this test's alone. */
const unique = (): Field => ({
  name: `only_${prefix.replaceAll(".", "_")}`,
  type: "string",
  default: "",
});

const side = (...symbols: readonly string[]) => ({
  type: "enum",
  name: "Side",
  symbols: ["UNKNOWN", ...symbols],
  default: "UNKNOWN",
});
const textOf = (...fields: readonly Field[]): string =>
  JSON.stringify({ type: "record", name: "Order", namespace: "tapedeck", fields });
const orders = (text: string, ...recorded: readonly string[]): readonly LocalSchema[] => [
  localSchema("orders", text, recorded),
];

const failure = (work: Promise<unknown>): Promise<TapedeckError> =>
  work.then(
    () => Promise.reject(new Error("expected a failure")),
    (error: unknown) => error as TapedeckError,
  );

describeKafka("publishing", () => {
  test("registers every topic's schema at FULL_TRANSITIVE, once", async () => {
    const planned = await publish(client, all, true);
    expect(planned.map(({ topic, outcome, id }) => [topic, outcome, id])).toEqual(
      topicNames.map((topic) => [topic, "new", null]),
    );
    for (const { subject } of planned) expect(await client.versions(subject)).toEqual([]);

    const first = await publish(client, all, false);
    for (const { topic, subject, id, version, outcome } of first) {
      expect([subject, version, outcome]).toEqual([`${prefix}${topic}-value`, 1, "new"]);
      expect(id).toBeGreaterThan(0);
      expect(await client.level(subject)).toBe("FULL_TRANSITIVE");
    }
    expect(new Set(first.map(({ id }) => id)).size).toBe(topicNames.length);

    const second = await publish(client, all, false);
    expect(second).toEqual(first.map((one) => ({ ...one, outcome: "unchanged", levelSet: false })));
  });

  test("what is published is what a stock client finds, and decodes our records with", async () => {
    await publish(client, all, false);
    const ids = await openSchemaIds(client, all);
    const stock = new SchemaRegistry({ host: address });
    const schemas = readSchemas(join(import.meta.dirname, "..", "..", "..", "schemas"));
    for (const { topic, schema } of schemas) {
      const id = ids.idOf(topic as TopicName);
      const subject = client.subjectOf(topic);
      const theirs = { type: SchemaType.AVRO, schema: JSON.stringify(schema) } as const;
      expect(await stock.getRegistryIdBySchema(subject, theirs)).toBe(id);
      const bytes = Buffer.from(goldenOf(schema).records[0]?.bytes ?? "", "hex");
      const framed = Buffer.concat([Buffer.from([0, 0, 0, 0, 0]), bytes]);
      framed.writeUInt32BE(id, 1);
      expect(await stock.decode(framed)).toEqual(plainTypeOf(schema).fromBuffer(bytes));
    }
  });

  test("mended documentation is no new version, for us and for who reads", async () => {
    const field = unique();
    await publish(client, orders(textOf({ ...field, doc: "old words" })), false);
    const now = orders(textOf({ ...field, doc: "new words" }));
    const [again] = await publish(client, now, false);
    expect([again?.outcome, again?.version]).toEqual(["unchanged", 1]);
    const ids = await openSchemaIds(client, now);
    expect(ids.idOf("orders")).toBe(again?.id);
  });

  test("a field with a default becomes version 2", async () => {
    const before = textOf(unique());
    await publish(client, orders(before), false);
    const now = orders(textOf(unique(), { name: "note", type: "string", default: "" }), before);
    const [planned] = await examine(client, now);
    expect(planned).toMatchObject({ state: "changed", problems: [], registrySays: { ok: true } });
    const [done] = await publish(client, now, false);
    expect([done?.outcome, done?.version, done?.levelSet]).toEqual(["changed", 2, false]);
  });

  test("nothing at all is registered where one schema breaks a version, and every field is named", async () => {
    const [instrument, tick] = readLocalSchemas(["market.instruments", "market.ticks"]);
    await publish(client, orders(textOf(unique(), { name: "price", type: "long" })), false);
    const broken = orders(
      textOf(unique(), { name: "price", type: "string" }, { name: "fresh", type: "long" }),
    );
    const work = [instrument, ...broken, tick] as readonly LocalSchema[];
    const standing = (await examine(client, work)).find(({ topic }) => topic === "orders");
    expect(standing?.registrySays?.ok).toBe(false);
    expect(standing?.problems.map(({ version, path, reason }) => [version, path, reason])).toEqual([
      [1, "price", "long cannot be read as string"],
      [1, "fresh", "is not written, and has no default"],
      [1, "price", "string cannot be read as long"],
    ]);
    const error = await failure(publish(client, work, false));
    expect([error.code, error.exit, error.facts.topics]).toEqual([
      "REGISTRY_INCOMPATIBLE",
      6,
      "orders",
    ]);
    for (const topic of ["market.instruments", "market.ticks"]) {
      expect(await client.versions(client.subjectOf(topic))).toEqual([]);
    }
    expect(await client.versions(client.subjectOf("orders"))).toHaveLength(1);
    // The registry holds to the level that we set, whoever comes.
    const refused = await failure(
      client.register(client.subjectOf("orders"), broken[0]?.text ?? ""),
    );
    expect([refused.code, refused.message]).toEqual([
      "REGISTRY_INCOMPATIBLE",
      expect.stringContaining("409"),
    ]);
  });

  test("a version before the last is not forgotten", async () => {
    const extra = (type: string, value: unknown) =>
      textOf(unique(), { name: "x", type, default: value });
    await publish(client, orders(extra("long", 0)), false);
    await publish(client, orders(textOf(unique())), false);
    const [standing] = await examine(client, orders(extra("string", "")));
    expect(standing?.problems.map(({ version, path }) => [version, path])).toEqual([
      [1, "x"],
      [1, "x"],
    ]);
    expect(standing?.registrySays?.ok).toBe(false);
  });

  test("a number that becomes money is refused by us, though Avro and the registry let it pass", async () => {
    await publish(client, orders(textOf(unique(), { name: "price", type: "long" })), false);
    const money = { type: "long", logicalType: "money-minor" };
    const now = orders(textOf(unique(), { name: "price", type: money }));
    const [standing] = await examine(client, now);
    expect(standing?.registrySays?.ok).toBe(true);
    expect(standing?.problems.map(({ path }) => path)).toEqual(["price", "price"]);
    expect((await failure(publish(client, now, false))).code).toBe("REGISTRY_INCOMPATIBLE");
    expect(await client.versions(client.subjectOf("orders"))).toHaveLength(1);
  });

  test("a schema that is no schema is refused in the registry's own words", async () => {
    const error = await failure(client.register(`${prefix}x-value`, "nonsense"));
    expect(error.code).toBe("REGISTRY_REFUSED");
    expect(error.message).toMatch(/\(422\d\d\)$/);
  });
});

describeKafka("schema ids", () => {
  test("before anything is published: every topic is named, and nothing is registered", async () => {
    const error = await failure(openSchemaIds(client, all));
    expect(error.code).toBe("REGISTRY_NOT_PUBLISHED");
    for (const topic of topicNames) expect(error.message).toContain(`${prefix}${topic}-value`);
    const [standing] = await examine(client, all);
    expect(standing?.state).toBe("new");
  });

  test("a subject without today's schema says which versions it has", async () => {
    await publish(client, orders(textOf(unique())), false);
    const now = orders(textOf(unique(), { name: "x", type: "int", default: 0 }));
    const error = await failure(openSchemaIds(client, now));
    expect(error.message).toContain("orders-value has versions 1, none of them today's");
  });

  test("recorded versions are believed where today's codec reads their bytes, and no others", async () => {
    const field = unique();
    const symbols = (...names: readonly string[]) =>
      textOf(field, { name: "side", type: side(...names) });
    const [older, now] = [symbols("BUY"), symbols("BUY", "SELL")];
    const longer = textOf(
      field,
      { name: "side", type: side("BUY", "SELL") },
      {
        name: "x",
        type: "int",
        default: 0,
      },
    );
    const unrecorded = symbols("BUY", "SELL", "SHORT");
    const texts = [older, now, longer, unrecorded];
    const registered: number[] = [];
    const jsonSchema = '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}';
    for (const text of texts) registered.push(await registerElsewhere("orders", text));
    registered.push(await registerElsewhere("other", jsonSchema, "JSON"));
    const local = orders(now, older, now, longer);
    const ids = await openSchemaIds(client, local);
    expect(ids.idOf("orders")).toBe(registered[1]);
    await ids.resolve([...registered, 2 ** 31 - 1]);
    expect(registered.map((id) => ids.isKnown("orders", id))).toEqual([
      true, // fewer symbols
      true, // today's
      false, // recorded, of another layout
      false, // never recorded
      false, // no Avro
    ]);
    expect(ids.isKnown("orders", 2 ** 31 - 1)).toBe(false);
    expect(ids.refusal("orders", 2 ** 31 - 1)).toContain("has no schema 2147483647");
  });
});
