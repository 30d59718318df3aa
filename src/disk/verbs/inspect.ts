/** Everything that can be said of a disk without reading its content. */
import type { Disk } from '../disk.ts';
import { formatNamed } from '../formats.ts';
import type { LayerFacts, ParentReference } from '../layer.ts';

export interface LayerReport extends LayerFacts {
  readonly path: string;
  readonly format: string;
  readonly title: string;
  readonly sizeBytes: number;
  readonly sectorBytes: number;
  readonly blockBytes: number;
  readonly fileBytes: number;
  /** What the host has set aside for the file, where it can tell. */
  readonly storedBytes: number | undefined;
  readonly parentReference: ParentReference | undefined;
}

/** The disk and all its parents, the disk first. */
export async function inspectDisk(disk: Disk): Promise<readonly LayerReport[]> {
  const reports: LayerReport[] = [];
  for (const { layer } of disk.chain()) {
    reports.push({
      ...layer.describe(),
      path: layer.file.name,
      format: layer.format,
      title: formatNamed(layer.format).title,
      sizeBytes: layer.sizeBytes,
      sectorBytes: layer.sectorBytes,
      blockBytes: layer.blockBytes,
      fileBytes: await layer.file.size(),
      storedBytes: await layer.file.storedBytes?.(),
      parentReference: layer.parentReference,
    });
  }
  return reports;
}
