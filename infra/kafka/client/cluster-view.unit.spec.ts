import { expect, test } from "vitest";
import { ClusterView } from "./cluster-view.ts";
import { LinkFailure } from "./failures.ts";
import type { Link } from "./link.ts";

const GROUP = 0;

test("asks a broker that failed last, until it has answered again", async () => {
  const view = new ClusterView({ brokers: ["a:1", "b:1", "c:1"], clientId: "test" });
  const silent = new Set(["a", "b"]);
  const asked: string[] = [];
  view.links.use = async <T>(
    { host }: { readonly host: string },
    _: (link: Link) => Promise<T>,
  ) => {
    asked.push(host);
    if (silent.has(host)) throw new LinkFailure("timeout", host, "no answer");
    return { error: 0, message: null, node: { id: 1, host, port: 1 } } as T;
  };
  await view.coordinator(GROUP, "first");
  await view.coordinator(GROUP, "second");
  expect(asked.splice(0)).toEqual(["a", "b", "c", "c"]);
  silent.add("c");
  silent.delete("a");
  await view.coordinator(GROUP, "third");
  await view.coordinator(GROUP, "fourth");
  expect(asked).toEqual(["c", "a", "a"]);
  view.close();
});
