/** A guest that was to go on in a process of another host goes on here (docs/rfd/0042). */
import type { Hands } from './hands.ts';

/** Of a machine that stands still there is nothing to be taken back. Can be done again. */
export async function takeGuestBack({ file, running }: Hands): Promise<void> {
  await running?.departing?.takeBack(file.state === 'running' ? 'ran' : 'paused');
}
