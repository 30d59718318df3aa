/**
 * A change that is tried, on disk before its first step, so that whoever comes next can undo it: the agent, the next
 * one, or the guard (adapter-guard.ts), a process of its own that needs neither.
 *
 *   ID.trial  --claim-->  ID.kept   confirmed; gone once it is noted what the adapter is for
 *                   \-->  ID.undone being undone; gone when it is
 *
 * Invariant: a trial is claimed by renaming it, so one only ever does, and what was confirmed is never undone.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { adapterNameSchema, adapterUseSchema } from '#api';
import { flushFolder, writeFileAtomic } from '../../../storage/atomic-file.ts';
import { run } from '../programs.ts';
import { addressingSchema } from './addressing.ts';

const trialSchema = z.strictObject({
  gantry: z.literal('adapter-trial'),
  format: z.literal(1),
  /** After a restart of the host nothing of it is there any more. */
  bootId: z.string().max(64),
  adapter: adapterNameSchema,
  use: adapterUseSchema,
  /** What was taken off the adapter, to be given back one day; null: nothing. */
  held: addressingSchema.nullable(),
  /** Calls of `ip`, each of which may be made again, or for nothing. */
  undo: z.array(z.array(z.string().max(64)).max(64)).max(8192),
});
export type Trial = Omit<z.infer<typeof trialSchema>, 'gantry' | 'format'>;

export type TrialState = 'trial' | 'kept' | 'undone';
const fileName = /^([0-9a-f-]{36})\.(trial|kept|undone)$/;

export interface FoundTrial {
  readonly id: string;
  readonly state: TrialState;
}

const pathOf = (folder: string, id: string, state: TrialState): string =>
  join(folder, `${id}.${state}`);

/** On disk when it resolves, with its id. */
export async function writeTrial(folder: string, trial: Trial): Promise<string> {
  const id = randomUUID();
  const text = JSON.stringify({ gantry: 'adapter-trial', format: 1, ...trial });
  await writeFileAtomic(pathOf(folder, id, 'trial'), text, { mode: 0o600, durability: 'flushed' });
  return id;
}

/** Whether it was the caller who did. */
export async function claimTrial(
  folder: string,
  id: string,
  state: 'kept' | 'undone',
): Promise<boolean> {
  try {
    await rename(pathOf(folder, id, 'trial'), pathOf(folder, id, state));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  await flushFolder(folder);
  return true;
}

/** Errors: those of the file system; for what is no trial that of the parser. */
export async function readTrial(folder: string, { id, state }: FoundTrial): Promise<Trial> {
  const text = await readFile(pathOf(folder, id, state), 'utf8');
  const { gantry: _gantry, format: _format, ...trial } = trialSchema.parse(JSON.parse(text));
  return trial;
}

export async function findTrials(folder: string): Promise<readonly FoundTrial[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((name) => {
    const [, id, state] = fileName.exec(name) ?? [];
    return id === undefined ? [] : [{ id, state: state as TrialState }];
  });
}

export async function forgetTrial(folder: string, { id, state }: FoundTrial): Promise<void> {
  await rm(pathOf(folder, id, state), { force: true });
}

/** Undoes what was claimed for that. A call that fails has nothing to undo, or leaves it to those after it. */
export async function undoTrial(ip: string, folder: string, id: string): Promise<void> {
  const found: FoundTrial = { id, state: 'undone' };
  for (const call of (await readTrial(folder, found)).undo)
    await run(ip, call).catch(() => undefined);
  await forgetTrial(folder, found);
}
