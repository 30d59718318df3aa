/**
 * The commands in one file (command-bundle.ts), which start in half the processor time of their sources. The script
 * `gantry` runs what `current` leads to where no source is newer than that: it compares times (ctime, which nothing
 * sets back), since reading all sources would take longer than is saved. So the file bears the time at which they were read.
 *
 * Where nothing can be built commands run from their sources: no failure is told.
 */
import { utimesSync } from 'node:fs';
import { Built } from './built.ts';

const commands = new Built('dist/commands', 'src/cli/system/command-bundle.ts', [
  'src/{api,cli,disk,foreign,identify,lib,nbd,qemu}/**/*.ts',
  'images/**/*.ts',
  'src/cli/system/bundle.ts',
]);
/** The kernel's clock for files goes in steps, and is behind by as much. */
const clockStepMs = 20;

/** Built if it is not yet; what is built is looked at again where a source is newer. */
export async function ensureCommands(signal: AbortSignal): Promise<void> {
  const readAt = new Date(Date.now() - clockStepMs);
  const file = await commands.file('main.js', signal);
  if (file === undefined) return;
  try {
    utimesSync(file, readAt, readAt);
  } catch {
    // A tree that is not ours: whose it is will do it.
  }
}
