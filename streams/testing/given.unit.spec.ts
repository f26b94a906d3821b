import { describe, expect, test } from "vitest";
import type { ControlCommand } from "../../schemas/generated/control.commands.ts";
import { emit } from "../event.ts";
import { nothing, type Processor } from "../processor.ts";
import { at, given } from "./given.ts";

const halt: ControlCommand = {
  portfolio: "main",
  command: "HaltTrading",
  who: "ann",
  why: "drill",
  limit: null,
  value: null,
  overlay: null,
  symbol: "",
  fromUs: null,
  untilUs: null,
  confidenceBps: null,
};
const halted = at(1, "control.commands", halt);

interface Count {
  seen: number;
  byWho: Map<string, number>;
}
type Counter = Processor<Count, "control.commands", "control.commands">;

const counter: Counter = {
  name: "counter",
  version: 1,
  scope: "portfolio",
  inputs: ["control.commands"],
  outputs: { "control.commands": 10 },
  onFailure: "stop",
  initial: () => ({ seen: 0, byWho: new Map() }),
  evolve: (state, event) => {
    state.seen++;
    state.byWho.set(event.value.who, state.seen);
    return state;
  },
  decide: (state, { value }) =>
    state.seen < 2 ? nothing : [emit("control.commands", { ...value, value: state.seen })],
};
const broken = (change: Partial<Counter>) => given({ ...counter, ...change });

describe("given", () => {
  test("gives what the events after it ask for, in order", () => {
    expect(given(counter, halted).when(halted, halted)).toEqual([
      emit("control.commands", { ...halt, value: 2 }),
      emit("control.commands", { ...halt, value: 3 }),
    ]);
  });

  test("numbers events of a topic from 0", () => {
    const offsets: number[] = [];
    broken({
      evolve: (state, event) => {
        offsets.push(event.offset);
        return state;
      },
    }).when(halted, halted);
    expect(offsets).toEqual([0, 0, 1, 1]); // each event is folded into both states
  });

  test.each<[string, RegExp, Partial<Counter>]>([
    [
      "a record of the state changed in decide",
      /read only|decide changed|Cannot assign/,
      {
        decide: (state) => {
          state.seen++;
          return nothing;
        },
      },
    ],
    [
      "a Map of the state changed in decide",
      /decide changed the state/,
      {
        decide: (state) => {
          state.byWho.set("bob", 1);
          return nothing;
        },
      },
    ],
    [
      "a state changed before a throw",
      /evolve threw with the state changed/,
      {
        onFailure: "dead-letter",
        evolve: (state) => {
          state.seen++;
          throw new Error("too late");
        },
      },
    ],
    [
      "an event changed",
      /read only|Cannot assign/,
      {
        evolve: (state, event) => {
          (event.value as { who: string }).who = "bob";
          return state;
        },
      },
    ],
    [
      "state outside of the state",
      /differs between/,
      (() => {
        let hidden = 0;
        return {
          decide: (_, { value }) => [emit("control.commands", { ...value, value: hidden++ })],
        };
      })(),
    ],
    [
      "an undeclared topic",
      /tape.admissions is not among the outputs/,
      {
        decide: () =>
          [{ topic: "tape.admissions", value: halt }] as unknown as ReturnType<Counter["decide"]>,
      },
    ],
    [
      "an event before its cause plus the latency",
      /earlier than its cause/,
      { decide: () => [{ ...emit("control.commands", halt), atUs: 10 }] },
    ],
    [
      "a value beyond its schema",
      /not an integer within/,
      { decide: () => [emit("control.commands", { ...halt, value: 0.5 })] },
    ],
    [
      "state that cannot be stored",
      /state.byWho is a Date/,
      {
        evolve: () => ({ seen: 0, byWho: new Date(0) as unknown as Map<string, number> }),
      },
    ],
  ])("finds %s", (_, message, change) => {
    expect(() => broken(change).when(halted, halted)).toThrow(message);
  });

  test("refuses events that could not come in this order", () => {
    expect(() => given(counter, at(2, "control.commands", halt)).when(halted)).toThrow(
      /order of time/,
    );
  });
});
