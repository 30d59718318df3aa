/**
 * The console is built once per state of its sources, into dist/console, which the coordinator serves. A
 * stamp in the folder says which state that was. A console that cannot be built keeps nobody from their
 * vms: it is said, at once and where people are told of the console, and the rest goes on.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../command.ts';
import { mayBuild, runBuild, stampOf } from './build.ts';
import { root } from './processes.ts';

/** Where it comes to be, and what builds it. */
const place = { built: join(root, 'dist/console'), script: 'src/console/build.ts' };
type Place = typeof place;

/** What the console is made of: its own sources, the contract, and the packages. */
const sources = [
  'src/console/**/*',
  'src/api/**/*.ts',
  'src/lib/*.ts',
  'docs/errors.md',
  'docs/manual/**/*',
  'package-lock.json',
];

function readStamp(built: string): string | undefined {
  try {
    return readFileSync(join(built, 'stamp'), 'utf8');
  } catch {
    return undefined;
  }
}

/** Puts the new folder in place of the old one. Somebody who built at the same time has built the same. */
function install(folder: string, built: string): void {
  const old = `${folder}.old`;
  try {
    renameSync(built, old);
  } catch {
    // there was none
  }
  try {
    renameSync(folder, built);
  } catch {
    rmSync(folder, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

/**
 * Builds the console unless it is built from these very sources. Answers what people see instead of it, undefined where
 * it is there.
 */
export async function ensureConsole(
  { out, signal }: Pick<Run, 'out' | 'signal'>,
  { built, script }: Place = place,
): Promise<string | undefined> {
  const stamp = stampOf(sources);
  if (readStamp(built) === stamp) return undefined;
  if (!mayBuild()) {
    out.note(`the console is not built: this account may not write into ${root}`);
    return whatIsThere(built);
  }
  out.note('building the console');
  const folder = `${built}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const failure = await runBuild(script, folder, signal);
  if (failure === undefined) {
    writeFileSync(join(folder, 'stamp'), stamp);
    install(folder, built);
    return undefined;
  }
  rmSync(folder, { recursive: true, force: true });
  out.note(`the console could not be built; all else works. The build said:\n${failure.trim()}`);
  return whatIsThere(built);
}

function whatIsThere(built: string): string {
  return existsSync(join(built, 'index.html'))
    ? 'of an older state of this tree: it could not be built, see above'
    : 'not there: it could not be built, see above';
}
