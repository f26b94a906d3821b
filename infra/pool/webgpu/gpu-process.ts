// What the process of a WebGPU device does. Promises: a greeting, then one reply to each request; a device that
// is lost is told at once; the process ends with its parent.

import { GpuMemoryError, GpuSession } from "./gpu-session.ts";
import type { GpuGreeting, GpuReply, GpuRequest } from "./messages.ts";
import type { Shaders } from "./shaders.ts";

export async function serveGpu(shaders: Shaders): Promise<void> {
  const say = (message: GpuGreeting | GpuReply): void => {
    process.send?.(message);
  };
  // An orderly exit waits for what the GPU is at, which may be for ever.
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  let session: GpuSession;
  try {
    session = await GpuSession.open(shaders);
  } catch (error) {
    say({ reply: "missing", message: wordsOf(error) });
    return;
  }
  process.on("message", (request: GpuRequest) => {
    answer(session, request).then(say, (error: unknown) => {
      const reason = error instanceof GpuMemoryError ? "OUT_OF_MEMORY" : "CRASHED";
      say({ reply: "trouble", reason, message: wordsOf(error) });
    });
  });
  // Not a race with each answer: a promise that lives on keeps all that ever waited for it.
  session.lost.catch((error: unknown) =>
    say({ reply: "trouble", reason: "CRASHED", message: wordsOf(error) }),
  );
  say({ reply: "ready", adapter: session.description });
}

async function answer(session: GpuSession, request: GpuRequest): Promise<GpuReply> {
  switch (request.ask) {
    case "hold":
      await session.hold(request.set, request.assets, request.parts);
      return { reply: "done" };
    case "fill":
      await session.fill(request.set, request.part, request.from, request.values);
      return { reply: "done" };
    case "drop":
      session.drop(request.set);
      return { reply: "done" };
    case "losses":
      return { reply: "losses", losses: await session.losses(request.set, request.weights) };
    case "places":
      return { reply: "places", places: await session.places(request.draw) };
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
