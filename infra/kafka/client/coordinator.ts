// The broker that coordinates a transactional id or a group. Promises: who it is is looked up again
// when it has moved or cannot be reached; the retries are the caller's.

import type { ClusterView } from "./cluster-view.ts";
import { Refused, refuse } from "./failures.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { Partitioned, Request } from "./requests.ts";

export class Coordinator {
  private readonly cluster: ClusterView;
  private readonly links: Links;
  private readonly kind: number;
  private readonly key: string;

  constructor(cluster: ClusterView, links: Links, kind: number, key: string) {
    this.cluster = cluster;
    this.links = links;
    this.kind = kind;
    this.key = key;
  }

  async send<Answer>(request: Request<Answer>, lane: string): Promise<Answer> {
    const link = await this.link(lane);
    try {
      return await link.send(request);
    } catch (failure) {
      this.forget();
      throw failure;
    }
  }

  async link(lane: string): Promise<Link> {
    try {
      const node = await this.cluster.coordinator(this.kind, this.key);
      return await this.links.get({ host: node.host, port: node.port }, lane);
    } catch (failure) {
      this.forget();
      throw failure;
    }
  }

  refuse(
    code: number,
    apiName: string,
    place: Partitioned | null = null,
    detail: string | null = null,
  ): void {
    try {
      refuse(code, apiName, place, detail);
    } catch (failure) {
      if (failure instanceof Refused && failure.failure === "coordinator") this.forget();
      throw failure;
    }
  }

  private forget(): void {
    this.cluster.forgetCoordinator(this.kind, this.key);
  }
}
