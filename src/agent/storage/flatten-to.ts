/** One file of a qcow2 disk and of the parents that a vm borrows below it, by the disk library. */
import { demandNothingInside, flattenDisk, openDisk } from '#disk';
import type { LayerWork } from '../drivers/layer-storage.ts';
import { storeOf, type DiskFile } from './child-disk.ts';

/** `parent`: whatever the file says. Errors: `refused` for what is inside the file and would be lost; `exhausted`, `cancelled`. */
export async function flattenTo(
  target: string,
  { path, parent }: { readonly path: string; readonly parent: DiskFile },
  folders: readonly string[],
  { signal, onProgress }: LayerWork,
): Promise<void> {
  const store = storeOf(folders);
  await using disk = await openDisk({
    path,
    format: 'qcow2',
    store,
    parent: { ...parent, identity: 'any' },
  });
  demandNothingInside(disk, 'flatten');
  await flattenDisk(disk, {
    target: { path: target },
    store,
    signal,
    onProgress: ({ doneBytes, totalBytes }) =>
      onProgress(totalBytes === 0 ? 1 : doneBytes / totalBytes),
  });
}
