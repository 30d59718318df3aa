/** Makes the file of a disk, on which nothing lies, larger by the disk library: in place, or anew where the format is not changed in place. */
import { dirname } from 'node:path';
import { claimDisk, hostStore, openDisk, resizeAnew, resizeDisk } from '#disk';

/** One that has the size already stays as it is. Errors: `invalid` for a size that the format cannot have; `exhausted`, `cancelled`. */
export async function resizeFile(
  path: string,
  format: string,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<void> {
  const store = hostStore([dirname(path)]);
  await using disk = await openDisk({ path, store, format, parent: 'none', access: 'write' });
  if (disk.sizeBytes === sizeBytes) return;
  await claimDisk(disk, 'resize');
  if (disk.layer.writer?.resize === undefined) await resizeAnew(disk, sizeBytes, { store, signal });
  else await resizeDisk(disk, sizeBytes, signal);
}
