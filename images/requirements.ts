/** The Debian packages that this tool needs on the machine it runs on, each with the reason. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '#lib';
import { toolPath } from './run.ts';

export interface RequiredPackage {
  /** Name of the Debian package. */
  readonly package: string;
  /** Programs by which it is known to be there. */
  readonly shownBy: readonly string[];
  /** Why, as a sentence for the person who is asked to install it. */
  readonly reason: string;
  /** Kinds of images that need it; `media` is floppies, CDs and seeds of users. */
  readonly kinds: readonly string[];
}

const disks = ['starter', 'debian'];
const bootable = ['starter', 'starter-iso', 'netboot-floppy', 'debian'];
const kernels = ['starter', 'starter-iso', 'files'];
const floppies = ['starter-floppy', 'drivers-floppy', 'media'];
const discs = ['starter-iso', 'additions', 'additions-windows', 'drivers-floppy', 'media'];

const required: readonly RequiredPackage[] = [
  {
    package: 'grub-common',
    shownBy: ['grub-mkimage'],
    reason: 'makes the boot loader of images',
    kinds: bootable,
  },
  {
    package: 'mtools',
    shownBy: ['mcopy'],
    reason: 'writes boot partitions and floppies without mounting them',
    kinds: [...bootable, ...floppies],
  },
  {
    package: 'qemu-utils',
    shownBy: ['qemu-img'],
    reason: 'writes disks in the format virtual machines use',
    kinds: disks,
  },
  {
    package: 'xorriso',
    shownBy: ['xorriso'],
    reason: 'writes and reads CD images',
    kinds: discs,
  },
  {
    package: 'xz-utils',
    shownBy: ['xz'],
    reason: 'unpacks the kernel, so that the starter appliance starts fast',
    kinds: kernels,
  },
  {
    package: 'e2fsprogs',
    shownBy: ['mke2fs'],
    reason: 'makes the root file system of a full Debian',
    kinds: ['debian'],
  },
  {
    package: 'fakeroot',
    shownBy: ['fakeroot'],
    reason: 'gives files their owners in a full Debian without being root',
    kinds: ['debian'],
  },
  {
    package: 'mmdebstrap',
    shownBy: ['mmdebstrap'],
    reason: 'installs a full Debian into a folder',
    kinds: ['debian'],
  },
  {
    package: 'uidmap',
    shownBy: ['newuidmap'],
    reason: 'lets an ordinary user install a full Debian into a folder',
    kinds: ['debian'],
  },
];

/** What the kinds of images need; all when none is named. */
export function requiredPackages(...kinds: readonly string[]): readonly RequiredPackage[] {
  if (kinds.length === 0) return required;
  return required.filter((entry) => entry.kinds.some((kind) => kinds.includes(kind)));
}

/** Those of them that are not on this machine. */
export async function missingPackages(
  ...kinds: readonly string[]
): Promise<readonly RequiredPackage[]> {
  const missing: RequiredPackage[] = [];
  for (const entry of requiredPackages(...kinds)) {
    const isThere = await Promise.all(entry.shownBy.map(hasProgram));
    if (!isThere.every(Boolean)) missing.push(entry);
  }
  return missing;
}

/** Errors: `unsupported` naming all that is missing. */
export async function checkRequirements(kind: string): Promise<void> {
  const isOptional = (entry: RequiredPackage): boolean =>
    entry.package === 'uidmap' && process.getuid?.() === 0;
  const missing = (await missingPackages(kind)).filter((entry) => !isOptional(entry));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.package);
  throw new Fault('unsupported', `cannot build image ${kind}: ${names.join(', ')} not installed`, {
    hint: `run as root: apt-get install ${names.join(' ')}`,
    facts: { packages: names },
  });
}

async function hasProgram(program: string): Promise<boolean> {
  for (const folder of toolPath().split(':')) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
