/** Vms as other products leave them behind, in small: disks told apart by a letter in each of their megabytes. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hostStore, makeDisk, openDisk, parentFor, type Disk } from '#disk';
import type { Vm } from '#api';
import type { Gantry } from '../e2e/gantry.ts';

const mib = 1024 * 1024;
const megabytes = 4;
const store = hostStore();

/** `letters` as `a-b`: the first megabyte holds a, the third b, the others what they held. */
async function write(disk: Disk, letters: string): Promise<void> {
  for (const [index, letter] of Array.from(letters).entries())
    if (letter !== '-') await disk.write(Buffer.alloc(mib, letter), index * mib);
}

/** By its suffix a VHD or a VMDK; over a parent where one is named. */
export async function putDisk(
  path: string,
  letters: string,
  more: { readonly parent?: string; readonly variant?: string } = {},
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const format = /\.vmdk$/i.test(path) ? 'vmdk' : 'vhd';
  const wanted = { path, format, sizeBytes: megabytes * mib, variant: more.variant };
  if (more.parent === undefined) return makeDisk(wanted, store, (disk) => write(disk, letters));
  await using below = await openDisk({ path: more.parent, store });
  const parent = await parentFor(path, below);
  await makeDisk({ ...wanted, parent }, store, (disk) => write(disk, letters));
}

/** The letters that a disk of the vm holds, above all its layers; `.` for zeros. */
export async function lettersOf(gantry: Gantry, vm: string, index = 0): Promise<string> {
  const { path, definition } = await gantry.json<Vm>('vm', 'show', vm);
  const own = join(path, definition.hardware.disks[index]?.file ?? '');
  const files = await gantry.json<readonly { path: string; parent: string | null }[]>(
    'vm',
    'files',
    vm,
  );
  // What something lies on, or a snapshot holds, is write-protected.
  const above = (file: string): readonly string[] => [
    file,
    ...files.filter(({ parent }) => parent === file).flatMap(({ path: next }) => above(next)),
  ];
  const top = above(own).find((file) => (statSync(file).mode & 0o222) !== 0) ?? own;
  return readLetters(top);
}

export async function readLetters(path: string): Promise<string> {
  await using disk = await openDisk({ path, store: hostStore(['/']) });
  const byte = Buffer.alloc(512);
  let letters = '';
  for (let at = 0; at < megabytes; at += 1) {
    await disk.read(byte, at * mib);
    letters += byte[0] === 0 ? '.' : String.fromCharCode(byte[0] ?? 0);
  }
  return letters;
}

/** A VMX with those settings beside the few that every one has. */
export function putVmx(path: string, settings: Readonly<Record<string, string>>): string {
  mkdirSync(dirname(path), { recursive: true });
  const all = {
    '.encoding': 'UTF-8',
    'config.version': '8',
    'virtualHW.version': '4',
    memsize: '64',
    'floppy0.present': 'FALSE',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = "${value}"\n`);
  writeFileSync(path, lines.join(''));
  return path;
}

export function onIde(file: string): Readonly<Record<string, string>> {
  return { 'ide0:0.present': 'TRUE', 'ide0:0.fileName': file };
}
