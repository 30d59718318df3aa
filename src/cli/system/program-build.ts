/**
 * The programs as `up` runs them: each in one file (program-bundle.ts), built once per state of the sources into a
 * folder named after it. `current` leads to the newest, so that a unit of systemd finds it whatever was built
 * since; a program that runs goes on in its own folder, where it finds the parts it has not loaded yet.
 *
 * Programs that cannot be built run from their sources, with 13 to 30 MB more memory: no failure is told.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { mayBuild, runBuild, stampOf } from './build.ts';
import { root, sourceFile, type Program } from './processes.ts';

const built = join(root, 'dist/programs');
const current = join(built, 'current');
const builder = 'src/cli/system/program-bundle.ts';
const sources = [
  'src/!(cli|console)/**/*.ts',
  'images/**/*.ts',
  builder,
  'package.json',
  'package-lock.json',
];
const nameLength = 16;
/** Folders that stay, for programs that started long ago. */
const kept = 8;

/** The file to run, built if it is not yet. */
export async function programFile(program: Program, signal: AbortSignal): Promise<string> {
  const name = stampOf(sources).slice(0, nameLength);
  const folder = join(built, name);
  const ready = existsSync(folder) || (mayBuild() && (await buildInto(folder, signal)));
  if (!ready) return sourceFile(program);
  return join(pointAt(name) ? current : folder, `${program}.js`);
}

/** Whether the sources were changed since a program of this tree was started last. */
export function isOutdated(): boolean {
  const started = readCurrent();
  return started !== undefined && started !== stampOf(sources).slice(0, nameLength);
}

async function buildInto(folder: string, signal: AbortSignal): Promise<boolean> {
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  try {
    const failure = await runBuild(builder, draft, signal).catch(String);
    if (failure !== undefined) return false;
    renameSync(draft, folder);
    return true;
  } catch (error) {
    // Somebody who built at the same time has built the same.
    if (existsSync(folder)) return true;
    throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Whether `current` leads there. */
function pointAt(name: string): boolean {
  if (readCurrent() === name) return true;
  if (!mayBuild()) return false;
  const draft = `${current}.${process.pid}`;
  rmSync(draft, { force: true });
  symlinkSync(name, draft);
  renameSync(draft, current);
  prune(name);
  return true;
}

function readCurrent(): string | undefined {
  try {
    return readlinkSync(current);
  } catch {
    return undefined;
  }
}

function prune(newest: string): void {
  const old = readdirSync(built)
    .filter((name) => name.length === nameLength && name !== newest)
    .map((name) => ({
      name,
      builtAt: statSync(join(built, name), { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }))
    .toSorted((a, b) => b.builtAt - a.builtAt)
    .slice(kept - 1);
  for (const { name } of old) rmSync(join(built, name), { recursive: true, force: true });
}
