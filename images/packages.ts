/**
 * Packages of the distribution, without installing them: what apt would install (version and hash out of
 * its signed lists), downloaded once into the cache, their files read out. Works for an ordinary user.
 * Invariant: a package is used only after its SHA-256 was compared with apt's.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, present } from '#lib';
import { runTool } from './run.ts';
import { readTar, type PackageFile } from './tar.ts';

/** One package as apt's lists describe it. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Names in its Depends field, first alternatives. */
  readonly depends: readonly string[];
}

/**
 * The candidate versions of the named packages, sorted by name. Errors: `unsupported` without apt,
 * `not-found` when apt's lists do not have one.
 */
export async function resolvePackages(
  names: readonly string[],
  signal?: AbortSignal,
): Promise<readonly Package[]> {
  const sorted = [...new Set(names)].toSorted();
  const output = await runTool(['apt-cache', 'show', '--no-all-versions', '--', ...sorted], {
    signal,
  }).catch((error: unknown) => {
    throw packageFault(`cannot look up ${sorted.join(', ')} in apt's lists`, error);
  });
  const known = new Map(parseStanzas(output.toString('utf8')).map((found) => [found.name, found]));
  return sorted.map((name) => {
    const found = known.get(name);
    if (found === undefined) throw packageFault(`package ${name} is not in apt's lists`, undefined);
    return found;
  });
}

function packageFault(message: string, cause: unknown): Fault {
  return new Fault('not-found', message, {
    cause,
    hint: 'run `apt-get update` as root on a Debian 12 machine, then try again',
  });
}

/** Stanzas of apt-cache show (deb822). One without a hash is of an installed package only and is left out. */
export function parseStanzas(text: string): readonly Package[] {
  return text.split(/\n{2,}/).flatMap((stanza) => {
    const field = (name: string): string =>
      new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1]?.trim() ?? '';
    const found = {
      name: field('Package'),
      version: field('Version'),
      sha256: field('SHA256'),
      sizeBytes: Number(field('Size')),
      depends: field('Depends')
        .split(',')
        .map((text) => /^\s*([a-z0-9][a-z0-9+.-]*)/.exec(text)?.[1] ?? '')
        .filter((name) => name !== ''),
    };
    // A machine may know packages of other processors too.
    const isOurs = ['amd64', 'all', ''].includes(field('Architecture'));
    return isOurs && found.name !== '' && /^[0-9a-f]{64}$/.test(found.sha256) ? [found] : [];
  });
}

/** Downloads what the cache does not have yet and gives the path of each package's file by name. */
export async function fetchPackages(
  packages: readonly Package[],
  cacheDir: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const folder = join(cacheDir, 'packages');
  await mkdir(folder, { recursive: true });
  const paths = new Map(packages.map((pack) => [pack.name, join(folder, `${pack.sha256}.deb`)]));
  const missing: Package[] = [];
  for (const pack of packages) {
    if (!(await isPresent(present(paths.get(pack.name), pack.name), pack, signal)))
      missing.push(pack);
  }
  if (missing.length > 0) await download(missing, folder, signal);
  return paths;
}

async function isPresent(path: string, pack: Package, signal?: AbortSignal): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  );
  return size === pack.sizeBytes && (await hashFile(path, signal)) === pack.sha256;
}

async function download(
  packages: readonly Package[],
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  const work = await mkdtemp(join(folder, 'get-'));
  try {
    const wanted = packages.map((pack) => `${pack.name}=${pack.version}`);
    await runTool(['apt-get', '-q', 'download', ...wanted], { cwd: work, signal }).catch(
      (error: unknown) => {
        throw new Fault('unavailable', `cannot download ${wanted.join(', ')}`, {
          cause: error,
          hint: 'check the network and run `apt-get update` as root, then try again',
        });
      },
    );
    const byHash = new Set(packages.map((pack) => pack.sha256));
    for (const name of await readdir(work)) {
      const sha256 = await hashFile(join(work, name), signal);
      if (!byHash.delete(sha256)) throw new Fault('corrupt', `${name} is not what apt's lists say`);
      await rename(join(work, name), join(folder, `${sha256}.deb`));
    }
    if (byHash.size > 0) throw new Fault('unavailable', 'apt-get did not bring every package');
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The chosen files of a package, by path without a leading slash. */
export async function readPackage(
  debPath: string,
  select: (path: string) => boolean,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, PackageFile>> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', debPath], {
    stdio: ['ignore', 'pipe', 'ignore'],
    signal,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  ended.catch(() => undefined);
  const files = await readTar(child.stdout, select);
  const status = await ended;
  if (status !== 0) throw new Fault('corrupt', `dpkg-deb cannot read ${debPath}`);
  return files;
}

export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
