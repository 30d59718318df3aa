/**
 * What `up` builds out of sources of this tree: a stamp of the sources says what is built already, and a build is
 * a process of its own that is given the folder to fill.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './processes.ts';

const limitMs = 180_000;
const maxLogLength = 4000;

/** Of all files that the patterns find, tests left out. */
export function stampOf(patterns: readonly string[]): string {
  const hash = createHash('sha256');
  const files = globSync(patterns, { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.test.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files)
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

export function mayBuild(): boolean {
  try {
    accessSync(root, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Answers what the build said, or undefined when all is well. */
export async function runBuild(
  script: string,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const child = spawn(process.execPath, [join(root, script), folder], {
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
