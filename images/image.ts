/** The images this tool makes, and the one function that gives them: from the cache, else built. */

import { join, resolve } from 'node:path';
import { Fault } from '#lib';
import { buildAdditions } from './additions.ts';
import { findEntry, makeEntry, type ImageFacts, type Verification } from './cache.ts';
import type { BuildContext } from './context.ts';
import { buildStarterFloppy } from './floppy/floppy.ts';
import { buildDebian, debianLoaders, debianPackages } from './debian/debian.ts';
import { buildNetbootFloppy, netbootPackages } from './floppy/netboot.ts';
import { kernelPackage, resolveInputs } from './inputs.ts';
import { fetchPackages } from './packages.ts';
import { checkRequirements } from './requirements.ts';
import { buildStarterIso } from './starter-iso.ts';
import { buildStarter, starterPackages } from './starter.ts';

interface Recipe {
  readonly file: string;
  readonly format: ImageFacts['format'];
  /** What it is, in a sentence for people. */
  readonly summary: string;
  /** Distribution packages it takes files from; they are downloaded. */
  readonly packages: readonly string[];
  /** More packages whose versions make a different image. */
  readonly alsoMadeOf?: readonly string[];
  readonly build: (context: BuildContext) => Promise<void>;
}

export const imageRecipes = {
  starter: {
    file: 'starter.qcow2',
    format: 'qcow2',
    summary: 'the starter appliance: a small Linux that boots from any disk by BIOS and UEFI',
    packages: [...starterPackages, kernelPackage],
    build: buildStarter,
  },
  'starter-iso': {
    file: 'starter.iso',
    format: 'iso',
    summary: 'the starter appliance as a live CD, for machines without a disk',
    packages: [...starterPackages, kernelPackage],
    build: buildStarterIso,
  },
  'starter-floppy': {
    file: 'starter-floppy.img',
    format: 'raw',
    summary: 'a floppy that boots, says so on screen and serial port, and hands over',
    packages: [],
    build: buildStarterFloppy,
  },
  'netboot-floppy': {
    file: 'netboot-floppy.img',
    format: 'raw',
    summary: 'a floppy that boots over the network (iPXE)',
    packages: netbootPackages,
    build: buildNetbootFloppy,
  },
  additions: {
    file: 'gantry-additions.iso',
    format: 'iso',
    summary: 'the guest additions for Linux guests, as a CD',
    packages: [],
    build: buildAdditions,
  },
  debian: {
    file: 'debian.qcow2',
    format: 'qcow2',
    summary: 'a full Debian with cloud-init, guest agent and ssh (takes minutes)',
    packages: debianLoaders,
    alsoMadeOf: debianPackages,
    build: buildDebian,
  },
} as const satisfies Record<string, Recipe>;

export type ImageKind = keyof typeof imageRecipes;
export const imageKinds = Object.keys(imageRecipes) as readonly ImageKind[];

export function isImageKind(text: string): text is ImageKind {
  return Object.hasOwn(imageRecipes, text);
}

export interface BuildRequest {
  readonly kind: ImageKind;
  /** Folder for images and packages; made when missing. Hundreds of MB. */
  readonly cacheDir: string;
  /** Called with a short text at each step of a build; never when the image is in the cache. */
  readonly progress?: ((step: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
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

/**
 * The image, built when the cache does not have it. Errors: `unsupported` when a program is missing,
 * `not-found` when apt has no such package, `unavailable` without network, `cancelled`.
 */
export async function buildImage(request: BuildRequest): Promise<BuiltImage> {
  const { kind, signal, progress = () => undefined, verification = 'size' } = request;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Fault('unsupported', `cannot build image ${kind} on ${process.platform}`, {
      hint: 'images are built on Debian for 64-bit PCs',
    });
  }
  const cacheDir = resolve(request.cacheDir);
  const recipe: Recipe = imageRecipes[kind];
  const names = [...recipe.packages, ...(recipe.alsoMadeOf ?? [])];
  const inputs = await resolveInputs(kind, names, cacheDir, signal);
  const { key } = inputs;
  const cached = await findEntry(cacheDir, key, verification, signal);
  const facts =
    cached ??
    (await makeEntry(
      cacheDir,
      { kind, key, file: recipe.file, format: recipe.format },
      async (outputPath, workDir) => {
        await checkRequirements(kind);
        progress('bringing the packages');
        const { alsoMadeOf = [] } = recipe;
        const wanted = inputs.packages.filter(({ name }) => !alsoMadeOf.includes(name));
        const debs = new Map(await fetchPackages(wanted, cacheDir, signal));
        const kernel = inputs.packages.find(({ name }) => /^linux-image-\d/.test(name));
        const kernelPath = kernel === undefined ? undefined : debs.get(kernel.name);
        if (kernelPath !== undefined) debs.set('kernel', kernelPath);
        await recipe.build({ workDir, outputPath, cacheDir, debs, progress, signal });
      },
      signal,
    ));
  const { sha256, sizeBytes, format } = facts;
  return { kind, path: join(cacheDir, key, facts.file), sha256, sizeBytes, format, key };
}
