/**
 * The cache of built images. An image lies at `<cache>/<key>/<file>` with its facts in image.json beside it;
 * the key is a hash over everything that goes into it, so an entry never changes.
 *
 * Invariants: (1) an entry appears by one rename of a finished folder, so a builder killed at any moment leaves
 * only a work folder, which the next build removes; (2) two builders never share a work folder, and the second
 * to finish takes the first one's entry; (3) an entry whose size (always) or hash (when asked) is not what its
 * facts say is set aside and built again.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Fault } from '#lib';
import { hashFile } from './packages.ts';

/** What image.json holds. */
export interface ImageFacts {
  readonly kind: string;
  /** Hash over the inputs, 64 hexadecimal digits. */
  readonly key: string;
  /** Name of the image's file beside image.json. */
  readonly file: string;
  readonly format: 'qcow2' | 'raw' | 'iso';
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** `size` compares the file's size, `hash` reads all of it. */
export type Verification = 'size' | 'hash';

const factsName = 'image.json';
const maxFactsBytes = 64 * 1024;
/** A work folder of another machine (a shared cache) is left alone for this long. */
const foreignWorkMs = 24 * 3600 * 1000;

/** The entry's facts, or undefined when there is none or it is damaged. */
export async function findEntry(
  cacheDir: string,
  key: string,
  verification: Verification,
  signal?: AbortSignal,
): Promise<ImageFacts | undefined> {
  const folder = join(cacheDir, key);
  const facts = await readFacts(join(folder, factsName));
  if (facts === undefined || facts.key !== key) return undefined;
  const path = join(folder, facts.file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== facts.sizeBytes) return undefined;
  if (verification === 'hash' && (await hashFile(path, signal)) !== facts.sha256) return undefined;
  return facts;
}

async function readFacts(path: string): Promise<ImageFacts | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || found.size > maxFactsBytes) return undefined;
  try {
    return parseFacts(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function parseFacts(value: unknown): ImageFacts | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, key, file, format, sizeBytes, sha256 } = value as Record<string, unknown>;
  if (typeof kind !== 'string' || typeof key !== 'string' || typeof file !== 'string')
    return undefined;
  if (typeof sizeBytes !== 'number' || typeof sha256 !== 'string') return undefined;
  if (format !== 'qcow2' && format !== 'raw' && format !== 'iso') return undefined;
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(file)) return undefined;
  return { kind, key, file, format, sizeBytes, sha256 };
}

/**
 * Makes the entry: `build` writes the file to the path it is given, with a folder of its own for
 * what it needs on the way. Errors: those of `build`; nothing is left behind then.
 */
export async function makeEntry(
  cacheDir: string,
  entry: Pick<ImageFacts, 'kind' | 'key' | 'file' | 'format'>,
  build: (outputPath: string, workDir: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<ImageFacts> {
  await mkdir(cacheDir, { recursive: true });
  await removeDeadWork(cacheDir);
  const work = await mkdtemp(join(cacheDir, workPrefix()));
  try {
    const result = join(work, 'entry');
    const scratch = join(work, 'scratch');
    await mkdir(result);
    await mkdir(scratch);
    const path = join(result, entry.file);
    await build(path, scratch);
    const { size: sizeBytes } = await stat(path);
    const { kind, key, file, format } = entry;
    const facts = { kind, key, file, format, sizeBytes, sha256: await hashFile(path, signal) };
    await writeFile(join(result, factsName), `${JSON.stringify(facts, undefined, 2)}\n`);
    return await publish(cacheDir, work, facts, signal);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Moves the finished folder into place; when another builder was first, its entry is the result. */
async function publish(
  cacheDir: string,
  work: string,
  facts: ImageFacts,
  signal?: AbortSignal,
): Promise<ImageFacts> {
  const target = join(cacheDir, facts.key);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await rename(join(work, 'entry'), target);
      return facts;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    }
    const other = await findEntry(cacheDir, facts.key, 'hash', signal);
    if (other !== undefined) return other;
    // What stands there is damaged: out of the way, then once more.
    await rename(target, join(work, `damaged-${attempt}`)).catch(() => undefined);
  }
  throw new Fault('unavailable', `cannot put image ${facts.kind} into the cache ${cacheDir}`, {
    hint: 'look for another program that writes there',
  });
}

function workPrefix(): string {
  return `work-${hostname().replaceAll(/[^A-Za-z0-9.]/g, '_')}-${process.pid}-`;
}

/** Removes work folders whose builder is gone. */
async function removeDeadWork(cacheDir: string): Promise<void> {
  const mine = workPrefix().replace(/\d+-$/, '');
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith('work-')) continue;
    const path = join(cacheDir, name);
    const pid = name.startsWith(mine) ? /^(\d+)-/.exec(name.slice(mine.length))?.[1] : undefined;
    const isDead = pid === undefined ? await isOld(path) : !isAlive(Number(pid));
    // What another user left there stays; it is in nobody's way.
    if (isDead) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > foreignWorkMs;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
