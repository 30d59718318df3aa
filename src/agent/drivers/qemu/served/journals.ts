/**
 * Where the process that serves disks notes what it has changed and not yet made durable, by disk (`journal` of openDisk):
 * beside its socket, so that the one that takes its place finds it, and a restart of the host leaves none.
 *
 * They are for that one alone: as long as QEMU runs nobody else changes the disks. Before QEMU is started there are none,
 * since what was done with the disks in between knew nothing of them: a guest that was cut off has what it had flushed.
 */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const suffix = '.journal';

export function journalPath(socketPath: string, exportName: string): string {
  return `${socketPath}.${encodeURIComponent(exportName)}${suffix}`;
}

/** Removes those of all disks. */
export async function dropJournals(socketPath: string): Promise<void> {
  const folder = dirname(socketPath);
  const names = await readdir(folder).catch(() => []);
  const ours = names.filter(
    (name) => name.startsWith(`${basename(socketPath)}.`) && name.includes(suffix),
  );
  for (const name of ours) await rm(join(folder, name), { force: true });
}
