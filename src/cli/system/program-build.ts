/**
 * The programs as `up` runs them: each in one file (program-bundle.ts). Through `current` a unit of systemd finds it
 * whatever was built since.
 *
 * Programs that cannot be built run from their sources, with 13 to 30 MB more memory: no failure is told.
 */
import { Built } from './built.ts';
import { sourceFile, type Program } from './processes.ts';

const programs = new Built('dist/programs', 'src/cli/system/program-bundle.ts', [
  'src/!(cli|console)/**/*.ts',
  'images/**/*.ts',
  'src/cli/system/bundle.ts',
]);

/** The file to run, built if it is not yet. */
export async function programFile(program: Program, signal: AbortSignal): Promise<string> {
  return (await programs.file(`${program}.js`, signal)) ?? sourceFile(program);
}

/** Whether the sources were changed since a program of this tree was started last. */
export function isOutdated(): boolean {
  return programs.isOutdated();
}

/** What people are told then. */
export const renewal =
  'what runs is of an older state of this tree; renew it: gantry down && gantry up';
