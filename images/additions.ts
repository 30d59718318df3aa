/**
 * The guest additions: what every guest gets, whether built into an image or installed from the CD, which is
 * one package for all hosts (GA-01). The guest agent itself is the distribution's.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildContext } from './context.ts';
import type { CpioEntry } from './cpio.ts';
import { createIso, type IsoFile } from './iso.ts';
import { additionsVersion } from './version.ts';

/** Where the additions' text files lie. */
export const additionsFolder = join(import.meta.dirname, 'additions');
export const additionsLabel = 'GANTRY-ADDITIONS';

/** Text of additions.json, by which host and guest know the version (GA-19). */
export function additionsFacts(): Buffer {
  return Buffer.from(`${JSON.stringify({ version: additionsVersion })}\n`);
}

/** The files as they are built into the starter appliance; its hot-plug is its own. */
export async function additionsEntries(): Promise<CpioEntry[]> {
  return [
    {
      kind: 'file',
      path: 'bin/gantry-guest',
      mode: 0o755,
      data: await readFile(join(additionsFolder, 'gantry-guest')),
    },
    {
      kind: 'file',
      path: 'usr/share/gantry/additions.json',
      mode: 0o644,
      data: additionsFacts(),
    },
  ];
}

/** What is on the CD, and what an agent writes into a guest that is updated. */
export async function additionsFiles(): Promise<readonly IsoFile[]> {
  const readme = [
    `Gantry guest additions ${additionsVersion}`,
    '',
    'In a Linux guest, as root:',
    '',
    '    mount -o ro /dev/sr0 /mnt && sh /mnt/install.sh',
    '',
    'They improve a guest greatly and belong into every one: heartbeat, clean shutdown, clock,',
    'guest information, hot-plug, and the drivers of virtual disks and adapters in the initramfs, so that',
    'a guest that was installed elsewhere starts on any of them. `gantry-guest` tells what the machine may know of its host.',
    '',
  ].join('\n');
  return [
    { path: 'README.txt', data: Buffer.from(readme) },
    { path: 'additions.json', data: additionsFacts() },
    ...(await Promise.all(
      ['install.sh', 'drivers.sh', 'gantry-guest'].map(async (name) => ({
        path: name,
        data: await readFile(join(additionsFolder, name)),
        executable: true as const,
      })),
    )),
    {
      path: '70-gantry-hotplug.rules',
      data: await readFile(join(additionsFolder, '70-gantry-hotplug.rules')),
    },
  ];
}

export async function buildAdditions(context: BuildContext): Promise<void> {
  await createIso({
    path: context.outputPath,
    label: additionsLabel,
    files: await additionsFiles(),
    signal: context.signal,
  });
}
