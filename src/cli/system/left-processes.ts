/**
 * Processes of vms that nobody looks after any more: their agent was killed and cannot end them. They are
 * known by the agent's runtime folder in their arguments, where their sockets are.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, systemClock } from '#lib';
import type { Installation } from '../installation.ts';

const lookMs = 20;
const goneMs = 10_000;

/** Ends them at once and resolves when they are gone. Errors: `timeout`. */
export async function endLeftProcesses(installation: Installation): Promise<void> {
  const mark = join(installation.runtime, 'agent', '/');
  for (const pid of findByArgument(mark)) process.kill(pid, 'SIGKILL');
  const giveUp = systemClock.now() + goneMs;
  for (let left = findByArgument(mark); left.length > 0; left = findByArgument(mark)) {
    if (systemClock.now() > giveUp)
      throw new Fault('timeout', `processes of vms do not end: ${left.join(', ')}`, {
        hint: `end them with: kill -9 ${left.join(' ')}`,
      });
    await systemClock.sleep(lookMs);
  }
}

function findByArgument(mark: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && argumentsOf(name).includes(mark))
    .map(Number);
}

/** Empty for one that has ended. */
function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
