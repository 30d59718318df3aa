/**
 * What goes into an image and makes its key: this tool's own files, the packages apt would give, the
 * versions of the programs that write bytes. Asking apt takes most of a second, so its answer is kept beside
 * the images together with a fingerprint of apt's and dpkg's own files, and asked again only when those change.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { resolvePackages, type Package } from './packages.ts';
import { runTool } from './run.ts';

export interface ImageInputs {
  /** SHA-256 over all of it, in hexadecimal. */
  readonly key: string;
  readonly packages: readonly Package[];
}

/** Host packages whose programs write bytes into images. */
const writers = ['e2fsprogs', 'grub-common', 'mmdebstrap', 'mtools', 'qemu-utils', 'xorriso'];
const watchedPaths = ['/var/lib/apt/lists', '/etc/apt/sources.list', '/var/lib/dpkg/status'];
const maxAnswerBytes = 1024 * 1024;

/** The meta package of the current kernel; in `packages` the kernel itself stands in its place. */
export const kernelPackage = 'linux-image-amd64';

/** Errors: those of `resolvePackages`. */
export async function resolveInputs(
  kind: string,
  names: readonly string[],
  cacheDir: string,
  signal?: AbortSignal,
): Promise<ImageInputs> {
  const [sources, fingerprint] = await Promise.all([hashSources(), fingerprintHost()]);
  const question = sha256(JSON.stringify([fingerprint, names.toSorted(), writers]));
  const answer =
    (await readAnswer(cacheDir, kind, question)) ??
    (await askHost(cacheDir, kind, question, names, signal));
  const { packages, tools } = answer;
  const node = process.versions['zstd'] ?? process.version;
  const facts = packages.map(({ name, version, sha256: hash }) => [name, version, hash]);
  return { key: sha256(JSON.stringify([kind, sources, facts, tools, node])), packages };
}

/** The key of an image that is made of something else beside. */
export function extendKey(key: string, hash: string): string {
  return sha256(`${key} ${hash}`);
}

interface Answer {
  readonly question: string;
  readonly packages: readonly Package[];
  /** `name=version` of the installed writers. */
  readonly tools: readonly string[];
}

function answerPath(cacheDir: string, kind: string): string {
  return join(cacheDir, `inputs-${kind}.json`);
}

/** The kept answer. It steers only what is downloaded, and a download is compared with apt's hash again. */
async function readAnswer(
  cacheDir: string,
  kind: string,
  question: string,
): Promise<Answer | undefined> {
  try {
    const path = answerPath(cacheDir, kind);
    if ((await stat(path)).size > maxAnswerBytes) return undefined;
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<Answer>;
    if (value.question !== question) return undefined;
    const { packages, tools } = value;
    if (!Array.isArray(packages) || !packages.every(isPackage)) return undefined;
    if (!Array.isArray(tools) || !tools.every((tool) => typeof tool === 'string')) return undefined;
    return { question, packages, tools };
  } catch {
    return undefined;
  }
}

function isPackage(value: unknown): value is Package {
  const found = value as Partial<Record<keyof Package, unknown>> | null;
  return (
    typeof found?.name === 'string' &&
    typeof found.version === 'string' &&
    typeof found.sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(found.sha256) &&
    typeof found.sizeBytes === 'number' &&
    Array.isArray(found.depends)
  );
}

async function askHost(
  cacheDir: string,
  kind: string,
  question: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<Answer> {
  const known = names.length === 0 ? [] : await resolvePackages(names, signal);
  const packages = await withKernel(known, signal);
  const answer = { question, packages, tools: await readToolVersions(signal) };
  const path = answerPath(cacheDir, kind);
  await mkdir(cacheDir, { recursive: true });
  await writeFile(`${path}.${process.pid}`, JSON.stringify(answer));
  await rename(`${path}.${process.pid}`, path);
  return answer;
}

/** Puts the kernel in the place of its meta package, under the name `kernel`. */
async function withKernel(
  packages: readonly Package[],
  signal?: AbortSignal,
): Promise<readonly Package[]> {
  const meta = packages.find(({ name }) => name === kernelPackage);
  if (meta === undefined) return packages;
  const name = meta.depends.find((depend) => depend.startsWith('linux-image-'));
  if (name === undefined) throw new Fault('not-found', `${kernelPackage} names no kernel`);
  const kernel = await resolvePackages([name], signal);
  return [...packages.filter((pack) => pack !== meta), ...kernel];
}

async function readToolVersions(signal?: AbortSignal): Promise<readonly string[]> {
  const format = '${db:Status-Abbrev}${Package}=${Version}\n';
  const text = await runTool(['dpkg-query', '-W', '-f', format, ...writers], { signal }).catch(
    // It fails when one is not installed; then none is in the key and the build says what is missing.
    () => Buffer.alloc(0),
  );
  return text
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('ii'))
    .map((line) => line.slice(3).trim());
}

/** Sizes and times of what apt and dpkg know. */
async function fingerprintHost(): Promise<string> {
  const facts: string[] = [];
  for (const path of watchedPaths) {
    const found = await stat(path).catch(() => undefined);
    facts.push(`${path} ${found?.mtimeMs ?? 0} ${found?.isFile() === true ? found.size : 0}`);
  }
  return facts.join('\n');
}

/** Hash over this tool's own files, tests left out. */
async function hashSources(): Promise<string> {
  const root = import.meta.dirname;
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = found
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .filter((path) => !/(\.(test|nightly)\.ts|\/testing\/[^/]*)$/.test(path))
    .toSorted();
  const hash = createHash('sha256');
  const contents = await Promise.all(paths.map(async (path) => await readFile(path)));
  paths.forEach((path, index) => {
    const data = contents[index] ?? Buffer.alloc(0);
    hash.update(`${path.slice(root.length + 1)} ${data.length}\n`).update(data);
  });
  return hash.digest('hex');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
