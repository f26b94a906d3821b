// docker-compose.yml, checked without Docker: against the specification's own schema, and part by part
// against what it names: files, services, volumes, commands, options and variables of ours.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { KAFKA_IMAGE, REGISTRY_IMAGE } from "../broker/docker.ts";
import { runTapedeck } from "../cli/testing/run-command.ts";
import {
  composeFile,
  composeText,
  folder,
  type Service,
  serviceOf,
} from "./testing/compose-file.ts";

const root = join(folder, "../..");
const { services, volumes } = composeFile();
const each = Object.entries(services);
const schema = createRequire(import.meta.url)("docker-compose/schema/compose-spec.json") as object;

const cli = (...args: readonly string[]) => runTapedeck(args);

describe("the file", () => {
  // The schema says oneOf and format in ways that ajv's strict mode would rather have said otherwise.
  const validate = new Ajv({ strict: false, validateFormats: false }).compile({
    ...schema,
    $schema: "http://json-schema.org/draft-07/schema#",
  });

  test("is a compose file by the specification's schema", () => {
    validate(parse(composeText(), { merge: true }));
    expect(validate.errors).toBeNull();
  });

  test.each([
    ["a misspelt key", (file: Services) => ({ ...file.kafka, enviroment: {} })],
    ["a port that is none", (file: Services) => ({ ...file.kafka, ports: [{ published: [] }] })],
    [
      "a health check without a time unit",
      (file: Services) => ({ ...file.kafka, healthcheck: { test: 5 } }),
    ],
  ])("with %s would not be one", (_, change) => {
    expect(validate({ services: { kafka: change(services) } })).toBe(false);
  });
});

type Services = Readonly<Record<string, Service>>;

describe.each(each)("service %s", (_name, service) => {
  test("has an image of one version", () => {
    expect(service.image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+[\w.-]*$/);
  });

  test("says when it is healthy, or that it only runs once", () => {
    const { healthcheck } = service;
    expect(healthcheck?.disable === true || (healthcheck?.test?.length ?? 0) > 1).toBe(true);
  });

  test("waits for services that are there, by what they tell", () => {
    const waits = service.depends_on ?? [];
    const names = Array.isArray(waits) ? waits : Object.keys(waits);
    for (const name of names) expect(services).toHaveProperty(name);
    if (Array.isArray(waits)) return;
    for (const [name, { condition }] of Object.entries(waits)) {
      const isDisabled = services[name]?.healthcheck?.disable === true;
      expect(condition).toBe(isDisabled ? "service_completed_successfully" : "service_healthy");
    }
  });

  test("mounts what there is", () => {
    for (const volume of service.volumes ?? []) {
      const [source = "", target = "", mode] = volume.split(":");
      expect(target).toMatch(/^\//);
      if (!source.startsWith(".")) expect(volumes).toHaveProperty([source]);
      else {
        expect(existsSync(join(folder, source))).toBe(true);
        expect(mode).toBe("ro");
      }
    }
  });

  test("is reachable from this machine only", () => {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });
});

test("no two services want the same port", () => {
  const ports = each.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(":")[1]));
  expect(new Set(ports).size).toBe(ports.length);
});

test("every volume is used", () => {
  const used = each.flatMap(([, service]) =>
    (service.volumes ?? []).map((text) => text.split(":")[0]),
  );
  expect(Object.keys(volumes).filter((name) => !used.includes(name))).toEqual([]);
});

test("broker and registry are the versions that the tests run on", () => {
  expect([serviceOf("kafka").image, serviceOf("registry").image]).toEqual([
    KAFKA_IMAGE,
    REGISTRY_IMAGE,
  ]);
});

describe("Tapedeck's own commands", () => {
  /** What the services run, as words after `tapedeck`. */
  const commands = each.flatMap(([, { image, entrypoint, command = [] }]) => {
    if (!image.startsWith("tapedeck:")) return [];
    if (entrypoint === undefined) return [command];
    return command
      .join("\n")
      .split("\n")
      .filter((line) => line.includes("tapedeck.ts "))
      .map((line) => line.slice(line.indexOf("tapedeck.ts ") + "tapedeck.ts ".length).split(" "));
  });

  test("are the five that are meant", () => {
    expect(commands.map((words) => words[0]).sort()).toEqual([
      "play",
      "run",
      "schemas",
      "simulate",
      "topics",
    ]);
  });

  test.each(commands.map((words) => [words.join(" "), words]))(
    "%s: has these options",
    (_, words) => {
      const isNested = ["schemas", "topics"].includes(words[0] ?? "");
      const { stdout, status } = cli(...words.slice(0, isNested ? 2 : 1), "--help");
      expect(status).toBe(0);
      for (const option of words.filter((word) => word.startsWith("--"))) {
        expect(stdout).toContain(` ${option} `);
      }
    },
  );

  test("are given a configuration that is fit to run, with the market's partitions", () => {
    const path = join(folder, "tapedeck.yaml");
    expect(cli("config", "check", path).stdout).toContain("fit to run");
    const { partitions, tape } = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const market = serviceOf("market").command?.join("") ?? "";
    expect(market).toContain(`--partitions ${partitions}`);
    expect(market).toContain(`--tape ${tape}`);
  });

  test("are given variables that Tapedeck reads", () => {
    const sources = readdirSync(join(root, "infra/kafka/cluster"))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".spec.ts"))
      .map((name) => readFileSync(join(root, "infra/kafka/cluster", name), "utf8"))
      .join("");
    for (const name of Object.keys(serviceOf("tapedeck").environment ?? {})) {
      expect(sources).toContain(`env.${name}`);
    }
  });

  test("name servers of the file by ports that these listen on", () => {
    const { TAPEDECK_KAFKA = "", TAPEDECK_REGISTRY = "" } = serviceOf("tapedeck").environment ?? {};
    const advertised = serviceOf("kafka").environment?.KAFKA_ADVERTISED_LISTENERS ?? "";
    expect(advertised).toContain(`INTERNAL://${TAPEDECK_KAFKA}`);
    expect(new URL(TAPEDECK_REGISTRY).hostname).toBe("registry");
    expect(serviceOf("registry").ports?.[0]?.split(":")[2]).toBe(new URL(TAPEDECK_REGISTRY).port);
  });
});

