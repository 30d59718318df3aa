/** Where the programs are that a host needs. Found by looking, never by running. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The programs and the names they have on the distributions, the first that is found wins. */
const names = {
  qemu: ['qemu-system-x86_64', 'qemu-kvm'],
  qemuAarch64: ['qemu-system-aarch64'],
  qemuImg: ['qemu-img'],
  qemuNbd: ['qemu-nbd'],
  swtpm: ['swtpm'],
  swtpmSetup: ['swtpm_setup'],
} as const;

export type Binary = keyof typeof names;

/** Absolute paths; what is not installed is undefined. */
export type Binaries = { readonly [K in Binary]: string | undefined };

/** Beyond PATH: a service may be started with a short one. */
const usualFolders = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/libexec', '/usr/lib/qemu'];

/** `searchPath` is a list of folders as in PATH; they come before the usual ones. */
export async function findBinaries(searchPath: string): Promise<Binaries> {
  const listed = searchPath.split(delimiter).filter((folder) => folder.startsWith('/'));
  const folders = [...listed, ...usualFolders];
  const find = async (binary: Binary): Promise<string | undefined> => {
    for (const name of names[binary]) {
      for (const folder of folders) {
        const path = join(folder, name);
        if (await isExecutable(path)) return path;
      }
    }
    return undefined;
  };
  return {
    qemu: await find('qemu'),
    qemuAarch64: await find('qemuAarch64'),
    qemuImg: await find('qemuImg'),
    qemuNbd: await find('qemuNbd'),
    swtpm: await find('swtpm'),
    swtpmSetup: await find('swtpmSetup'),
  };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
