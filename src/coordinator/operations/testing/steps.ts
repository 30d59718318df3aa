/** Steps that tests watch, and the engine that runs them. */
import assert from 'node:assert/strict';
import { Fault, isFault } from '#lib';
import type { Operation } from '#api';
import type { OperationsEngine } from '../engine.ts';
import type { OperationKind, StepDefinition, StepWork } from '../kind.ts';
import { callerNamed, vmThing, type World } from './world.ts';

export type Kind = OperationKind<StepWork>;
export const ann = callerNamed('ann');
export const nothing = (): Promise<void> => Promise.resolve();

/** Steps that write down what is done and undone; `broken` ones fail after their work. */
export function written(
  log: string[],
  names: readonly string[],
  broken: readonly string[] = [],
): StepDefinition<StepWork>[] {
  return names.map((name) => ({
    name,
    run: async () => {
      log.push(name);
      await nothing();
      if (broken.includes(name))
        throw new Fault('unavailable', `${name} is broken`, { hint: 'mend it' });
    },
    undo: async () => {
      log.push(`undo ${name}`);
      await nothing();
    },
  }));
}

/** A step that waits for its signal, and tells when it has begun. */
export function hanging(name = 'hang'): {
  readonly step: StepDefinition<StepWork>;
  readonly begun: Promise<void>;
} {
  const begun = Promise.withResolvers<void>();
  return {
    begun: begun.promise,
    step: {
      name,
      run: async (work) => {
        begun.resolve();
        await new Promise((_, reject) => {
          work.signal.addEventListener('abort', () => reject(work.signal.reason as Error));
        });
      },
    },
  };
}

export async function started(world: World, ...kinds: Kind[]): Promise<OperationsEngine<StepWork>> {
  const engine = world.engine(kinds);
  await engine.start();
  return engine;
}

export const submit = (
  engine: OperationsEngine<StepWork>,
  action: string,
  name = 'web',
): Promise<Operation> => engine.submit(ann, { action, target: vmThing(name), input: {} });

export async function refusal(work: Promise<unknown>, code: Fault['code']): Promise<Fault> {
  let caught: unknown;
  await work.catch((error: unknown) => (caught = error));
  assert.ok(isFault(caught, code), `expected ${code}, got ${String(caught)}`);
  return caught;
}
