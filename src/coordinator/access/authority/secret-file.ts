/**
 * Small files that hold secrets: readable by the service's account alone, written whole or not at all,
 * also when the program or the machine is killed between any two steps.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '#lib';

const maxFileBytes = 256 * 1024;

export async function makeSecretFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

export async function writeSecretFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** Makes names in a folder last. */
export async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The text of a file, or undefined where there is none. Errors: `invalid` when it is unfit to be read. */
export async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > maxFileBytes) throw new Fault('too-large', `${path} is too large for what it is`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new Fault('invalid', `cannot read ${path}`, {
      cause: error,
      hint: `look at the owner and the mode of ${path}`,
    });
  }
}

/** Code of a file system's error, for example ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
