/**
 * The one function that gives an image: from the cache, else built. Building takes half a GB of memory
 * and all of a processor, so it is done by a process of its own (builder.ts), which ends with its caller.
 */
import { fork } from 'node:child_process';
import { join, resolve } from 'node:path';
import { abortReason, Fault, faultFromData, type FaultData } from '#lib';
import { findEntry, makeEntry, type ImageFacts, type Verification } from './cache.ts';
import { requireDrivers } from './context.ts';
import { extendKey, resolveInputs, type ImageInputs } from './inputs.ts';
import { fetchPackages } from './packages.ts';
import { imageRecipes, type ImageKind, type Recipe } from './recipes.ts';
import { checkRequirements } from './requirements.ts';
import { fingerprintDriverIso } from './windows/driver-iso.ts';

export interface BuildRequest {
  readonly kind: ImageKind;
  /** Folder for images and packages; made when missing. Hundreds of MB. */
  readonly cacheDir: string;
  /** Called with a short text at each step of a build; never when the image is in the cache. */
  readonly progress?: ((step: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For kinds that take drivers for Windows: virtio-win.iso. */
  readonly driversPath?: string | undefined;
  /** How closely a cached image is looked at; `size` unless told otherwise. */
  readonly verification?: Verification | undefined;
}

export interface BuiltImage {
  readonly kind: ImageKind;
  /** Absolute; the file is never changed, attach it read-only or put a layer above it. */
  readonly path: string;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly format: 'qcow2' | 'raw' | 'iso';
  /** Hash over the inputs: equal keys, equal images. */
  readonly key: string;
}

/** What the builder process says to its caller. */
export type BuilderMessage =
  | { readonly kind: 'step'; readonly step: string }
  | { readonly kind: 'fault'; readonly fault: FaultData };

/**
 * The image, built when the cache does not have it. Errors: `unsupported` when a program is missing,
 * `not-found` when apt has no such package, `unavailable` without network, `cancelled`.
 */
export async function buildImage(request: BuildRequest): Promise<BuiltImage> {
  const cached = await findImage(request);
  if (cached !== undefined) return cached;
  await runBuilder(request);
  const built = await findImage({ ...request, verification: 'size' });
  if (built === undefined) {
    throw new Fault('stale', `image ${request.kind} is of packages that have just changed`, {
      hint: 'try again when apt-get has finished',
    });
  }
  return built;
}

/** The same in this process. */
export async function buildImageHere(request: BuildRequest): Promise<BuiltImage> {
  const { kind, signal, driversPath, progress = () => undefined } = request;
  const { cacheDir, recipe, inputs } = await resolveRequest(request);
  const { key } = inputs;
  const cached = await findImage(request);
  if (cached !== undefined) return cached;
  await checkRequirements(kind);
  const entry = { kind, key, file: recipe.file, format: recipe.format };
  const build = async (outputPath: string, workDir: string): Promise<void> => {
    progress('bringing the packages');
    const { alsoMadeOf = [] } = recipe;
    const wanted = inputs.packages.filter(({ name }) => !alsoMadeOf.includes(name));
    const debs = new Map(await fetchPackages(wanted, cacheDir, signal));
    const kernel = wanted.find(({ name }) => /^linux-image-\d/.test(name));
    const kernelPath = kernel === undefined ? undefined : debs.get(kernel.name);
    if (kernelPath !== undefined) debs.set('kernel', kernelPath);
    await recipe.build({ workDir, outputPath, cacheDir, debs, driversPath, progress, signal });
  };
  return describe(kind, cacheDir, await makeEntry(cacheDir, entry, build, signal));
}

async function findImage(request: BuildRequest): Promise<BuiltImage | undefined> {
  const { kind, signal, verification = 'size' } = request;
  const { cacheDir, inputs } = await resolveRequest(request);
  const facts = await findEntry(cacheDir, inputs.key, verification, signal);
  return facts === undefined ? undefined : describe(kind, cacheDir, facts);
}

interface ResolvedRequest {
  readonly cacheDir: string;
  readonly recipe: Recipe;
  readonly inputs: ImageInputs;
}

async function resolveRequest(request: BuildRequest): Promise<ResolvedRequest> {
  const { kind, signal } = request;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Fault('unsupported', `cannot build image ${kind} on ${process.platform}`, {
      hint: 'images are built on Debian for 64-bit PCs',
    });
  }
  const cacheDir = resolve(request.cacheDir);
  const recipe: Recipe = imageRecipes[kind];
  const names = [...recipe.packages, ...(recipe.alsoMadeOf ?? [])];
  const inputs = await resolveInputs(kind, names, cacheDir, signal);
  if (recipe.takesDrivers !== true) return { cacheDir, recipe, inputs };
  const drivers = await fingerprintDriverIso(requireDrivers(request));
  return { cacheDir, recipe, inputs: { ...inputs, key: extendKey(inputs.key, drivers) } };
}

function describe(kind: ImageKind, cacheDir: string, facts: ImageFacts): BuiltImage {
  const { key, sha256, sizeBytes, format } = facts;
  return { kind, path: join(cacheDir, key, facts.file), sha256, sizeBytes, format, key };
}

/** Has the builder process make the image. A signal makes it clear up and end. */
async function runBuilder(request: BuildRequest): Promise<void> {
  const { kind, cacheDir, progress, signal } = request;
  if (signal?.aborted) throw abortReason(signal);
  const { promise, resolve: done, reject } = Promise.withResolvers<void>();
  const verification = request.verification ?? 'size';
  const program = join(import.meta.dirname, 'builder.ts');
  const drivers = request.driversPath === undefined ? [] : [resolve(request.driversPath)];
  const words = [kind, resolve(cacheDir), verification, ...drivers];
  const child = fork(program, words, { execArgv: [] });
  let fault: FaultData | undefined;
  child.on('message', (message: BuilderMessage) => {
    if (message.kind === 'step') progress?.(message.step);
    else fault = message.fault;
  });
  const onAbort = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', onAbort, { once: true });
  child.on('error', reject);
  child.on('exit', (status) => {
    if (status === 0) done();
    else if (signal?.aborted) reject(abortReason(signal));
    else if (fault !== undefined) reject(faultFromData(fault));
    else reject(new Fault('internal', `the builder of image ${kind} ended with status ${status}`));
  });
  try {
    await promise;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
