/**
 * UEFI variables and the contents of the TPM of a machine, as they come from another hypervisor and go back to it (docs/rfd/0034). The
 * emulator of the TPM is the same program there and keeps one file, whose other files are of a moment.
 */
import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { maxKeptBytes, type KeptContent, type KeptPart } from '#api';
import { Fault } from '#lib';
import { ownPlaces } from '../drivers/qemu/places.ts';
import { packContent, unpackContent } from '../kept-content.ts';
import type { MachineFile } from '../machine/record.ts';
import { flushFolder, writeFileAtomic } from './atomic-file.ts';

type Place = Pick<MachineFile, 'file'>;

function pathOf(machine: Place, part: KeptPart): string {
  const { firmware, tpm } = ownPlaces(machine);
  return part === 'tpm' ? join(tpm, 'tpm2-00.permall') : firmware;
}

/** What there is of these parts; a link is not followed. Nobody may write it meanwhile. Errors: `too-large`; those of the file system. */
export async function readKept(
  machine: Place,
  parts: readonly KeptPart[],
): Promise<readonly KeptContent[]> {
  const contents: KeptContent[] = [];
  for (const part of parts) {
    const bytes = await readBounded(pathOf(machine, part));
    if (bytes !== undefined) contents.push({ part, content: await packContent(bytes) });
  }
  return contents;
}

/** For the agent alone; the machine's account gets them with its first start. Durable when it resolves. */
export async function writeKept(machine: Place, contents: readonly KeptContent[]): Promise<void> {
  for (const { part, content } of contents) {
    const path = pathOf(machine, part);
    if (part === 'tpm') {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await flushFolder(dirname(dirname(path)));
    }
    const bytes = await unpackContent(content);
    await writeFileAtomic(path, bytes, { mode: 0o600, durability: 'flushed' });
  }
}

async function readBounded(path: string): Promise<Buffer | undefined> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = await handle.stat();
    const { size } = stats;
    if (!stats.isFile()) throw new Fault('invalid', `${path} is no file`);
    if (size > maxKeptBytes) throw new Fault('too-large', `${path} has ${size} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
