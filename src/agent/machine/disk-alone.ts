/** A disk whose file is changed as a whole: it is one file, nothing lies on it, and nobody else has it. */
import { hostDriveWord, placeName, type Disk } from '#api';
import { Fault } from '#lib';
import type { Hands } from './hands.ts';
import { chainOf } from './layers/layers.ts';

const words = {
  compact: {
    done: 'compacted',
    drive:
      'what is free on a drive the guest can give back itself (fstrim), where the drive takes that',
  },
  resize: { done: 'made larger', drive: 'a drive of the host has the size that it has' },
} as const;

/** Errors: `refused` with the reason and the remedy. */
export async function requireAlone(
  { file, host }: Hands,
  disk: Disk,
  doing: keyof typeof words,
): Promise<void> {
  const { definition, layers } = file;
  const { done, drive: ofDrive } = words[doing];
  const what = `the disk ${placeName(disk)} of ${definition.name}`;
  const drive = hostDriveWord(disk);
  if (drive !== undefined)
    throw new Fault('refused', `${what} cannot be ${done}: it is ${drive}, not a file`, {
      hint: ofDrive,
    });
  if (disk.shared || disk.readOnly) {
    const why = disk.shared ? 'shared with other vms' : 'read-only';
    throw new Fault('refused', `${what} cannot be ${done}: it is ${why}`, {
      hint: `detach it and ${doing} its file with: gantry disk ${doing}`,
    });
  }
  const [top] = chainOf(layers, disk);
  if (top?.file !== disk.file || top.seal !== null)
    throw new Fault('refused', `${what} cannot be ${done}: other layers lie on its file`, {
      hint: `delete its snapshots, commit or discard its undo disks, flatten a linked clone, then ${doing} it`,
    });
  const others = host.others(definition.id);
  const user = await host.driver.storage.layers.findUser(file, disk.file, others);
  if (user === undefined) return;
  throw new Fault('refused', `${what} cannot be ${done}: ${user} uses its file`, {
    hint: `detach it from ${user} first`,
  });
}