describe("what Prometheus and Grafana are given", () => {
  test("Prometheus asks the flow's instances at the port that they serve", () => {
    const settings = readFileSync(join(folder, "prometheus/prometheus.yml"), "utf8");
    const { scrape_configs } = parse(settings) as {
      scrape_configs: { dns_sd_configs?: { names: string[]; port: number }[] }[];
    };
    const [found] = scrape_configs.flatMap(({ dns_sd_configs = [] }) => dns_sd_configs);
    expect(found?.names).toEqual(["tapedeck"]);
    const health = serviceOf("tapedeck").healthcheck?.test?.join(" ") ?? "";
    expect(health).toContain(`:${found?.port}/`);
    expect(cli("run", "--help").stdout.replaceAll(/\s+/g, " ")).toContain(
      `(default: ${found?.port})`,
    );
    expect(serviceOf("tapedeck").command).toContain("0.0.0.0");
  });

  test("its settings and rules lie where it looks for them", () => {
    const [settings = ""] = serviceOf("prometheus").command ?? [];
    const inside = settings.replace("--config.file=/etc/prometheus/", "");
    expect(existsSync(join(folder, "prometheus", inside))).toBe(true);
  });

  test("Grafana's dashboards lie where its provisioning says", () => {
    const providers = readFileSync(
      join(folder, "grafana/provisioning/dashboards/tapedeck.yml"),
      "utf8",
    );
    const target = (parse(providers) as { providers: { options: { path: string } }[] }).providers[0]
      ?.options.path;
    const mounts = serviceOf("grafana").volumes ?? [];
    expect(mounts).toContain(`./grafana/dashboards:${target}:ro`);
    const sources = readFileSync(
      join(folder, "grafana/provisioning/datasources/prometheus.yml"),
      "utf8",
    );
    const { url } = (parse(sources) as { datasources: { url: string }[] }).datasources[0] ?? {};
    expect(services).toHaveProperty([new URL(url ?? "").hostname]);
    expect(serviceOf("prometheus").ports?.[0]?.split(":")[2]).toBe(new URL(url ?? "").port);
  });
});

describe("the image", () => {
  const { build } = serviceOf("tapedeck");
  const context = resolve(folder, build?.context ?? "");
  const dockerfile = readFileSync(join(context, build?.dockerfile ?? ""), "utf8");
  const ignored = readFileSync(join(context, `${build?.dockerfile}.dockerignore`), "utf8").split(
    "\n",
  );
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, from = ""]) =>
    from.split(" "),
  );

  test("is built from files that are there, and that the build is shown", () => {
    expect(context).toBe(root);
    expect(copied.length).toBeGreaterThan(6);
    for (const name of copied) {
      expect(existsSync(join(root, name))).toBe(true);
      expect(ignored).toContain(`!${name}`);
    }
  });

  test("holds every folder that the command line loads from", () => {
    const references = parse(readFileSync(join(root, "infra/tsconfig.json"), "utf8")) as {
      references: { path: string }[];
    };
    const needed = ["infra", ...references.references.map(({ path }) => path.replace("../", ""))];
    for (const name of needed) {
      expect(statSync(join(root, name)).isDirectory()).toBe(true);
      expect(copied).toContain(name);
    }
  });

  test("has the Node of the repository, and the package's version", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      version: string;
      packages: Record<string, { version: string }>;
    };
    expect(dockerfile).toContain(`FROM node:${lock.packages["node_modules/node"]?.version}-`);
    expect(serviceOf("tapedeck").image).toBe(`tapedeck:${lock.version}`);
  });

  test("needs no install script: dependencies that have one bring what it would fetch", () => {
    const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
      packages: Record<
        string,
        { hasInstallScript?: boolean; dev?: boolean; devOptional?: boolean }
      >;
    };
    const scripted = Object.entries(lock.packages)
      .filter(
        ([, { hasInstallScript, dev, devOptional }]) => hasInstallScript && !dev && !devOptional,
      )
      .map(([name]) => name.replace("node_modules/", ""));
    // Both fetch native parts only where no prebuilt package of theirs was installed.
    expect(scripted.sort()).toEqual(["lmdb", "msgpackr-extract"]);
  });
});
