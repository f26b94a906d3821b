// The registry lost while a flow runs on what it has of it: tasks go on, and move to services that were
// started before; who starts without it says so and ends.

import { TapedeckError } from "../../../schemas/errors.ts";
import type { FaultProcess } from "../processes.ts";
import { beginWith, type Fault, type Play } from "./fault.ts";

const UNREACHABLE_EXIT = 4;
/** Who starts without a registry asks for it a while. */
const ROUNDS_A_START = 5;

async function registryLost(play: Play): Promise<void> {
  const { stage, registry, rounds, note, tell, patienceMs } = play;
  if (registry === null) throw new Error("this fault has a registry");
  await beginWith(play, ["steady"]);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const spare = await stage.start("spare");
    await spare.line(/^ready/);
    const lostMs = Date.now();
    await registry.kill9();
    const late = round % ROUNDS_A_START === 0 ? await stage.start("late") : null;
    note("kill -9 of the registry", await stage.reader.recovered(lostMs, patienceMs));
    const sinceMs = Date.now();
    await spare.kill();
    const recovery = await stage.reader.recovered(sinceMs, patienceMs);
    note("kill -9 of a service without the registry", recovery);
    if (late !== null) {
      await endsWithoutRegistry(late);
      stage.expect(late);
      refused++;
    }
    await registry.restart();
  }
  tell(
    `services that were started without the registry: ${refused}, each said so and ended with 4`,
  );
}

async function endsWithoutRegistry(late: FaultProcess): Promise<void> {
  const { code } = await late.ended;
  const said = late.errors();
  if (code === UNREACHABLE_EXIT && said.includes("REGISTRY_UNREACHABLE")) return;
  const what = `started without a registry a service ended with ${code}: ${said}`;
  throw new TapedeckError("FAULTS_PROCESS_ENDED", what, { code });
}

export const registryFaults: readonly Fault[] = [
  {
    name: "registry",
    about: "kill -9 of the schema registry, services started and killed without it",
    rows: 1,
    brokers: 1,
    proxy: false,
    registry: true,
    stageRounds: 100,
    stage: { partitions: 4 },
    play: registryLost,
  },
];
