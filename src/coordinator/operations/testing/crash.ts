/**
 * A coordinator's operations as a process of their own, for the test that kills it. Steps leave marks in
 * a folder: a file for what is done, and a line for every beginning, so that the test sees afterwards
 * what ran how often. Told a number of operations, it submits them; told `wait`, it says when all are at
 * their end.
 */
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finishedStates } from '#api';
import type { OperationDocument } from '../../documents.ts';
import { idOf, vmData } from '../../inventory/testing/documents.ts';
import type { OperationKind, StepDefinition, StepWork } from '../kind.ts';
import { callerNamed, openWorld, vmThing } from './world.ts';

export const crashSteps = ['one', 'two', 'three'] as const;

const [, , folder = ''] = process.argv;
const pauseMs = 15;

function step(name: string): StepDefinition<StepWork> {
  const mark = (work: StepWork): string => join(folder, 'marks', work.target.id, name);
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));
  return {
    name,
    run: async (work) => {
      appendFileSync(join(folder, 'begun'), `${work.target.name} ${name}\n`);
      await pause();
      mkdirSync(join(folder, 'marks', work.target.id), { recursive: true });
      writeFileSync(mark(work), '');
      await pause();
      await work.remember({ [name]: true });
      if (name === 'three' && work.input['fails'] === true) throw new Error('it fails');
    },
    undo: async (work) => {
      appendFileSync(join(folder, 'begun'), `${work.target.name} undo ${name}\n`);
      await pause();
      rmSync(mark(work), { force: true });
      await pause();
    },
  };
}

const kind: OperationKind<StepWork> = { action: 'vm.create', steps: crashSteps.map(step) };
const world = await openWorld(join(folder, 'store.db'));
const engine = world.engine([kind]);
await engine.start();

async function submitAll(count: number): Promise<void> {
  const { inventory, commit } = world.context;
  if (inventory.count('vm') === 0) {
    await commit({
      writes: Array.from({ length: count }, (_, n) => {
        const name = `vm-${n}`;
        return { kind: 'vm', id: idOf(name), data: vmData(name) } as const;
      }),
    });
  }
  const known = new Set(
    Array.from(inventory.documents<OperationDocument>('operation'), ({ data }) => data.target.id),
  );
  for (let n = 0; n < count; n += 1) {
    const target = vmThing(`vm-${n}`);
    if (known.has(target.id)) continue;
    await engine.submit(callerNamed('ann'), {
      action: kind.action,
      target,
      input: { fails: n % 3 === 0 },
    });
  }
}

async function waitForAll(): Promise<void> {
  for (const { id } of world.inventory.documents('operation')) await engine.wait(id, 60_000);
  const all = Array.from(world.inventory.documents<OperationDocument>('operation'), ({ data }) => ({
    name: data.target.name,
    state: data.state,
    steps: data.steps.map(({ state }) => state),
    memory: data.memory,
    finished: finishedStates.includes(data.state),
  }));
  const locks = world.inventory.count('lock');
  await engine[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  process.send?.({ all, locks });
  process.disconnect?.();
}

let last: Promise<void> = Promise.resolve();
process.on('message', (message: { readonly submit: number } | { readonly wait: true }) => {
  last = last.then(() => ('submit' in message ? submitAll(message.submit) : waitForAll()));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
