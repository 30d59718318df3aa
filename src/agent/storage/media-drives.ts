/** CD and floppy drives that this host has itself (HW-13), as its kernel names them. Looking opens none. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LinkResult, MediaDrive } from '#api';

type MediaDrives = LinkResult<'host.media'>['drives'];

/** Of drives, by how their devices are called. */
const kinds: readonly (readonly [RegExp, MediaDrive])[] = [
  [/^sr\d{1,3}$/, 'cd'],
  [/^fd\d$/, 'floppy'],
];
const maxDrives = 64;

/** `folder`: where the kernel tells of block devices. By device, with the name that the drive gives itself. */
export async function listMediaDrives(folder = '/sys/block'): Promise<MediaDrives> {
  const devices = await readdir(folder).catch((): string[] => []);
  const drives: MediaDrives = [];
  for (const device of devices.sort().slice(0, 10_000)) {
    const [, drive] = kinds.find(([pattern]) => pattern.test(device)) ?? [];
    if (drive === undefined || drives.length === maxDrives) continue;
    const [vendor, model] = await Promise.all(
      ['vendor', 'model'].map((fact) =>
        readFile(join(folder, device, 'device', fact), 'utf8').catch(() => ''),
      ),
    );
    const name = `${vendor?.trim()} ${model?.trim()}`.trim().slice(0, 80);
    drives.push({ path: `/dev/${device}`, drive, name: name === '' ? device : name });
  }
  return drives;
}
