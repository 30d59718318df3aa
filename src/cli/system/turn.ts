/**
 * One `up` at a time for an installation. The lock is the kernel's (flock(2)), on the folder of settings: it is
 * taken through a descriptor that this process alone keeps open, and ends with it, however that ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { Fault } from '#lib';
import type { Installation } from '../installation.ts';
import type { Writer } from '../output/writer.ts';

/** Does the work once no other process is at it; that it waits is said. Errors: `unavailable` where nothing can be locked. */
export async function inTurn<T>(
  { config }: Installation,
  out: Pick<Writer, 'note'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(config, { recursive: true, mode: 0o755 });
  const folder = openSync(config, 'r');
  try {
    if (!(await lock(folder, ['--nonblock'], signal))) {
      out.note('another gantry up is at work here; waiting for it');
      if (!(await lock(folder, [], signal)))
        throw new Fault('unavailable', `${config} cannot be locked`);
    }
    return await work();
  } finally {
    closeSync(folder);
  }
}

/** False where somebody else has it. A lock belongs to what was opened, which a child shares. */
async function lock(
  folder: number,
  options: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const child = spawn('flock', [...options, '3'], {
    stdio: ['ignore', 'ignore', 'ignore', folder],
    signal,
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0;
  } catch (error) {
    signal.throwIfAborted();
    throw new Fault('unavailable', 'cannot run flock, by which one gantry up waits for another', {
      cause: error,
      hint: 'install util-linux',
    });
  }
}
