/**
 * The console is built once per state of its sources, into dist/console, which the coordinator serves. A
 * stamp in the folder says which state that was. A console that cannot be built keeps nobody from their
 * vms: it is said, and the rest goes on.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from '../command.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const built = join(root, 'dist/console');
const limitMs = 180_000;
const maxLogLength = 4000;

/** What the console is made of: its own sources, the contract, and the packages. */
const sources = ['src/console/**/*', 'src/api/**/*.ts', 'src/lib/*.ts', 'package-lock.json'];

function stampOf(): string {
  const hash = createHash('sha256');
  const files = globSync(sources, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

function readStamp(): string | undefined {
  try {
    return readFileSync(join(built, 'stamp'), 'utf8');
  } catch {
    return undefined;
  }
}

function mayWrite(): boolean {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Answers what the build said, or undefined when all is well. */
async function build(folder: string, signal: AbortSignal): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(root, 'src/console/build.ts'), folder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_ENV: 'production' },
    signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-maxLogLength);
    });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code === 0 ? undefined : said;
  } catch (error) {
    signal.throwIfAborted();
    return `${said}${String(error)}`;
  }
}

/** Puts the new folder in place of the old one. Somebody who built at the same time has built the same. */
function install(folder: string): void {
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

/** Builds the console unless it is built from these very sources. */
export async function ensureConsole({ out, signal }: Pick<Run, 'out' | 'signal'>): Promise<void> {
  const stamp = stampOf();
  if (readStamp() === stamp || !mayWrite()) return;
  out.note('building the console');
  const folder = `${built}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const failure = await build(folder, signal);
  if (failure === undefined) {
    writeFileSync(join(folder, 'stamp'), stamp);
    install(folder);
    return;
  }
  rmSync(folder, { recursive: true, force: true });
  out.note(`the console could not be built; all else works. The build said:\n${failure.trim()}`);
}
