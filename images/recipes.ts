/** The images this tool makes: a table. */
import { buildAdditions } from './additions.ts';
import type { ImageFacts } from './cache.ts';
import type { BuildContext } from './context.ts';
import { buildStarterFloppy } from './floppy/floppy.ts';
import { buildDebian, debianLoaders, debianPackages } from './debian/debian.ts';
import { buildNetbootFloppy, netbootPackages } from './floppy/netboot.ts';
import { buildFilesAppliance, filesPackages } from './files/files.ts';
import { kernelPackage } from './inputs.ts';
import { buildStarterIso } from './starter-iso.ts';
import { buildStarter, starterPackages } from './starter.ts';
import { buildWindowsAdditions } from './windows/additions.ts';
import { buildDriverFloppy } from './windows/driver-floppy.ts';

export interface Recipe {
  readonly file: string;
  readonly format: ImageFacts['format'];
  /** What it is, in a sentence for people. */
  readonly summary: string;
  /** Distribution packages it takes files from; they are downloaded. */
  readonly packages: readonly string[];
  /** More packages whose versions make a different image. */
  readonly alsoMadeOf?: readonly string[];
  /** Takes files from a CD of the user's with drivers for Windows. */
  readonly takesDrivers?: true;
  /** A part of Gantry, nothing to put into a vm. */
  readonly isPart?: true;
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
  'additions-windows': {
    file: 'gantry-additions-windows.iso',
    format: 'iso',
    summary: 'the guest additions for Linux and Windows guests, as a CD (takes virtio-win.iso)',
    packages: [],
    takesDrivers: true,
    build: buildWindowsAdditions,
  },
  'drivers-floppy': {
    file: 'drivers-floppy.img',
    format: 'raw',
    summary: 'disk drivers for the setup of Windows XP and Server 2003 (takes virtio-win.iso)',
    packages: [],
    takesDrivers: true,
    build: buildDriverFloppy,
  },
  debian: {
    file: 'debian.qcow2',
    format: 'qcow2',
    summary: 'a full Debian with cloud-init, guest agent and ssh (takes minutes)',
    packages: debianLoaders,
    alsoMadeOf: debianPackages,
    build: buildDebian,
  },
  files: {
    file: 'files.initrd',
    format: 'raw',
    summary: 'the appliance by which Gantry opens file systems inside disks',
    packages: [...filesPackages, kernelPackage],
    isPart: true,
    build: buildFilesAppliance,
  },
} as const satisfies Record<string, Recipe>;

export type ImageKind = keyof typeof imageRecipes;
export const imageKinds = Object.keys(imageRecipes) as readonly ImageKind[];

export function isImageKind(text: string): text is ImageKind {
  return Object.hasOwn(imageRecipes, text);
}

/** Whether it is made with a CD of drivers for Windows. */
export function takesDrivers(kind: ImageKind): boolean {
  const recipe: Recipe = imageRecipes[kind];
  return recipe.takesDrivers === true;
}

export interface KnownImage {
  readonly kind: ImageKind;
  /** One sentence for people. */
  readonly summary: string;
  readonly format: Recipe['format'];
}

/** What can be built, to choose from (HW-42). */
export const knownImages: readonly KnownImage[] = imageKinds.flatMap((kind) => {
  const { summary, format, isPart }: Recipe = imageRecipes[kind];
  return isPart === true ? [] : [{ kind, summary, format }];
});
