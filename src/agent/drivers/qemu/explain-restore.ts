/** Why a process did not take the state that it was given. */
import { Fault, isFault } from '#lib';
import type { QemuRunning } from './running.ts';

/** A process that somebody killed says nothing about the state; one that ended by itself did not take it. */
export async function explainRestore(
  running: Pick<QemuRunning, 'lastWords'>,
  error: unknown,
): Promise<unknown> {
  const { word, log } = await running.lastWords();
  if (word === undefined) {
    return isFault(error)
      ? error
      : new Fault('unavailable', 'the process let go of the state', { cause: error });
  }
  if (word.startsWith('signal')) {
    return new Fault('unavailable', `the process was ended by ${word}`, { hint: 'try again' });
  }
  return new Fault('corrupt', `QEMU does not take the state: ${log.split('\n').at(-1) ?? word}`, {
    cause: error,
    hint: 'discard the saved state, or restore it with the QEMU that saved it',
    facts: { log },
  });
}
